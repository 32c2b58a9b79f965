"""Counts of many series over many days as the detector takes them: one panel, read column by column.

A day, outlet and series as an object each would cost more than all that the detector does with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np

from alerts.outlet_panel import STANCES, OutletPanel
from storage.daily_counts import Series
from storage.database import Database
from storage.statements import query

_DAY_ZERO = date(1970, 1, 1)


def panels_of(
    database: Database, series: Sequence[Series], first: date, last: date
) -> tuple[OutletPanel, OutletPanel | None]:
    """The panel of these series from `first` to `last`, both included, per story; and per document where some story is
    told more than once, else None: it would be the same.

    Per story, copies count once on a day, shared among the outlets that print them; per document each counts. A day on
    which sources were down is not usable, nor one without documents.
    """
    span = {"series": tuple(series), "first": first, "last": last}
    place = {one: number for number, one in enumerate(series)}
    outlets: list[dict[str, int]] = [{} for _ in series]
    zero = (first - _DAY_ZERO).days
    cells = []
    for society, target, outlet, days, *stances in database.query(
        query("outlet_histories"), span
    ).rows:
        s = place[society, target]
        column = outlets[s].setdefault(outlet, len(outlets[s]))
        cells.append((s, column, np.array(days, dtype=np.int64) - zero, np.array(stances).T))
    shared = database.query(query("shared_stories"), span).rows
    copies: dict[tuple[str, str, int, str], int] = {}
    for society, target, day, story, _, *told in shared:
        key = (society, target, day, story)
        copies[key] = copies.get(key, 0) + sum(told)
    printed = []
    for society, target, day, story, outlet, *told in shared:
        s = place[society, target]
        column = outlets[s].setdefault(outlet, len(outlets[s]))
        size = copies[society, target, day, story]
        printed.append((s, day - zero, column, np.array(told), size))
    length = (last - first).days + 1
    counts = np.zeros((len(series), length, max(1, *map(len, outlets)), STANCES))
    for s, column, at, stanced in cells:
        counts[s, at, column] += stanced
    by_document = counts.copy() if printed else None
    for s, at, column, stanced, size in printed:
        counts[s, at, column] += stanced / size
        if by_document is not None:
            by_document[s, at, column] += stanced
    usable = counts.sum((2, 3)) > 0
    for society, target, day in database.query(query("degraded_days"), span).rows:
        usable[place[society, target], (day - first).days] = False
    return (
        OutletPanel(first=first, counts=counts, usable=usable),
        None
        if by_document is None
        else OutletPanel(first=first, counts=by_document, usable=usable),
    )


def first_day(database: Database, series: Sequence[Series], since: date, last: date) -> date | None:
    """The first day from `since` to `last` on which any of these series has a document; None where there is none."""
    span = {"series": tuple(series), "first": since, "last": last}
    ((n, day),) = database.query(query("first_day"), span).rows
    return day if n else None
