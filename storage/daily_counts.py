"""Daily counts: recounted from the judgements for the days that a batch touched, never accumulated."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from alerts.point import OutletCount
from storage.database import Database, next_version
from storage.statements import query

Series = tuple[str, str]
"""Society and target."""

_CELLS_PER_QUERY = 2_000


def recount(database: Database, cells: Iterable[tuple[str, date]]) -> None:
    """Count the judgements of these (society, day) cells anew, for every target and outlet."""
    ordered = sorted(cells)
    for start in range(0, len(ordered), _CELLS_PER_QUERY):
        chunk = ordered[start : start + _CELLS_PER_QUERY]
        database.execute(
            query("recount"),
            {
                "cells": tuple(chunk),
                "first": min(day for _, day in chunk),
                "last": max(day for _, day in chunk),
                "version": next_version(),
            },
        )


def days_to_estimate(database: Database) -> list[tuple[str, str, date, int]]:
    """(society, target, day, version) of every day counted since its point was estimated."""
    return [tuple(row) for row in database.query(query("days_to_estimate")).rows]


def outlet_counts(
    database: Database, days: Sequence[tuple[str, str, date]]
) -> dict[tuple[str, str, date], list[OutletCount]]:
    """Counts by outlet for these (society, target, day); outlets that counted nothing are left out."""
    found: dict[tuple[str, str, date], list[OutletCount]] = {day: [] for day in days}
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
        for society, target, day, outlet, support, neutral, oppose in result.rows:
            found[society, target, day].append(
                OutletCount(outlet=outlet, support=support, neutral=neutral, oppose=oppose)
            )
    return found


def counts_between(
    database: Database, first: date, last: date
) -> dict[Series, dict[date, list[OutletCount]]]:
    """Counts by series, day and outlet from `first` to `last`, both included."""
    series: dict[Series, dict[date, list[OutletCount]]] = {}
    result = database.query(query("counts_between"), {"first": first, "last": last})
    for society, target, day, outlet, support, neutral, oppose in result.rows:
        series.setdefault((society, target), {}).setdefault(day, []).append(
            OutletCount(outlet=outlet, support=support, neutral=neutral, oppose=oppose)
        )
    return series
