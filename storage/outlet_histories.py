"""Counts of many series over many days as the detector takes them: one panel, read column by column.

A day, outlet and series as an object each would cost more than all that the detector does with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np

from alerts.outlet_panel import STANCES, OutletPanel
from storage.daily_counts import Series
from storage.database import Database
from storage.statements import query

_DAY_ZERO = date(1970, 1, 1)


def panels_of(
    database: Database, series: Sequence[Series], since: date, last: date
) -> tuple[OutletPanel, OutletPanel | None] | None:
    """The panel of these series per story, from their first document since that day to `last`, both included; and per
    document where some story is told more than once, else None: it would be the same. None where there is no document.

    Per story, copies count once on a day, shared among the outlets that print them; per document each counts. A day on
    which sources were down is not usable, nor one without documents.
    """
    span = {"series": tuple(series), "first": since, "last": last}
    place = {one: number for number, one in enumerate(series)}
    outlets: list[dict[str, int]] = [{} for _ in series]
    cells = []
    for society, target, outlet, days, *stances in database.query(
        query("outlet_histories"), span
    ).rows:
        s = place[society, target]
        column = outlets[s].setdefault(outlet, len(outlets[s]))
        cells.append((s, column, np.array(days, dtype=np.int64), np.array(stances).T))
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
        printed.append((s, day, column, np.array(told), size))
    if not cells and not printed:
        return None
    zero = min([int(at.min()) for _, _, at, _ in cells] + [at for _, at, *_ in printed])
    first = _DAY_ZERO + timedelta(days=zero)
    length = (last - first).days + 1
    counts = np.zeros((len(series), length, max(1, *map(len, outlets)), STANCES))
    for s, column, at, stanced in cells:
        counts[s, at - zero, column] += stanced
    by_document = counts.copy() if printed else None
    for s, at, column, stanced, size in printed:
        counts[s, at - zero, column] += stanced / size
        if by_document is not None:
            by_document[s, at - zero, column] += stanced
    usable = counts.sum((2, 3)) > 0
    for society, target, day in database.query(
        query("degraded_days"), span | {"first": first}
    ).rows:
        usable[place[society, target], (day - first).days] = False
    return (
        OutletPanel(first=first, counts=counts, usable=usable),
        None
        if by_document is None
        else OutletPanel(first=first, counts=by_document, usable=usable),
    )
