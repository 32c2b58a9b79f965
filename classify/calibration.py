"""From the logits of a model to an assessment: calibration applied, topics and flags decided.

stances (N, T, 4)  -> softmax(logits / temperature + bias), a calibration per target
                   -> support and oppose share their sum anew, by a smaller lead
document (N, D)    -> sigmoid(logit / temperature + bias), a calibration per output -> thresholds
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from classify.classifier import Assessment
from classify.manifest import OTHER, Calibration, Manifest
from classify.stance import Probabilities, Stance
from classify.target import TARGETS, Target

MOST_TOPICS = 3
"""The codebook's limit for one text."""

RELEVANCE = "relevance"
"""The name of the document head's first output."""

Floats = NDArray[np.float64]


def class_probabilities(logits: ArrayLike, calibration: Calibration) -> Floats:
    """Logits (…, C) of classes that exclude each other -> probabilities (…, C)."""
    scaled = _calibrated(logits, calibration)
    odds = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    return np.asarray(odds / odds.sum(axis=-1, keepdims=True))


def stance_probabilities(
    logits: ArrayLike, calibration: Calibration, names: Sequence[str]
) -> Floats:
    """Logits (…, 4) of the stances `names` -> probabilities (…, 4)."""
    p = class_probabilities(logits, calibration)
    if calibration.sides == 1.0:
        return p
    scaled = _calibrated(logits, calibration)
    support, oppose = names.index(Stance.SUPPORT), names.index(Stance.OPPOSE)
    ahead = (scaled[..., support] - scaled[..., oppose]) / calibration.sides
    both, share = p[..., support] + p[..., oppose], 0.5 + 0.5 * np.tanh(0.5 * ahead)
    p[..., support], p[..., oppose] = both * share, both * (1 - share)
    return p


def label_probability(logits: ArrayLike, calibration: Calibration) -> Floats:
    """Logits (…) of one yes-or-no output -> probabilities (…)."""
    # As tanh: exp of a large logit overflows.
    return np.asarray(0.5 + 0.5 * np.tanh(0.5 * _calibrated(logits, calibration)))


def stance_calibration(manifest: Manifest, target: Target) -> Calibration:
    """A codebook target's own, if it is asked about in the codebook's words; else that of OTHER."""
    own = target in TARGETS and target.name in manifest.stance_calibration
    return manifest.stance_calibration[target.name if own else OTHER]


def document_outputs(manifest: Manifest) -> tuple[str, ...]:
    """The outputs of the document head, in order."""
    return (RELEVANCE, *manifest.topics, *manifest.flags)


def assessments(
    stances: ArrayLike, document: ArrayLike, manifest: Manifest, targets: Sequence[Target]
) -> list[Assessment]:
    """Of N texts, from stance logits (N, T, 4), T = len(targets), and document logits (N, D)."""
    stances, document = np.asarray(stances), np.asarray(document)
    of_target: list[list[list[float]]] = [
        stance_probabilities(
            stances[:, place], stance_calibration(manifest, target), manifest.stances
        ).tolist()
        for place, target in enumerate(targets)
    ]
    of_document = np.stack(
        [
            label_probability(document[:, place], manifest.document_calibration[name])
            for place, name in enumerate(document_outputs(manifest))
        ],
        axis=1,
    ).tolist()
    return [
        _assessment(row, [rows[n] for rows in of_target], manifest, targets)
        for n, row in enumerate(of_document)
    ]


def _assessment(
    document: Sequence[float],
    stances: Sequence[Sequence[float]],
    manifest: Manifest,
    targets: Sequence[Target],
) -> Assessment:
    p = dict(zip(document_outputs(manifest), document, strict=True))
    given = {name for name, threshold in manifest.thresholds.items() if p[name] >= threshold}
    # A stable sort: of equally probable topics, the manifest's first.
    topics = sorted((name for name in manifest.topics if name in given), key=lambda name: -p[name])
    return Assessment(
        relevance=p[RELEVANCE],
        topics=tuple(topics[:MOST_TOPICS]),
        conflates="conflates" in given,
        dehumanising="dehumanising" in given,
        stances={
            target.name: Probabilities(**dict(zip(manifest.stances, row, strict=True)))
            for target, row in zip(targets, stances, strict=True)
        },
    )


def _calibrated(logits: ArrayLike, calibration: Calibration) -> Floats:
    scaled = np.asarray(logits, dtype=np.float64) / calibration.temperature
    if not calibration.bias:
        return np.asarray(scaled)
    bias = calibration.bias[0] if len(calibration.bias) == 1 else np.asarray(calibration.bias)
    return np.asarray(scaled + bias)
