"""Contributors of what is counted, read back for the k-floor (alerts/k_floor.py): by day and outlet, by day, by topic."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from alerts.k_floor import Marks, MarksByDay
from storage.daily_counts import Series
from storage.database import Database
from storage.statements import query

_SERIES_PER_QUERY = 200
_DAYS_PER_QUERY = 2_000


def of_series(
    database: Database, series: Sequence[Series], first: date, last: date
) -> dict[Series, MarksByDay]:
    """Of these series from `first` to `last`, both included."""
    found: dict[Series, dict[date, dict[str, Marks]]] = {}
    for start in range(0, len(series), _SERIES_PER_QUERY):
        chunk = tuple(series[start : start + _SERIES_PER_QUERY])
        result = database.query(
            query("contributors_of_series"), {"series": chunk, "first": first, "last": last}
        )
        for society, target, day, outlet, marks in result.rows:
            found.setdefault((society, target), {}).setdefault(day, {})[outlet] = marks
    return dict(found)


def of_days(
    database: Database, days: Sequence[tuple[str, str, date]]
) -> dict[tuple[str, str, date], Marks]:
    """Of these (society, target, day); one that counted nothing has none."""
    found: dict[tuple[str, str, date], Marks] = dict.fromkeys(days, ())
    for start in range(0, len(days), _DAYS_PER_QUERY):
        chunk = days[start : start + _DAYS_PER_QUERY]
        result = database.query(
            query("contributors_of_days"),
            {
                "days": tuple(chunk),
                "first": min(day for _, _, day in chunk),
                "last": max(day for _, _, day in chunk),
            },
        )
        for society, target, day, marks in result.rows:
            found[society, target, day] = marks
    return found


def by_topic(database: Database, first: date, last: date) -> dict[str, dict[str, Marks]]:
    """Of documents about migration from `first` to `last`, both included, by society and topic; the empty topic stands for
    all of them.
    """
    found: dict[str, dict[str, Marks]] = {}
    result = database.query(query("contributors_by_topic"), {"first": first, "last": last})
    for society, topic, marks in result.rows:
        found.setdefault(society, {})[topic] = marks
    return found
