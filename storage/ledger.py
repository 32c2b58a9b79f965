"""The ledger: what became of every row read, once each, whatever was retried, redelivered or replayed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from classify.disposition import Disposition
from storage.database import Database
from storage.statements import query

_ORIGINS_PER_QUERY = 1_000
"""Keeps the statement far below ClickHouse's limit of 256 KiB."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one row that was read."""

    origin: str
    document_id: str
    source: str
    disposition: Disposition
    reason: str = ""


def record(database: Database, entries: Sequence[Entry], now: datetime, version: int) -> None:
    """Write the dispositions; a later one of the same origin replaces the earlier."""
    database.insert(
        "dispositions",
        ["origin", "document_id", "source", "disposition", "reason", "at", "version"],
        [
            (e.origin, e.document_id, e.source, e.disposition.value, e.reason, now, version)
            for e in entries
        ],
    )


def recorded(database: Database, origins: Sequence[str]) -> dict[str, Disposition]:
    """The disposition of each of these origins that has one."""
    found: dict[str, Disposition] = {}
    for start in range(0, len(origins), _ORIGINS_PER_QUERY):
        chunk = tuple(origins[start : start + _ORIGINS_PER_QUERY])
        rows = database.query(query("recorded_dispositions"), {"origins": chunk}).rows
        found.update((origin, Disposition(disposition)) for origin, disposition in rows)
    return found


def totals(database: Database) -> dict[Disposition, int]:
    """Rows read by what became of them; all five words are present."""
    counted: dict[str, int] = dict(database.query(query("ledger_totals")).rows)
    return {disposition: int(counted.get(disposition.value, 0)) for disposition in Disposition}
