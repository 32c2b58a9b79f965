"""How much a document counts: by itself, with its story, or with its outlet.

    per_document        1                                  what moves here alone is amplification
    per_story           1 / documents of its story         a text that fifty outlets print counts once
    outlet_balanced     1 / (1 + (n_k - 1) RHO)            n_k documents of its outlet (Kish 1965)

An outlet with n_k documents so has the weight m_k = n_k / (1 + (n_k - 1) RHO), at most 1 / RHO = 20 documents.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import msgspec
import numpy as np
from numpy.typing import NDArray

from alerts.point import StanceCount

RHO = 0.05
"""Correlation of two documents of one outlet that weights and n_eff assume."""

MOST = 1e15
"""Counts of documents are below it, and so exact in floating point."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Weighting(StrEnum):
    """What counts once."""

    PER_DOCUMENT = "per_document"
    PER_STORY = "per_story"
    OUTLET_BALANCED = "outlet_balanced"


class Rows(msgspec.Struct, frozen=True, kw_only=True):
    """The documents of W windows as columns of R rows, one per window, outlet and story. Clusters are
    numbered through all windows, so that sums over them are one pass.
    """

    window: Ints
    """(R,) 0 … W - 1."""
    outlet: Ints
    """(R,) number of the row's outlet within its window."""
    story: Ints
    """(R,) number of the row's story within its window, -1 without one."""
    counts: Floats
    """(R, 3) documents judged support, neutral, oppose."""
    documents: Floats
    """(R,) their sum, above 0."""
    weight: Floats
    """(R,) of each document of the row."""
    outlets: tuple[str, ...]
    """Names by number of outlet."""
    outlet_window: Ints
    """Window by number of outlet."""
    story_window: Ints
    """Window by number of story."""


def rows_of(
    windows: Sequence[Sequence[StanceCount]], weighting: Weighting = Weighting.PER_DOCUMENT
) -> Rows:
    """The documents of all `windows`, weighted. An empty story is none.

    Rows of one outlet and story are added up and stand in the order of their names, so that neither the order
    nor the splitting of what is given makes any difference, not even in rounding. Raises ValueError for a
    count that is negative or not finite, naming its outlet.
    """
    window: list[int] = []
    outlet: list[int] = []
    story: list[int] = []
    counts: list[tuple[int, int, int]] = []
    outlets: dict[tuple[int, str], int] = {}
    stories: dict[tuple[int, str], int] = {}
    for number, rows in enumerate(windows):
        for (name, told), added in sorted(_added(rows).items()):
            window.append(number)
            outlet.append(outlets.setdefault((number, name), len(outlets)))
            story.append(stories.setdefault((number, told), len(stories)) if told else -1)
            counts.append(added)
    of = np.array(counts, dtype=np.float64).reshape(-1, 3)
    documents = of.sum(axis=1)
    outlet_of, story_of = np.array(outlet, dtype=np.int64), np.array(story, dtype=np.int64)
    return Rows(
        window=np.array(window, dtype=np.int64),
        outlet=outlet_of,
        story=story_of,
        counts=of,
        documents=documents,
        weight=_weights(weighting, documents, outlet_of, story_of),
        outlets=tuple(name for _, name in outlets),
        outlet_window=np.array([number for number, _ in outlets], dtype=np.int64),
        story_window=np.array([number for number, _ in stories], dtype=np.int64),
    )


def _added(rows: Sequence[StanceCount]) -> dict[tuple[str, str], tuple[int, int, int]]:
    """Counts by outlet and story ("" for none) that hold documents."""
    sums: dict[tuple[str, str], tuple[int, int, int]] = {}
    for row in rows:
        support, neutral, oppose = row.support, row.neutral, row.oppose
        # also false of nan
        if not (0 <= support < MOST and 0 <= neutral < MOST and 0 <= oppose < MOST):
            negative = min(support, neutral, oppose) < 0
            fault = "a negative count" if negative else f"a count that is not below {MOST:.0e}"
            raise ValueError(
                f"outlet {row.outlet!r} has {fault} of documents; write whole numbers of at least 0"
            )
        if support or neutral or oppose:
            key = (row.outlet, row.story or "")
            s, m, o = sums.get(key, (0, 0, 0))
            sums[key] = (s + support, m + neutral, o + oppose)
    return sums


def _weights(weighting: Weighting, documents: Floats, outlet: Ints, story: Ints) -> Floats:
    if weighting is Weighting.PER_STORY:
        told = story >= 0
        size = np.ones(len(documents))
        size[told] = np.bincount(story[told], documents[told])[story[told]]
        return np.asarray(1 / size)
    if weighting is Weighting.OUTLET_BALANCED:
        size = np.asarray(np.bincount(outlet, documents), dtype=np.float64)[outlet]
        return np.asarray(1 / (1 + (np.maximum(size, 1) - 1) * RHO))
    return np.ones(len(documents))
