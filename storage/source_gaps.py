"""What tells whether sources were down: attempts at them, what they usually bring, and what was made of the days."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta

import msgspec

from alerts.lost_stretch import LostStretch, merged
from alerts.point import State
from alerts.source_gap import USUAL_DAYS, SourceAttempts, SourceVolume
from storage.daily_counts import Cell
from storage.database import Database
from storage.statements import query


class EstimatedDay(msgspec.Struct, frozen=True, kw_only=True):
    """A stored point, as far as it matters here."""

    society: str
    target: str
    day: date
    n: int
    """Documents that address the target."""
    state: State
    version: int
    """Of the counts that it rests on."""


def attempts_between(
    database: Database, first: date, last: date
) -> dict[str, dict[date, SourceAttempts]]:
    """Attempts by source and day from `first` to `last` (UTC), both included; imported files left out."""
    found: dict[str, dict[date, SourceAttempts]] = {}
    result = database.query(
        query("source_attempts"),
        {"since": _midnight(first), "until": _midnight(last + timedelta(days=1))},
    )
    for source, day, success, failure, brought in result.rows:
        found.setdefault(source, {})[day] = SourceAttempts(
            source=source,
            day=day,
            last_success=success if success.year > 1970 else None,
            last_failure=failure if failure.year > 1970 else None,
            brought=bool(brought),
        )
    return found


def lost_between(database: Database, first: date, last: date) -> dict[str, list[LostStretch]]:
    """Stretches that sources no longer gave, by source, as far as they touch the days from `first` to `last` (UTC), both
    included; the oldest first, no two of them overlap. A source that lost nothing is not there.
    """
    found: dict[str, list[LostStretch]] = {}
    result = database.query(
        query("lost_stretches"),
        {"since": _midnight(first), "until": _midnight(last + timedelta(days=1))},
    )
    for source, since, until in result.rows:
        found.setdefault(source, []).append(LostStretch(since=since, until=until))
    return {source: merged(stretches) for source, stretches in found.items()}


def usual_volumes(
    database: Database, cells: Collection[Cell]
) -> dict[str, dict[str, dict[date, SourceVolume]]]:
    """Documents by society, source and day, of these (society, day) cells and the USUAL_DAYS before each.

    One query whose cost grows with the documents of these days; days between cells that lie far apart are not
    read. Empty without cells.
    """
    if not cells:
        return {}
    days = sorted(
        {day - timedelta(days=n) for _, day in cells for n in range(USUAL_DAYS + 1)},
    )
    found: dict[str, dict[str, dict[date, SourceVolume]]] = {}
    result = database.query(
        query("source_volumes"),
        {
            "societies": tuple(sorted({society for society, _ in cells})),
            "days": tuple(days),
            "first": days[0],
            "last": days[-1],
        },
    )
    for row in result.dicts():
        volume = SourceVolume(**row)
        found.setdefault(volume.society, {}).setdefault(volume.source, {})[volume.day] = volume
    return found


def estimated_days(database: Database, first: date, last: date) -> list[EstimatedDay]:
    """The points of every series from `first` to `last`, both included, in order of series and day."""
    rows = database.query(query("estimated_days"), {"first": first, "last": last}).dicts()
    return [EstimatedDay(**{**row, "state": State(row["state"])}) for row in rows]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
