"""What changed with an event: an interrupted time series (Bernal, Cummins & Gasparrini 2017).

    y_t = level + trend t + weekdays + (step + bend (t - event)) after the event + error

The effect is the mean of (step + bend (t - event)) over the days after: how far they lie from where the days before were going.

Errors of one day resemble those of the next: C = (1 - w) phi^|s - t| + w diag(noise). With few days phi cannot be known, and
intervals that take an estimate of it for the truth, as Newey-West's do, are too narrow (`python -m benchmarks.events` shows by
how much). So phi and w are integrated out: for each pair the least squares are those of C, coefficients are Student's t, and
pairs count by their restricted likelihood (Harville 1974; Zellner & Tiao 1964), times 1 - phi: the larger phi, the rarer. Days without documents are simply not there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date

import msgspec
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

LEAST_DAYS = 21
"""Days with documents that are needed on each side of an event."""

WEEKDAYS_FROM = 56
"""Days from which the days of the week have levels of their own."""

PHIS = tuple(round(0.05 * step, 2) for step in range(20))
SHARES = (0.0, 0.25, 0.5, 0.75, 0.9)
"""The grid: correlation of one day with the next, and share of errors that no other day shares."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """A quantity with its 95 % interval, in points of net support."""

    value: float
    lower: float
    upper: float

    @property
    def is_distinct(self) -> bool:
        """Whether zero lies outside of the interval."""
        return self.lower > 0 or self.upper < 0


class EventEffect(msgspec.Struct, frozen=True, kw_only=True):
    """What an interrupted time series says of an event."""

    effect: Change
    """Mean distance of the days after from where the days before were going."""
    step: Change
    """At once, on the day of the event."""
    bend: Change
    """Change of the trend, a week."""
    days_before: int
    days_after: int
    correlation: float
    """Of the errors of one day and the next, as the days show it."""


def event_effect(
    days: Sequence[date], y: Sequence[float], noise: Sequence[float], event: date
) -> EventEffect | None:
    """The effect at `event`, which is the first day after. `y` points, `noise` relative variances of the days.

    None with fewer than LEAST_DAYS on either side. Raises ValueError for sequences of different lengths.
    """
    if not len(days) == len(y) == len(noise):
        raise ValueError("every day needs its value and its noise")
    t = np.array([(day - event).days for day in days], dtype=np.float64)
    after = t >= 0
    if min(int(after.sum()), int((~after).sum())) < LEAST_DAYS:
        return None
    x = design(t, [day.weekday() for day in days])
    wanted = np.zeros((3, x.shape[1]))
    wanted[0, 2], wanted[0, 3] = 1.0, float(t[after].mean())
    wanted[1, 2] = 1.0
    wanted[2, 3] = 7.0
    found = _integrated(x, np.asarray(y, dtype=np.float64), t, np.asarray(noise), wanted)
    effect, step, bend = found.changes
    return EventEffect(
        effect=effect,
        step=step,
        bend=bend,
        days_before=int((~after).sum()),
        days_after=int(after.sum()),
        correlation=found.correlation,
    )


def design(t: Floats, weekdays: Sequence[int]) -> Floats:
    """(T, p): level, trend, step, bend, and from WEEKDAYS_FROM days on six weekdays."""
    after = (t >= 0).astype(np.float64)
    columns = [np.ones(len(t)), t, after, after * t]
    if len(t) >= WEEKDAYS_FROM:
        day = np.array(weekdays)
        columns += [(day == each) - 1 / 7 for each in range(6)]
    return np.column_stack(columns)


class _Integrated(msgspec.Struct, frozen=True, kw_only=True):
    changes: list[Change]
    correlation: float


def _integrated(x: Floats, y: Floats, t: Floats, noise: Floats, wanted: Floats) -> _Integrated:
    """(L, p) linear combinations of the coefficients, over the grid of error structures."""
    count, columns = x.shape
    df = count - columns
    apart = np.abs(t[:, None] - t[None, :])
    rough = np.diag(noise / noise.mean())
    weights, centres, spreads, correlations = [], [], [], []
    for phi in PHIS:
        common = phi**apart
        for share in SHARES if phi else (0.0, 1.0):  # without correlation: alike, or by their noise
            c = share * rough + (1 - share) * common
            lower = np.linalg.cholesky(c + 1e-9 * np.eye(count))
            white = np.linalg.solve(lower, np.column_stack([x, y]))
            white_x, white_y = white[:, :-1], white[:, -1]
            q, r = np.linalg.qr(white_x)
            beta = np.linalg.solve(r, q.T @ white_y)
            rest = float(((white_y - white_x @ beta) ** 2).sum())
            logs = -np.log(np.diag(lower)).sum() - np.log(np.abs(np.diag(r))).sum()
            weights.append(math.log(1 - phi) + logs - df / 2 * math.log(max(rest, 1e-12)))
            through = np.linalg.solve(r.T, wanted.T)
            centres.append(wanted @ beta)
            spreads.append(np.sqrt((through**2).sum(axis=0) * rest / df))
            correlations.append((1 - share) * phi)
    weight = np.exp(np.array(weights) - max(weights))
    weight /= weight.sum()
    changes = [
        _change(weight, np.array(centres)[:, i], np.array(spreads)[:, i], df)
        for i in range(len(wanted))
    ]
    return _Integrated(changes=changes, correlation=float(weight @ np.array(correlations)))


def _change(weight: Floats, centre: Floats, spread: Floats, df: int) -> Change:
    """Mean and 95 % interval of a mixture of Student's t."""
    from scipy.stats import t as student

    used = weight > 1e-6
    weight, centre, spread = weight[used] / weight[used].sum(), centre[used], spread[used]

    def quantile(p: float) -> float:
        low = float((centre - 60 * spread).min())
        high = float((centre + 60 * spread).max())
        for _ in range(60):
            middle = (low + high) / 2
            below = float(weight @ student.cdf((middle - centre) / spread, df))
            low, high = (middle, high) if below < p else (low, middle)
        return (low + high) / 2

    return Change(value=float(weight @ centre), lower=quantile(0.025), upper=quantile(0.975))
