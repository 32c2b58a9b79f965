"""What becomes of the incidents after the drops of a watch are in: floors, severity, reminders, silence.

incidents + drops -step-> incidents -grade-> severity -remind-> all that changed, each incident told once
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

import msgspec

from alerts.drop import Drop
from alerts.floor import Floor
from alerts.floor_breach import breach_of
from alerts.floor_watch import FloorState, watch_floor
from alerts.incident import NEWS_DAYS, Change, ChangeKind, Incident, StepResult
from alerts.incident_life import REMIND_AFTER, is_silenced, reminders
from alerts.incident_severity import grade_incidents
from alerts.level_observations import observations_of
from alerts.point import Point, State
from storage.daily_counts import Series


class Followed(msgspec.Struct, frozen=True, kw_only=True):
    """What to save and what to tell; a change holds its incident as it is saved."""

    incidents: tuple[Incident, ...]
    changes: tuple[Change, ...]


def stand_toward(
    floors: Sequence[Floor], series: Mapping[Series, Sequence[Point]]
) -> dict[Series, FloorState]:
    """Where each series that has a floor stands toward it."""
    return {
        (floor.society, floor.target): watch_floor(
            observations_of(series.get((floor.society, floor.target), ())), floor
        )
        for floor in floors
    }


def fresh_breaches(states: Iterable[FloorState], today: date) -> list[Drop]:
    """Floors that a level is below now: what was last seen long ago is no news."""
    return [
        breach
        for state in states
        if state.day is not None and today - state.day <= timedelta(days=NEWS_DAYS)
        if (breach := breach_of(state)) is not None
    ]


def degraded_societies(series: Mapping[Series, Sequence[Point]], last: date) -> set[str]:
    """Societies whose sources were down on the last day that is over."""
    return {
        society
        for (society, _), days in series.items()
        if days and days[-1].day == last and days[-1].state is State.DEGRADED
    }


def follow(
    known: Sequence[Incident],
    result: StepResult,
    standing: Mapping[Series, FloorState],
    now: datetime,
    *,
    degraded: Collection[str] = (),
    untold: Collection[str] = (),
    remind_after: timedelta = REMIND_AFTER,
) -> Followed:
    """The incidents that changed, graded; and every change of them once, the most urgent of each."""
    before = {one.id: one for one in known}
    after = before | {one.id: one for one in result.incidents}
    sides = {key: state.side for key, state in standing.items()}
    last = now.astimezone(UTC).date() - timedelta(days=1)
    graded, worse = grade_incidents(list(after.values()), sides, last, now)
    after |= {one.id: one for one in graded}
    changes = {change.incident.id: change for change in worse}
    changes |= {change.incident.id: change for change in result.changes}
    for reminder in reminders(
        list(after.values()), now, degraded=degraded, untold=untold, after=remind_after
    ):
        changes.setdefault(reminder.incident.id, reminder)
    return Followed(
        incidents=tuple(one for name, one in after.items() if one != before.get(name)),
        changes=tuple(
            msgspec.structs.replace(change, incident=after[name])
            for name, change in changes.items()
        ),
    )


def is_quiet(change: Change, now: datetime) -> bool:
    """Whether people are not told, because somebody silenced the incident; that it is over is told all the same."""
    return change.kind is not ChangeKind.RESOLVED and is_silenced(change.incident, now)
