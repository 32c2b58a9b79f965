"""What a change of net support between two windows is made of: outlets that changed, and outlets that came and went.

With theta_k the net support of outlet k, w_k its share of the window, 0 and 1 the windows, and R the mean of both
windows' net support:

    within   outlets in both    (w_k0 + w_k1) / 2  (theta_k1 - theta_k0)
    mix      outlets in both    ((theta_k0 + theta_k1) / 2 - R) (w_k1 - w_k0)
    entry    only in window 1   w_k1 (theta_k1 - R)
    exit     only in window 0   -w_k0 (theta_k0 - R)

Kitagawa 1955 in its symmetric form; R, which the sum does not depend on because shares sum to 1, keeps an
outlet of average opinion that grows or comes from counting as a change (Griliches & Regev 1995). Only `within` is
a change of opinion in what outlets write.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from alerts.cluster_variance import sum_by
from alerts.confusion import NONE, Confusion, correction
from alerts.point import StanceCount
from alerts.weighting import Weighting, rows_of


class OutletPart(msgspec.Struct, frozen=True, kw_only=True):
    """One outlet's share of a change, in points of net support."""

    outlet: str
    contribution: float
    """within + mix + entry + exit."""
    within: float
    mix: float
    entry: float
    exit: float
    share_before: float
    """Of the window's weight, 0 to 1; 0 where the outlet is not in it."""
    share_after: float
    net_support_before: float | None
    """In points, corrected and not cut off at ±100; None where the outlet is not in the window."""
    net_support_after: float | None


class Decomposition(msgspec.Struct, frozen=True, kw_only=True):
    """A change in points of net support; the parts sum to it, and those of the outlets to each part."""

    change: float
    """After minus before, of corrected figures that are not cut off at ±100: correction can carry a small
    window beyond the end of the scale, and a part cannot be cut off."""
    within: float
    mix: float
    entry: float
    exit: float
    outlets: tuple[OutletPart, ...]
    """By size of contribution, the largest of either sign first; equal ones by name."""

    @property
    def entry_exit(self) -> float:
        """Outlets that are in one window only."""
        return self.entry + self.exit


def decompose(
    before: Sequence[StanceCount],
    after: Sequence[StanceCount],
    *,
    confusion: Confusion = NONE,
    weighting: Weighting = Weighting.PER_DOCUMENT,
) -> Decomposition | None:
    """The change from `before` to `after`; None when either has no document or the matrix cannot be used.

    Raises ValueError for a count that is negative or not finite.
    """
    rows = rows_of([before, after], weighting)
    corrected = correction(confusion)
    present = np.bincount(rows.window, minlength=2)
    if corrected.refusal or not present.all():
        return None
    size = len(rows.outlet_window)
    weight = sum_by(rows.outlet, rows.weight * rows.documents, size)
    scored = rows.weight * (rows.counts @ np.array(corrected.scores))
    net = 100 * sum_by(rows.outlet, scored, size) / weight
    share = weight / sum_by(rows.outlet_window, weight, 2)[rows.outlet_window]
    level_0, level_1 = sum_by(rows.outlet_window, share * net, 2).tolist()
    centre = (level_0 + level_1) / 2
    sides: tuple[dict[str, tuple[float, float]], dict[str, tuple[float, float]]] = ({}, {})
    for name, window, *figures in zip(
        rows.outlets, rows.outlet_window.tolist(), share.tolist(), net.tolist(), strict=True
    ):
        sides[window][name] = (figures[0], figures[1])
    old, new = sides
    parts = [_part(name, old.get(name), new.get(name), centre) for name in sorted({*old, *new})]
    return Decomposition(
        change=level_1 - level_0,
        within=sum(part.within for part in parts),
        mix=sum(part.mix for part in parts),
        entry=sum(part.entry for part in parts),
        exit=sum(part.exit for part in parts),
        outlets=tuple(sorted(parts, key=lambda part: -abs(part.contribution))),
    )


def _part(
    outlet: str, old: tuple[float, float] | None, new: tuple[float, float] | None, centre: float
) -> OutletPart:
    """`old`, `new`: share and net support of the outlet in each window."""
    share_0, net_0 = old or (0.0, None)
    share_1, net_1 = new or (0.0, None)
    within = mix = entry = leaving = 0.0
    if net_0 is not None and net_1 is not None:
        within = (share_0 + share_1) / 2 * (net_1 - net_0)
        mix = ((net_0 + net_1) / 2 - centre) * (share_1 - share_0)
    elif net_1 is not None:
        entry = share_1 * (net_1 - centre)
    elif net_0 is not None:
        leaving = -share_0 * (net_0 - centre)
    return OutletPart(
        outlet=outlet,
        contribution=within + mix + entry + leaving,
        within=within,
        mix=mix,
        entry=entry,
        exit=leaving,
        share_before=share_0,
        share_after=share_1,
        net_support_before=net_0,
        net_support_after=net_1,
    )
