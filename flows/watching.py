"""Watch: estimate the days that were counted anew, look for falls, step the incidents, tell people.

    days counted -> Point -> detect -> Drop -> step -> Incident, Change -> Message -> channels

Saved first, then told, then marked told: what nobody accepted is told again at the next watch.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import msgspec

from alerts.confusion import correction
from alerts.detector import DetectorSettings, Watched, find
from alerts.drop import Drop
from alerts.incident import Change, ChangeKind, Incident, step
from alerts.message import write_message
from alerts.net_support import estimate_point
from alerts.point import Point, State
from flows.correcting import confusions_of
from flows.degraded_days import days_and_gaps
from flows.excerpting import Period, find_excerpts
from flows.telling import accepted
from flows.wiring import Edges
from storage import daily_counts, incidents, points
from storage.daily_counts import Series

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
    """One watch as of `now`. Days that are not over yet are estimated and shown, not watched."""
    today = now.astimezone(UTC).date()
    estimated = estimate_counted_days(edges, today)
    series = points.points_between(
        edges.database, today - timedelta(days=HISTORY_DAYS), today - timedelta(days=1)
    )
    known = incidents.stored_incidents(edges.database)
    result = step(known, find_drops(series, edges), series, now)
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
    incidents.store_messages(edges.database, messages)
    incidents.store_incidents(edges.database, result.incidents)
    told, untold = tell(edges, now)
    return WatchReport(
        points=estimated,
        series=len(series),
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
    points.store(
        edges.database,
        [
            (
                estimate_point(
                    society,
                    target,
                    day,
                    counts[society, target, day],
                    confusion=confusions[target],
                    degraded=(society, day) in gaps,
                ),
                version,
            )
            for society, target, day, version in days
        ],
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


def find_drops(series: dict[Series, list[Point]], edges: Edges) -> list[Drop]:
    """Falls in all series, the false-alarm budget shared among them.

    Days on which sources were down are not looked at. Thin days are: they carry the little that they are worth.
    """
    settings = DetectorSettings(
        false_alarm_days=365 / edges.settings.false_alarms_per_year, series=max(1, len(series))
    )
    days = [point.day for one in series.values() for point in one]
    if not days:
        return []
    counts = daily_counts.counts_between(edges.database, min(days), max(days))
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
    return [drop for found in find(watched, settings) for drop in found.drops]


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


def _fall(incident: Incident) -> Period:
    return Period(incident.society, incident.target, incident.drop_day, incident.detected_on)


def _of_kind(changes: Sequence[Change], kind: ChangeKind) -> tuple[Incident, ...]:
    return tuple(change.incident for change in changes if change.kind is kind)
