"""Temperatures and thresholds from logits of labelled text that no weight was fitted on (Guo et al. 2017).

text like that of training -> temperatures, thresholds, when to say "not addressed"
text of other sources      -> what the lean of the words is worth beside the network, where support and
                              oppose part, and how sure to be of it
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize, minimize_scalar
from scipy.special import log_expit, log_softmax

from classify.agreement import confusion_counts, macro_f1
from classify.calibration import stance_probabilities
from classify.codebook import STANCES
from classify.manifest import Calibration

Floats = NDArray[np.float64]

COLDEST, HOTTEST = 0.25, 8.0

MAY_COST = 0.005
"""Of the accuracy of addressed or not, to find more stances."""
TRIED = tuple(round(0.05 * n, 2) for n in range(11))
"""Of the lead of "not addressed" in logits: more of it found more stances and cost too much of the calibration."""

NOT_ADDRESSED = len(STANCES) - 1

FEWEST = 20
"""Below this many labelled texts a head keeps temperature 1: a fit would be noise."""


def temperature_of_classes(logits: Floats, labels: NDArray[np.int64]) -> Calibration:
    """The temperature that makes `labels` (N,) most likely under softmax(logits (N, C) / T)."""
    if len(labels) < FEWEST:
        return Calibration(temperature=1.0)
    rows = np.arange(len(labels))
    return _coolest(lambda t: -log_softmax(logits / t, axis=1)[rows, labels].mean())


class Sides(NamedTuple):
    """How the two sides are told apart in text of other sources than those of training.

    P(support) = sigmoid(slope * (network + worth * words) + start), of the network's lead of support
    over oppose in logits and of the words' lean.
    """

    worth: float
    slope: float
    start: float


def fit_sides(
    network: Floats, words: Floats, supports: NDArray[np.bool_], sources: Sequence[str]
) -> Sides | None:
    """A logistic regression (Platt 1999) over N texts labelled support or oppose, all of length N.

    Each source counts as much as another, with the mix of sides that it has: where it has more of
    one side, that is what its kind of text is like. None where a side has too few texts, or where
    the network tells nothing.
    """
    if min(supports.sum(), (~supports).sum()) < FEWEST:
        return None
    share = np.zeros(len(supports))
    for source in set(sources):
        of_it = np.array([each == source for each in sources])
        share[of_it] = 1 / of_it.sum() / len(set(sources))
    scales = np.array([network.std() or 1.0, words.std() or 1.0])
    columns = np.column_stack([network, words]) / scales
    lead = np.where(supports, 1.0, -1.0)

    def loss(found: Floats) -> float:
        said = columns @ found[:2] + found[2]
        return float(-(share * log_expit(lead * said)).sum() + 1e-3 * (found[:2] ** 2).sum())

    found = minimize(loss, np.array([1.0, 0.0, 0.0]), bounds=[(0, 9), (0, 9), (-9, 9)]).x
    slope, lean = found[:2] / scales
    if slope <= 0:
        return None
    return Sides(worth=float(lean / slope), slope=float(slope), start=float(found[2]))


def calibration_of_sides(
    logits: Floats, labels: NDArray[np.int64], sides: Sides | None
) -> Calibration:
    """A stance head's: `logits` (N, 4) with `labels` (N,), of text like that of training, give the
    temperature, `sides` where support and oppose part and how sure to be.
    """
    fitted = temperature_of_classes(logits, labels)
    if sides is None:
        return fitted
    shift = round(sides.start / sides.slope / fitted.temperature / 2, 4)
    return Calibration(
        temperature=fitted.temperature,
        bias=(shift, 0.0, -shift, 0.0),
        sides=round(1 / sides.slope / fitted.temperature, 4),
    )


def found_more(logits: Floats, labels: NDArray[np.int64], calibration: Calibration) -> Calibration:
    """`calibration` with less of a lead for "not addressed": the one that finds most stances.

    The likeliest class misses more stances than it invents. Of the biases tried, the one with the
    highest macro-F1 of the stances over the addressed texts, `logits` (N, 4) with `labels` (N,),
    among those that cost at most MAY_COST of the accuracy of addressed or not.
    """
    if len(labels) < FEWEST:
        return calibration
    addressed = labels != NOT_ADDRESSED
    bias = calibration.bias or (0.0,) * len(STANCES)

    def less(by: float) -> Calibration:
        lowered = (*bias[:NOT_ADDRESSED], round(bias[NOT_ADDRESSED] - by, 4))
        return msgspec.structs.replace(calibration, bias=lowered)

    def scores(given: Calibration) -> tuple[float, float]:
        judged = stance_probabilities(logits, given, STANCES).argmax(axis=1)
        counts = confusion_counts(labels[addressed], judged[addressed], len(STANCES))
        accuracy = float(((judged != NOT_ADDRESSED) == addressed).mean())
        return macro_f1(counts, range(NOT_ADDRESSED)), accuracy

    tried = {by: scores(less(by)) for by in TRIED}
    least = tried[0.0][1] - MAY_COST
    best = max((by for by in TRIED if tried[by][1] >= least), key=lambda by: (tried[by][0], -by))
    return less(best) if best else calibration


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
