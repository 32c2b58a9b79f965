"""How far two people agree beyond chance: Cohen's kappa with its interval.

kappa = (observed - expected) / (1 - expected)          variance: Fleiss, Cohen & Everitt 1969
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations

import msgspec
import numpy as np

from classify.agreement import Counts, confusion_counts
from classify.codebook import FLAGS, STANCES
from classify.gold_label import TARGET_NAMES, GoldLabel

Z95 = 1.959963984540054


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    """Two annotators on one question."""

    first: str
    second: str
    about: str
    """A target, or a flag."""
    n: int
    """Documents that both labelled."""
    same: float
    """Share on which they agree, 0 to 1."""
    kappa: float | None
    """None where both gave one and the same answer throughout: then chance explains all agreement."""
    lower: float | None
    upper: float | None
    """95 % interval."""


def kappa(counts: Counts) -> tuple[float | None, float]:
    """Kappa and its standard error, of (C, C) counts of one annotator's answers by the other's. None where chance alone would
    agree always. Raises ValueError for no counts.
    """
    n = counts.sum()
    if not n:
        raise ValueError("there is nothing that both have labelled")
    p = counts / n
    rows, columns = p.sum(axis=1), p.sum(axis=0)
    observed, expected = float(np.trace(p)), float(rows @ columns)
    if expected > 1 - 1e-12:
        return None, 0.0
    on = np.diagonal(p) @ ((1 - expected) - (rows + columns) * (1 - observed)) ** 2
    pairs = (columns[:, None] + rows[None, :]) ** 2
    np.fill_diagonal(pairs, 0.0)
    off = (1 - observed) ** 2 * float((p * pairs).sum())
    last = (observed * expected - 2 * expected + observed) ** 2
    variance = max(float(on) + off - last, 0.0) / (n * (1 - expected) ** 4)
    return (observed - expected) / (1 - expected), float(np.sqrt(variance))


def agreements(labels: Iterable[GoldLabel]) -> list[Agreement]:
    """Every pair of annotators who labelled documents in common, on every target and flag. Labels that settle a disagreement
    saw it and do not count.
    """
    by_annotator: dict[str, dict[str, GoldLabel]] = {}
    for one in labels:
        if not one.decides:
            by_annotator.setdefault(one.annotator, {})[one.document_id] = one
    found = []
    for first, second in combinations(sorted(by_annotator), 2):
        both = sorted(by_annotator[first].keys() & by_annotator[second].keys())
        if not both:
            continue
        of = [by_annotator[first][id] for id in both], [by_annotator[second][id] for id in both]
        for target in TARGET_NAMES:
            answers = [[STANCES.index(one.stances[target]) for one in each] for each in of]
            found.append(_agreement(first, second, target, answers, len(STANCES)))
        for flag in FLAGS:
            answers = [[int(flag in one.flags) for one in each] for each in of]
            found.append(_agreement(first, second, flag, answers, 2))
    return found


def _agreement(
    first: str, second: str, about: str, answers: Sequence[Sequence[int]], classes: int
) -> Agreement:
    counts = confusion_counts(np.array(answers[0]), np.array(answers[1]), classes)
    value, error = kappa(counts)
    half = Z95 * error
    return Agreement(
        first=first,
        second=second,
        about=about,
        n=int(counts.sum()),
        same=float(np.trace(counts) / counts.sum()),
        kappa=value,
        lower=None if value is None else max(value - half, -1.0),
        upper=None if value is None else min(value + half, 1.0),
    )
