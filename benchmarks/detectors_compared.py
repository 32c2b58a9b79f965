"""Other detectors of a fall, for `python -m benchmarks.detection --compare`.

Simple rules read the pooled index, as a simple product would; all others the within-outlet change x / sqrt(v) that our
detector reads, too. After an alarm a detector begins anew where it has a state of its own; one without is silent for
14 days. A missing day changes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from importlib import import_module
from typing import Any, NamedTuple

import numpy as np

from alerts.day_spread import DaySpread
from alerts.outlet_panel import Array
from alerts.within_outlet import WithinOutlet
from benchmarks.detection_world import World

SILENCE = 14
SETTLED = 100
"""Detectors that begin anew after an alarm, and those of river, begin on this day: scales are known by then."""

Alarms = list[list[int]]
"""Days of the alarms by series."""


class Rival(NamedTuple):
    """A detector whose threshold is to be found between `low` and `high`, where it is least and most strict."""

    name: str
    pooled: bool
    """It reads the pooled index; otherwise the within-outlet series."""
    prepare: Callable[[Array], Any]
    """(series, days), nan where there is no figure -> what does not depend on the threshold."""
    alarms: Callable[[Any, float], Alarms]
    low: float
    high: float
    halvings: int = 24
    most_series: int | None = None
    needs: str | None = None
    """Package that it comes from."""

    @property
    def installed(self) -> bool:
        """Whether its package is there."""
        try:
            import_module(self.needs or "numpy")
        except ImportError:
            return False
        return True

    def input(self, world: World) -> Any:
        """What it needs to know of a world."""
        data = pooled(world) if self.pooled else within_outlets(world)
        return self.prepare(data[: self.most_series])


def pooled(world: World) -> Array:
    """(series, days): mean corrected score of all documents of a day, points."""
    counts = world.panel.counts.sum(2)
    n = counts.sum(-1)
    score = 100 * np.einsum("stc,sc->st", counts, world.scores)
    return np.divide(score, n, out=np.full_like(score, np.nan), where=n > 0)


def within_outlets(world: World) -> Array:
    """(series, days): change against the outlets' own past without weekdays, in standard deviations."""
    series, days = world.panel.usable.shape
    outlets, spread = WithinOutlet(world.panel, world.scores), DaySpread(series, days)
    z = np.full((series, days), np.nan)
    for t in range(days):
        day = outlets.change(t, np.zeros(series, dtype=bool))
        x = spread.centred(t, day.x, day.v, day.usable)
        z[:, t] = np.where(day.usable, x / np.sqrt(spread.scaled(day.v)), np.nan)
        outlets.join_past(t, np.arange(series))
    return z


def calibrated(count: Callable[[float], float], rival: Rival, wanted: float) -> float:
    """The threshold with `wanted` alarms, by bisection; `count` of alarms must fall as the threshold rises."""
    low, high = rival.low, rival.high
    best, off = high, math.inf
    for _ in range(rival.halvings):
        middle = (low + high) / 2
        number = count(middle)
        if abs(number - wanted) < off:
            best, off = middle, abs(number - wanted)
        low, high = (middle, high) if number > wanted else (low, middle)
    return best


# -- Rules without a state of their own: a score of each day --------------------------------------------------


def passed(score: Array, threshold: float) -> Alarms:
    """Days on which the score passes the threshold, none within SILENCE days of the one before."""
    found: Alarms = []
    for row in score:
        days: list[int] = []
        for t in np.flatnonzero(np.nan_to_num(row, nan=-np.inf) > threshold).tolist():
            if not days or t - days[-1] > SILENCE:
                days.append(t)
        found.append(days)
    return found


def _past(x: Array, first: int, last: int) -> Array:
    """(series, days, last - first + 1): values of the days t - last to t - first, nan before the calendar."""
    padded = np.concatenate([np.full((len(x), last), np.nan), x], 1)
    views = np.lib.stride_tricks.sliding_window_view(padded, last - first + 1, axis=1)
    return np.asarray(views[:, : x.shape[1]])


def _mean(values: Array) -> Array:
    seen = np.isfinite(values)
    number = seen.sum(-1)
    total = np.where(seen, values, 0.0).sum(-1)
    return np.divide(total, number, out=np.full(number.shape, np.nan), where=number > 0)


def _sd(values: Array) -> Array:
    """nan where fewer than 14 days were seen."""
    sd = np.sqrt(_mean((values - _mean(values)[..., None]) ** 2))
    return np.where(np.isfinite(values).sum(-1) >= 14, sd, np.nan)


