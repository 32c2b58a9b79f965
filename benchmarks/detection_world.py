"""Simulated counts of many series with a known truth: what the detector is measured on.

Net support of outlet k on day t is

    opinion_t + news_t + weekday_t + lean_k + (that outlet's own day)          opinion_t = level - fall_t

and the classifier judges its documents with known mistakes. An event changes who writes how much and leaves what
each outlet says alone. All is drawn from one seed; series are independent of each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from enum import StrEnum

import msgspec
import numpy as np
import numpy.typing as npt

from alerts.outlet_panel import Array, OutletPanel

Counts = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

FIRST_DAY = date(2024, 1, 1)
"""A Monday."""

CONFUSION = np.array([[0.78, 0.14, 0.08], [0.12, 0.75, 0.13], [0.07, 0.13, 0.80]])
"""P(judged | true), rows true: support, neutral, oppose. About what the shipped model reaches."""

_VOLUME_OF_WEEKDAY = np.array([1.15, 1.15, 1.15, 1.1, 1.05, 0.7, 0.7])
_VOLUME_SD, _VOLUME_MEMORY = 0.25, 0.95
_OUTLET_VOLUME_SD, _OUTLET_VOLUME_MEMORY = 0.35, 0.7
_LEAST_VOLUME, _MOST_VOLUME = 0.3, 3.0
_FLOOD_DAYS = 3
_NO_OUTAGE_BEFORE, _NO_OUTAGE_AFTER = 8, 30


class Event(StrEnum):
    """What happens on the day of the change without anyone changing their mind."""

    MIX = "mix"
    """The most opposed outlet writes five times as much from then on."""
    DEAD = "dead outlet"
    """The most supportive outlet falls silent."""
    SURGE = "surge"
    """All write four times as much."""
    FLOOD = "flood"
    """The most opposed outlet writes ten times as much on three days, all of it opposed."""


class Nuisances(msgspec.Struct, frozen=True, kw_only=True):
    """What moves the figures without a fall; points of net support where nothing else is said."""

    news_sd: float = 2.0
    """The news of a day, the same for all outlets: AR(1) …"""
    news_memory: float = 0.6
    wander_sd: float = 0.0
    """A level that wanders (a second, slow AR(1)): stress."""
    wander_memory: float = 0.98
    weekday_sd: float = 2.0
    outlet_sd: float = 13.0
    """Differences between outlets, for good."""
    outlet_day_sd: float = 6.0
    """An outlet's day beyond the number of its documents."""
    syndication: float = 0.04
    """Share of outlet-days with a burst of copies of one text: 0.5 to 2 times the usual volume, judged alike."""
    missing: float = 0.02
    """Share of days without data."""
    outage: bool = True
    """3 to 5 days in a row without data, once in each series."""


class World(msgspec.Struct, frozen=True, kw_only=True):
    """What was judged, and the truth about it."""

    panel: OutletPanel
    scores: Array
    """(series, 3): corrected scores of a judged document, M^-1 (1, 0, -1)."""
    opinion: Array
    """(series, days): net support within outlets, without news and weekdays."""
    outlets: Array
    """(series, days, outlets): true net support, without the outlet's own day."""
    volume: Array
    """(series, days, outlets): documents expected, without copies and flood; 0 on days without data."""
    nuisances: Nuisances
    changed_on: int | None
    """Number of the day on which the fall or the event begins."""


def step(size: float) -> Array:
    """A fall by so many points that stays."""
    return np.full(400, float(size))


def drift(a_week: float) -> Array:
    """A fall that deepens by so many points a week."""
    return np.arange(1, 401) * a_week / 7


def one_day_shock(size: float) -> Array:
    """A fall that is over the next day."""
    return np.concatenate([[size], np.zeros(399)])


def fading_shock(size: float) -> Array:
    """A fall that is two thirds the next day, one third the day after, then over."""
    return np.concatenate([size * np.array([1, 2 / 3, 1 / 3]), np.zeros(397)])


