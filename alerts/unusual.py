"""Whether a level is unusually low for this society: against its own long-run level, and nobody else's.

    T05, T20 = 5 % and 20 % quantile of the series' own level over up to 24 months, freed of sampling noise
    usual -P(level < T05) >= 0.8-> unusually low -7 ok days in a row with P(level > T20) >= 0.8-> usual

Help for reading a figure, and no more: it is the past of this measure and no measure of what anybody would accept;
what raises severity beyond a watch is a floor that a person has set (alerts/floor.py). Causal, like the floor's watch.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from datetime import date, timedelta
from enum import StrEnum
from statistics import NormalDist, fmean, pvariance

import msgspec

from alerts.floor_watch import RETURN_DAYS, SURE
from alerts.level_filter import (
    SHOCK_SDS,
    Level,
    Observation,
    check_observations,
    filter_levels,
    process_variance,
    process_variances,
    smooth_levels,
)

HISTORY_DAYS = 730
"""The past that counts: 24 months, so that every season is in it twice."""

FULL_DAYS = 365
"""Days from first to last that a quantile of the series' own level needs: a year with its seasons."""

SHORT_DAYS = 120
"""With fewer there is no answer; between the two the spread leans on that of other societies."""

MIN_SHARE = 0.5
"""Of those days must be ok."""

LONGEST_FREEZE_DAYS = 365
"""The lines stand still while a level is unusually low, but not for ever: after a year it is the usual one."""

OWN_SHARE = 0.35
"""Weight of the series' own variance after SHORT_DAYS; it grows with the days (see `own_range`)."""

SHORT_TO_LONG = 1.56
"""Long-run variance of a level over that of its 120 days (simulated for levels that revert within months)."""

_WINDOW_DAYS = SHORT_DAYS * (1 - OWN_SHARE) / OWN_SHARE


class Basis(StrEnum):
    """What the lines rest on."""

    NONE = "none"
    SHORT = "short"
    """Less than a year: the series' own mean, and a spread that leans on other societies."""
    FULL = "full"


class Unusual(StrEnum):
    """Where a level stands in its own past. `unknown` is no answer, and never one of the others."""

    UNKNOWN = "unknown"
    USUAL = "usual"
    LOW = "low"
    """Surely below T20: in the lowest fifth."""
    UNUSUALLY_LOW = "unusually low"
    """Was surely below T05, and is not back yet."""


class OwnRange(msgspec.Struct, frozen=True, kw_only=True):
    """The lines of one series, in points of net support, and what they rest on."""

    t05: float | None
    """None with Basis.NONE."""
    t20: float | None
    basis: Basis
    first: date | None
    """The past that they are of."""
    last: date | None
    days: int
    """Ok days in it."""
    reason: str
    """One sentence for people: what they are, or why there are none."""


class UnusualState(msgspec.Struct, frozen=True, kw_only=True):
    """How unusual the level of one series is, as of one ok day."""

    unusual: Unusual
    since: date
    """Ok day since which it has been so."""
    day: date
    level: float
    """The filtered level, points."""
    p_below: float | None
    """P(level < T05); None while unknown."""
    range: OwnRange
    reason: str
    """One sentence for people."""


def own_range(
    observations: Sequence[Observation], *, pooled_variance: float | None = None
) -> OwnRange:
    """The lines from the last 24 months of `observations` (one series, days in order; ValueError as filter_levels).

    With 12 months or more: the quantiles of the mixture of the smoothed N(m_t, P_t) over the ok days. From 120 days on

        mean - z sqrt(w s^2 + (1 - w) 1.56 s_pool^2)        w = n / (n + 223), 0.35 after 120 days

    with s^2 the series' own variance of the level and s_pool^2 = `pooled_variance` (see there; James & Stein 1961 for
    the idea). Without it, or with fewer days, there is no answer.
    """
    check_observations(observations)
    recent = _last_days(observations, HISTORY_DAYS)
    measured = [each.day for each in recent if each.net_support is not None]
    if not measured:
        return _no_range(measured, "it has no day with enough data")
    span = (measured[-1] - measured[0]).days + 1
    if span < SHORT_DAYS:
        return _no_range(measured, f"its history of {span} days is shorter than {SHORT_DAYS}")
    if len(measured) < MIN_SHARE * span:
        return _no_range(measured, f"only {len(measured)} of its {span} days have enough data")
    if span < FULL_DAYS and pooled_variance is None:
        return _no_range(
            measured,
            f"its history of {span} days is shorter than {FULL_DAYS}, and no other society's can stand in",
        )
    levels = _smoothed(recent)
    if span >= FULL_DAYS:
        t05, t20 = (_quantile(levels, p) for p in (0.05, 0.20))
        basis, how = Basis.FULL, "freed of sampling noise"
    else:
        assert pooled_variance is not None
        w = span / (span + _WINDOW_DAYS)
        sd = math.sqrt(w * _variance(levels) + (1 - w) * SHORT_TO_LONG * max(pooled_variance, 0.0))
        mean = fmean(level.mean for level in levels)
        t05, t20 = (mean + NormalDist().inv_cdf(p) * sd for p in (0.05, 0.20))
        basis, how = Basis.SHORT, "with a spread that leans on other societies for want of a year"
    return OwnRange(
        t05=t05,
        t20=t20,
        basis=basis,
        first=measured[0],
        last=measured[-1],
        days=len(measured),
        reason=(
            f"its own level lay below {t05:+.1f} on 5 % and below {t20:+.1f} on 20 % of "
            f"{len(measured)} days from {measured[0]} to {measured[-1]}, {how}"
        ),
    )


