"""Points at rest: one row per series and day, replaced when the day is counted anew."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec

from alerts.point import Figure, Point, State
from storage.daily_counts import Series
from storage.database import Database, Result
from storage.statements import query

_WEIGHTINGS = ("per_story", "outlet_balanced")

COLUMNS = (
    *"society target day support neutral oppose outlets net_support lower upper n_eff state".split(),
    *(f"{name}_{weighting}" for weighting in _WEIGHTINGS for name in Figure.__struct_fields__),
    "withheld",
    "version",
)


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
                *msgspec.structs.astuple(point.per_story),
                *msgspec.structs.astuple(point.outlet_balanced),
                int(point.withheld),
                version,
            )
            for point, version in points
        ],
    )


def points_between(database: Database, first: date, last: date) -> dict[Series, list[Point]]:
    """Points of every series from `first` to `last`, both included, in order of day."""
    return _by_series(database.query(query("points_between"), {"first": first, "last": last}))


def points_of_series(
    database: Database, series: Sequence[Series], first: date, last: date
) -> dict[Series, list[Point]]:
    """As `points_between`, of these series alone."""
    if not series:
        return {}
    return _by_series(
        database.query(
            query("points_of_series"), {"series": tuple(series), "first": first, "last": last}
        )
    )


def series_between(database: Database, first: date, last: date) -> list[Series]:
    """Series that have a point from `first` to `last`, by name."""
    result = database.query(query("series_between"), {"first": first, "last": last})
    return [(society, target) for society, target in result.rows]


def _by_series(result: Result) -> dict[Series, list[Point]]:
    series: dict[Series, list[Point]] = {}
    for row in result.dicts():
        per_story, balanced = (
            Figure(**{name: row.pop(f"{name}_{weighting}") for name in Figure.__struct_fields__})
            for weighting in _WEIGHTINGS
        )
        point = Point(
            **{**row, "state": State(row["state"]), "withheld": bool(row["withheld"])},
            per_story=per_story,
            outlet_balanced=balanced,
        )
        series.setdefault((point.society, point.target), []).append(point)
    return series
