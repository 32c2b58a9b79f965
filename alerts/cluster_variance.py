"""Variance of a weighted mean whose clusters differ, its degrees of freedom, and quantiles of t for them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

LEAST_REST = 0.05
"""Limit of 1 - w_k: one cluster that is nearly all of a window must not be blown up without end."""

# log t as a polynomial in 1/df, constant first: fitted to the quantile at 4,001 points, within 2e-5 of it
_LOG_T95 = (0.67293, 1.21014, 0.70765, 0.16824, -0.31834, 0.10148)


def t95_of(df: Floats) -> Floats:
    """(…) degrees of freedom -> t with P(|T| <= t) = 0.95, exact to 1 in 10,000; below 1 counts as 1.

    As arrays, from df = 1, which alerts.t_quantile does not reach.
    """
    x = 1 / np.maximum(df, 1.0)
    value = np.zeros_like(x)
    for coefficient in reversed(_LOG_T95):
        value = value * x + coefficient
    return np.asarray(np.exp(value))


def sum_by(number: Ints, values: Floats, size: int) -> Floats:
    """(size,) sums of `values` by their `number`, 0 … size - 1; 0 where there is none."""
    return np.asarray(np.bincount(number, values, size), dtype=np.float64)


def cluster_variance(
    share: Floats, error: Floats, model: Floats, window: Ints, windows: int
) -> tuple[Floats, Floats]:
    """Of W weighted means (W,): variance and its degrees of freedom, from K clusters (K,) of all windows.

    `share`: weight of a cluster in its window's mean (they sum to 1 per window); `error`: its share x (its mean
    - the window's mean); `model`: how large the variance of each cluster's sum is thought to be, up to
    a factor per window; `window`: to which window it belongs.

        V = sum_k g_k error_k^2 / E,   g_k = 1 / (1 - w_k)     E, Var: of the sum under the model, where the
        df = 2 E^2 / Var, 1 to K - 1                           mean's own variance is 1

    unbiased under the model and nearly so without it (Bell & McCaffrey 2002, Imbens & Kolesar 2016). Both
    are nan for windows with fewer than two clusters.
    """

    def total(values: Floats) -> Floats:
        return sum_by(window, values, windows)

    clusters = np.bincount(window, minlength=windows)
    g = 1 / np.maximum(1 - share, LEAST_REST)
    with np.errstate(all="ignore"):
        m = model / total(model)[window]
        # Cov(error_k, error_l) under the model, of sum 1: off the diagonal -(w_k w_l + w_l d_k + w_k d_l), d = m - w
        d = m - share
        own = share * (1 - share) + d * (1 - 2 * share)
        ww, wd, dd = total(g * share**2), total(g * share * d), total(g * d**2)
        expected = total(g * own)
        squared = ww**2 + 2 * ww * dd + 2 * wd**2 + 4 * ww * wd
        squared += total(g**2 * (own**2 - (share**2 + 2 * share * d) ** 2))
        variance = np.where(clusters > 1, total(g * error**2) / expected, np.nan)
        df = np.where(clusters > 1, np.clip(expected**2 / squared, 1.0, clusters - 1), np.nan)
    return np.asarray(variance), np.asarray(df)
