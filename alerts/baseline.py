"""The baseline of a series: its own recent past, which a drop is measured against."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

import msgspec

from alerts.point import Point

SHRINK_DAYS = 20
"""Days of evidence that `days differ no more than documents do` is worth (detection of overdispersion)."""

_MAD_OF_NORMAL = 0.6745
"""Median absolute deviation of the standard normal distribution."""


class Baseline(msgspec.Struct, frozen=True, kw_only=True):
    """Net support of some days taken together, and how much single days vary about it (points, points^2)."""

    mean: float
    variance: float
    """Of the mean: it shrinks with the number of days."""
    document_variance: float
    """Of one document about its day."""
    day_variance: float
    """Of days about the mean beyond what the number of documents explains: news, mix, outlets' moods."""
    sigma: float
    """Standard deviation of a typical day."""
    days: int

    def variance_of_day(self, n: int) -> float:
        """Variance of the net support of a day with `n` documents when nothing has changed."""
        return self.document_variance / n + self.day_variance


def baseline_of(points: Sequence[Point]) -> Baseline:
    """The baseline of at least one point with documents.

    A day's variance is u/n + tau^2. u comes from the shares of all days together (4, 4, 3 pseudo-documents),
    so it does not move with the day that is judged; differences between outlets are not in it, because they
    are the same before and after a fall. tau^2 comes from the median absolute deviation, which one odd day
    does not move, shrunk to 0. The mean weights days by 1/variance.
    """
    support = sum(p.support for p in points) + 4
    oppose = sum(p.oppose for p in points) + 4
    n = sum(p.n for p in points) + 11
    p_support, p_oppose = support / n, oppose / n
    u = 1e4 * (p_support + p_oppose - (p_support - p_oppose) ** 2)
    level = [(_net(p), p.n) for p in points]
    centre = sum(y * k for y, k in level) / sum(k for _, k in level)
    spread = median(abs(y - centre) / math.sqrt(u / k) for y, k in level) / _MAD_OF_NORMAL
    scale = (len(level) * spread**2 + SHRINK_DAYS) / (len(level) + SHRINK_DAYS)
    tau2 = max(scale - 1, 0.0) * median(u / k for _, k in level)
    weights = [1 / (u / k + tau2) for _, k in level]
    total = sum(weights)
    return Baseline(
        mean=sum(w * y for w, (y, _) in zip(weights, level, strict=True)) / total,
        variance=1 / total,
        document_variance=u,
        day_variance=tau2,
        sigma=math.sqrt(median(1 / w for w in weights)),
        days=len(level),
    )


def _net(point: Point) -> float:
    if point.net_support is None or point.n == 0:
        raise ValueError(f"{point.day} has no documents and cannot be part of a baseline")
    return point.net_support
