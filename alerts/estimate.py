"""Net support of a window (a day, a week) of one series, corrected for classifier error, with its interval.

    a = scores of judged stances (alerts/confusion.py)       theta = sum of weight x a / sum of weight

The interval holds theta of the population that the window's outlets are a sample of:

    V_o   between outlets, df_o degrees of freedom              cluster-robust, Bell & McCaffrey 2002
    D     what stories add that several outlets print           two-way, Cameron, Gelbach & Miller 2011
    V_M   what the confusion matrix leaves open                 delta method, multinomial rows
    V_0   as if stories were independent
    h     = the larger of  t95(df) sqrt(V_o + D + V_M)          df: Satterthwaite 1946 of the three
                     and   FLOOR t95(df_s) / z sqrt(V_0 + V_M)  so that outlets that agree by chance do not
                                                                make the interval vanish
    all theta' with (theta - theta')^2 <= h_s^2 (C - theta'^2) / (C - theta^2) + h_M^2,   h^2 = h_s^2 + h_M^2

the last line being Wilson's (1927) interval with a share of the error, that of V_M, which does not shrink toward
the ends of the scale; C = 1 + the classifier's noise. Without clustering, errors and FLOOR it is Wilson's.
`python -m benchmarks.coverage` shows how often it holds the truth.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from alerts.cluster_variance import Floats, cluster_variance, sum_by, t95_of
from alerts.confusion import NONE, Confusion, Correction, correction
from alerts.point import StanceCount, State
from alerts.t_quantile import Z95
from alerts.weighting import RHO, Rows, Weighting, rows_of

MIN_N_EFF = 15.0
"""Below it a figure is `insufficient`: the interval would be wider than about 40 points either way."""

MIN_OUTLETS = 2
"""With a single outlet the figure is that outlet's, and nothing shows how much outlets differ."""

FLOOR = 1.65
"""Standard errors of independent documents that the interval spans at least, either way. With 1.96 it would
hold the truth 98 % of the time where few outlets do not differ; with none it could shrink to a point."""

ONE_OUTLET_DF = 4.0
"""Degrees of freedom granted to RHO, which stands in where a single outlet shows no difference."""

MOST_DF = 1e6
"""More is endless."""


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """Net support of one window, -100 to +100, among documents judged to address the target."""

    net_support: float | None
    """None without documents, and where the confusion matrix cannot be used."""
    lower: float | None
    upper: float | None
    """95 % interval; None with net_support."""
    n: int
    """Documents."""
    n_eff: float
    """Effective documents after clustering by outlet (RHO) and story (copies count once), of the
    weights. It rests on volumes alone: whether a window may be used never depends on what it says."""
    outlets: int
    df: float
    """Degrees of freedom of the interval; 0 without one."""
    state: State
    reason: str
    """Why the state is not ok, one sentence; empty if it is."""


def estimate(
    counts: Sequence[StanceCount],
    *,
    confusion: Confusion = NONE,
    weighting: Weighting = Weighting.PER_DOCUMENT,
    degraded: bool = False,
) -> Estimate:
    """The estimate of one window; rows of one outlet and story add up, their order does not matter.

    State: no_data without documents (never 0), insufficient with a confusion matrix that cannot be used, degraded
    when the caller says that sources were down, insufficient below MIN_OUTLETS or MIN_N_EFF, else ok.
    Raises ValueError for a count that is negative or not finite.
    """
    return estimates([counts], confusion=confusion, weighting=weighting, degraded=[degraded])[0]


def estimates(
    windows: Sequence[Sequence[StanceCount]],
    *,
    confusion: Confusion = NONE,
    weighting: Weighting = Weighting.PER_DOCUMENT,
    degraded: Sequence[bool] | None = None,
) -> list[Estimate]:
    """One estimate per window, in order, all in one pass: windows of any number of series of a target."""
    return estimates_of_rows(
        rows_of(windows, weighting),
        len(windows),
        confusion=confusion,
        degraded=[False] * len(windows) if degraded is None else degraded,
    )


