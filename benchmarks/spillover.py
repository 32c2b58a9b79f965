"""How often the spillover test finds a lead where there is none, and where there is one.

    python -m benchmarks.spillover [--runs 300] [--days 120,180,365] [--seed 1]

All series are simulated, so what leads what is known; that says what the test does when the world is as
simulated. The worlds without a lead are those in which other tests find one (detection.md, C.1). One standard
error of a share near 5 % is 1.3 points with 300 runs, of one near 50 % 2.9 points.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import track
from rich.table import Table

from alerts.spillover import Verdict, spillover_test

Array = np.ndarray[Any, np.dtype[np.float64]]
World = Callable[[np.random.Generator, int], tuple[Array, Array]]
"""Draws x and y of so many days. Standard deviations are near 1 and scaled to points afterwards."""

POINTS = 5.0
"""Points of net support for one standard deviation."""

BURN = 200
"""Days before the first, so that a series starts as it goes on."""


def autoregressive(shocks: Array, memory: float) -> Array:
    """Of variance 1 if the shocks' is 1; shape (days + BURN,) -> (days,)."""
    from scipy.signal import lfilter

    scale = np.sqrt(1 - memory**2)
    return np.asarray(lfilter([scale], [1.0, -memory], shocks)[BURN:], dtype=np.float64)


def series(rng: np.random.Generator, days: int, memory: float) -> Array:
    """AR(1) of variance 1."""
    return autoregressive(rng.normal(size=days + BURN), memory)


def independent(memory: float) -> World:
    """Neither knows of the other."""

    def draw(rng: np.random.Generator, days: int) -> tuple[Array, Array]:
        return series(rng, days, memory), series(rng, days, memory)

    return draw


def same_day_shocks(*, noise_x: float = 0.0, noise_y: float = 0.0) -> World:
    """Shocks correlated 0.7 on the same day; y forgets them more slowly (0.5 and 0.9)."""

    def draw(rng: np.random.Generator, days: int) -> tuple[Array, Array]:
        e, own = rng.normal(size=(2, days + BURN))
        x = autoregressive(e, 0.5) + noise_x * rng.normal(size=days)
        y = autoregressive(0.7 * e + np.sqrt(0.51) * own, 0.9) + noise_y * rng.normal(size=days)
        return x, y

    return draw


def common_driver(*, noise_x: float, noise_y: float) -> World:
    """One AR .9 that both read on the same day, each with its own noise."""

    def draw(rng: np.random.Generator, days: int) -> tuple[Array, Array]:
        z = series(rng, days, 0.9)
        return z + noise_x * rng.normal(size=days), z + noise_y * rng.normal(size=days)

    return draw


def level_shift(rng: np.random.Generator, days: int) -> tuple[Array, Array]:
    """Both fall by 1.5 on the same day, somewhere in the middle half."""
    fall = -1.5 * (np.arange(days) >= rng.integers(days // 4, 3 * days // 4))
    return series(rng, days, 0.5) + fall, series(rng, days, 0.5) + fall


def y_leads(rng: np.random.Generator, days: int) -> tuple[Array, Array]:
    """News reaches y 3 days before x."""
    x, y = news_reaches_x_first(rng, days)
    return y, x


def shared_volatility(rng: np.random.Generator, days: int) -> tuple[Array, Array]:
    """Independent shocks that are large and small on the same days."""
    loud = np.exp(0.9 * autoregressive(rng.normal(size=days + 2 * BURN), 0.95))
    e, own = loud * rng.normal(size=(2, days + BURN))
    # lognormal with a mean square of e^1.62; far out it would leave the scale of net support
    x, y = autoregressive(e, 0.7), autoregressive(own, 0.7)
    return np.clip(x / np.exp(0.81), -20, 20), np.clip(y / np.exp(0.81), -20, 20)


def days_missing(rng: np.random.Generator, days: int) -> tuple[Array, Array]:
    """A common driver; x has no Saturdays and Sundays."""
    x, y = common_driver(noise_x=0.7, noise_y=1.0)(rng, days)
    x[np.arange(days) % 7 >= 5] = np.nan
    return x, y


def news_reaches_x_first(rng: np.random.Generator, days: int) -> tuple[Array, Array]:
    """One AR .8 that x reads 3 days before y, each with its own noise."""
    z = series(rng, days + 3, 0.8)
    return z[3:] + 0.7 * rng.normal(size=days), z[:days] + 0.7 * rng.normal(size=days)


def x_drives_y(rng: np.random.Generator, days: int) -> tuple[Array, Array]:
    """y takes up 0.35 of x after 3 days; both have their own AR .8 and noise."""
    z = series(rng, days + 3, 0.8)
    y = 0.35 * z[:days] + series(rng, days, 0.8)
    return z[3:] + 0.5 * rng.normal(size=days), y + 0.5 * rng.normal(size=days)


WITHOUT_A_LEAD: dict[str, World] = {
    "independent, AR .9": independent(0.9),
    "independent, AR .98": independent(0.98),
    "same-day shocks, AR .5/.9": same_day_shocks(),
    "common driver + noise": common_driver(noise_x=1.0, noise_y=1.0),
    "common driver, y noisier": common_driver(noise_x=0.5, noise_y=1.5),
    "same-day level shift": level_shift,
    "y leads x": y_leads,
    "shared volatility": shared_volatility,
    "hardest: shocks + noise": same_day_shocks(noise_x=0.7, noise_y=0.7),
    "hardest, y 3 x noisier": same_day_shocks(noise_x=0.5, noise_y=1.5),
    "common driver, days missing": days_missing,
}

WITH_A_LEAD: dict[str, World] = {
    "news at x 3 days before y": news_reaches_x_first,
    "x drives y 0.35, 3 d later": x_drives_y,
}


def verdicts(world: World, days: int, runs: int, seed: int) -> list[Verdict]:
    """Of `runs` pairs; the same seed gives the same pairs."""
    rng = np.random.default_rng([seed, days])
    found = []
    for _ in range(runs):
        x, y = world(rng, days)
        found.append(spillover_test((POINTS * x).tolist(), (POINTS * y).tolist()).verdict)
    return found


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=300)
    parser.add_argument("--days", default="120,180,365", help="lengths of series, with commas")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    lengths = [int(days) for days in arguments.days.split(",")]
    table = Table(
        title=f"Spillover test, {arguments.runs} SIMULATED pairs per cell\n"
        "% lead robust to noise/lead in time or better/move together\n"
        "above the line nothing leads, below it x does"
    )
    table.add_column("world")
    for days in lengths:
        table.add_column(f"{days} days", justify="right")
    worlds = [*WITHOUT_A_LEAD.items(), *WITH_A_LEAD.items()]
    for name, world in track(worlds, description="simulating", transient=True):
        cells = []
        for days in lengths:
            found = verdicts(world, days, arguments.runs, arguments.seed)
            robust = found.count(Verdict.LEADS_ROBUST_TO_NOISE)
            counts = (
                robust,
                robust + found.count(Verdict.LEADS_IN_TIME),
                found.count(Verdict.MOVES_TOGETHER),
            )
            cells.append("/".join(f"{100 * count / len(found):.1f}" for count in counts))
        table.add_row(name, *cells, end_section=name == [*WITHOUT_A_LEAD][-1])
    Console().print(table)
    print(
        "Simulated data only: what leads what is known here, and real series may behave otherwise."
    )


if __name__ == "__main__":
    main()
