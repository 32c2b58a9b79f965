"""The shortest mean delay that any detector can have, for a given rate of false alarms.

    K >= (1/g) int_0^g e^(1/s) E1(1/s) ds          g = ARL x KL a day,  K = KL accumulated until the alarm

Stationary average with restarts, exact for Brownian motion that knows everything but the day (Shiryaev 1963;
Feinberg & Shiryaev 2006; Pollak & Tartakovsky 2009); about ln g - 1.58 for large g.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[np.float64]]

PUBLISHED: dict[int, dict[str, float]] = {
    20: {"10": 29.0, "20": 11.6, "drift": 38.4},
    200: {"3": 36.2, "5": 19.0, "10": 6.9, "20": 2.2, "drift": 25.6},
    2000: {"3": 16.2, "5": 7.1, "10": 1.9, "20": 1.0, "drift": 18.9},
}
"""Days by documents a day and fall, of the method's notes (section B.3) for a mean of 365 days between false alarms:
the 13 cells in which the bound is below 60 days. Efficiency is measured against these."""

FEWEST_DAYS = 3.0
"""No detector can tell a fall from a passing shock before: bounds and delays below it count as so many."""


def efficiency(bound: float, delay: float) -> float:
    """1 where nothing can be better."""
    return max(bound, FEWEST_DAYS) / max(delay, FEWEST_DAYS)


def needed(g: float) -> float:
    """K: Kullback-Leibler information that must have come in; g = ARL x KL a day, above 0."""
    from scipy.integrate import quad
    from scipy.special import exp1

    def integrand(s: float) -> float:
        u = 1 / s
        if u > 50:  # the first terms of the asymptotic series: exp(u) overflows further out
            return s - s**2 + 2 * s**3
        return float(np.exp(u) * exp1(u))

    return float(quad(integrand, 0.0, g, points=[min(0.02, g / 2)], limit=500)[0]) / g


def shortest_delay(fall: Array, information: float, arl: float = 365.0) -> float:
    """Days until a fall with this profile (points, by day) can be known, 1 at least.

    `information`: 1 / (sigma^2 LRV) of a day, in points^-2. KL a day is taken as its mean up to then.
    Raises ValueError when the profile ends before.
    """
    gained = np.cumsum(fall**2) / 2 * information
    before = -1.0
    for day, k in enumerate(gained.tolist(), start=1):
        over = k - needed(arl * k / day)
        if over >= 0:
            return max(1.0, day - over / (over - before)) if day > 1 else 1.0
        before = over
    raise ValueError(f"a fall of {len(fall)} days is too short to be known; give more days")
