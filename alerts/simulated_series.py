"""Signals with a known answer: counts by outlet with a fall of known size on a known day, and the truth."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

import msgspec
import numpy as np

from alerts.net_support import points_for_days
from alerts.point import Point, StanceCount

FIRST_DAY = date(2026, 1, 5)


class SimulatedSeries(msgspec.Struct, frozen=True, kw_only=True):
    """One series and the truth about it."""

    counts: Mapping[date, tuple[StanceCount, ...]]
    points: tuple[Point, ...]
    net_support: Mapping[date, float]
    """True net support of each day: the mean over outlets, weighted by their true volume."""
    falls_on: date | None
    """First day of the fall; None when there is none."""


def simulated_series(
    seed: int,
    *,
    society: str = "XA",
    target: str = "regular",
    days: int = 45,
    documents: float = 30.0,
    outlets: int = 6,
    level: float = 10.0,
    neutral: float = 0.35,
    fall: float = 0.0,
    falls_after: int | None = None,
    recovers_after: int | None = None,
    outlet_sd: float = 13.0,
    outlet_day_sd: float = 6.0,
    news_sd: float = 0.0,
) -> SimulatedSeries:
    """`days` days from FIRST_DAY with about `documents` a day; the same seed gives the same series.

    Net support is `level`, lower by `fall` points from day number `falls_after` (counted from 0) until before
    day number `recovers_after`. `neutral` is the share of neutral documents. Outlets differ by outlet_sd points
    for good and by outlet_day_sd points from day to day; their true volumes differ by up to a factor of three.
    The news moves all outlets together by news_sd points, correlated 0.6 from one day to the next.
    """
    rng = np.random.default_rng(seed)
    names = [f"outlet-{k + 1}" for k in range(outlets)]
    share = rng.uniform(1.0, 3.0, outlets)
    share /= share.sum()
    lean = rng.normal(0.0, outlet_sd, outlets)
    lean -= share @ lean
    counts: dict[date, tuple[StanceCount, ...]] = {}
    truth: dict[date, float] = {}
    most = 100 * (1 - neutral)
    news = rng.normal(0.0, news_sd)
    for number in range(days):
        day = FIRST_DAY + timedelta(days=number)
        fallen = (
            falls_after is not None
            and number >= falls_after
            and (recovers_after is None or number < recovers_after)
        )
        truth[day] = level + news - (fall if fallen else 0.0)
        news = 0.6 * news + rng.normal(
            0.0, 0.8 * news_sd
        )  # 0.6^2 + 0.8^2 = 1: the same spread every day
        net = np.clip(truth[day] + lean + rng.normal(0.0, outlet_day_sd, outlets), -most, most)
        volume = rng.poisson(documents * share)
        rows = []
        for k in range(outlets):
            support = (1 - neutral + net[k] / 100) / 2
            drawn = rng.multinomial(volume[k], [support, neutral, max(1 - neutral - support, 0.0)])
            if drawn.sum():
                s, m, o = (int(x) for x in drawn)
                rows.append(StanceCount(outlet=names[k], support=s, neutral=m, oppose=o))
        counts[day] = tuple(rows)
    return SimulatedSeries(
        counts=counts,
        points=points_for_days(society, target, counts),
        net_support=truth,
        falls_on=None if falls_after is None else FIRST_DAY + timedelta(days=falls_after),
    )
