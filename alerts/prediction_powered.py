"""What labels of a few documents and judgements of all say together: prediction-powered estimates.

    all judged, few labelled:   theta = mean of judgements over all  +  mean of (label - judgement) over the labelled

The second term measures how far the judgements are off, so theta holds whatever the model's errors are; good judgements make
its interval narrow, bad ones do no harm (Angelopoulos, Bates, Fannjiang, Jordan & Zrnic 2023). `tuning` weighs the judgements
by how well they foretell labels: 0 uses labels alone, 1 takes judgements at their word; by default the value that makes the
interval narrowest (PPI++, Angelopoulos, Duchi & Zrnic 2023).

`mean` is the estimator for independent draws. `net_support` is the one for a week: labelled documents are a stratified sample
without replacement of the week's own documents, which makes the sum a difference estimator of survey sampling (Särndal,
Swensson & Wretman 1992, section 6.3; Breidt & Opsomer 2017).
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from alerts.t_quantile import t95

Floats = NDArray[np.float64]

FEWEST_LABELS = 10
"""Labelled documents below which nothing is estimated."""

PRIOR_DF = 4.0
"""Weight of all strata's variance against a stratum's own, in degrees of freedom: two labels that agree do not show that
all documents of their stratum are judged right."""

PSEUDO_MISS = 1.0
"""… nor do twenty that all of the week are: the variance is that of the labels and of one document more that was judged wrong
by one step (support for neutral). Without it intervals hold the truth far too seldom where mistakes are rare."""


class Interval(msgspec.Struct, frozen=True, kw_only=True):
    """An estimate and its interval, in the units of what was given."""

    estimate: float
    lower: float
    upper: float
    tuning: float
    """Weight of the judgements, 0 to 1."""


class Labels(msgspec.Struct, frozen=True, kw_only=True):
    """Labelled documents of one society and target (arrays by document), and what is known of all."""

    stratum: Sequence[str]
    score: ArrayLike
    """+1 support, -1 oppose, else 0; the mean of several annotators."""
    addressed: ArrayLike
    """1 where the label says that the target is addressed, else 0."""
    judged_score: ArrayLike
    """P(support) - P(oppose) of the judgement."""
    judged_addressed: ArrayLike
    """1 - P(not addressed)."""
    population: dict[str, int]
    """Documents by stratum, labelled or not."""
    total_score: float
    """Sum of `judged_score` over all documents of these strata …"""
    total_addressed: float
    """… and of `judged_addressed`."""


class GoldFigure(msgspec.Struct, frozen=True, kw_only=True):
    """Net support among the documents that truly address the target, -100 to +100."""

    net_support: float
    lower: float
    upper: float
    labelled: int
    addressed: float
    """Share of the documents that address the target, 0 to 1."""
    tuning: float
    design_effect: float
    """Variance of these labels alone, against as many drawn without strata: below 1 the strata help, above 1 unequal chances
    cost more than they give."""
    df: float


def mean(
    labels: ArrayLike,
    judged: ArrayLike,
    judged_unlabelled: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    weights_unlabelled: ArrayLike | None = None,
    tuning: float | None = None,
    alpha: float = 0.05,
) -> Interval:
    """The mean of a quantity that is labelled for n documents and judged for these and N others, each drawn independently.

    `labels`, `judged` (n,), `judged_unlabelled` (N,), weights alike (scaled to mean 1). Normal interval of level 1 - alpha,
    as `ppi_mean_ci` of the authors' library gives it. Raises ValueError for arrays that do not fit.
    """
    y, f, g = (np.asarray(each, dtype=np.float64) for each in (labels, judged, judged_unlabelled))
    if y.ndim != 1 or y.shape != f.shape or g.ndim != 1 or len(y) < 2 or len(g) < 2:
        raise ValueError("labels and judgements need one value for each of at least two documents")
    w, v = _weights(weights, len(y)), _weights(weights_unlabelled, len(g))

    def at(tuned: float) -> float:
        return float((v * tuned * g).mean() + (w * (y - tuned * f)).mean())

    if tuning is None:
        about = at(1.0)
        grad, hat, hat_all = w * (y - about), w * (f - about), v * (g - about)
        covariance = float(((grad - grad.mean()) * (hat - hat.mean())).mean())
        spread = float(np.concatenate([hat, hat_all]).var(ddof=1))
        best = covariance / ((1 + len(y) / len(g)) * spread) if spread > 0 else 0.0
        tuning = min(max(best, 0.0), 1.0)
    error = np.sqrt((v * tuning * g).var() / len(g) + (w * (y - tuning * f)).var() / len(y))
    half = NormalDist().inv_cdf(1 - alpha / 2) * float(error)
    theta = at(tuning)
    return Interval(estimate=theta, lower=theta - half, upper=theta + half, tuning=tuning)


def net_support(given: Labels, *, tuning: float | None = None) -> GoldFigure | None:
    """Net support of a week's documents from a stratified sample of them, with a 95 % interval.

        R = (t F + sum_h N_h mean_h(y - t f)) / (t G + sum_h N_h mean_h(a - t g))       z = y - R a - t (f - R g)
        V = sum_h N_h^2 (1 - n_h / N_h) s_h^2(z) / n_h / denominator^2

    y, a labels, f, g judgements (score, addressed), F and G their totals. s_h^2 is drawn toward all strata's (PRIOR_DF,
    PSEUDO_MISS); Student's t with Satterthwaite's degrees of freedom. None below FEWEST_LABELS, and where nothing addresses the target. A stratum without a
    label is added to the largest that has some.
    """
    y, a, f, g = (
        np.asarray(each, dtype=np.float64)
        for each in (given.score, given.addressed, given.judged_score, given.judged_addressed)
    )
    if len(y) < FEWEST_LABELS:
        return None
    place, size = _strata(given)
    taken = np.bincount(place, minlength=len(size)).astype(np.float64)
    chance_weight = (size / taken)[place]
    of_strata = _Design(place, size, taken)
    ratio = _ratio(float(chance_weight @ y), float(chance_weight @ a))
    if ratio is None:
        return None
    tuned = tuning if tuning is not None else of_strata.best_tuning(y - ratio * a, f - ratio * g)
    whole = tuned * given.total_addressed + float(chance_weight @ (a - tuned * g))
    top = tuned * given.total_score + float(chance_weight @ (y - tuned * f))
    ratio = _ratio(top, whole)
    if ratio is None:
        return None
    ratio = min(max(ratio, -1.0), 1.0)
    variance, df = of_strata.variance(y - ratio * a - tuned * (f - ratio * g))
    half = t95(max(df, 3.0)) * float(np.sqrt(variance)) / whole
    return GoldFigure(
        net_support=100 * ratio,
        lower=100 * max(ratio - half, -1.0),
        upper=100 * min(ratio + half, 1.0),
        labelled=len(y),
        addressed=min(max(whole / float(size.sum()), 0.0), 1.0),
        tuning=tuned,
        design_effect=of_strata.design_effect(y - ratio * a, chance_weight),
        df=df,
    )


class _Design:
    """Strata of a sample: `place` (n,) of each document, `size` (H,) documents, `taken` (H,) labelled."""

    def __init__(self, place: NDArray[np.int64], size: Floats, taken: Floats) -> None:
        self._place, self._size, self._taken = place, size, taken
        self._factor = size**2 * (1 - taken / size) / taken

    def best_tuning(self, label: Floats, judged: Floats) -> float:
        """The weight of judgements that makes the variance smallest, 0 to 1."""
        covariance = float(self._factor @ self._pooled(label, judged, 0.0)[0])
        spread = float(self._factor @ self._pooled(judged, judged, 0.0)[0])
        return min(max(covariance / spread, 0.0), 1.0) if spread > 0 else 0.0

    def variance(self, z: Floats) -> tuple[float, float]:
        """Of the weighted sum of z, and its degrees of freedom."""
        spread, df = self._pooled(z, z, PSEUDO_MISS)
        parts = self._factor * spread
        whole = float(parts.sum())
        if whole <= 0:
            return 0.0, float(len(z))
        return whole, min(whole**2 / float((parts**2 / df).sum()), float(len(z) - 1))

    def design_effect(self, z: Floats, weight: Floats) -> float:
        """Of the labels alone: this design's variance over that of a simple random sample of the same size."""
        documents, labelled = float(self._size.sum()), len(z)
        centre = float(weight @ z) / float(weight.sum())
        spread = float(weight @ (z - centre) ** 2) / float(weight.sum())
        simple = documents**2 * (1 - labelled / documents) / labelled * spread
        return self.variance(z)[0] / simple if simple > 0 else 1.0

    def _pooled(self, one: Floats, other: Floats, miss: float) -> tuple[Floats, Floats]:
        """(H,) covariances within strata, drawn toward that of all; (H,) their degrees of freedom."""
        strata = len(self._size)
        centred = [
            each - (np.bincount(self._place, each, strata) / self._taken)[self._place]
            for each in (one, other)
        ]
        within = np.bincount(self._place, centred[0] * centred[1], strata)
        own = self._taken - 1
        if own.sum() > 0:
            common = (float(within.sum()) + miss) / (float(own.sum()) + bool(miss))
        else:
            common = float(np.cov(one, other)[0, 1]) + miss
        return (within + PRIOR_DF * common) / (own + PRIOR_DF), own + PRIOR_DF


def _strata(given: Labels) -> tuple[NDArray[np.int64], Floats]:
    """Of each document the place of its stratum; of each stratum its documents."""
    names = sorted(set(given.stratum))
    at = {name: number for number, name in enumerate(names)}
    place = np.array([at[name] for name in given.stratum], dtype=np.int64)
    taken = np.bincount(place, minlength=len(names))
    size = np.array([float(given.population[name]) for name in names])
    size[int(np.argmax(size))] += sum(n for name, n in given.population.items() if name not in at)
    return place, np.maximum(size, taken)


def _ratio(top: float, bottom: float) -> float | None:
    return top / bottom if bottom > 1e-9 else None


def _weights(given: ArrayLike | None, count: int) -> Floats:
    if given is None:
        return np.ones(count)
    weights = np.asarray(given, dtype=np.float64)
    if weights.shape != (count,) or weights.min() < 0 or weights.sum() <= 0:
        raise ValueError("weights need one value of at least 0 for each document")
    return np.asarray(weights / weights.sum() * count)