def week_over_week(x: Array) -> Array:
    """Mean of the 7 days before this week less that of the last 7 days."""
    return _mean(_past(x, 7, 13)) - _mean(_past(x, 0, 6))


def day_against_month(x: Array) -> Array:
    """How many standard deviations a day is below the 28 days before it."""
    past = _past(x, 1, 28)
    return (_mean(past) - x) / _sd(past)


def week_against_eight(x: Array) -> Array:
    """The same of the mean of 7 days and the 56 days before them."""
    past = _past(x, 7, 62)
    return (_mean(past) - _mean(_past(x, 0, 6))) / (_sd(past) / math.sqrt(7))


HAZARD = 1 / 365
LATEST_RUN = 90


def bocpd(z: Array) -> Array:
    """Bayesian online changepoints (Adams & MacKay 2007): log odds that a run of at most 90 days has a mean below 0.

    A run's mean is N(0, 1) in standard deviations of a day, whose own variance about it is 1.2; a day is the last of
    its run with probability 1/365.
    """
    series, days = z.shape
    noise, prior = 1.2, 1.0
    log_p = np.full((series, days + 1), -np.inf)
    log_p[:, 0] = 0.0
    total, number = np.zeros((series, days + 1)), np.zeros((series, days + 1))
    score = np.full((series, days), np.nan)
    from scipy.special import ndtr

    for t in range(days):
        seen = np.isfinite(z[:, t])
        rows = np.flatnonzero(seen)
        k = t + 1
        p, s, n = log_p[rows, :k], total[rows, :k], number[rows, :k]
        variance = 1 / (1 / prior + n / noise)
        mean = variance * s / noise
        ahead = variance + noise
        log_p_day = p - 0.5 * np.log(ahead) - (z[rows, t, None] - mean) ** 2 / (2 * ahead)
        top = log_p_day.max(1, keepdims=True)
        weight = np.exp(log_p_day - top)
        weight /= weight.sum(1, keepdims=True)
        log_weight = np.log(np.maximum(weight, 1e-300))
        total[rows, 1 : k + 1] = s + z[rows, t, None]
        number[rows, 1 : k + 1] = n + 1
        total[rows, 0] = number[rows, 0] = 0.0
        log_p[rows, 1 : k + 1] = log_weight + math.log(1 - HAZARD)
        log_p[rows, 0] = math.log(HAZARD)
        runs = slice(0, min(k, LATEST_RUN))
        s, n = total[rows, 1 : k + 1][:, runs], number[rows, 1 : k + 1][:, runs]
        variance = 1 / (1 / prior + n / noise)
        fell = (weight[:, runs] * ndtr(-np.sqrt(variance) * s / noise)).sum(1)
        fell = np.clip(fell, 1e-12, 1 - 1e-12)
        score[rows, t] = np.log(fell / (1 - fell))
    return score


# -- Detectors that begin anew after an alarm -------------------------------------------------------------------


def _since_settled(z: Array) -> Array:
    z = z.copy()
    z[:, :SETTLED] = np.nan
    return z


def ewma(z: Array, threshold: float) -> Alarms:
    """Exponentially weighted mean, weight 0.1 (Roberts 1959)."""
    state, alarms = np.zeros(len(z)), _none(z)
    for t in range(z.shape[1]):
        state = np.where(np.isfinite(z[:, t]), 0.9 * state - 0.1 * z[:, t], state)
        state[_raise(alarms, t, state > threshold)] = 0.0
    return alarms


def cusum(z: Array, threshold: float) -> Alarms:
    """Cumulative sum with allowance 0.25 (Page 1954)."""
    state, alarms = np.zeros(len(z)), _none(z)
    for t in range(z.shape[1]):
        state = np.where(np.isfinite(z[:, t]), np.maximum(state - z[:, t] - 0.25, 0.0), state)
        state[_raise(alarms, t, state > threshold)] = 0.0
    return alarms


