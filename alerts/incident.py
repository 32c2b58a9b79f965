"""Incidents: a drop becomes a thing with an identity, a beginning and an end, which people are told of.

    drops + open incidents + points -step-> incidents to save, changes to tell

Deciding is apart from doing: `step` reads no clock and no table, and calling it again with what it gave changes
nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

import msgspec

from alerts.drop import Drop
from alerts.point import Point, State

NEWS_DAYS = 3
"""A drop found on a day longer ago than this is history: late and back-filled documents tell of the past."""

RECOVERY_DAYS = 7
"""Ok days that are averaged, and on which that average must hold, before an incident is resolved."""


class Status(StrEnum):
    """Where an incident stands."""

    OPEN = "open"
    RESOLVED = "resolved"


class ChangeKind(StrEnum):
    """What happened to an incident, and so why people hear of it."""

    OPENED = "opened"
    WORSE = "worse"
    REMINDER = "reminder"
    RESOLVED = "resolved"


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """A fall that people are told of: one row of the table `incidents`."""

    id: str
    """SOCIETY-TARGET-DETECTED_ON: the same fall has the same id however often it is found."""
    society: str
    target: str
    status: Status
    drop_day: date
    """First day of the fall."""
    detected_on: date
    opened_at: datetime
    resolved_at: datetime | None
    baseline: float
    """Net support before the fall; stays as it was at the opening."""
    net_support: float
    """At detection."""
    change: float
    lower: float
    """95 % interval of the change."""
    upper: float
    reason: str
    """Why it was opened."""
    severity: str = "alert"
    """alert, severe or critical (alerts/severity.py)."""
    settled_change: float | None = None
    """Mean change of the seven days after the detection, which chance had no part in choosing; None before."""
    acknowledged_at: datetime | None = None
    acknowledged_by: str = ""
    note: str = ""
    """What the one who acknowledged or resolved it wrote."""
    silenced_until: datetime | None = None
    told_at: datetime | None = None
    """When people were last told of it."""

    @property
    def recovery_line(self) -> float:
        """Net support at which two thirds of the fall are made good (see `step`)."""
        return self.baseline + self.change / 3


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """Something happened to an incident that people should hear of."""

    kind: ChangeKind
    incident: Incident
    reason: str
    at: datetime


class StepResult(msgspec.Struct, frozen=True, kw_only=True):
    """What to save, what to tell, and what was seen but is no news."""

    incidents: tuple[Incident, ...]
    """New or changed ones only."""
    changes: tuple[Change, ...]
    history: tuple[Drop, ...]
    """Drops that were found too late to be news and have no incident."""


def incident_id(society: str, target: str, detected_on: date) -> str:
    """The id of the incident that a drop opens."""
    return f"{society}-{target}-{detected_on:%Y-%m-%d}"


def step(
    open_incidents: Sequence[Incident],
    drops: Sequence[Drop],
    points: Mapping[tuple[str, str], Sequence[Point]],
    now: datetime,
) -> StepResult:
    """What becomes of the open incidents and of the drops, seen at `now` (aware, else ValueError).

    An incident is resolved when the mean net support of the last 7 ok days has been at or above
    baseline + change / 3 (two thirds of the fall made good) on each of the last 7 ok days, counting only days
    after the detection: so 13 ok days at the earliest. The line lies above the fallen level and below the
    baseline, so neither noise about the one nor a new ordinary level near the other makes it flap.

    A drop opens an incident when its detected_on is at most 3 days before the day of `now` (UTC) and its series
    has none open. `points` holds the days of each series in order, by (society, target); a series that is not
    there keeps its incident. `open_incidents` may hold resolved ones: they stay, and their drop opens nothing.
    """
    if now.tzinfo is None:
        raise ValueError("now has no time zone; pass an aware time, e.g. datetime.now(UTC)")
    today = now.astimezone(UTC).date()
    saved: list[Incident] = []
    changes: list[Change] = []
    blocked: set[tuple[str, str]] = set()
    for incident in open_incidents:
        series = (incident.society, incident.target)
        if incident.status == Status.RESOLVED:
            continue
        level = recovered_level(incident, points.get(series, ()))
        if level is None:
            blocked.add(series)
            continue
        resolved = msgspec.structs.replace(incident, status=Status.RESOLVED, resolved_at=now)
        reason = (
            f"net support averaged {level:+.1f} over the last {RECOVERY_DAYS} days with enough data and has "
            f"held at or above {incident.recovery_line:+.1f}, two thirds of the way back to the baseline "
            f"of {incident.baseline:+.1f}, on {RECOVERY_DAYS} such days"
        )
        saved.append(resolved)
        changes.append(Change(kind=ChangeKind.RESOLVED, incident=resolved, reason=reason, at=now))
    known = {incident.id for incident in open_incidents}
    history: list[Drop] = []
    for drop in sorted(drops, key=lambda d: (d.detected_on, d.society, d.target)):
        series = (drop.society, drop.target)
        if incident_id(*series, drop.detected_on) in known:
            continue
        if today - drop.detected_on > timedelta(days=NEWS_DAYS):
            history.append(drop)
        elif series not in blocked:
            opened = _open(drop, now)
            blocked.add(series)
            saved.append(opened)
            changes.append(
                Change(kind=ChangeKind.OPENED, incident=opened, reason=drop.reason, at=now)
            )
    return StepResult(incidents=tuple(saved), changes=tuple(changes), history=tuple(history))


def recovered_level(incident: Incident, points: Sequence[Point]) -> float | None:
    """Mean net support of the last 7 ok days when the incident may be resolved (see `step`), else None."""
    after = [
        p.net_support
        for p in points
        if p.day > incident.detected_on and p.state is State.OK and p.net_support is not None
    ]
    means = [
        sum(after[i - RECOVERY_DAYS : i]) / RECOVERY_DAYS
        for i in range(RECOVERY_DAYS, len(after) + 1)
    ][-RECOVERY_DAYS:]
    if len(means) == RECOVERY_DAYS and min(means) >= incident.recovery_line:
        return means[-1]
    return None


def _open(drop: Drop, now: datetime) -> Incident:
    return Incident(
        id=incident_id(drop.society, drop.target, drop.detected_on),
        society=drop.society,
        target=drop.target,
        status=Status.OPEN,
        drop_day=drop.since,
        detected_on=drop.detected_on,
        opened_at=now,
        resolved_at=None,
        baseline=drop.baseline,
        net_support=drop.net_support,
        change=drop.change,
        lower=drop.lower,
        upper=drop.upper,
        reason=drop.reason,
    )