def estimates_of_rows(
    rows: Rows, windows: int, *, confusion: Confusion, degraded: Sequence[bool]
) -> list[Estimate]:
    """As `estimates`, of rows that are columns already."""
    corrected = correction(confusion)
    documents = sum_by(rows.window, rows.documents, windows)
    outlets = np.bincount(rows.outlet_window, minlength=windows)
    n_eff = _effective_documents(rows, windows)
    with np.errstate(all="ignore"):
        columns = _intervals(rows, windows, corrected, n_eff)
    found = []
    for n, k, eff, down, net, lower, upper, df in zip(
        documents.tolist(),
        outlets.tolist(),
        n_eff.tolist(),
        degraded,
        *(column.tolist() for column in columns),
        strict=True,
    ):
        state, reason = _state(n, k, eff, down, corrected.refusal)
        known = n > 0 and not corrected.refusal
        found.append(
            Estimate(
                net_support=net if known else None,
                lower=lower if known else None,
                upper=upper if known else None,
                n=round(n),
                n_eff=eff,
                outlets=k,
                df=df if known else 0.0,
                state=state,
                reason=reason,
            )
        )
    return found


def _state(n: float, outlets: int, n_eff: float, down: bool, refusal: str) -> tuple[State, str]:
    if n == 0:
        return State.NO_DATA, "no document addresses the target"
    if refusal:
        return State.INSUFFICIENT, refusal
    if down:
        return State.DEGRADED, "sources were down"
    if outlets < MIN_OUTLETS:
        return State.INSUFFICIENT, "a single outlet does not show how much outlets differ"
    if n_eff < MIN_N_EFF:
        return (
            State.INSUFFICIENT,
            f"the documents are worth {n_eff:.1f} independent ones, fewer than {MIN_N_EFF:g}",
        )
    return State.OK, ""


def _effective_documents(rows: Rows, windows: int) -> Floats:
    """(sum v)^2 / sum over pairs of v v' r: r is 1 within a story, RHO within an outlet, else 0.

    Kish 1965, with both clusters. n / (1 + (sum n_k^2 / n - 1) RHO) for documents alike without stories.
    """
    weight = rows.weight * rows.documents
    told = rows.story >= 0
    # documents without a story are a story each
    own = sum_by(rows.window, np.where(told, 0.0, rows.weight * weight), windows)
    in_story = sum_by(rows.story[told], weight[told], len(rows.story_window))
    in_outlet = sum_by(rows.outlet, weight, len(rows.outlet_window))
    copies = own + sum_by(rows.story_window, in_story**2, windows)
    one_voice = sum_by(rows.outlet_window, in_outlet**2, windows)
    counted_twice = own + sum_by(rows.window, np.where(told, weight, 0.0) ** 2, windows)
    pairs = copies + RHO * (one_voice - counted_twice)
    total = sum_by(rows.window, weight, windows)
    return np.divide(total**2, pairs, out=np.zeros(windows), where=pairs > 0)


