"""Incidents: a drop becomes a thing with an identity, a beginning and an end, which people are told of.

    drops + open incidents + points -step-> incidents to save, changes to tell

Deciding is apart from doing: `step` reads no clock and no table, and calling it again with what it gave changes
nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

import msgspec

from alerts.drop import Drop, Settled
from alerts.point import Point, State
from alerts.severity import Grade

NEWS_DAYS = 3
"""A drop found on a day longer ago than this is history: late and back-filled documents tell of the past."""

RECOVERY_DAYS = 7
"""Ok days that are averaged, and on which that average must hold, before an incident is resolved."""


class Status(StrEnum):
    """Where an incident stands."""

    OPEN = "open"
    RESOLVED = "resolved"


class Rule(StrEnum):
    """What opened an incident."""

    FALL = "fall"
    """The detector: net support has fallen within outlets."""
    FLOOR = "floor"
    """The level is below the floor that a person set; its baseline is the floor."""


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
    rule: Rule = Rule.FALL
    severity: str = "alert"
    """How loudly people are told: alert, severe or critical."""
    grade: Grade | None = None
    """Since when and why, and what the next day needs to know; None before it was graded."""
    deepened_on: date | None = None
    """Day whose documents last showed that it had become deeper; None where none did."""
    settled_change: float | None = None
    """Mean change of the seven days after it was last found, which chance had no part in choosing; None before."""
    settled_lower: float | None = None
    settled_upper: float | None = None
    """95 % interval of it."""
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
    settled: Sequence[Settled] = (),
    *,
    floor_breaches: Sequence[Drop] = (),
    held: Collection[tuple[str, str]] = (),
) -> StepResult:
    """What becomes of the open incidents and of the drops, seen at `now` (aware, else ValueError).

    An incident is resolved when the mean net support of the last 7 ok days has been at or above
    baseline + change / 3 (two thirds of the fall made good) on each of the last 7 ok days, counting only days
    after the detection: so 13 ok days at the earliest. The line lies above the fallen level and below the
    baseline, so neither noise about the one nor a new ordinary level near the other makes it flap.

    A drop opens an incident when its detected_on is at most 3 days before the day of `now` (UTC) and its series
    has none open. Where one is open and the drop was found later and lies lower, the incident is worse: its
    baseline stays, its level is the new one. `settled` sizes replace those of the detection.
    `floor_breaches` open incidents like drops; the incidents of the series in `held`, whose level is below a floor,
    are not resolved. `points` holds the days of each series in order, by (society, target); a series that is not
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
        level = None if series in held else recovered_level(incident, points.get(series, ()))
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
    still_open = {
        (one.society, one.target): one
        for one in open_incidents
        if one.status != Status.RESOLVED and (one.society, one.target) in blocked
    }
    history: list[Drop] = []
    ruled = [*((drop, Rule.FALL) for drop in drops), *((b, Rule.FLOOR) for b in floor_breaches)]
    for drop, rule in sorted(ruled, key=lambda d: (d[0].detected_on, d[0].society, d[0].target)):
        series = (drop.society, drop.target)
        if incident_id(*series, drop.detected_on) in known:
            continue
        if today - drop.detected_on > timedelta(days=NEWS_DAYS):
            history.append(drop)
        elif series not in blocked:
            opened = _open(drop, rule, now)
            blocked.add(series)
            saved.append(opened)
            changes.append(
                Change(kind=ChangeKind.OPENED, incident=opened, reason=drop.reason, at=now)
            )
        elif rule is Rule.FALL and series in still_open and _is_deeper(drop, still_open[series]):
            worse = still_open[series] = _deepen(still_open[series], drop)
            changes.append(
                Change(kind=ChangeKind.WORSE, incident=worse, reason=drop.reason, at=now)
            )
    for size in settled:
        series = (size.society, size.target)
        sized = still_open.get(series)
        if sized is not None and _found_on(sized) == size.detected_on:
            still_open[series] = msgspec.structs.replace(
                sized,
                settled_change=size.change,
                settled_lower=size.lower,
                settled_upper=size.upper,
            )
    before = {one.id: one for one in open_incidents}
    saved += [one for one in still_open.values() if one != before[one.id]]
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


def _found_on(incident: Incident) -> date:
    return incident.deepened_on or incident.detected_on


def _is_deeper(drop: Drop, incident: Incident) -> bool:
    return drop.detected_on > _found_on(incident) and drop.net_support < incident.net_support


def _deepen(incident: Incident, drop: Drop) -> Incident:
    """The same incident, at the new level: the change and its interval are against the baseline that it keeps."""
    before = drop.baseline - incident.baseline
    return msgspec.structs.replace(
        incident,
        net_support=drop.net_support,
        change=before + drop.change,
        lower=before + drop.lower,
        upper=before + drop.upper,
        deepened_on=drop.detected_on,
        settled_change=None,
        settled_lower=None,
        settled_upper=None,
    )


def _open(drop: Drop, rule: Rule, now: datetime) -> Incident:
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
        rule=rule,
    )
