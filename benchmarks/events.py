"""Simulated events: how often intervals of an effect hold the truth, and how often an event without effect seems to have one.

    python -m benchmarks.events [--series 500]

Each series is a world of outlets with levels of their own, volumes that change (the mix moves with the event, too), a trend,
weekdays, and moods of days that resemble the day before (AR(1), correlation phi). What is judged are counts; the index takes
the mix out and the interrupted time series estimates the effect, as `barometer events effect` does. Beside it what plain
Newey-West errors would have said of the same series. All simulated; the seed is fixed.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from alerts.confusion import NONE, correction
from alerts.event_effect import design, event_effect
from alerts.point import StanceCount
from alerts.within_outlet_index import outlet_index

Floats = NDArray[np.float64]

EVENT = date(2026, 9, 1)
OUTLETS = 12
SD_OF_MOOD = 6.0
"""Of a day's mood, points of net support."""

Series = dict[date, list[StanceCount]]


def simulated(
    rng: np.random.Generator, *, days: int, phi: float, step: float, bend: float
) -> Series:
    """`days` before and `days` after an event that moves all outlets by `step` at once and `bend` a week."""
    t = np.arange(-days, days)
    mood = np.zeros(len(t))
    mood[0] = rng.normal(0, SD_OF_MOOD)
    for i in range(1, len(t)):
        mood[i] = phi * mood[i - 1] + rng.normal(0, SD_OF_MOOD * np.sqrt(1 - phi**2))
    mood += rng.normal(0, 0.05) * t + 2.0 * (t % 7 >= 5)
    mood += np.where(t >= 0, step + bend * t / 7, 0.0)
    level = rng.normal(-5, 20, OUTLETS)
    volume = rng.lognormal(1.3, 0.7, OUTLETS)
    # the outlets that are loud afterwards are others than those before
    louder = np.exp(np.where(t >= 0, 1, -1)[None, :] * rng.normal(0, 0.4, OUTLETS)[:, None])
    n = rng.poisson(volume[:, None] * louder * np.where(t % 7 >= 5, 0.5, 1.0)[None, :])
    net = np.clip((level[:, None] + mood[None, :]) / 100, -0.75, 0.75)
    found: Series = {}
    for i, day in enumerate(t):
        rows = []
        for k in range(OUTLETS):
            if n[k, i]:
                p = [0.4 + net[k, i] / 2, 0.2, 0.4 - net[k, i] / 2]
                s, m, o = rng.multinomial(n[k, i], p)
                rows.append(
                    StanceCount(outlet=f"o{k}", support=int(s), neutral=int(m), oppose=int(o))
                )
        if rows:
            found[EVENT + timedelta(days=int(day))] = rows
    return found


def newey_west(days: list[date], y: Floats, noise: Floats) -> tuple[float, float]:
    """The effect by ordinary least squares and its standard error by Newey & West 1987, Bartlett's kernel over
    4 (T / 100)^(2/9) days (the usual choice).
    """
    t = np.array([(day - EVENT).days for day in days], dtype=np.float64)
    x = design(t, [day.weekday() for day in days])
    bread = np.linalg.inv(x.T @ x)
    beta = bread @ x.T @ y
    scores = x * (y - x @ beta)[:, None]
    meat = scores.T @ scores
    lags = int(4 * (len(t) / 100) ** (2 / 9))
    for lag in range(1, lags + 1):
        cross = scores[lag:].T @ scores[:-lag]
        meat += (1 - lag / (lags + 1)) * (cross + cross.T)
    wanted = np.zeros(x.shape[1])
    wanted[2], wanted[3] = 1.0, float(t[t >= 0].mean())
    return float(wanted @ beta), float(np.sqrt(wanted @ (bread @ meat @ bread) @ wanted))


def tried(
    series: int, *, days: int, phi: float, step: float, bend: float, seed: int
) -> tuple[float, float, float, float]:
    """Shares of `series`: held by the interval, distinct from zero, held by Newey-West's; and the mean width."""
    rng = np.random.default_rng([seed, days, round(100 * phi), round(100 * abs(step))])
    truth = step + bend * (days - 1) / 2 / 7
    held, distinct, by_newey_west, width = 0, 0, 0, 0.0
    for _ in range(series):
        world = simulated(rng, days=days, phi=phi, step=step, bend=bend)
        index = outlet_index(world, correction(NONE))
        assert index is not None
        found = event_effect(index.days, index.mood, index.noise, EVENT)
        assert found is not None
        held += found.effect.lower <= truth <= found.effect.upper
        distinct += found.effect.is_distinct
        width += found.effect.upper - found.effect.lower
        centre, error = newey_west(list(index.days), np.array(index.mood), np.array(index.noise))
        by_newey_west += abs(centre - truth) <= 1.96 * error
    return held / series, distinct / series, by_newey_west / series, width / series


def rows(series: int, seed: int = 1) -> Iterator[tuple[str, ...]]:
    """One for each kind of world."""
    for days in (28, 56):
        for phi in (0.0, 0.3, 0.6, 0.8):
            for step, bend in ((0.0, 0.0), (-8.0, -1.0)):
                held, distinct, plain, width = tried(
                    series, days=days, phi=phi, step=step, bend=bend, seed=seed
                )
                yield (
                    *(f"{days} + {days}", f"{phi:.1f}", f"{step:+.0f}, {bend:+.0f}"),
                    *(f"{held:.1%}", f"{distinct:.1%}", f"{plain:.1%}", f"{width:.1f}"),
                )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=500, help="of each kind")
    asked = parser.parse_args()
    head = ("days", "phi", "step, bend", "interval holds", "distinct", "Newey-West holds", "width")
    print(" | ".join(head), flush=True)
    for row in rows(asked.series):
        print(" | ".join(row), flush=True)


if __name__ == "__main__":
    main()
