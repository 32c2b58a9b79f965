"""How well judgements agree with people's labels: counts, F1, calibration error."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]


def confusion_counts(
    labelled: NDArray[np.int64], judged: NDArray[np.int64], classes: int
) -> Counts:
    """Counts (classes, classes), labelled in rows and judged in columns, of two equally long vectors."""
    counts = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(counts, (labelled, judged), 1)
    return counts


def f1_by_class(counts: Counts) -> Floats:
    """F1 of each class, of (C, C) counts; 0 for a class that is neither labelled nor judged."""
    both = counts.sum(axis=0) + counts.sum(axis=1)
    hits = np.diagonal(counts)
    scores: Floats = np.zeros(len(counts))
    np.divide(2.0 * hits, both, out=scores, where=both > 0)
    return scores


def macro_f1(counts: Counts, classes: Sequence[int] | None = None) -> float:
    """Mean F1 over `classes` (all of them when None) that are labelled at least once; 0 for none.

    A judgement outside `classes` counts as a miss of the labelled class.
    """
    labelled = [c for c in (range(len(counts)) if classes is None else classes) if counts[c].sum()]
    return float(f1_by_class(counts)[labelled].mean()) if labelled else 0.0


def expected_calibration_error(p: Floats, labelled: NDArray[np.int64], bins: int = 10) -> float:
    """Expected calibration error of the most probable class (Guo et al. 2017), 0 to 1.

    `p` (N, C) are probabilities, `labelled` (N,) the true classes. Bins hold equally many
    judgements each, so that a few confident ones do not decide it. 0 for no judgements.
    """
    if not len(p):
        return 0.0
    confidence, right = p.max(axis=1), p.argmax(axis=1) == labelled
    order = np.argsort(confidence, kind="stable")
    return float(
        sum(
            abs(confidence[part].mean() - right[part].mean()) * len(part)
            for part in np.array_split(order, bins)
            if len(part)
        )
        / len(p)
    )
