"""The change of a day within its outlets: each outlet against its own past, then one robust mean.

A pooled index falls when a friendly outlet dies or a hostile one grows. Here an outlet is only ever compared with
itself, so what moves is what is said and not who says it.
"""

from __future__ import annotations

import msgspec
import numpy as np
import numpy.typing as npt

from alerts.outlet_panel import Array, OutletPanel

BASELINE_DAYS = 224
"""Days of an outlet's own past that today is measured against: thirty-two weeks. With half of them the past itself errs by
as much as a slow fall of three points."""

GUARD_DAYS = 42
"""The youngest days of that past are left out, they may already belong to a fall that is not found yet …"""

SHORT_GUARD_DAYS = 7
"""… fewer of them while the past is short: a third of it, at least a week."""

MIN_DAYS = 14
"""Days that a past needs before anything is said."""

MIN_OUTLETS = 3
"""With fewer outlets one of them would be half of the figure."""

LARGEST_SHARE = 0.3
"""Weight of one outlet in a day at most."""

HUBER = 1.5
"""Outlets further off than so many of their standard deviations pull no harder than that."""

_VOLUME_DAYS = 28
_DAY_VARIANCE = 36.0
"""Variance of an outlet's days beyond its number of documents (points^2) where nothing is known yet."""

_PRIOR_OUTLET_DAYS = 30.0
_DOCUMENT_PRIOR = np.array([4.0, 3.0, 4.0])


class DayChange(msgspec.Struct, frozen=True, kw_only=True):
    """One day of each series (arrays by series, points of net support)."""

    x: Array
    """Change against the outlets' own past."""
    v: Array
    """Its variance when nothing has changed, before days' common moods."""
    level: Array
    """Net support of that past, the outlets weighted as on this day."""
    past: npt.NDArray[np.int64]
    """Days in it."""
    usable: npt.NDArray[np.bool_]