def pooled_variance(series: Iterable[Sequence[Observation]]) -> float | None:
    """Mean over series of the variance of their level over their last 120 days (points^2); None when none has them.

    One target's series, one of each society; ValueError as filter_levels. It is an average of spreads: no society is compared with another.
    """
    found = []
    for observations in series:
        check_observations(observations)
        recent = _last_days(observations, SHORT_DAYS)
        measured = [each.day for each in recent if each.net_support is not None]
        if (
            measured
            and (measured[-1] - measured[0]).days + 1 >= SHORT_DAYS * 0.9
            and len(measured) >= MIN_SHARE * SHORT_DAYS
        ):
            found.append(_variance(_smoothed(recent)))
    return fmean(found) if found else None


def unusual_states(
    observations: Sequence[Observation],
    *,
    pooled_variance: float | None = None,
    alert_days: Collection[date] = (),
) -> tuple[UnusualState, ...]:
    """The state on each ok day of one series. ValueError as filter_levels.

    The lines are drawn anew at the first ok day of a month from the days before it, except while the level is
    unusually low or on `alert_days` (days with an open drop alert): a fall must not become the past that it is
    measured against. After a year of that they move all the same.
    """
    levels = filter_levels(observations, process_variances(observations), shock_sds=SHOCK_SDS)
    states: list[UnusualState] = []
    lines: OwnRange | None = None
    drawn = date.min
    unusual, since, days_back = Unusual.UNKNOWN, date.min, 0
    position = {each.day: i for i, each in enumerate(observations)}
    for level in levels:
        if not level.observed:
            continue
        frozen = unusual is Unusual.UNUSUALLY_LOW or level.day in alert_days
        due = (level.day.year, level.day.month) != (drawn.year, drawn.month)
        overdue = (level.day - drawn).days > LONGEST_FREEZE_DAYS
        if lines is None or (due and (not frozen or overdue)):
            lines = own_range(observations[: position[level.day]], pooled_variance=pooled_variance)
            drawn = level.day
        now, days_back = _next(unusual, level, lines, days_back)
        if now is not unusual:
            unusual, since = now, level.day
        states.append(_state(unusual, since, level, lines))
    return tuple(states)


def _next(before: Unusual, level: Level, lines: OwnRange, days_back: int) -> tuple[Unusual, int]:
    if lines.t05 is None or lines.t20 is None:
        return Unusual.UNKNOWN, 0
    p05, p20 = level.below(lines.t05), level.below(lines.t20)
    if before is Unusual.UNUSUALLY_LOW:
        days_back = days_back + 1 if 1 - p20 >= SURE else 0
        if days_back < RETURN_DAYS:
            return before, days_back
        return Unusual.USUAL, 0
    if p05 >= SURE:
        return Unusual.UNUSUALLY_LOW, 0
    return (Unusual.LOW if p20 >= SURE else Unusual.USUAL), 0


def _state(unusual: Unusual, since: date, level: Level, lines: OwnRange) -> UnusualState:
    if lines.t05 is None:
        p_below = None
        reason = f"cannot say whether the level is unusually low for this society: {lines.reason}"
    else:
        p_below = level.below(lines.t05)
        said = {
            Unusual.UNUSUALLY_LOW: "is unusually low for this society",
            Unusual.LOW: "is low for this society, though not unusually so",
        }.get(unusual, "is not unusually low for this society")
        reason = f"the level of {level.mean:+.1f} on {level.day} {said}: {lines.reason}"
    return UnusualState(
        unusual=unusual,
        since=since,
        day=level.day,
        level=level.mean,
        p_below=p_below,
        range=lines,
        reason=reason,
    )


def _no_range(measured: Sequence[date], reason: str) -> OwnRange:
    return OwnRange(
        t05=None,
        t20=None,
        basis=Basis.NONE,
        first=measured[0] if measured else None,
        last=measured[-1] if measured else None,
        days=len(measured),
        reason=reason,
    )


def _last_days(observations: Sequence[Observation], days: int) -> Sequence[Observation]:
    if not observations:
        return observations
    oldest = observations[-1].day - timedelta(days=days - 1)
    return [each for each in observations if each.day >= oldest]


def _smoothed(observations: Sequence[Observation]) -> list[Level]:
    """The smoothed level of each ok day."""
    q = process_variance(observations)
    return [level for level in smooth_levels(filter_levels(observations, q), q) if level.observed]


def _variance(levels: Sequence[Level]) -> float:
    """Of the true level over these days: of its estimates, and what they leave open."""
    return pvariance([level.mean for level in levels]) + fmean(level.variance for level in levels)


def _quantile(levels: Sequence[Level], p: float) -> float:
    """The p-quantile of the mixture of the levels' N(mean, variance), by bisection to 0.001 points."""
    import numpy as np
    from scipy.special import ndtr

    means = np.array([level.mean for level in levels])
    sds = np.sqrt([level.variance for level in levels])
    low, high = float((means - 8 * sds).min()), float((means + 8 * sds).max())
    while high - low > 0.001:
        middle = (low + high) / 2
        if float(ndtr((middle - means) / sds).mean()) < p:
            low = middle
        else:
            high = middle
    return (low + high) / 2
