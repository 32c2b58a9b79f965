"""What was counted and how fresh it is: the figures behind `health` and the digest."""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from storage.database import Database
from storage.statements import query


class Coverage(msgspec.Struct, frozen=True, kw_only=True):
    """What the database holds."""

    documents: int
    judgements: int
    newest_document: datetime | None
    """Event time of the newest document, judged or not."""
    newest_judged: datetime | None
    """When the newest judgement was written."""
    dead_letters: int
    open_incidents: int


def coverage(database: Database) -> Coverage:
    """Counts and the newest times; None where there is nothing yet."""
    (row,) = database.query(query("coverage")).dicts()
    for name in ("newest_document", "newest_judged"):
        if row[name].year == 1970:
            row[name] = None
    return Coverage(**row)


def newest_judgement(database: Database) -> datetime | None:
    """When the newest judgement was written; None where nothing was judged yet."""
    ((newest,),) = database.query(query("newest_judgement")).rows
    found: datetime = newest
    return None if found.year == 1970 else found


def models_between(database: Database, first: date, last: date) -> list[str]:
    """Model versions whose judgements count on these days."""
    rows = database.query(query("models_between"), {"first": first, "last": last}).rows
    return [model for (model,) in rows]


def ledger_between(database: Database, first: datetime, last: datetime) -> dict[str, int]:
    """Rows read by disposition, recorded in [first, last)."""
    return dict(database.query(query("ledger_between"), {"first": first, "last": last}).rows)
