"""The change of net support between two periods of one series, with its 95 % interval."""

from __future__ import annotations

import math
from collections.abc import Sequence

import msgspec

from alerts.confusion import NONE, Confusion, Triple, correction
from alerts.net_support import PRIOR_DF, add_by_outlet
from alerts.point import StanceCount
from alerts.t_quantile import t95


class SupportChange(msgspec.Struct, frozen=True, kw_only=True):
    """After minus before, in points of net support (-200 to +200), with its 95 % interval."""

    change: float
    lower: float
    upper: float


def change_between(
    before: Sequence[StanceCount], after: Sequence[StanceCount], confusion: Confusion = NONE
) -> SupportChange | None:
    """The change from `before` to `after` (counts by outlet), corrected for classifier error; None when either has no
    document, or the confusion matrix cannot be used. The matrix errs alike in both periods, so its own
    uncertainty, which belongs to the levels, is left out.

    Outlets that are in both periods are paired, so lasting differences between outlets cancel and the
    interval is much narrower than those of the two levels suggest:

        e_k = w_k1 (s_k1 - theta_1) - w_k0 (s_k0 - theta_0)             what outlet k adds to the change's error
        V   = (kappa sum e_k^2 / max(1 - w_k, 0.2) + 4 V_iid) / (kappa + 4), at least V_iid = u_0/n_0 + u_1/n_1

    (cluster-robust variance of a difference, linearised: Bell & McCaffrey 2002; w_k the mean of both weights.)
    A shift of volume between outlets is part of the change: it is not split off here.
    """
    old, new = _whole_outlets(before), _whole_outlets(after)
    if not old or not new:
        return None
    corrected = correction(confusion)
    if corrected.refusal:
        return None
    theta_0, v_0, error_0, weight_0 = _parts(old, corrected.scores)
    theta_1, v_1, error_1, weight_1 = _parts(new, corrected.scores)
    outlets = sorted(weight_0.keys() | weight_1.keys())
    w = {k: (weight_0.get(k, 0.0) + weight_1.get(k, 0.0)) / 2 for k in outlets}
    kappa = max(1 / sum(x * x for x in w.values()) - 1, 0.0)
    v_rob = sum(
        (error_1.get(k, 0.0) - error_0.get(k, 0.0)) ** 2 / max(1 - w[k], 0.2) for k in outlets
    )
    v_iid = v_0 + v_1
    variance = max((kappa * v_rob + PRIOR_DF * v_iid) / (kappa + PRIOR_DF), v_iid)
    half = 100 * t95(kappa + PRIOR_DF) * math.sqrt(variance)
    change = 100 * (theta_1 - theta_0)
    return SupportChange(
        change=change, lower=max(change - half, -200.0), upper=min(change + half, 200.0)
    )


def _whole_outlets(counts: Sequence[StanceCount]) -> tuple[StanceCount, ...]:
    """One count per outlet, whatever stories its documents tell."""
    return add_by_outlet(msgspec.structs.replace(each, story=None) for each in counts)


def _parts(
    by_outlet: Sequence[StanceCount], scores: Triple
) -> tuple[float, float, dict[str, float], dict[str, float]]:
    """Theta, its variance for independent documents, and by outlet error and weight.

    One pseudo-document of each stance keeps the variance of a document above 0.
    """
    n = sum(c.n for c in by_outlet)
    support = sum(c.support for c in by_outlet)
    oppose = sum(c.oppose for c in by_outlet)
    theta = _score((support, n - support - oppose, oppose), scores) / n
    q = [(count + 1) / (n + 3) for count in (support, n - support - oppose, oppose)]
    mean = sum(share * a for share, a in zip(q, scores, strict=True))
    u = sum(share * a * a for share, a in zip(q, scores, strict=True)) - mean * mean
    weight = {c.outlet: c.n / n for c in by_outlet}
    error = {
        c.outlet: weight[c.outlet]
        * (_score((c.support, c.neutral, c.oppose), scores) / c.n - theta)
        for c in by_outlet
    }
    return theta, u / n, error, weight


def _score(counts: tuple[int, int, int], scores: Triple) -> float:
    return sum(count * a for count, a in zip(counts, scores, strict=True))
