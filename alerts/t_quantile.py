"""Two-sided 95 % quantile of Student's t without scipy, whose import takes longer than a command should."""

from __future__ import annotations

from statistics import NormalDist

Z95 = NormalDist().inv_cdf(0.975)
"""The limit for many degrees of freedom: 1.96."""


def t95(df: float) -> float:
    """t such that P(|T| <= t) = 0.95, T with `df` >= 3 degrees of freedom; exact to 1 %.

    Expansion of the quantile in 1/df: Abramowitz & Stegun 1964, formula 26.7.5. Raises ValueError below 3,
    where the expansion no longer holds.
    """
    if df < 3:
        raise ValueError(f"t95 needs at least 3 degrees of freedom, not {df:g}")
    z = Z95
    g1 = (z**3 + z) / 4
    g2 = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    g3 = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    g4 = (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160
    return z + g1 / df + g2 / df**2 + g3 / df**3 + g4 / df**4
