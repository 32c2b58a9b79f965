"""The level of a series behind its daily net support: a local-level model, filtered and smoothed.

    y_t = level_t + noise, variance v_t          level_t = level_t-1 + step, variance q a day

Kalman 1960 in the form of Harvey 1989, section 4.3, with an exact diffuse start (Durbin & Koopman 2012, section 5.2):
the first day that was measured is the first guess. What was not measured (no data, not ok) changes nothing
but how sure one may be: the variance grows by q a day.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from datetime import date
from statistics import median

import msgspec

BLOCK_DAYS = 14
"""Days whose mean is compared with that of the next: long enough for the level to show through the noise."""

MIN_BLOCK_DAYS = 4
"""Measured days that a block needs."""

PRIOR_Q = 0.5
"""Daily variance of the level (points^2) before its series shows one: a standard deviation of 4 in a month."""

PRIOR_BLOCKS = 20
"""Weight of PRIOR_Q, in differences between blocks."""

SMALLEST_Q, LARGEST_Q = 0.02, 4.0
"""Limits of what a series may show (points^2 a day): standard deviations of 1 and 11 in a month."""

OUTLYING = 20.0
"""A squared difference counts for at most so many medians: one slide is not how the level moves all year."""

SHOCK_SDS = 3.0
"""What a filter that must not follow a single day takes a day for, at most, in standard deviations of its surprise."""


class Observation(msgspec.Struct, frozen=True, kw_only=True):
    """Net support of one day of one series, as it was measured."""

    day: date
    net_support: float | None
    """Points; None on a day that has no figure or is not ok."""
    variance: float = 0.0
    """Of the day about its level (points^2), not of the published level: what is the same every day (differences
    between outlets, errors of the classifier) is not in it. Above 0 where there is a figure; ignored elsewhere."""


class Level(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the level on one day: N(mean, variance), in points and points^2."""

    day: date
    mean: float
    variance: float
    observed: bool
    """False on a day without a figure."""

    def below(self, line: float) -> float:
        """P(level < line)."""
        return math.erfc((self.mean - line) / math.sqrt(2 * self.variance)) / 2


def filter_levels(
    observations: Sequence[Observation],
    q: float | Sequence[float],
    *,
    shock_sds: float = math.inf,
) -> tuple[Level, ...]:
    """The level of each day given that day and those before it, from the first with a figure on.

    `q` is the daily variance of the level, one for all or one per observation. Days that `observations` leaves out
    are days without a figure. With `shock_sds` a day's surprise y - m is cut at so many of its standard
    deviations (Huber 1964; Masreliez & Martin 1977), so that one odd day moves the level little.

        P <- P + q per day       g = P / (P + v)       m <- m + g (y - m)       P <- (1 - g) P

    Raises ValueError when days are not in order, a figure is not finite or its variance not above 0.
    """
    check_observations(observations)
    qs = [q] * len(observations) if isinstance(q, int | float) else q
    levels: list[Level] = []
    for each, step in zip(observations, qs, strict=True):
        y, v = each.net_support, each.variance
        if not levels:
            if y is not None:
                levels.append(Level(day=each.day, mean=y, variance=v, observed=True))
            continue
        before = levels[-1]
        mean = before.mean
        variance = before.variance + step * (each.day - before.day).days
        if y is not None:
            limit = shock_sds * math.sqrt(variance + v)
            gain = variance / (variance + v)
            mean += gain * max(-limit, min(limit, y - mean))
            variance *= 1 - gain
        levels.append(Level(day=each.day, mean=mean, variance=variance, observed=y is not None))
    return tuple(levels)


