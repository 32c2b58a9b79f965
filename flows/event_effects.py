"""What an event changed in a series: the days around it, the mix of outlets taken out, an interrupted time series.

    daily counts of the days around -without days on which sources were down-> index within outlets -> effect

Nothing is said where fewer than ten wrote before or since, or where fewer than two outlets were there on both sides.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import msgspec

from alerts.confusion import correction
from alerts.event import Event
from alerts.event_effect import LEAST_DAYS, EventEffect, event_effect
from alerts.k_floor import is_published, marks_between
from alerts.point import State
from alerts.within_outlet_index import OutletIndex, outlet_index
from flows.correcting import confusion_of
from flows.wiring import Edges
from storage import contributors, daily_counts, points
from storage.anchors import events

WINDOW_DAYS = 56
"""Days on each side of the event, as far as there are any."""

LEAST_OUTLETS = 2


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What there is to say of one event and one target."""

    event: Event
    target: str
    effect: EventEffect | None
    why_not: str
    """Where there is no effect to tell; else empty."""
    documents: int
    outlets: int
    """That were there on both sides."""
    plain_change: float
    """Net support per document since, less before: no trend, mix and all."""
    first: date
    last: date
    others: tuple[Event, ...]
    """Other events of the series on these days, whose effects are in the figure, too."""


def effects_of(
    edges: Edges, event: Event, *, now: datetime, days: int = WINDOW_DAYS, target: str = ""
) -> list[Finding]:
    """One finding for each target that the event is about, or for `target` alone."""
    last = min(event.day + timedelta(days=days - 1), now.astimezone(UTC).date() - timedelta(days=1))
    first = event.day - timedelta(days=days)
    wanted = target or event.target
    targets = [wanted] if wanted else [each.name for each in edges.targets]
    series = [(event.society, each) for each in targets]
    counts = daily_counts.counts_of_series(edges.database, series, first, last)
    marks = contributors.of_series(edges.database, series, first, last)
    known = points.points_of_series(edges.database, series, first, last)
    others = [
        one
        for one in events(edges.database)
        if one.id != event.id and first <= one.day <= last and one.society == event.society
    ]
    found = []
    for key in series:
        down = {point.day for point in known.get(key, ()) if point.state is State.DEGRADED}
        kept = {day: rows for day, rows in counts.get(key, {}).items() if day not in down}
        index = outlet_index(kept, correction(confusion_of(edges.classifier, key[1])))
        sides = [
            {row.outlet for day, rows in kept.items() if (day >= event.day) is after for row in rows if row.n}
            for after in (False, True)
        ]  # fmt: skip
        spans = (first, event.day - timedelta(days=1)), (event.day, last)
        spoke = [marks_between(marks.get(key, {}), *span, down) for span in spans]
        published = all(
            is_published(mark for of_outlet in side.values() for mark in of_outlet)
            for side in spoke
        )
        both = sides[0] & sides[1]
        why_not = _why_not(index, published, len(both), event.day)
        shown = index if published else None
        found.append(
            Finding(
                event=event,
                target=key[1],
                effect=None
                if why_not or index is None
                else event_effect(index.days, index.mood, index.noise, event.day),
                why_not=why_not,
                documents=shown.documents if shown else 0,
                outlets=len(both) if shown else 0,
                plain_change=_plain(shown, event.day) if shown and not why_not else 0.0,
                first=first,
                last=last,
                others=tuple(one for one in others if one.concerns(*key)),
            )
        )
    return found


def _why_not(index: OutletIndex | None, published: bool, outlets: int, day: date) -> str:
    if index is None:
        return "no document addresses it on these days"
    if not published:
        return "fewer than 10 contributors before or since"
    before = sum(each < day for each in index.days)
    since = len(index.days) - before
    if min(before, since) < LEAST_DAYS:
        return f"{before} days with documents before and {since} since; {LEAST_DAYS} are needed on each side"
    if outlets < LEAST_OUTLETS:
        return "fewer than two outlets were there before and since"
    return ""


def _plain(index: OutletIndex, day: date) -> float:
    before = [value for each, value in zip(index.days, index.plain, strict=True) if each < day]
    since = [value for each, value in zip(index.days, index.plain, strict=True) if each >= day]
    return _mean(since) - _mean(before)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
