"""Conflation: the share of a society's documents that treat regular and irregular migration as one thing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import msgspec

from alerts.k_floor import K_FLOOR
from alerts.net_support import estimate_point
from alerts.point import StanceCount, State

FEWEST = K_FLOOR
"""Relevant documents, and contributors to them, below which there is no figure, only a state."""


class FlaggedCount(msgspec.Struct, frozen=True, kw_only=True):
    """Relevant documents of one outlet, and those of them that are flagged `conflates`."""

    outlet: str
    relevant: int
    flagged: int


class Conflation(msgspec.Struct, frozen=True, kw_only=True):
    """Share of relevant documents that conflate, 0 to 1, for one society and period, in the monitored corpus."""

    society: str
    n: int
    """Relevant documents; below FEWEST it is not shown."""
    flagged: int | None
    """None below FEWEST documents, so that no single text shows."""
    outlets: int
    n_eff: float
    """Effective number of documents after clustering by outlet (Kish 1965)."""
    share: float | None
    lower: float | None
    upper: float | None
    """95 % interval. Share and interval are None below FEWEST documents."""
    state: State


def conflation(
    society: str,
    counts: Iterable[FlaggedCount],
    *,
    degraded: bool = False,
    contributors: int | None = None,
) -> Conflation:
    """The share of `counts`, one row per outlet and day or any other part (rows of one outlet are added up).

    A share p is a net support: score a flagged document 1 and any other -1, and the mean is 2p - 1. So design
    effect, variance between outlets and Wilson's interval are those of `estimate_point`, mapped back.

    `contributors` are those of all rows (alerts/k_floor.py); without it each document counts as its own.

    State: no_data without documents; insufficient, without a figure, below FEWEST; insufficient, with it, where
    `estimate_point` says so (few effective documents, or one outlet); degraded when the caller says that sources
    were down; else ok. It is not corrected for classifier error: a flag that is missed in some texts and raised
    wrongly in others pulls small shares up and large ones down.

    Raises ValueError for a negative count, or more flagged than relevant documents.
    """
    rows = list(counts)
    for row in rows:
        if not 0 <= row.flagged <= row.relevant:
            raise ValueError(
                f"outlet {row.outlet!r} has {row.flagged} flagged of {row.relevant} relevant "
                "documents; flagged must lie between 0 and relevant"
            )
    point = estimate_point(
        society,
        "",
        date.min,
        [
            StanceCount(
                outlet=r.outlet, support=r.flagged, neutral=0, oppose=r.relevant - r.flagged
            )
            for r in rows
        ],
        degraded=degraded,
    )
    shown = min(point.n, point.n if contributors is None else contributors) >= FEWEST
    return Conflation(
        society=society,
        n=point.n,
        flagged=point.support if shown else None,
        outlets=point.outlets,
        n_eff=point.n_eff,
        share=_share(point.net_support) if shown else None,
        lower=_share(point.lower) if shown else None,
        upper=_share(point.upper) if shown else None,
        state=point.state if shown or point.n == 0 else State.INSUFFICIENT,
    )


def _share(net_support: float | None) -> float | None:
    return None if net_support is None else (1 + net_support / 100) / 2
