"""Which series may hold a change of mix: the cheap question that is asked of all, before the counts by outlet are read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from alerts.signal import MIX_SIGMAS
from alerts.t_quantile import Z95

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from alerts.outlet_panel import Array


def may_be_mix(before: Array, after: Array, scores: Array) -> NDArray[np.bool_]:
    """Whether `mix_signal` can find anything in N series: False only where it cannot.

    `before`, `after`: (N, 3) documents judged support, neutral, oppose; `scores`: (N, 3). What outlets share only ever
    widens the interval of `change_between`, so a fall that is not MIX_SIGMAS standard errors deep with every document
    independent is not that deep with it either.
    """
    theta_0, v_0 = _level(before, scores)
    theta_1, v_1 = _level(after, scores)
    there = (before.sum(1) > 0) & (after.sum(1) > 0)
    sigmas = MIX_SIGMAS * Z95 / 1.96  # as `mix_signal` reads standard errors out of an interval
    deep: NDArray[np.bool_] = there & (theta_1 - theta_0 + sigmas * np.sqrt(v_0 + v_1) < 0)
    return deep


def _level(counts: Array, scores: Array) -> tuple[Array, Array]:
    """Mean score and the variance of that mean for independent documents, with a pseudo-document of each stance in the
    variance, as `change_between` has it.
    """
    n = np.maximum(counts.sum(1), 1.0)
    shares = (counts + 1) / (n + 3)[:, None]
    mean = (shares * scores).sum(1)
    spread = (shares * scores**2).sum(1) - mean**2
    return (counts * scores).sum(1) / n, spread / n
