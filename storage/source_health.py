"""How reading the sources goes: the last attempt at each, how many failed, and what they add up to."""

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


class SourceTotals(msgspec.Struct, frozen=True, kw_only=True):
    """What the attempts at one source since some time add up to, at least one."""

    source: str
    attempts: int
    failed: int
    passed_over: int
    removed: int
    failed_at: datetime | None
    """The last time that it failed …"""
    error: str
    """… what was said then …"""
    failure: str
    """… and the kind of it: hard, soft, temporary."""
    note: str
    """Of the last attempt, where it did not fail; mostly empty."""


def health_since(database: Database, since: datetime) -> dict[str, SourceHealth]:
    """By source; one that was not tried since then is not there, nor are imported files."""
    rows = database.query(query("attempts_since"), {"since": since}).dicts()
    return {row["source"]: SourceHealth(**row) for row in rows}


def totals_since(database: Database, since: datetime) -> dict[str, SourceTotals]:
    """By source; one that was not tried since then is not there, nor are imported files."""
    found = {}
    for row in database.query(query("source_totals"), {"since": since}).rows:
        one = SourceTotals(**dict(zip(SourceTotals.__struct_fields__, row, strict=True)))
        if not one.failed:
            one = msgspec.structs.replace(one, failed_at=None)
        found[one.source] = one
    return found


def news_since(database: Database, since: datetime) -> dict[str, dict[date, int]]:
    """Documents that were new, by source and day (UTC) on which it answered, from `since` on."""
    found: dict[str, dict[date, int]] = {}
    for source, day, new in database.query(query("source_news"), {"since": since}).rows:
        found.setdefault(source, {})[day] = new
    return found
