"""Evidence for a fall: a Shiryaev-Roberts mixture over its first day and size, for days that the news correlates.

    x of a day = news (an AR(1)) + distance of the level from the past (decays) + noise - fall, if there is one

A Kalman filter predicts each day from the days before (Kalman 1960); what it did not foresee, the innovation, is
compared with what a fall of each size from each first day would have brought. That is the exact likelihood ratio of
Willsky & Jones 1976 (here with fixed sizes), so the first days of a fall count in full, where an inflated variance
would discount them.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from alerts.day_spread import NEWS_MEMORY
from alerts.outlet_panel import Array

SIZES = np.array([3.0, 5.0, 10.0, 20.0, 40.0])
"""Falls that the evidence is gathered for, in points."""

FIRST_DAYS = 90
"""A fall may have begun on any of so many days."""

SHOCK_SHAPES = np.array([[1.0, 0.0, 0.0], [1.0, 2 / 3, 1 / 3]])
"""Passing shocks, of any size, that a fall must beat: over in a day, or fading over three, …"""

SHOCK_DAYS = 20
"""… begun on any of so many days: a shock is remembered until small falls forget it, too."""

SHOCK_NOISE = 3.5
"""A shock that explains less than so much (log likelihood) is none: the best of forty explains as much of days on which
nothing happened, and a slow fall would have to beat that, too."""

CLIP = 10.0
"""An innovation counts for at most so many standard deviations."""

_DECAY = 0.97
"""Of the level's distance from the past, from day to day: the days that make up the past are exchanged one by one.
While a fall is open the past is frozen, and nothing comes back by itself."""

_NEVER = -1e9


class FallEvidence:
    """State of the filter and of all hypotheses, for many series at once."""

    def __init__(self, series: int) -> None:
        self._mean = np.zeros((series, 2))  # distance of the level, news
        self._cov = np.zeros((series, 2, 2))
        self._started = np.zeros(series, dtype=bool)
        self._falls = _Hypotheses(series, 1, FIRST_DAYS)
        self._shocks = _Hypotheses(series, len(SHOCK_SHAPES), SHOCK_DAYS)
        self._begun = np.full(SHOCK_DAYS, -(10**6))

    def add(
        self,
        t: int,
        x: Array,
        variance: Array,
        news: Array,
        extra: Array,
        usable: npt.NDArray[np.bool_],
        frozen: npt.NDArray[np.bool_],
    ) -> tuple[Array, Array]:
        """Take in day `t`; the most that the logarithm of the evidence for a fall can be (what it is: `score`), and by
        how much the likeliest fall explains the days better than the likeliest passing shock, each of its best size
        (log likelihood).

        `variance` is that of x without the news, `extra` that of the level's distance from the past: what the past errs
        by beyond a full past. `frozen`: the past is. Days that are not usable change nothing but time.
        """
        new = usable & ~self._started
        self._cov[new] = 0.0
        self._cov[new, 0, 0] = extra[new]
        self._cov[new, 1, 1] = news[new]
        self._mean[new] = 0.0
        self._started |= new
        decay = np.where(frozen, 1.0, _DECAY)
        step = np.stack([decay, np.full(len(decay), NEWS_MEMORY)], axis=1)
        self._predict(step, news, extra)
        self._falls.begin(t, self._started)
        self._shocks.begin(t, self._started)
        self._begun[t % SHOCK_DAYS] = t
        self._falls.predict(step)
        self._shocks.predict(step)
        noise = np.where(usable, variance, 1.0)
        spread = self._cov.sum((1, 2)) + noise
        limit = CLIP * np.sqrt(spread)
        innovation = np.where(usable, np.clip(x - self._mean.sum(1), -limit, limit), 0.0)
        gain = np.where(usable, 1.0, 0.0)[:, None] * self._cov.sum(2) / spread[:, None]
        weight = np.where(usable, 1 / spread, 0.0)
        age = t - self._begun
        shape = np.where((age >= 0) & (age < 3), SHOCK_SHAPES[:, np.clip(age, 0, 2)], 0.0)
        self._falls.add(np.ones((1, FIRST_DAYS)), innovation, gain, weight)
        self._shocks.add(shape, innovation, gain, weight)
        self._mean += gain * innovation[:, None]
        self._cov -= gain[:, :, None] * self._cov.sum(1)[:, None, :]
        best, shock = self._falls.best(), self._shocks.best()
        # No hypothesis of a given size is likelier than the one of its first day's best size.
        return best + math.log(FIRST_DAYS), best - np.where(shock > SHOCK_NOISE, shock, 0.0)

    def score(self, series: npt.NDArray[np.intp]) -> Array:
        """The logarithm of the evidence for a fall, for these series alone: it asks every size from every first day."""
        falls = self._falls.log_ratios(SIZES, series)
        top = falls.max(1)
        scores: Array = top + np.log(np.exp(falls - top[:, None]).sum(1) / len(SIZES))
        return scores

    def _predict(self, step: Array, news: Array, extra: Array) -> None:
        self._mean *= step
        self._cov *= step[:, :, None] * step[:, None, :]
        self._cov[:, 0, 0] += (1 - _DECAY**2) * extra
        self._cov[:, 1, 1] += (1 - NEWS_MEMORY**2) * news

    def absorb(self, series: int, level: float, variance: float, news: float) -> None:
        """The level of a series is now known to lie so far from its past, with this variance: what comes is compared
        with that level. One that was taken too low by chance comes back within days, and how far it came back stays in
        doubt for weeks: where a level wanders, false alarms do not follow one another.
        """
        self._mean[series] = level, 0.0
        self._cov[series] = np.diag([variance, news])
        self.restart(series)

    def restart(self, series: int) -> None:
        """Forget what was gathered for a series; the filter keeps its state."""
        self._falls.forget(series)
        self._shocks.forget(series)

    def sees(self, series: int, t: int) -> bool:
        """Whether day `t`, one of the last 90, can be the first of a fall: it was not forgotten."""
        return bool(self._falls.alive[series, t % FIRST_DAYS])


class _Hypotheses:
    """Sums of the likelihood ratios by series, shape and first day: ln LR(size) = -size A - size^2 B / 2."""

    def __init__(self, series: int, shapes: int, first_days: int) -> None:
        size = (series, shapes, first_days)
        self._a = np.zeros(size)
        self._b = np.zeros(size)
        # What the filter has taken in of a fall of one point: as distance of the level, as news.
        self._as_level = np.zeros(size)
        self._as_news = np.zeros(size)
        self.alive = np.zeros((series, first_days), dtype=bool)

    def begin(self, t: int, started: npt.NDArray[np.bool_]) -> None:
        place = t % self.alive.shape[1]
        for sums in (self._a, self._b, self._as_level, self._as_news):
            sums[:, :, place] = 0.0
        self.alive[:, place] = started

    def predict(self, step: Array) -> None:
        self._as_level *= step[:, 0, None, None]
        self._as_news *= step[:, 1, None, None]

    def add(self, shape: Array, innovation: Array, gain: Array, weight: Array) -> None:
        """What a fall of one point adds to the innovation is what the filter has not taken in of it yet."""
        signature = shape - self._as_level
        signature -= self._as_news
        signature *= self.alive[:, None, :]
        self._a += (weight * innovation)[:, None, None] * signature
        self._as_level += gain[:, 0, None, None] * signature
        self._as_news += gain[:, 1, None, None] * signature
        signature *= signature
        signature *= weight[:, None, None]
        self._b += signature

    def log_ratios(self, sizes: Array, series: npt.NDArray[np.intp]) -> Array:
        """(these series, all hypotheses)."""
        size = sizes[None, :, None, None]
        ratio = -size * self._a[series, None] - size**2 / 2 * self._b[series, None]
        ratio = np.where(self.alive[series, None, None, :], ratio, _NEVER)
        return ratio.reshape(len(ratio), -1)

    def best(self) -> Array:
        """(series,): the largest log likelihood ratio of any hypothesis at its own best size, A^2 / 2B."""
        ratio = np.minimum(self._a, 0.0)
        ratio *= ratio
        ratio /= np.maximum(self._b, 1e-12)
        ratio *= self.alive[:, None, :]
        best: Array = ratio.max((1, 2)) / 2
        return best

    def forget(self, series: int) -> None:
        self.alive[series] = False
