"""Watch: estimate the days that were counted anew, look for falls, step the incidents, tell people.

    days counted -> Point -> detect -> Drop -> step -> Incident, Change -> Message -> channels

Saved first, then told, then marked told: what nobody accepted is told again at the next watch.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import msgspec

from alerts.incident import NEWS_DAYS, Change, ChangeKind, Incident, step
from alerts.message import write_message
from alerts.net_support import estimate_points
from alerts.signal import Signal
from flows.correcting import confusions_of
from flows.degraded_days import days_and_gaps
from flows.excerpting import Period, find_excerpts
from flows.finding_falls import find_falls
from flows.telling import accepted
from flows.wiring import Edges
from storage import daily_counts, days_to_watch, incidents, points, signals

HISTORY_DAYS = 400
"""Days that the detector is shown: its baseline, and a year to learn from how days spread."""

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

    Only series with days that nobody has looked at are looked at: the cost grows with what changed.
    """
    today = now.astimezone(UTC).date()
    first, last = today - timedelta(days=HISTORY_DAYS), today - timedelta(days=1)
    estimated = estimate_counted_days(edges, today)
    waiting = days_to_watch.waiting(edges.database, today)
    known = incidents.stored_incidents(edges.database)
    changed = sorted({day.series for day in waiting})
    series = points.points_of_series(edges.database, changed, first, last)
    watched = points.series_between(edges.database, first, last)
    found = find_falls(series, edges, series_in_all=len(watched))
    result = step(known, found.drops, series, now)
    excerpts = find_excerpts(
        edges, [_fall(one) for one in _of_kind(result.changes, ChangeKind.OPENED)]
    )
    messages = [
        write_message(
            change,
            points=series.get((change.incident.society, change.incident.target), ()),
            excerpts=excerpts.get(_fall(change.incident), ())
            if change.kind is ChangeKind.OPENED
            else (),
            model=edges.classifier.model,
            simulated=edges.settings.simulated,
        )
        for change in result.changes
    ]
    signals.store(edges.database, _news(found.signals, today))
    incidents.store_messages(edges.database, messages)
    incidents.store_incidents(edges.database, result.incidents)
    days_to_watch.seen(edges.database, waiting)
    told, untold = tell(edges, now)
    return WatchReport(
        points=estimated,
        series=len(watched),
        opened=_of_kind(result.changes, ChangeKind.OPENED),
        resolved=_of_kind(result.changes, ChangeKind.RESOLVED),
        told=told,
        untold=untold,
    )


def estimate_counted_days(edges: Edges, today: date | None = None) -> int:
    """Estimate every day that was counted since its point was made, and every recent one whose sources turn out
    to have been down, or not to have been; the number of points. Without `today` the counted days alone.
    """
    days, gaps = days_and_gaps(edges.database, checked_days(edges), today)
    keys = [(society, target, day) for society, target, day, _ in days]
    counts = daily_counts.outlet_counts(edges.database, keys)
    confusions = confusions_of(edges.classifier, {target for _, target, _ in keys})
    degraded = {key for key in keys if (key[0], key[2]) in gaps}
    estimated = estimate_points(counts, confusions, degraded)
    days_to_watch.wait(edges.database, keys)
    points.store(
        edges.database,
        list(zip(estimated, (version for *_, version in days), strict=True)),
    )
    return len(days)


def checked_days(edges: Edges) -> list[tuple[str, str, date, int]]:
    """(society, target, day, version) to estimate, their counts compared with the judgements first.

    Two workers that count one day at the same time agree as long as their clocks do; where they differ, the
    count that saw less may have won.
    """
    days = daily_counts.days_to_estimate(edges.database)
    for _ in range(RECOUNTS):
        wrong = daily_counts.miscounted(
            edges.database, {(society, day) for society, _, day, _ in days}
        )
        if not wrong:
            break
        daily_counts.recount(edges.database, wrong)
        # Versions first, comparison afterwards: what is stored from here on is newer than these.
        days = daily_counts.days_to_estimate(edges.database)
    return days


def tell(edges: Edges, now: datetime) -> tuple[int, int]:
    """Send every message that nobody has accepted; how many were told and how many were not."""
    told = untold = 0
    for message in incidents.untold_messages(edges.database):
        if accepted(edges.channels, message):
            incidents.store_messages(edges.database, [message], told_at=now)
            told += 1
        else:
            untold += 1
    return told, untold


def _news(signals: Sequence[Signal], today: date) -> list[Signal]:
    """Signals of the last days: what late documents say of the past is no news."""
    return [one for one in signals if today - one.day <= timedelta(days=NEWS_DAYS)]


def _fall(incident: Incident) -> Period:
    return Period(incident.society, incident.target, incident.drop_day, incident.detected_on)


def _of_kind(changes: Sequence[Change], kind: ChangeKind) -> tuple[Incident, ...]:
    return tuple(change.incident for change in changes if change.kind is kind)
