"""Fitting the weights of words and pairs: a logistic regression of the side of a text.

texts whose addressed targets all have one side -> keys met in FEWEST_TEXTS -> inverse document
frequency (Spärck Jones 1972) -> logistic regression with an L2 penalty, both sides counted alike
                                -> the LARGEST weights (what they are worth: calibrate.fit_sides)
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix
from scipy.special import expit, log_expit

from classify.codebook import STANCES
from classify.ngram_sides import NgramSides, ngram_keys
from classify.stance import Stance
from classify.training.tokens import ADDRESSED, IGNORED, Tokenised

Floats = NDArray[np.float64]

SUPPORT, OPPOSE = STANCES.index(Stance.SUPPORT), STANCES.index(Stance.OPPOSE)

FEWEST_TEXTS = 2
PENALTY = 1.0
"""Of half the squared weights, against the summed loss of the texts."""
LARGEST = 60_000
"""Weights that are kept."""
FEWEST_SIDES = 20
"""Texts of each side without which nothing is fitted."""


def side_of(row: Tokenised) -> int | None:
    """SUPPORT or OPPOSE where every target that the text takes a side on has this one; else None."""
    stances = [*row.stances, *row.own.values()]
    sides = {each for each in stances if each in (SUPPORT, OPPOSE)}
    return sides.pop() if len(sides) == 1 else None


def fit_ngrams(rows: Sequence[Tokenised], is_word: NDArray[np.bool_]) -> NgramSides:
    """Weights from the texts of `rows` that take one side; no weights where there are too few of them."""
    sides = [(row, side_of(row)) for row in rows]
    texts = [ngram_keys(row.ids, is_word) for row, side in sides if side is not None]
    supports = np.array([side == SUPPORT for _, side in sides if side is not None])
    if min(supports.sum(), (~supports).sum()) < FEWEST_SIDES:
        return NgramSides([], [], is_word)
    keys, columns, counts = np.unique(
        np.concatenate(texts), return_inverse=True, return_counts=True
    )
    rarity = np.log((1 + len(texts)) / (1 + counts)) + 1
    rarity[counts < FEWEST_TEXTS] = 0.0
    lengths = np.array([len(text) for text in texts])
    values = rarity[columns] / np.repeat(np.sqrt(np.maximum(lengths, 1)), lengths)
    starts = np.concatenate([[0], np.cumsum(lengths)])
    features = csr_matrix((values, columns, starts), shape=(len(texts), len(keys)))
    weights = _logistic(features, supports) * rarity
    kept = np.sort(np.argsort(-np.abs(weights), kind="stable")[:LARGEST])
    kept = kept[weights[kept] != 0]
    return NgramSides(keys[kept], weights[kept], is_word)


def _logistic(features: csr_matrix, supports: NDArray[np.bool_]) -> Floats:
    lead = np.where(supports, 1.0, -1.0)
    share = np.where(supports, 0.5 / supports.mean(), 0.5 / (~supports).mean())

    def loss(found: Floats) -> tuple[float, Floats]:
        weights, start = found[:-1], found[-1]
        said = lead * (features @ weights + start)
        slope = -share * lead * expit(-said)
        value = -(share * log_expit(said)).sum() + PENALTY / 2 * (weights**2).sum()
        return float(value), np.append(features.T @ slope + PENALTY * weights, slope.sum())

    start = np.zeros(features.shape[1] + 1)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": 300})
    return np.asarray(found.x[:-1], dtype=np.float64)


assert IGNORED not in (SUPPORT, OPPOSE)
assert ADDRESSED not in (SUPPORT, OPPOSE)