class WithinOutlet:
    """Walks through the days of a panel; knows of each day only what is before it.

    Score of a judged document: `scores` (series, 3) for support, neutral, oppose, see `Correction.scores`.
    With n documents of mean score s an outlet's day is y = 100 s, with the variance u/n* + tau^2: u of one document from
    the outlet's shares over 127 days, tau^2 of days beyond that, one per series (trimmed moments). n* is n up to twice
    the median of the outlet's last 28 days, stays there up to the double of that and shrinks beyond: an outlet that
    floods counts for less, not for more.

        w = 1/(u/n* + tau^2)     mu = sum w y / sum w over its past, b = sum w there
        e = 1/(1/w + 1/b), at most 30 % of sum e
        x = Huber mean of y - mu, weights e (Huber 1964)     v = 1/sum e
    """

    def __init__(self, panel: OutletPanel, scores: Array) -> None:
        counts = panel.counts
        self._n = counts.sum(-1)
        series, days, outlets = self._n.shape
        self._usable = panel.usable
        mean = np.einsum("stkc,sc->stk", counts, scores)
        self._y = 100 * np.divide(mean, self._n, out=np.zeros_like(mean), where=self._n > 0)
        self._u = _document_variance(counts, scores)
        self._capped = _capped(self._n)
        self._tau2 = np.full(series, _DAY_VARIANCE)
        self._moments = np.zeros((2, series, days))
        self._weights = np.zeros((series, days, outlets))
        # sums over the days that count as past, by their number in the order in which they joined it
        self._b = np.zeros((series, days + 1, outlets))
        self._by = np.zeros((series, days + 1, outlets))
        self._past = np.zeros(series, dtype=np.int64)
        self._from = np.zeros(series, dtype=np.int64)

    def change(self, t: int, frozen: npt.NDArray[np.bool_]) -> DayChange:
        """The change of day number `t`; where `frozen`, no guard is left out: the past ended before the fall."""
        n, y, u = self._n[:, t], self._y[:, t], self._u[:, t]
        here = (n > 0) & self._usable[:, t, None]
        noise = u / np.maximum(self._capped[:, t], 1e-9) + self._tau2[:, None]
        w = np.where(here, 1 / noise, 0.0)
        self._weights[:, t] = w
        guard = np.clip(self._past // 3, SHORT_GUARD_DAYS, GUARD_DAYS)
        end = np.where(frozen, self._past, np.maximum(self._past - guard + 1, self._from))
        begin = np.maximum(end - BASELINE_DAYS, self._from)
        each = np.arange(len(end))
        b = self._b[each, end] - self._b[each, begin]
        known = b > 1e-9
        mu = np.divide(
            self._by[each, end] - self._by[each, begin], b, out=np.zeros_like(b), where=known
        )
        both = here & known
        e = np.where(both, 1 / (noise + 1 / np.where(known, b, 1.0)), 0.0)
        e = np.minimum(e, LARGEST_SHARE * e.sum(1, keepdims=True))
        total = np.maximum(e.sum(1), 1e-12)
        distance = np.where(both, y - mu, 0.0)
        limit = HUBER / np.sqrt(np.where(e > 0, e, 1.0))
        x = np.zeros(len(end))
        for _ in range(3):
            x = x + (e * np.clip(distance - x[:, None], -limit, limit)).sum(1) / total
        usable = (both.sum(1) >= MIN_OUTLETS) & (end - begin >= MIN_DAYS)
        self._learn(
            t, np.where(both & usable[:, None], distance - x[:, None], np.nan), u / np.maximum(n, 1)
        )
        return DayChange(
            x=x, v=1 / total, level=(e * mu).sum(1) / total, past=end - begin, usable=usable
        )

    def _learn(self, t: int, residual: Array, sampling: Array) -> None:
        """tau^2 of each series from the trimmed squares of the last 126 days; a prior of 30 outlet days."""
        seen = np.isfinite(residual)
        weight = np.where(seen, 1 / (sampling + _DAY_VARIANCE) ** 2, 0.0)
        square = np.minimum(np.where(seen, residual, 0.0) ** 2, 9 * (sampling + 100))
        self._moments[0, :, t] = (weight * (square - sampling)).sum(1)
        self._moments[1, :, t] = weight.sum(1)
        top, bottom = self._moments[:, :, max(0, t - 126) : t + 1].sum(2)
        prior = _PRIOR_OUTLET_DAYS / (60 + _DAY_VARIANCE) ** 2
        self._tau2 = np.clip((top + prior * _DAY_VARIANCE) / (bottom + prior), 4.0, 400.0)

    def join_past(self, t: int, which: npt.NDArray[np.intp]) -> None:
        """Day `t` of these series becomes part of their past."""
        before = self._past[which]
        w = self._weights[which, t]
        self._b[which, before + 1] = self._b[which, before] + w
        self._by[which, before + 1] = self._by[which, before] + w * self._y[which, t]
        self._past[which] += 1

    def leave_past(self, series: int, days: int) -> None:
        """The youngest days of a series' past belong to a fall and are no past."""
        self._past[series] = max(self._past[series] - days, self._from[series])

    def begin_anew(self, series: int, first: int, t: int) -> None:
        """The past of a series is now what came from day `first` to day `t`: a fallen level has become its level."""
        self._from[series] = self._past[series]
        for day in range(first, t + 1):
            self.join_past(day, np.array([series]))


def _document_variance(counts: Array, scores: Array) -> Array:
    """(series, days, outlets): variance of one document of an outlet, points^2, from its 266 days before."""
    series, days, outlets, stances = counts.shape
    sums = np.concatenate([np.zeros((series, 1, outlets, stances)), counts.cumsum(1)], 1)
    t = np.arange(days)
    shares = sums[:, t] - sums[:, np.maximum(t - BASELINE_DAYS - GUARD_DAYS, 0)] + _DOCUMENT_PRIOR
    shares /= shares.sum(-1, keepdims=True)
    mean = np.einsum("stkc,sc->stk", shares, scores)
    square = np.einsum("stkc,sc->stk", shares, scores**2)
    variance: Array = 1e4 * np.maximum(square - mean**2, 1e-3)
    return variance


def _capped(n: Array) -> Array:
    """Documents that an outlet's day counts for, given its usual volume (silent days are zeros)."""
    cap = np.maximum(2 * _medians_before(n), 3.0)
    capped = np.where(n <= cap, n, cap * np.minimum(1.0, 2 * cap / np.maximum(n, 1.0)))
    young = np.cumsum(n.sum(2) > 0, axis=1) <= _VOLUME_DAYS // 2
    return np.where(young[..., None], n, capped)


def _medians_before(n: Array) -> Array:
    """(series, days, outlets): median of the 28 days before each; days before the first are zeros."""
    from scipy.ndimage import rank_filter  # slow to load

    days = n.shape[1]
    # one row for each outlet, behind each other with the zeros between: the filter is quick along one axis
    rows = np.pad(n.transpose(0, 2, 1), [(0, 0), (0, 0), (_VOLUME_DAYS, 0)])
    half = _VOLUME_DAYS // 2
    # at i it takes the days from i - 14 to i + 13
    middle = [rank_filter(rows.ravel(), rank, size=_VOLUME_DAYS) for rank in (half - 1, half)]
    medians = ((middle[0] + middle[1]) / 2).reshape(rows.shape)[:, :, half : half + days]
    return np.ascontiguousarray(medians.transpose(0, 2, 1))
