"""Temperatures and thresholds from logits of labelled text that no weight was fitted on (Guo et al. 2017)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize, minimize_scalar
from scipy.special import expit, log_expit, log_softmax

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
    """Temperature and one shift between support and oppose, from text of two kinds (Guo et al. 2017).

    `logits` (N, 4) with `labels` (N,) are text like that of training; `sides` (M, 4) with `supports`
    (M,) are texts of other sources that are labelled support or oppose, of which only the two sides
    are looked at, each side as much as the other. Both kinds count the same. The shift takes out
    what a network says by default of a kind of text that it did not learn from.
    """
    if min(supports.sum(), (~supports).sum()) < FEWEST or len(labels) < FEWEST:
        return temperature_of_classes(logits, labels)
    rows = np.arange(len(labels))
    lead = np.where(supports, 1.0, -1.0)
    weights = np.where(supports, 0.5 / supports.mean(), 0.5 / (~supports).mean())

    def loss(found: Floats) -> float:
        temperature, shift = np.exp(found[0]), found[1]
        bias = np.array([shift, 0.0, -shift, 0.0])
        ours = -log_softmax(logits / temperature + bias, axis=1)[rows, labels].mean()
        margin = (sides[:, 0] - sides[:, 2]) / temperature + 2 * shift
        theirs = -(weights * log_expit(lead * margin)).mean()
        return float(ours + theirs)

    found = minimize(loss, np.zeros(2), bounds=[(np.log(COLDEST), np.log(HOTTEST)), (-3.0, 3.0)]).x
    shift = round(float(found[1]), 4)
    return Calibration(
        temperature=round(float(np.exp(found[0])), 4), bias=(shift, 0.0, -shift, 0.0)
    )


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


def probability(logits: Floats, calibration: Calibration) -> Floats:
    """Of one yes-or-no output."""
    bias = calibration.bias[0] if calibration.bias else 0.0
    result: Floats = expit(logits / calibration.temperature + bias)
    return result


def _f1(judged: NDArray[np.bool_], labelled: NDArray[np.bool_]) -> float:
    both = int(judged.sum() + labelled.sum())
    return 2 * int((judged & labelled).sum()) / both if both else 0.0


def _coolest(loss) -> Calibration:  # type: ignore[no-untyped-def]
    found = minimize_scalar(
        lambda log_t: loss(np.exp(log_t)),
        bounds=(np.log(COLDEST), np.log(HOTTEST)),
        method="bounded",
    )
    return Calibration(temperature=round(float(np.exp(found.x)), 4))
