"""How reading the sources goes: the last attempt at each, and how many failed."""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from storage.database import Database
from storage.statements import query


class SourceHealth(msgspec.Struct, frozen=True, kw_only=True):
    """Attempts at one source since some time, at least one."""

    source: str
    last_outcome: str
    """ok, unchanged, failed or interrupted."""
    last_error: str
    attempts: int
    failures: int


def health_since(database: Database, since: datetime) -> dict[str, SourceHealth]:
    """By source; one that was not tried since then is not there, nor are imported files."""
    rows = database.query(query("attempts_since"), {"since": since}).dicts()
    return {row["source"]: SourceHealth(**row) for row in rows}


def news_since(database: Database, since: datetime) -> dict[str, dict[date, int]]:
    """Documents that were new, by source and day (UTC) on which it answered, from `since` on."""
    found: dict[str, dict[date, int]] = {}
    for source, day, new in database.query(query("source_news"), {"since": since}).rows:
        found.setdefault(source, {})[day] = new
    return found
