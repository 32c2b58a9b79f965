"""Whether a model still errs as it did when its matrix was counted, and is as sure as it is right.

    confusion    labels' matrix against the shipped one: Pearson's statistic over the rows, its p-value from matrices drawn as
                 if both had the same errors (parametric bootstrap), so that small counts keep the false-alarm rate
    calibration  mean confidence less share judged right; an alarm beyond TOLERANCE either way
    ECE          expected calibration error (Guo et al. 2017) with a bootstrap interval, beside what a perfectly calibrated model
                 would show on as few labels; told, not tested, for it is never below zero

A report that looks at k such checks raises an alarm at ALPHA / k each (Bonferroni): of a hundred reports of a model that has
not changed, one raises an alarm, whatever the number of targets.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

import msgspec
import numpy as np
from numpy.typing import NDArray

from alerts.confusion import Confusion
from alerts.gold_matrix import weighted_counts
from alerts.gold_truth import GoldRow

Floats = NDArray[np.float64]

ALPHA = 0.01
"""False alarms of a report of a model that has not changed."""

TOLERANCE = 0.05
"""Confidence may be off by so much: no model is calibrated exactly."""

FEWEST = 30
"""Settled labels of a target below which it is not checked."""

DRAWS = 2_000
BINS = 10


class ConfusionDrift(msgspec.Struct, frozen=True, kw_only=True):
    """The errors of now against the shipped ones, for one target."""

    target: str
    labels: float
    """Worth of the labels behind it (effective number)."""
    shipped_right: float
    """Share of documents judged right, stances equally common, by the shipped matrix …"""
    right: float
    """… and by the labels."""
    lower: float
    upper: float
    """95 % interval of `right`."""
    p_value: float


class CalibrationDrift(msgspec.Struct, frozen=True, kw_only=True):
    """Confidence against what was right, for one target. All 0 to 1."""

    target: str
    labels: int
    confidence: float
    right: float
    lower: float
    upper: float
    """95 % interval of confidence less right."""
    p_value: float
    """That the gap is within TOLERANCE."""
    error: float
    """ECE."""
    error_lower: float
    error_upper: float
    """95 % interval."""
    error_by_chance: float
    """What a perfectly calibrated model would show on average."""


Drift = ConfusionDrift | CalibrationDrift


def confusion_drift(
    target: str, rows: Sequence[GoldRow], shipped: Confusion
) -> ConfusionDrift | None:
    """None without a shipped matrix, and below FEWEST labels."""
    counts = weighted_counts(rows)
    if not shipped.corrects or counts.sum() < FEWEST:
        return None
    before = np.array(shipped.counts, dtype=np.float64)
    used = (before.sum(axis=1) > 0) & (counts.sum(axis=1) >= 1)
    before, counts = before[used], counts[used]
    sizes = [np.maximum(np.rint(each.sum(axis=1)).astype(int), 1) for each in (before, counts)]
    found = _pearson(before[None], counts[None])[0]
    common = (before + counts) / (before + counts).sum(axis=1)[:, None]
    rng = np.random.default_rng(20_261_130)
    drawn = [
        np.stack([rng.multinomial(n, p, DRAWS) for n, p in zip(size, common, strict=True)], axis=1)
        for size in sizes
    ]
    by_chance = _pearson(drawn[0].astype(np.float64), drawn[1].astype(np.float64))
    diagonal = np.flatnonzero(used)
    old, new = (_right(each, diagonal) for each in (before, counts))
    half = 1.96 * math.sqrt(new[1])
    return ConfusionDrift(
        target=target,
        labels=float(counts.sum()),
        shipped_right=old[0],
        right=new[0],
        lower=max(new[0] - half, 0.0),
        upper=min(new[0] + half, 1.0),
        p_value=float((1 + (by_chance >= found - 1e-9).sum()) / (1 + DRAWS)),
    )


def calibration_drift(target: str, rows: Sequence[GoldRow]) -> CalibrationDrift | None:
    """None below FEWEST settled labels."""
    settled = [row for row in rows if row.settled.stance is not None]
    if len(settled) < FEWEST:
        return None
    confidence = np.array([getattr(row.p, row.p.stance.value) for row in settled])
    right = np.array([row.p.stance is row.settled.stance for row in settled], dtype=np.float64)
    weight = np.array([row.weight for row in settled])
    off, whole = confidence - right, weight.sum()
    gap = float(weight @ off / whole)
    error = (
        math.sqrt(float((weight**2) @ (off - gap) ** 2))
        / whole
        * math.sqrt(len(settled) / (len(settled) - 1))
    )
    beyond = (abs(gap) - TOLERANCE) / error if error > 0 else math.inf * (abs(gap) - TOLERANCE)
    ece = _calibration_error(confidence, right, weight)
    low, high, chance = _around(confidence, right, weight)
    return CalibrationDrift(
        target=target,
        labels=len(settled),
        confidence=float(weight @ confidence / whole),
        right=float(weight @ right / whole),
        lower=gap - 1.96 * error,
        upper=gap + 1.96 * error,
        p_value=1 - NormalDist().cdf(beyond) if math.isfinite(beyond) else float(beyond < 0),
        error=ece,
        error_lower=min(low, ece),
        error_upper=max(high, ece),
        error_by_chance=chance,
    )


def beyond_bound(found: Sequence[Drift]) -> list[Drift]:
    """Those that raise an alarm, of all checks of one report."""
    return [one for one in found if one.p_value < ALPHA / len(found)]


def _pearson(one: Floats, other: Floats) -> Floats:
    """(D,) of D pairs of (R, 3) counts: Pearson's statistic of homogeneity, added up over the rows."""
    sizes = [each.sum(axis=2, keepdims=True) for each in (one, other)]
    share = (one + other) / np.maximum(sizes[0] + sizes[1], 1)
    total = np.zeros(one.shape[0])
    for counts, size in zip((one, other), sizes, strict=True):
        expected = share * size
        parts = np.divide(
            (counts - expected) ** 2, expected, out=np.zeros_like(counts), where=expected > 0
        )
        total += parts.sum(axis=(1, 2))
    return total


def _right(counts: Floats, diagonal: NDArray[np.intp]) -> tuple[float, float]:
    """Mean over the rows of the share judged right, and its variance."""
    n = counts.sum(axis=1)
    share = counts[np.arange(len(counts)), diagonal] / n
    smooth = (counts[np.arange(len(counts)), diagonal] + 0.5) / (n + 1)
    return float(share.mean()), float((smooth * (1 - smooth) / n).sum() / len(counts) ** 2)


def _calibration_error(confidence: Floats, right: Floats, weight: Floats) -> float:
    order = np.argsort(confidence, kind="stable")
    off = np.abs(
        [
            float(weight[part] @ (confidence[part] - right[part]))
            for part in np.array_split(order, BINS)
        ]
    )
    return float(off.sum() / weight.sum())


def _around(confidence: Floats, right: Floats, weight: Floats) -> tuple[float, float, float]:
    """95 % limits of the calibration error (bootstrap, drawn around what was found), and its mean were all calibrated."""
    rng = np.random.default_rng(20_261_130)
    n, again, calibrated = len(weight), [], []
    for _ in range(400):
        drawn = rng.integers(0, n, n)
        again.append(_calibration_error(confidence[drawn], right[drawn], weight[drawn]))
        chance = (rng.random(n) < confidence).astype(np.float64)
        calibrated.append(_calibration_error(confidence, chance, weight))
    low, high = np.quantile(again, [0.025, 0.975])
    return float(low), float(high), float(np.mean(calibrated))