def simulate(
    seed: int | Sequence[int],
    *,
    series: int,
    days: int,
    documents: float,
    outlets: int = 10,
    level: float = 0.0,
    neutral: float = 0.3,
    fall: Array | None = None,
    event: Event | None = None,
    changed_on: int | None = None,
    nuisances: Nuisances | None = None,
) -> World:
    """Series with about `documents` judged documents a day; `fall` (points below `level`) and `event` begin on
    day number `changed_on`. `neutral` is the true share of neutral documents. The same seed gives the same world, and
    a world without its fall or event differs from it in nothing else that was drawn before the counts.

    Raises ValueError when a fall or an event has no day, or one outside of the calendar.
    """
    if (fall is not None or event is not None) and (
        changed_on is None or not 0 <= changed_on < days
    ):
        raise ValueError(
            f"a fall or an event needs a day from 0 to {days - 1}: changed_on is {changed_on}"
        )
    some = nuisances or Nuisances()
    rng = np.random.default_rng(seed)
    t = np.arange(days)
    share = rng.uniform(1.0, 3.0, (series, outlets))
    share /= share.sum(1, keepdims=True)
    lean = rng.normal(0.0, some.outlet_sd, (series, outlets))
    lean -= (share * lean).sum(1, keepdims=True)
    moods = _autoregressive(rng, (series, days), some.news_sd, some.news_memory)
    if some.wander_sd:
        moods += _autoregressive(rng, (series, days), some.wander_sd, some.wander_memory)
    weekday = rng.normal(0.0, some.weekday_sd, (series, 7))
    moods += (weekday - weekday.mean(1, keepdims=True))[:, t % 7]
    volume = documents * share[:, None, :] * _volumes(rng, series, days, outlets)
    opinion = np.full((series, days), float(level))
    if fall is not None and changed_on is not None:
        opinion[:, changed_on:] -= fall[: days - changed_on]
    if event is not None and changed_on is not None:
        _change_volume(volume, lean, event, changed_on)
    truth = opinion[:, :, None] + moods[:, :, None] + lean[:, None, :]
    noise = rng.normal(0.0, some.outlet_day_sd, truth.shape)
    counts = _judged(rng, truth + noise, volume, neutral, some.syndication)
    if event is Event.FLOOD and changed_on is not None:
        _flood(rng, counts, volume, lean, changed_on)
    silent = _silent(rng, series, days, some, changed_on)
    counts[silent] = 0
    volume[silent] = 0.0
    return World(
        panel=OutletPanel(
            first=FIRST_DAY, counts=counts.astype(np.float64), usable=counts.sum((2, 3)) > 0
        ),
        scores=np.tile(np.linalg.solve(CONFUSION, [1.0, 0.0, -1.0]), (series, 1)),
        opinion=opinion,
        outlets=truth,
        volume=volume,
        nuisances=some,
        changed_on=changed_on,
    )


def information(world: World) -> float:
    """What one day tells of a fall of one point to someone who knows everything else: mean of 1 / (sigma^2 LRV).

        sigma^2 LRV = 1 / sum_k 1 / (u_k / n_k + outlet_day_sd^2) + news_sd^2 (1 + memory) / (1 - memory)

    u_k is the variance of the score of one document, n_k how many are expected. Days without data tell nothing.
    """
    some = world.nuisances
    shares = world.panel.counts.sum(1)
    shares = shares / np.maximum(shares.sum(-1, keepdims=True), 1)
    mean = np.einsum("skc,sc->sk", shares, world.scores)
    one = 1e4 * (np.einsum("skc,sc->sk", shares, world.scores**2) - mean**2)
    with np.errstate(divide="ignore"):
        own = 1 / (1 / (one[:, None] / world.volume + some.outlet_day_sd**2)).sum(-1)
    lasting = some.news_sd**2 * (1 + some.news_memory) / (1 - some.news_memory)
    return float((1 / (own + lasting)).mean())