def glr(z: Array, threshold: float) -> Alarms:
    """Generalised likelihood ratio over the first day of the last 60 (Siegmund & Venkatraman 1995), in sigmas."""
    seen = np.isfinite(z)
    sums = np.concatenate([np.zeros((len(z), 1)), np.cumsum(np.where(seen, z, 0.0), 1)], 1)
    numbers = np.concatenate([np.zeros((len(z), 1)), np.cumsum(seen, 1)], 1)
    since, alarms = np.zeros(len(z), dtype=np.int64), _none(z)
    for t in range(SETTLED, z.shape[1]):
        first = np.arange(max(0, t - 59), t + 1)
        n = numbers[:, t + 1, None] - numbers[:, first]
        fall = -(sums[:, t + 1, None] - sums[:, first]) / np.sqrt(np.maximum(n, 1.0))
        best = np.where(first >= since[:, None], fall, -np.inf).max(1)
        since[_raise(alarms, t, seen[:, t] & (best > threshold))] = t + 1
    return alarms


def _none(z: Array) -> Alarms:
    return [[] for _ in z]


def _raise(alarms: Alarms, t: int, which: np.ndarray[Any, np.dtype[np.bool_]]) -> Any:
    hit = np.flatnonzero(which)
    for s in hit.tolist():
        alarms[s].append(t)
    return hit


# -- Packages ---------------------------------------------------------------------------------------------------


def adwin(z: Array, strictness: float) -> Alarms:
    """river's ADWIN (Bifet & Gavalda 2007), looked at daily; delta = e^-strictness. A rise of the mean is no alarm."""
    drift: Any = import_module("river.drift")

    def days_of(row: Array) -> list[int]:
        detector = drift.ADWIN(delta=math.exp(-strictness), clock=1)
        days: list[int] = []
        for t in np.flatnonzero(np.isfinite(row)).tolist():
            before = detector.estimation
            detector.update(float(row[t]))
            fell = detector.drift_detected and detector.estimation < before
            if fell and (not days or t - days[-1] > SILENCE):
                days.append(t)
        return days

    return [days_of(row) for row in z]


def page_hinkley(z: Array, threshold: float) -> Alarms:
    """river's PageHinkley, mode down, allowance 0.25, without forgetting; it begins anew by itself."""
    drift: Any = import_module("river.drift")

    def days_of(row: Array) -> list[int]:
        detector = drift.PageHinkley(delta=0.25, threshold=threshold, alpha=1.0, mode="down")
        days: list[int] = []
        for t in np.flatnonzero(np.isfinite(row)).tolist():
            detector.update(float(row[t]))
            if detector.drift_detected:
                days.append(t)
        return days

    return [days_of(row) for row in z]


PELT_WINDOW = 90


def pelt(z: Array, penalty: float) -> Alarms:
    """ruptures' PELT (Killick et al. 2012; KernelCPD with the linear kernel: the same answer, compiled) on the last
    90 days with a figure: an alarm when the last segment is lower than the one before and begins after the last alarm.
    """
    ruptures: Any = import_module("ruptures")

    def days_of(row: Array) -> list[int]:
        seen = np.flatnonzero(np.isfinite(row))
        days: list[int] = []
        for end in range(PELT_WINDOW, len(seen) + 1):
            window = seen[end - PELT_WINDOW : end]
            values = row[window]
            model = ruptures.KernelCPD(kernel="linear", min_size=2).fit(values[:, None])
            ends = [0, *model.predict(pen=penalty)]
            if len(ends) < 3:
                continue
            last, before = values[ends[-2] :].mean(), values[ends[-3] : ends[-2]].mean()
            if last < before and (not days or window[ends[-2]] > days[-1]):
                days.append(int(window[-1]))
        return days

    return [days_of(row) for row in z]


def _same(x: Array) -> Array:
    return x


RIVALS = (
    Rival("week-over-week change", True, week_over_week, passed, 0.0, 100.0),
    Rival("z, day against 28 days", True, day_against_month, passed, 0.0, 30.0),
    Rival("z, 7-day mean against 56 days", True, week_against_eight, passed, 0.0, 30.0),
    Rival("EWMA 0.1", False, _since_settled, ewma, 0.0, 3.0),
    Rival("CUSUM 0.25", False, _since_settled, cusum, 0.0, 60.0),
    Rival("GLR, 60 days", False, _same, glr, 0.0, 12.0),
    Rival("BOCPD", False, bocpd, passed, -10.0, 25.0),
    Rival("ADWIN (river)", False, _since_settled, adwin, 0.0, 12.0, 9, 60, "river"),
    Rival("PageHinkley (river)", False, _since_settled, page_hinkley, 0.0, 60.0, 10, 60, "river"),
    Rival("PELT, 90 days (ruptures)", False, _same, pelt, 0.5, 25.0, 8, 30, "ruptures"),
)
