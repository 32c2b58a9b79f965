"""A confusion matrix from labels of the monitored corpus itself.

Rows are true stances, columns judged ones, as everywhere. A sample that is stratified by what was judged must not simply be
counted: of documents judged `oppose` it holds too many, and every row would seem to be judged `oppose` too often. So each
document counts for those that it stands for, and a row is scaled to the labels that it is worth (Kish 1965):

    n_i = (sum of weights)^2 / sum of weights^2          counts_ij = n_i x share of weight of row i in column j
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from alerts.confusion import NONE, ORDER, Confusion
from alerts.gold_truth import GoldRow
from classify.stance import Stance

Floats = NDArray[np.float64]


def weighted_counts(rows: Iterable[GoldRow]) -> Floats:
    """(3, 3) effective counts, true by judged in ORDER, of documents that address the target and are judged to. Ties are
    left out.
    """
    first, second = np.zeros((3, 3)), np.zeros(3)
    for row in rows:
        true, judged = row.settled.stance, row.p.stance
        if true in (None, Stance.NOT_ADDRESSED) or judged is Stance.NOT_ADDRESSED:
            continue
        place = ORDER.index(true)
        first[place, ORDER.index(judged)] += row.weight
        second[place] += row.weight**2
    weight = first.sum(axis=1)
    worth = np.divide(weight, second, out=np.zeros(3), where=second > 0)
    return np.asarray(first * worth[:, None])


def gold_confusion(rows: Iterable[GoldRow]) -> Confusion:
    """The matrix of these labels, its counts rounded so that a row keeps its sum; NONE without labels."""
    counts = weighted_counts(rows)
    if not counts.sum():
        return NONE
    return Confusion(tuple(_rounded(row) for row in counts))


def pooled(one: Confusion, other: Confusion) -> Confusion:
    """The counts of both together."""
    if not (one.corrects and other.corrects):
        return one if one.corrects else other
    added = np.array(one.counts) + np.array(other.counts)
    support, neutral, oppose = (tuple(row) for row in added.tolist())
    return Confusion((support, neutral, oppose))


def _rounded(row: Floats) -> tuple[int, int, int]:
    """Whole numbers with the sum's nearest whole number for a sum; the largest remainders are rounded up."""
    whole = np.floor(row).astype(int)
    left = round(float(row.sum())) - int(whole.sum())
    for place in np.argsort(-(row - whole), kind="stable")[: max(left, 0)]:
        whole[place] += 1
    a, b, c = whole.tolist()
    return a, b, c
