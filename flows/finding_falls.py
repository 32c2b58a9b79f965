"""Look for falls in series whose days changed, and for what looks like a fall and is none.

counts by outlet and story -copies once-> drops, shocks        -each document-> drops of copies: amplification
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

import msgspec

from alerts.change_label import labelled_change
from alerts.confusion import Confusion, correction
from alerts.detector import WINDOW_DAYS, DetectorSettings, Watched, find
from alerts.drop import Drop, Settled
from alerts.point import Point, StanceCount, State
from alerts.signal import (
    MIX_BEFORE_DAYS,
    MIX_DAYS,
    Signal,
    amplifications,
    mix_signal,
    shock_signals,
)
from alerts.weighting import Weighting
from flows.correcting import confusions_of
from flows.wiring import Edges
from storage import daily_counts
from storage.daily_counts import Series


class Falls(msgspec.Struct, frozen=True, kw_only=True):
    """What was found in all series."""

    drops: tuple[Drop, ...] = ()
    settled: tuple[Settled, ...] = ()
    signals: tuple[Signal, ...] = ()


def find_falls(
    series: Mapping[Series, Sequence[Point]], edges: Edges, *, series_in_all: int = 0
) -> Falls:
    """Falls in these series, whose points say which days to look at; `series_in_all` share the false alarms.

    Days on which sources were down are not looked at. Thin days are: they carry the little that they are worth.
    """
    days = [point.day for one in series.values() for point in one]
    if not days:
        return Falls()
    settings = DetectorSettings(
        false_alarm_days=365 / edges.settings.false_alarms_per_year,
        series=max(1, series_in_all, len(series)),
    )
    counts = daily_counts.counts_of_series(edges.database, sorted(series), min(days), max(days))
    confusions = confusions_of(edges.classifier, {target for _, target in series})
    watched = [
        Watched(
            society=society,
            target=target,
            counts=counts.get((society, target), {}),
            scores=correction(confusions[target]).scores,
            unusable=[point.day for point in one if point.state is State.DEGRADED],
        )
        for (society, target), one in series.items()
    ]
    found = find(watched, settings)
    copied = [each for each in watched if _has_copies(each.counts, max(days))]
    by_document = find(copied, settings, weighting=Weighting.PER_DOCUMENT) if copied else ()
    drops = tuple(drop for one in found for drop in one.drops)
    return Falls(
        drops=drops,
        settled=tuple(size for one in found for size in one.settled),
        signals=(
            *(signal for one in found for signal in shock_signals(one.shocks)),
            *amplifications([drop for one in by_document for drop in one.drops], drops),
            *mix_signals(counts, confusions, max(days)),
        ),
    )


def mix_signals(
    counts: Mapping[Series, Mapping[date, Sequence[StanceCount]]],
    confusions: Mapping[str, Confusion],
    day: date,
) -> list[Signal]:
    """Series whose week up to `day` lies lower than the four before it for no other reason than who wrote."""
    since = day - timedelta(days=MIX_DAYS - 1)
    first = since - timedelta(days=MIX_BEFORE_DAYS)
    found = []
    for (society, target), by_day in counts.items():
        change = labelled_change(
            [row for d, rows in by_day.items() if first <= d < since for row in rows],
            [row for d, rows in by_day.items() if since <= d <= day for row in rows],
            confusions[target],
        )
        if change and (signal := mix_signal(society, target, since, day, change)):
            found.append(signal)
    return found


def _has_copies(counts: Mapping[date, Sequence[StanceCount]], last: date) -> bool:
    """Whether any story was told more than once where a fall could begin: else both countings are the same."""
    first = last - timedelta(days=WINDOW_DAYS)
    return any(row.story for day, rows in counts.items() if day >= first for row in rows)
