"""Watch: estimate the days that were counted anew, look for falls, step the incidents, tell people.

    days counted -> Point -> detect -> Drop -> step -> Incident, Change -> Message -> channels

Saved first, then told, then marked told: what nobody accepted is told again at the next watch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

import msgspec

from alerts.alert_text import write_alert
from alerts.drop import Drop
from alerts.fall_facts import FallFacts
from alerts.floor_watch import FloorState, Side
from alerts.incident import NEWS_DAYS, Change, ChangeKind, Incident, Status, step
from alerts.k_floor import is_published, marks_between
from alerts.message import Message
from alerts.net_support import estimate_points
from alerts.signal import Signal
from flows.correcting import confusions_of
from flows.degraded_days import days_and_gaps
from flows.document_trail import log_estimated, log_incidents, log_messages
from flows.finding_falls import find_falls
from flows.floors import load_floors
from flows.following import degraded_societies, follow, fresh_breaches, is_quiet, stand_toward
from flows.gathering import gather
from flows.silences import tell_silences
from flows.telling import enqueue, tell
from flows.weekly_figures import estimate_weeks, store_spillovers
from flows.wiring import Edges
from storage import (
    contributors,
    daily_counts,
    days_to_watch,
    deliveries,
    incidents,
    points,
    signals,
    weeks_to_estimate,
)
from storage.daily_counts import Series
from storage.database import Database

HISTORY_DAYS = 400
"""Days that the detector is shown: its baseline, and a year to learn from how days spread."""

LATE_COUNTS = timedelta(days=7)
"""Counts whose version is older than the newest point by more than this are not looked through for days to estimate: a
worker's clock would have to be behind by as much …"""

ALL_COUNTS_HOUR = 3
"""… and in this hour (UTC) all are, so that not even that loses a day."""

RECOUNTS = 3
"""Times that a watch counts anew what it finds miscounted; workers may be storing at the same time."""


class WatchReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a watch found."""

    points: int
    """Points estimated anew."""
    series: int
    opened: tuple[Incident, ...]
    resolved: tuple[Incident, ...]
    told: int
    untold: int

    def __str__(self) -> str:
        return (
            f"{self.points} points estimated, {self.series} series watched,"
            f" {len(self.opened)} incidents opened, {len(self.resolved)} resolved,"
            f" {self.told} messages told, {self.untold} untold"
        )


def watch(edges: Edges, *, now: datetime) -> WatchReport:
    """One watch as of `now`. Days that are not over yet are estimated and shown, not watched.

    Only series with days that nobody has looked at are looked at: the cost grows with what changed. Operators are told
    of sources that fell silent since the last one.
    """
    today = now.astimezone(UTC).date()
    first, last = today - timedelta(days=HISTORY_DAYS), today - timedelta(days=1)
    tell_silences(edges, now)
    estimated = estimate_counted_days(edges, today, since=counted_since(edges, now))
    waiting = days_to_watch.waiting(edges.database, today)
    floors = load_floors(edges.settings, now, [target.name for target in edges.targets])
    changed = {day.series for day in waiting}
    known = incidents.stored_incidents(edges.database)
    followed = {(one.society, one.target) for one in known if one.status != Status.RESOLVED}
    followed |= {(floor.society, floor.target) for floor in floors}
    series = points.points_of_series(edges.database, sorted(followed), first, last)
    in_all = len(points.series_between(edges.database, first, last))
    found = find_falls(edges, changed, first, last, series_in_all=in_all)
    standing = stand_toward(floors, series)
    result = step(
        known,
        published_drops(edges.database, found.drops),
        series,
        now,
        found.settled,
        floor_breaches=published_drops(edges.database, fresh_breaches(standing.values(), today)),
        held=[key for key, state in standing.items() if state.side is Side.BELOW],
    )
    afterwards = follow(
        known,
        result,
        standing,
        now,
        degraded=degraded_societies(series, last),
        untold=waiting_incidents(edges.database),
    )
    told_of = [change for change in afterwards.changes if not is_quiet(change, now)]
    messages = write_messages(edges, told_of, standing, now)
    signals.store(edges.database, published_signals(edges.database, _news(found.signals, today)))
    enqueue(edges, messages, now)
    log_incidents(afterwards.changes)
    log_messages(messages)
    incidents.store_incidents(edges.database, afterwards.incidents)
    days_to_watch.seen(edges.database, waiting)
    told = tell(edges, now)
    estimate_weeks(edges, today)
    store_spillovers(edges, last)
    return WatchReport(
        points=estimated,
        series=in_all,
        opened=_of_kind(afterwards.changes, ChangeKind.OPENED),
        resolved=_of_kind(afterwards.changes, ChangeKind.RESOLVED),
        told=len(told.messages),
        untold=told.waiting,
    )


def write_messages(
    edges: Edges, changes: Sequence[Change], floors: Mapping[Series, FloorState], now: datetime
) -> list[Message]:
    """One message for each society of which something is told."""
    last = now.astimezone(UTC).date() - timedelta(days=1)
    by_society: dict[str, list[FallFacts]] = {}
    for facts in gather(edges, changes, floors, last):
        by_society.setdefault(facts.incident.society, []).append(facts)
    return [
        write_alert(
            falls,
            now=now,
            society_name=edges.society_names.get(society, ""),
            simulated=edges.settings.simulated,
        )
        for society, falls in sorted(by_society.items())
    ]


def published_drops(database: Database, drops: Sequence[Drop]) -> list[Drop]:
    """Those whose own days are at or above the k-floor: a fall of what fewer than ten wrote is nobody's business, and is not
    followed until there are more.
    """
    days = [(drop.society, drop.target, drop.since, drop.detected_on) for drop in drops]
    return [drop for drop, above in zip(drops, _published(database, days), strict=True) if above]


def published_signals(database: Database, found: Sequence[Signal]) -> list[Signal]:
    """The same of signals."""
    days = [(signal.society, signal.target, signal.since, signal.day) for signal in found]
    return [
        signal for signal, above in zip(found, _published(database, days), strict=True) if above
    ]


def _published(database: Database, days: Sequence[tuple[str, str, date, date]]) -> list[bool]:
    """Whether each (society, target, first day, last day) is at or above the k-floor."""
    if not days:
        return []
    series = sorted({(society, target) for society, target, _, _ in days})
    marks = contributors.of_series(
        database, series, min(first for *_, first, _ in days), max(last for *_, last in days)
    )
    return [
        is_published(
            mark
            for outlet in marks_between(marks.get((society, target), {}), first, last).values()
            for mark in outlet
        )
        for society, target, first, last in days
    ]


def counted_since(edges: Edges, now: datetime) -> int:
    """The version from which on counts may not have been estimated yet; 0 where all are to be looked through."""
    if now.astimezone(UTC).hour == ALL_COUNTS_HOUR or edges.settings.watch_minutes > 60:
        return 0
    second = 1_000_000  # a version is a number of microseconds
    newest = min(daily_counts.newest_point(edges.database), int(now.timestamp()) * second)
    return max(0, newest - int(LATE_COUNTS.total_seconds()) * second)


def estimate_counted_days(edges: Edges, today: date | None = None, *, since: int = 0) -> int:
    """Estimate every day that was counted since its point was made, and every recent one whose sources turn out
    to have been down, or not to have been; the number of points. Without `today` the counted days alone. `since`: the
    version from which on counts are looked through.
    """
    days, gaps = days_and_gaps(edges.database, checked_days(edges, since), today)
    keys = [(society, target, day) for society, target, day, _ in days]
    counts = daily_counts.outlet_counts(edges.database, keys)
    confusions = confusions_of(edges.classifier, {target for _, target, _ in keys})
    degraded = {key for key in keys if (key[0], key[2]) in gaps}
    speaking = contributors.of_days(edges.database, keys)
    estimated = [
        point
        if not point.n or is_published(speaking[point.society, point.target, point.day])
        else msgspec.structs.replace(point, withheld=True)
        for point in estimate_points(counts, confusions, degraded)
    ]
    log_estimated(keys)
    days_to_watch.wait(edges.database, keys)
    weeks_to_estimate.wait(edges.database, keys)
    points.store(
        edges.database,
        list(zip(estimated, (version for *_, version in days), strict=True)),
    )
    return len(days)


def checked_days(edges: Edges, since: int = 0) -> list[tuple[str, str, date, int]]:
    """(society, target, day, version) to estimate, their counts compared with the judgements first.

    Two workers that count one day at the same time agree as long as their clocks do; where they differ, the
    count that saw less may have won.
    """
    days = daily_counts.days_to_estimate(edges.database, since)
    for _ in range(RECOUNTS):
        wrong = daily_counts.miscounted(
            edges.database, {(society, day) for society, _, day, _ in days}
        )
        if not wrong:
            break
        daily_counts.recount(edges.database, wrong)
        # Versions first, comparison afterwards: what is stored from here on is newer than these.
        days = daily_counts.days_to_estimate(edges.database, since)
    return days


def waiting_incidents(database: Database) -> set[str]:
    """Ids of the incidents of which a message waits for a channel."""
    waits = {one.message for one in deliveries.waiting(database)}
    return {
        facts.incident.id
        for message in incidents.messages_by_id(database, waits)
        for facts in message.falls
    }


def _news(signals: Sequence[Signal], today: date) -> list[Signal]:
    """Signals of the last days: what late documents say of the past is no news."""
    return [one for one in signals if today - one.day <= timedelta(days=NEWS_DAYS)]


def _of_kind(changes: Sequence[Change], kind: ChangeKind) -> tuple[Incident, ...]:
    return tuple(change.incident for change in changes if change.kind is kind)