def smooth_levels(levels: Sequence[Level], q: float) -> tuple[Level, ...]:
    """The level of each day given all days, before and after it (Rauch, Tung & Striebel 1965); `q` as when filtering.

    h = P_t / (P_t + q),  m_t + h (m'_t+1 - m_t),  P_t + h^2 (P'_t+1 - P_t - q), backwards from the last day.
    """
    smoothed: list[Level] = list(levels[-1:])
    for now in reversed(levels[:-1]):
        later = smoothed[-1]
        predicted = now.variance + q * (later.day - now.day).days
        h = now.variance / predicted
        smoothed.append(
            msgspec.structs.replace(
                now,
                mean=now.mean + h * (later.mean - now.mean),
                variance=now.variance + h * h * (later.variance - predicted),
            )
        )
    return tuple(reversed(smoothed))


def process_variance(observations: Sequence[Observation]) -> float:
    """q of a series (points^2 a day), from the means of blocks of 14 days that follow each other.

    A level that walks with q differs between two blocks of L days by q (2 L^2 + 1) / (3 L) in variance, about
    2/3 L q, and the means by their own variances more (Harvey 1989, section 2.3: moments of the reduced form):

        q = (mean of (M_b+1 - M_b)^2 - v_b - v_b+1) / (2/3 L)     limited to 0.02..4, then shrunk to 0.5 (20 blocks)

    Blocks are those of the calendar, so a longer history never moves them. Raises ValueError as filter_levels.
    """
    check_observations(observations)
    return _q_of(_blocks(observations))


def process_variances(observations: Sequence[Observation]) -> tuple[float, ...]:
    """q for each observation from the blocks that were over before its day: what was known then, and no more.

    Raises ValueError as filter_levels.
    """
    check_observations(observations)
    blocks = _blocks(observations)
    known: dict[int, float] = {}
    for each in observations:
        number = _block(each.day)
        if number not in known:
            known[number] = _q_of([block for block in blocks if block[0] < number])
    return tuple(known[_block(each.day)] for each in observations)


def check_observations(observations: Sequence[Observation]) -> None:
    """Raises ValueError naming the day: not in order, a figure that is not finite, a variance not above 0."""
    for before, after in itertools.pairwise(observations):
        if after.day <= before.day:
            raise ValueError(
                f"{after.day} comes after {before.day}; days must be in order and each come once"
            )
    for each in observations:
        if each.net_support is None:
            continue
        if not math.isfinite(each.net_support):
            raise ValueError(
                f"net support of {each.day} is {each.net_support}; pass None for no figure"
            )
        if not (math.isfinite(each.variance) and each.variance > 0):
            raise ValueError(
                f"{each.day} has a figure with the variance {each.variance}; it must be above 0"
            )


def _block(day: date) -> int:
    return day.toordinal() // BLOCK_DAYS


def _blocks(observations: Sequence[Observation]) -> list[tuple[int, float, float]]:
    """Number, mean and its variance of each block with enough days, in order."""
    found = []
    for number, days in itertools.groupby(observations, key=lambda each: _block(each.day)):
        measured = [(d.net_support, d.variance) for d in days if d.net_support is not None]
        n = len(measured)
        if n >= MIN_BLOCK_DAYS:
            found.append(
                (number, sum(y for y, _ in measured) / n, sum(v for _, v in measured) / n**2)
            )
    return found


def _q_of(blocks: Sequence[tuple[int, float, float]]) -> float:
    pairs = [(a, b) for a, b in itertools.pairwise(blocks) if b[0] == a[0] + 1]
    if not pairs:
        return PRIOR_Q
    squares = [(b[1] - a[1]) ** 2 for a, b in pairs]
    most = OUTLYING * median(squares)
    moved = sum(min(square, most) for square in squares)
    noise = sum(a[2] + b[2] for a, b in pairs)
    shown = (moved - noise) / len(pairs) / (2 / 3 * BLOCK_DAYS)
    shown = max(SMALLEST_Q, min(LARGEST_Q, shown))
    return (len(pairs) * shown + PRIOR_BLOCKS * PRIOR_Q) / (len(pairs) + PRIOR_BLOCKS)
