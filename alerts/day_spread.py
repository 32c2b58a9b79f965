"""How days spread when nothing changes: weekdays, scale, and the news that moves all outlets for a few days."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from alerts.outlet_panel import Array

NEWS_MEMORY = 0.75
"""Correlation of the news of one day with that of the next."""

NEWS_VARIANCE = 4.0
"""Variance of the news where little is known (points^2), …"""

_NEWS_SD = 6.0
"""… and how far from it that of a series may well be."""

_WEEK = 7
_LEARN_EVERY = 7
_LOOK_BACK = 360
_GUARD_DAYS = 14  # younger days may belong to a fall, and would hide it
_FEWEST_DAYS = 10
_MAD_OF_NORMAL = 0.6745


class DaySpread:
    """Learns from the days before each day, days of a fall left out (arrays by series)."""

    def __init__(self, series: int, days: int) -> None:
        self._raw = np.full((series, days), np.nan)
        self._x = np.full((series, days), np.nan)
        self._v = np.full((series, days), np.nan)
        self._calm = np.ones((series, days), dtype=bool)
        self._weekday = np.zeros((series, _WEEK))
        self.scale = np.ones(series)
        """What the days have shown a variance to be worth, as a factor."""
        self.news = np.full(series, NEWS_VARIANCE)
        """Variance of the news of a day, points^2."""

    def centred(self, t: int, x: Array, v: Array, usable: npt.NDArray[np.bool_]) -> Array:
        """x less the mean of its weekday, shrunk by three days; weekdays are centred on their mean."""
        same = np.arange(t - 3 * _WEEK, max(t - 15 * _WEEK, -1), -_WEEK)
        same = same[same >= 0]
        if len(same):
            seen = np.isfinite(self._raw[:, same]) & self._calm[:, same]
            weight = np.where(seen, 1 / np.where(seen, self._v[:, same], 1.0), 0.0)
            days = seen.sum(1)
            typical = np.where(days > 0, weight.sum(1) / np.maximum(days, 1), 1.0)
            top = (weight * np.where(seen, self._raw[:, same], 0.0)).sum(1)
            self._weekday[:, t % _WEEK] = top / (weight.sum(1) + 3 * typical)
        centred: Array = x - (self._weekday[:, t % _WEEK] - self._weekday.mean(1))
        self._raw[:, t] = np.where(usable, x, np.nan)
        self._x[:, t] = np.where(usable, centred, np.nan)
        self._v[:, t] = np.where(usable, v, np.nan)
        if t % _LEARN_EVERY == 0 and t >= 4 * _WEEK:
            self._learn(max(0, t - _LOOK_BACK), t - _GUARD_DAYS)
        return centred

    def scaled(self, v: Array) -> Array:
        """Variance of a day: v on the scale that the days have shown."""
        return v * self.scale

    def fell(self, series: int, first: int, last: int) -> None:
        """These days of a series belong to a fall: nothing is learned from them."""
        self._calm[series, first : last + 1] = False

    def settled(self, series: int, first: int, last: int) -> None:
        """These days of a series are ordinary again."""
        self._calm[series, first : last + 1] = True

    def window(self, series: int, first: int, last: int) -> tuple[Array, Array]:
        """x and v of the days first..last of a series; nan where the day was not usable."""
        return self._x[series, first : last + 1], self._v[series, first : last + 1]

    def _learn(self, first: int, t: int) -> None:
        """Scale: (n MAD^2 + 20)/(n + 20), n at most 60. News: the covariances at lags 1 to 3 of an AR(1) with
        memory 0.75, weighted by how well they are known against the prior (an empirical Bayes shrinkage).
        """
        x, v = self._x[:, first:t], self._v[:, first:t]
        seen = np.isfinite(x) & self._calm[:, first:t]
        days = seen.sum(1)
        enough = days >= _FEWEST_DAYS
        if not enough.any():
            return
        z = np.where(seen, x, 0.0) / np.sqrt(np.where(seen, v, 1.0))
        spread = _medians(np.abs(z), seen)
        n = np.minimum(days, 60)
        scale = (n * (spread / _MAD_OF_NORMAL) ** 2 + 20) / (n + 20)
        self.scale = np.where(enough, scale, self.scale)
        variance = np.where(seen, v * self.scale[:, None], 1.0)
        clipped = np.clip(z / np.sqrt(self.scale)[:, None], -3, 3) * np.sqrt(variance)
        mean = np.where(seen, clipped, 0.0).sum(1) / np.maximum(days, 1)
        clipped = np.where(seen, clipped - mean[:, None], 0.0)
        weight = np.where(seen, 1 / variance, 0.0)
        top, bottom = np.zeros(len(days)), np.zeros(len(days))
        for lag in (1, 2, 3):
            pairs = weight[:, lag:] * weight[:, :-lag]
            top += NEWS_MEMORY**lag * (pairs * clipped[:, lag:] * clipped[:, :-lag]).sum(1)
            bottom += NEWS_MEMORY ** (2 * lag) * pairs.sum(1)
        found = np.clip(top / np.maximum(bottom, 1e-12), 0, 200)
        typical = _medians(variance, seen)
        squares = sum(NEWS_MEMORY ** (2 * lag) for lag in (1, 2, 3))
        noise = typical**2 / np.maximum(
            squares * days, 1
        )  # sampling variance of `found` without news
        trust = _NEWS_SD**2 / (_NEWS_SD**2 + noise)
        news = np.minimum(trust * found + (1 - trust) * NEWS_VARIANCE, 0.6 * typical)
        self.news = np.where(enough, news, self.news)


def _medians(values: Array, seen: npt.NDArray[np.bool_]) -> Array:
    """(series,) median of each row's values that are seen; 1 where none is."""
    ordered = np.sort(np.where(seen, values, np.inf), axis=1)
    n = seen.sum(1)
    each = np.arange(len(values))
    low, high = ordered[each, np.maximum(n - 1, 0) // 2], ordered[each, np.minimum(n // 2, n - 1)]
    medians: Array = np.where(n > 0, (low + high) / 2, 1.0)
    return medians
