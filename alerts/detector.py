"""The first detector: a Shiryaev-Roberts mixture over falls of 3, 5, 10 and 20 points.

    points of one series -ok days-> x = net support - own baseline -clip-> evidence per size -> score > threshold -> Drop

Shiryaev 1963, Roberts 1966; mixture over sizes and threshold: Pollak 1987. It is causal: what it says of a day
depends on no later day. Weekday patterns and estimated autocorrelation are not modelled yet.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from datetime import date, timedelta

import msgspec

from alerts.baseline import Baseline, baseline_of
from alerts.drop import Drop
from alerts.point import Point, State
from alerts.t_quantile import Z95

SIZES = (3.0, 5.0, 10.0, 20.0)
"""Falls that the evidence is gathered for, in points."""

_NO_EVIDENCE = (-30.0,) * len(SIZES)


class DetectorSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator may change."""

    false_alarm_days: float = 365.0
    """Mean days between false alarms when nothing changes, over all series together (the ARL)."""
    series: int = 1
    """Number of series watched together: they share the false alarms."""
    baseline_days: int = 56
    """The baseline is made of the ok days from this many days ago …"""
    guard_days: int = 8
    """… to this many days ago: younger days may already be part of a fall."""
    min_days: int = 14
    """Ok days that a baseline needs before the series can alert."""
    min_outlets: int = 3
    """Days with fewer outlets are passed over: one outlet would be half of the figure."""
    clip: float = 2.0
    """One day counts for at most this many standard deviations: a shock of one day is not a fall."""
    autocorrelation: float = 1.25
    """Long-run variance of days over the variance of one day; news lasts longer than a day."""
    window_days: int = 60
    """The fall is looked for in at most this many days before the alarm."""
    quiet_days: int = 28
    """No second drop in a series for so many days."""


class _Day(msgspec.Struct, frozen=True):
    """One day as the detector sees it: net support y, distance x to the baseline of that day, variance of x."""

    day: date
    y: float
    x: float
    v: float
    baseline: Baseline


_DEFAULTS = DetectorSettings()


def detect(points: Sequence[Point], settings: DetectorSettings = _DEFAULTS) -> tuple[Drop, ...]:
    """The drops of one series, in day order. `points` are in day order, each day once.

    Only ok points with min_outlets count; any other day, or a missing one, changes nothing. The score is

        L_d <- ln(1 + exp(L_d)) + (-d x - d^2 / 2) / (v LRV)     for each size d, x clipped at 2 sqrt(v)
        S    = ln mean_d exp(L_d),  alarm when S > threshold_for(sigma of a typical day)

    After an alarm the series rests for quiet_days and its new baseline starts at the fall: the same fall is
    reported once, a further one is measured from the new level.
    Raises ValueError when a day comes twice or out of order, or when series are mixed.
    """
    _check(points)
    usable = [p for p in points if p.state is State.OK and p.outlets >= settings.min_outlets]
    drops: list[Drop] = []
    days: list[_Day] = []
    evidence = _NO_EVIDENCE
    level_from = date.min
    rests_until = date.min
    for i, point in enumerate(usable):
        if point.day <= rests_until or point.net_support is None:
            continue
        history = _history(
            usable[max(0, i - settings.baseline_days) : i], point.day, level_from, settings
        )
        if len(history) < settings.min_days:
            # after so long a gap, what was gathered rests on no baseline
            days, evidence = [], _NO_EVIDENCE
            continue
        baseline = baseline_of(history)
        v = baseline.variance_of_day(point.n) + baseline.variance
        x = point.net_support - baseline.mean
        days.append(_Day(point.day, point.net_support, x, v, baseline))
        evidence = _gather(evidence, x, v, settings)
        score = _mean_of_exponentials(evidence)
        threshold = threshold_for(baseline.sigma, settings)
        if score > threshold:
            drop = _drop(point, days, score, threshold, settings)
            drops.append(drop)
            days, evidence = [], _NO_EVIDENCE
            level_from = drop.since
            rests_until = point.day + timedelta(days=settings.quiet_days)
    return tuple(drops)