def _intervals(
    rows: Rows, windows: int, corrected: Correction, n_eff: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    """(W,) each: net support, lower, upper, degrees of freedom; of windows without documents, nothing."""
    a = np.array(corrected.scores)
    weight = rows.weight * rows.documents
    whole = sum_by(rows.window, weight, windows)
    judged = np.stack(
        [sum_by(rows.window, rows.weight * rows.counts[:, j], windows) for j in range(len(a))],
        axis=1,
    )
    theta = judged @ a / whole
    parts = _StoryParts.of(rows, windows, a, theta, whole)
    v_outlet, df_outlet = _between_outlets(rows, windows, parts.error, whole)

    # one pseudo-document of each stance to n_eff documents: windows that are unanimous because they hold few
    # texts, printed often, keep a variance
    q = (judged / whole[:, None] * n_eff[:, None] + 1) / (n_eff + 3)[:, None]
    document = q @ a**2 - (q @ a) ** 2
    # a single story shows nothing of how stories differ: its documents stand in, as one
    v_story = (parts.df * parts.variance + document * parts.squares) / (parts.df + 1)
    squares = sum_by(rows.window, rows.weight * weight, windows)
    v_0 = np.maximum(document * squares / whole**2, v_story)
    single = np.isnan(v_outlet)
    v_outlet = np.where(single, np.maximum(document / n_eff, v_story), v_outlet)
    df_outlet = np.where(single, ONE_OUTLET_DF, df_outlet)

    labelled, noise = np.array(corrected.labelled), np.array(corrected.noise)
    true = np.maximum(judged / whole[:, None] @ np.array(corrected.inverse), 0.0)
    true /= true.sum(axis=1, keepdims=True)
    v_m = true**2 @ (noise / labelled)

    v = v_outlet + parts.printed_by_several + v_m
    df = v**2 / (
        v_outlet**2 / df_outlet
        + parts.printed_by_several**2 / parts.df
        + v_m**2 / max(float(labelled.sum()) - 3, 1.0)
    )
    df = np.where(v > 0, np.minimum(df, MOST_DF), df_outlet)
    of_clusters = t95_of(df) ** 2 * v
    floor = (FLOOR / Z95 * t95_of(parts.df)) ** 2 * (v_0 + v_m)
    squared = np.maximum(of_clusters, floor)
    of_matrix = squared * v_m / np.where(of_clusters >= floor, v, v_0 + v_m)
    theta = np.clip(theta, -1.0, 1.0)
    lower, upper = _wilson(
        theta, squared - of_matrix, of_matrix, 1 + true @ noise, whole**2 / squares
    )
    return 100 * theta, 100 * lower, 100 * upper, df


def _between_outlets(
    rows: Rows, windows: int, error: Floats, whole: Floats
) -> tuple[Floats, Floats]:
    """(W,) variance between outlets and its degrees of freedom; nan with a single outlet."""
    outlets = len(rows.outlet_window)
    weight = rows.weight * rows.documents
    by_outlet = sum_by(rows.outlet, weight, outlets)
    # the model of independent documents: one of outlets that differ makes the intervals of windows with an
    # outlet much larger than the rest a fifth wider, for a coverage of 98 %
    return cluster_variance(
        by_outlet / whole[rows.outlet_window],
        sum_by(rows.outlet, error, outlets),
        sum_by(rows.outlet, rows.weight * weight, outlets),
        rows.outlet_window,
        windows,
    )


class _StoryParts(msgspec.Struct, frozen=True, kw_only=True):
    """What stories say of the variance. Documents without one are a story each."""

    error: Floats
    """(R,) what a row adds to theta's error."""
    variance: Floats
    """(W,) as if stories were independent."""
    printed_by_several: Floats
    """(W,) what is shared by documents of a story in different outlets (Cameron, Gelbach & Miller 2011)."""
    df: Floats
    """(W,) of both: (sum S^2)^2 / sum S^4 - 1 with S the shares of stories, at least 1."""
    squares: Floats
    """(W,) sum S^2."""

    @classmethod
    def of(cls, rows: Rows, windows: int, a: Floats, theta: Floats, whole: Floats) -> _StoryParts:
        window, told, stories = rows.window, rows.story >= 0, len(rows.story_window)
        error = rows.weight * (rows.counts @ a - rows.documents * theta[window]) / whole[window]
        share = rows.weight * rows.documents / whole[window]
        alone = np.where(told, 0.0, (rows.weight / whole[window]) ** 2)
        # squared errors of single documents come from the counts
        scatter = (rows.counts * (a - theta[window][:, None]) ** 2).sum(axis=1)
        own = sum_by(window, alone * scatter, windows)
        by_story = sum_by(rows.story[told], error[told], stories)
        of_stories = sum_by(rows.story_window, by_story**2, windows)
        of_both = sum_by(window, np.where(told, error, 0.0) ** 2, windows)
        shares = sum_by(rows.story[told], share[told], stories)
        squares = sum_by(window, alone * rows.documents, windows)
        squares += sum_by(rows.story_window, shares**2, windows)
        fourth = sum_by(window, alone**2 * rows.documents, windows)
        fourth += sum_by(rows.story_window, shares**4, windows)
        rest = np.maximum(1 - squares, 0.5)
        return cls(
            error=error,
            variance=(own + of_stories) / rest,
            printed_by_several=np.maximum(of_stories - of_both, 0.0) / rest,
            df=np.maximum(squares**2 / fourth - 1, 1.0),
            squares=squares,
        )


def _wilson(
    theta: Floats, shrinks: Floats, stays: Floats, end: Floats, documents: Floats
) -> tuple[Floats, Floats]:
    """Lower and upper limit in -1..1 of squared half-width `shrinks` + `stays` at theta; end is C."""
    theta_inside = theta * documents / (documents + 1)
    k = shrinks / (end - theta_inside**2)
    root = np.sqrt(np.maximum((1 + k) * (k * end + stays) - k * theta**2, 0.0))
    lower, upper = (theta - root) / (1 + k), (theta + root) / (1 + k)
    # the solution may lie beyond the scale, or on theta's other side by rounding
    return (
        np.maximum(np.minimum(lower, theta), -1.0),
        np.minimum(np.maximum(upper, theta), 1.0),
    )
