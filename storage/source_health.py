"""How reading the sources goes: the last attempt at each, and how many failed."""

from __future__ import annotations

from datetime import datetime

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
