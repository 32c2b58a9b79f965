"""The days of a series as a level filter takes them: net support, and how far a day strays from its level."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import median

from alerts.level_filter import Observation
from alerts.point import Point, State

FEWEST_PAIRS = 10
"""Pairs of neighbouring days that show how far days stray; fewer are not asked."""

_MEDIAN_CHI2 = 0.4549
"""Median of a squared standard normal."""


def observations_of(points: Sequence[Point]) -> tuple[Observation, ...]:
    """Points of one series in order -> observations; days that are not ok have no figure.

    A day's variance is that of its documents as if independent, times what neighbouring days show it to be worth:

        s^2 = median (y_t - y_t-1)^2 / (u_t + u_t-1) / 0.4549,   u = 1e4 (p_s + p_o - (p_s - p_o)^2) / n

    Differences of neighbours leave out what is the same every day (outlets' leanings, errors of the classifier), and
    their median the odd jump (a robust von Neumann 1941 estimate). Until ten pairs are there s^2 is the mean n / n_eff.
    """
    ok = [(p, _independent(p)) for p in points if p.state is State.OK and p.net_support is not None]
    ratios = [
        ((q.net_support or 0.0) - (p.net_support or 0.0)) ** 2 / (u + w) / _MEDIAN_CHI2
        for (p, u), (q, w) in pairwise(ok)
        if (q.day - p.day).days == 1
    ]
    if len(ratios) >= FEWEST_PAIRS:
        scale = max(median(ratios), 1e-3)
    else:
        scale = sum(p.n / p.n_eff for p, _ in ok) / len(ok) if ok else 1.0
    variance = {p.day: scale * u for p, u in ok}
    return tuple(
        Observation(
            day=p.day,
            net_support=p.net_support if p.day in variance else None,
            variance=variance.get(p.day, 0.0),
        )
        for p in points
    )


def _independent(point: Point) -> float:
    """Variance (points^2) of the day's net support if documents were independent; a third of a document of each
    stance keeps it above 0.
    """
    n = point.n + 1
    support, oppose = (point.support + 1 / 3) / n, (point.oppose + 1 / 3) / n
    return 1e4 * (support + oppose - (support - oppose) ** 2) / point.n