def _autoregressive(
    rng: np.random.Generator, shape: tuple[int, int], sd: float, memory: float
) -> Array:
    """(…, days): stationary AR(1) with this standard deviation."""
    value = rng.normal(0.0, sd, shape)
    value[:, 1:] *= np.sqrt(1 - memory**2)
    for t in range(1, shape[1]):
        value[:, t] += memory * value[:, t - 1]
    return value


def _volumes(rng: np.random.Generator, series: int, days: int, outlets: int) -> Array:
    """(series, days, outlets): factors of the usual volume: weekdays, slow common swings, those of each outlet."""
    common = np.exp(_autoregressive(rng, (series, days), _VOLUME_SD, _VOLUME_MEMORY))
    own = np.exp(
        _autoregressive(rng, (series * outlets, days), _OUTLET_VOLUME_SD, _OUTLET_VOLUME_MEMORY)
        - _OUTLET_VOLUME_SD**2 / 2
    )
    own = own.reshape(series, outlets, days).transpose(0, 2, 1)
    common = np.clip(common, _LEAST_VOLUME, _MOST_VOLUME) * _VOLUME_OF_WEEKDAY[np.arange(days) % 7]
    factors: Array = common[:, :, None] * np.clip(own, _LEAST_VOLUME, _MOST_VOLUME)
    return factors


def _change_volume(volume: Array, lean: Array, event: Event, day: int) -> None:
    each = np.arange(len(volume))
    if event is Event.MIX:
        volume[each, day:, lean.argmin(1)] *= 5
    elif event is Event.DEAD:
        volume[each, day:, lean.argmax(1)] = 0.0
    elif event is Event.SURGE:
        volume[:, day:] *= 4


def _judged(
    rng: np.random.Generator, net: Array, volume: Array, neutral: float, syndication: float
) -> Counts:
    """(series, days, outlets, 3): documents drawn, judged with mistakes, and copies of one of them."""
    most = 1 - neutral - 0.02
    net = np.clip(net / 100, -most, most)
    support, oppose = (1 - neutral + net) / 2, (1 - neutral - net) / 2
    p = np.stack([support, np.full_like(net, neutral), oppose], -1) @ CONFUSION
    p /= p.sum(-1, keepdims=True)
    counts = rng.multinomial(rng.poisson(volume), p)
    copied = np.nonzero(rng.random(net.shape) < syndication)
    copies = rng.poisson(volume[copied] * rng.uniform(0.5, 2.0, len(copied[0])))
    stance = (rng.random((len(copies), 1)) > p[copied].cumsum(-1)).sum(-1).clip(0, 2)
    counts[(*copied, stance)] += copies
    return np.asarray(counts)


def _flood(rng: np.random.Generator, counts: Counts, volume: Array, lean: Array, day: int) -> None:
    each, outlet = np.arange(len(counts)), lean.argmin(1)
    usual = volume[each, day : day + _FLOOD_DAYS, outlet].mean(1)
    for t in range(day, min(day + _FLOOD_DAYS, counts.shape[1])):
        counts[each, t, outlet, 2] += rng.poisson(10 * usual)


def _silent(
    rng: np.random.Generator, series: int, days: int, some: Nuisances, changed_on: int | None
) -> Flags:
    """(series, days): days without data. No outage hides a change: that is not what is measured."""
    silent: Flags = rng.random((series, days)) < some.missing
    starts = rng.integers(0, max(days - 10, 1), series)
    lengths = rng.integers(3, 6, series)
    if some.outage:
        for s, (start, length) in enumerate(zip(starts.tolist(), lengths.tolist(), strict=True)):
            hides = (
                changed_on is not None
                and changed_on - _NO_OUTAGE_BEFORE < start < changed_on + _NO_OUTAGE_AFTER
            )
            if not hides:
                silent[s, start : start + length] = True
    return silent
