"""A daily series from which the mix of outlets is taken out.

    mean score of outlet k on day t = level of k + mood of t + error          weighted least squares, weights m_kt

The mood is what all outlets that speak share, as a price index that follows the same goods: an outlet that begins, ends or
speaks more moves it only by what is said in it. Weights as outlet-balanced figures have them (alerts/weighting.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import msgspec
import numpy as np
from numpy.typing import NDArray

from alerts.confusion import Correction
from alerts.point import StanceCount
from alerts.weighting import RHO

Floats = NDArray[np.float64]


class OutletIndex(msgspec.Struct, frozen=True, kw_only=True):
    """The series of one society and target, days without documents left out."""

    days: tuple[date, ...]
    mood: tuple[float, ...]
    """Points of net support, of the average outlet."""
    noise: tuple[float, ...]
    """Relative variance from how much was said, mean 1."""
    plain: tuple[float, ...]
    """Net support of the same days per document, mix and all."""
    documents: int
    outlets: frozenset[str]


def outlet_index(
    counts: Mapping[date, Sequence[StanceCount]], corrected: Correction
) -> OutletIndex | None:
    """The index of these days; None without documents."""
    days = sorted(day for day, rows in counts.items() if any(row.n for row in rows))
    if not days:
        return None
    names = sorted({row.outlet for day in days for row in counts[day] if row.n})
    place = {name: k for k, name in enumerate(names)}
    n, score = np.zeros((len(names), len(days))), np.zeros((len(names), len(days)))
    support, neutral, oppose = corrected.scores
    for t, day in enumerate(days):
        for row in counts[day]:
            k = place.get(row.outlet)
            if k is not None:
                n[k, t] += row.n
                score[k, t] += support * row.support + neutral * row.neutral + oppose * row.oppose
    y = 100 * np.divide(score, n, out=np.zeros_like(n), where=n > 0)
    w = n / (1 + np.maximum(n - 1, 0) * RHO)
    mood = _moods(y, w)
    rough = 1 / w.sum(axis=0)
    return OutletIndex(
        days=tuple(days),
        mood=tuple(mood.tolist()),
        noise=tuple((rough / rough.mean()).tolist()),
        plain=tuple((100 * score.sum(axis=0) / n.sum(axis=0)).tolist()),
        documents=int(n.sum()),
        outlets=frozenset(names),
    )


def _moods(y: Floats, w: Floats) -> Floats:
    """(T,) day effects of (K, T) cell means, centred so that their weighted mean is that of all cells."""
    of_outlet, of_day = w.sum(axis=1), w.sum(axis=0)
    within = y - (np.einsum("kt,kt->k", w, y) / of_outlet)[:, None]
    share = w / of_outlet[:, None]
    # outlets eliminated: what is left is a system for the days, singular by one constant for each group of days that
    # no outlet joins
    a = np.diag(of_day) - share.T @ w
    b = np.einsum("kt,kt->t", w, within)
    mood = np.linalg.lstsq(a, b, rcond=1e-10)[0]
    mood += (w * y).sum() / w.sum() - of_day @ mood / of_day.sum()
    return np.asarray(mood)