def threshold_for(sigma: float, settings: DetectorSettings = _DEFAULTS) -> float:
    """What the score must pass, for days with standard deviation `sigma` (points).

        h = ln(ARL) - 0.85 + 0.35 ln(sigma / 9)         ARL = false_alarm_days x series, in days

    ln(ARL) is the martingale bound of Pollak 1987: without a change exp(S) - t is a martingale. The rest was
    fitted by simulation at 20, 200 and 2000 documents a day, so that the mean time between false alarms is ARL.
    """
    arl = settings.false_alarm_days * max(1, settings.series)
    return math.log(arl) - 0.85 + 0.35 * math.log(sigma / 9)


def _history(
    past: Sequence[Point], day: date, level_from: date, settings: DetectorSettings
) -> list[Point]:
    oldest = max(day - timedelta(days=settings.baseline_days), level_from)
    youngest = day - timedelta(days=settings.guard_days)
    return [p for p in past if oldest <= p.day <= youngest]


def _gather(
    evidence: tuple[float, ...], x: float, v: float, settings: DetectorSettings
) -> tuple[float, ...]:
    limit = settings.clip * math.sqrt(v)
    clipped = max(-limit, min(limit, x))
    variance = v * settings.autocorrelation
    return tuple(
        _log1p_exp(old) + (-size * clipped - size * size / 2) / variance
        for size, old in zip(SIZES, evidence, strict=True)
    )


def _log1p_exp(a: float) -> float:
    return max(a, 0.0) + math.log1p(math.exp(-abs(a)))


def _mean_of_exponentials(evidence: Sequence[float]) -> float:
    top = max(evidence)
    return top + math.log(sum(math.exp(e - top) for e in evidence) / len(evidence))


def _drop(
    point: Point, days: Sequence[_Day], score: float, threshold: float, settings: DetectorSettings
) -> Drop:
    """The fall that ends in an alarm on the last of `days`: the window that stands out most."""
    window = _window(days, settings)
    total = sum(1 / d.v for d in window)
    net_support = sum(d.y / d.v for d in window) / total
    change = sum(d.x / d.v for d in window) / total
    variance = settings.autocorrelation * (1 / total + window[0].baseline.variance)
    half = Z95 * math.sqrt(variance)
    baseline = net_support - change
    reason = (
        f"net support was {net_support:+.1f} from {window[0].day} to {point.day} ({len(window)} days "
        f"with enough data), {-change:.1f} points below its baseline of {baseline:+.1f}; "
        f"the evidence of {score:.1f} passed {threshold:.1f}"
    )
    return Drop(
        society=point.society,
        target=point.target,
        detected_on=point.day,
        since=window[0].day,
        baseline=baseline,
        net_support=net_support,
        change=change,
        lower=change - half,
        upper=change + half,
        score=score,
        threshold=threshold,
        reason=reason,
    )


def _window(days: Sequence[_Day], settings: DetectorSettings) -> Sequence[_Day]:
    """The days up to the last with the largest -sum(x/v) / sqrt(sum(1/v)); never empty."""
    earliest = days[-1].day - timedelta(days=settings.window_days - 1)
    best, best_start = -math.inf, len(days) - 1
    weighted = total = 0.0
    for start in range(len(days) - 1, -1, -1):
        d = days[start]
        if d.day < earliest:
            break
        weighted += d.x / d.v
        total += 1 / d.v
        z = -weighted / math.sqrt(total)
        if z > best:
            best, best_start = z, start
    return days[best_start:]


def _check(points: Sequence[Point]) -> None:
    for before, point in itertools.pairwise(points):
        if (before.society, before.target) != (point.society, point.target):
            raise ValueError(
                f"one series at a time: {before.society}/{before.target} is mixed with "
                f"{point.society}/{point.target} on {point.day}"
            )
        if point.day == before.day:
            raise ValueError(f"the day {point.day} comes twice in {point.society}/{point.target}")
        if point.day < before.day:
            raise ValueError(
                f"{point.society}/{point.target}: {point.day} comes after {before.day}; "
                "points must be in day order"
            )
