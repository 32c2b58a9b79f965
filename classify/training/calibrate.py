"""Temperatures and thresholds from logits of labelled text that no weight was fitted on (Guo et al. 2017)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize, minimize_scalar
from scipy.special import log_expit, log_softmax

from classify.manifest import Calibration

Floats = NDArray[np.float64]

COLDEST, HOTTEST = 0.25, 8.0

FEWEST = 20
"""Below this many labelled texts a head keeps temperature 1: a fit would be noise."""


def temperature_of_classes(logits: Floats, labels: NDArray[np.int64]) -> Calibration:
    """The temperature that makes `labels` (N,) most likely under softmax(logits (N, C) / T)."""
    if len(labels) < FEWEST:
        return Calibration(temperature=1.0)
    rows = np.arange(len(labels))
    return _coolest(lambda t: -log_softmax(logits / t, axis=1)[rows, labels].mean())


def calibration_of_sides(
    logits: Floats, labels: NDArray[np.int64], sides: Floats, supports: NDArray[np.bool_]
) -> Calibration:
    """Temperature from text like that of training, the shift between support and oppose from other text.

    `logits` (N, 4) with `labels` (N,) give the temperature. `sides` (M, 4) with `supports` (M,) are
    texts of other sources that are labelled support or oppose, each side counted as much as the
    other: a logistic regression on the difference of the two logits (Platt 1999) says where they
    part, and the bias moves that place to zero. Its slope is not used: text that a network does not
    understand would make it doubt everything.
    """
    fitted = temperature_of_classes(logits, labels)
    if min(supports.sum(), (~supports).sum()) < FEWEST:
        return fitted
    lead = np.where(supports, 1.0, -1.0)
    weights = np.where(supports, 0.5 / supports.mean(), 0.5 / (~supports).mean())
    ahead = sides[:, 0] - sides[:, 2]

    def loss(found: Floats) -> float:
        return float(-(weights * log_expit(lead * np.exp(found[0]) * (ahead - found[1]))).mean())

    parting = float(minimize(loss, np.zeros(2), bounds=[(-5.0, 2.0), (-4.0, 4.0)]).x[1])
    shift = round(-parting / (2 * fitted.temperature), 4)
    return Calibration(temperature=fitted.temperature, bias=(shift, 0.0, -shift, 0.0))


def temperature_of_label(logits: Floats, labels: Floats) -> Calibration:
    """The same for one yes-or-no output: logits (N,), labels (N,) of 0 and 1."""
    if len(labels) < FEWEST:
        return Calibration(temperature=1.0)
    sign = 2 * labels - 1
    return _coolest(lambda t: -log_expit(sign * logits / t).mean())


def best_threshold(p: Floats, labels: Floats, candidates: Sequence[float] = ()) -> float:
    """The probability from which saying yes gives the highest F1; 0.5 where nobody said yes."""
    if not labels.any():
        return 0.5
    tried = candidates or np.round(np.arange(0.1, 0.91, 0.05), 2).tolist()
    return max(tried, key=lambda t: (_f1(p >= t, labels > 0), -abs(t - 0.5)))


def _f1(judged: NDArray[np.bool_], labelled: NDArray[np.bool_]) -> float:
    both = int(judged.sum() + labelled.sum())
    return 2 * int((judged & labelled).sum()) / both if both else 0.0


def _coolest(loss: Callable[[float], float]) -> Calibration:
    found = minimize_scalar(
        lambda log_t: loss(float(np.exp(log_t))),
        bounds=(np.log(COLDEST), np.log(HOTTEST)),
        method="bounded",
    )
    return Calibration(temperature=round(float(np.exp(found.x)), 4))
