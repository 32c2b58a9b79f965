"""Points at rest: one row per series and day, replaced when the day is counted anew."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from alerts.point import Point, State
from storage.daily_counts import Series
from storage.database import Database
from storage.statements import query

COLUMNS = (
    "society target day support neutral oppose outlets net_support lower upper n_eff state version"
).split()


def store(database: Database, points: Sequence[tuple[Point, int]]) -> None:
    """Store each point with the version of the counts that it rests on."""
    database.insert(
        "points",
        COLUMNS,
        [
            (
                point.society,
                point.target,
                point.day,
                point.support,
                point.neutral,
                point.oppose,
                point.outlets,
                point.net_support,
                point.lower,
                point.upper,
                point.n_eff,
                point.state.value,
                version,
            )
            for point, version in points
        ],
    )


def points_between(database: Database, first: date, last: date) -> dict[Series, list[Point]]:
    """Points of every series from `first` to `last`, both included, in order of day."""
    series: dict[Series, list[Point]] = {}
    result = database.query(query("points_between"), {"first": first, "last": last})
    for row in result.dicts():
        point = Point(**{**row, "state": State(row["state"])})
        series.setdefault((point.society, point.target), []).append(point)
    return series
