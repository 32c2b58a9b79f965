"""Daily counts: recounted from the judgements for the days that a batch touched, never accumulated."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from alerts.k_floor import K_FLOOR
from alerts.point import StanceCount
from storage.database import Database, next_version
from storage.statements import query

Series = tuple[str, str]
"""Society and target."""

Cell = tuple[str, date]
"""Society and day: what is counted together."""

Triple = tuple[int, int, int]
"""Documents judged support, neutral, oppose."""

_CELLS_PER_QUERY = 2_000
_SERIES_PER_QUERY = 200


def recount(database: Database, cells: Iterable[Cell]) -> None:
    """Count the judgements of these cells anew, for every target and outlet.

    Workers may count the same cell at the same time: the newest version wins, and it saw all that was stored
    before it was taken. Where the clocks of two machines differ it may have seen less; `miscounted` tells.
    """
    for chunk in _chunks(cells):
        database.execute(query("recount"), {**chunk, "version": next_version(), "kept": K_FLOOR})


def miscounted(database: Database, cells: Iterable[Cell]) -> list[Cell]:
    """Those of these cells whose counts are not what the judgements say now."""
    return [
        (society, day)
        for chunk in _chunks(cells)
        for society, day in database.query(query("miscounted"), chunk).rows
    ]


def _chunks(cells: Iterable[Cell]) -> Iterator[dict[str, object]]:
    ordered = sorted(cells, key=lambda cell: (cell[1], cell[0]))  # by day: it is the partition
    for start in range(0, len(ordered), _CELLS_PER_QUERY):
        chunk = ordered[start : start + _CELLS_PER_QUERY]
        yield {"cells": tuple(chunk), "first": chunk[0][1], "last": chunk[-1][1]}


def days_to_estimate(database: Database, since: int = 0) -> list[tuple[str, str, date, int]]:
    """(society, target, day, version) of every day counted since its point was estimated; with `since`, of those that
    were counted with this version or a later one: what was counted long ago is then not looked through.
    """
    return [tuple(row) for row in database.query(query("days_to_estimate"), {"since": since}).rows]


def newest_point(database: Database) -> int:
    """The newest version of counts that a point rests on; 0 without points."""
    ((version,),) = database.query(query("newest_point")).rows
    return int(version)


def outlet_counts(
    database: Database, days: Sequence[tuple[str, str, date]]
) -> dict[tuple[str, str, date], list[StanceCount]]:
    """Counts by outlet and story for these (society, target, day); outlets that counted nothing are left out."""
    found: dict[tuple[str, str, date], list[StanceCount]] = {day: [] for day in days}
    for start in range(0, len(days), _CELLS_PER_QUERY):
        chunk = days[start : start + _CELLS_PER_QUERY]
        result = database.query(
            query("outlet_counts"),
            {
                "days": tuple(chunk),
                "first": min(day for _, _, day in chunk),
                "last": max(day for _, _, day in chunk),
            },
        )
        for society, target, day, *row in result.rows:
            found[society, target, day].append(_count(*row))
    return found


def counts_between(
    database: Database, first: date, last: date
) -> dict[Series, dict[date, list[StanceCount]]]:
    """Counts by series, day, outlet and story from `first` to `last`, both included."""
    series: dict[Series, dict[date, list[StanceCount]]] = {}
    result = database.query(query("counts_between"), {"first": first, "last": last})
    for society, target, day, *row in result.rows:
        series.setdefault((society, target), {}).setdefault(day, []).append(_count(*row))
    return series


def counts_of_series(
    database: Database, series: Sequence[Series], first: date, last: date
) -> dict[Series, dict[date, list[StanceCount]]]:
    """As `counts_between`, of these series alone."""
    found: dict[Series, dict[date, list[StanceCount]]] = {}
    for start in range(0, len(series), _SERIES_PER_QUERY):
        chunk = tuple(series[start : start + _SERIES_PER_QUERY])
        result = database.query(
            query("counts_of_series"), {"series": chunk, "first": first, "last": last}
        )
        for society, target, day, *row in result.rows:
            found.setdefault((society, target), {}).setdefault(day, []).append(_count(*row))
    return found


def stances_around(
    database: Database, series: Sequence[Series], first: date, since: date, last: date
) -> dict[Series, tuple[Triple, Triple]]:
    """Documents of these series judged support, neutral, oppose from `first` to the day before `since`, and from `since`
    to `last`.
    """
    found: dict[Series, tuple[Triple, Triple]] = {}
    for start in range(0, len(series), _SERIES_PER_QUERY):
        span = {"series": tuple(series[start : start + _SERIES_PER_QUERY])}
        result = database.query(
            query("stances_around"), {**span, "first": first, "since": since, "last": last}
        )
        for society, target, *stances in result.rows:
            found[society, target] = (tuple(stances[:3]), tuple(stances[3:]))
    return found


def _count(outlet: str, story: str, support: int, neutral: int, oppose: int) -> StanceCount:
    return StanceCount(
        outlet=outlet, support=support, neutral=neutral, oppose=oppose, story=story or None
    )
