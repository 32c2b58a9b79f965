"""Dead letters at rest: listed with place and reason, replayed once after a fix."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from ingest.dead_letter import DeadLetter
from storage.database import Database
from storage.statements import query

COLUMNS = ["origin", "source", "place", "reason", "payload", "truncated", "status", "read_at", "version"]  # fmt: skip


class StoredLetter(msgspec.Struct, frozen=True):
    """A dead letter and whether it was replayed since."""

    letter: DeadLetter
    status: str
    """`dead` or `replayed`."""


def store(
    database: Database, letters: Sequence[DeadLetter], version: int, status: str = "dead"
) -> None:
    """Write letters by origin; the newest status wins."""
    database.insert(
        "dead_letters",
        COLUMNS,
        [
            (
                letter.origin,
                letter.source,
                letter.place,
                letter.reason,
                letter.payload,
                int(letter.truncated),
                status,
                letter.read_at,
                version,
            )
            for letter in letters
        ],
    )


_ORIGINS_PER_QUERY = 1_000
"""Keeps the statement far below ClickHouse's limit of 256 KiB."""


def stored(
    database: Database, *, status: str = "dead", reason: str = "", limit: int = 1_000_000
) -> list[StoredLetter]:
    """Letters of this status whose reason contains `reason`, newest first."""
    rows = database.query(
        query("dead_letters"), {"status": status, "reason": reason, "limit": limit}
    )
    return [_letter(row) for row in rows.dicts()]


def origins(database: Database, *, status: str = "dead", reason: str = "") -> list[str]:
    """Origins of the letters of this status whose reason contains `reason`, oldest first."""
    asked = {"status": status, "reason": reason}
    return [origin for (origin,) in database.query(query("dead_letter_origins"), asked).rows]


def of_origins(database: Database, origins: Sequence[str]) -> list[StoredLetter]:
    """The letters of these rows, whatever their status."""
    found: list[StoredLetter] = []
    for start in range(0, len(origins), _ORIGINS_PER_QUERY):
        chunk = tuple(origins[start : start + _ORIGINS_PER_QUERY])
        rows = database.query(query("dead_letters_of"), {"origins": chunk})
        found += [_letter(row) for row in rows.dicts()]
    return found


def _letter(row: dict[str, Any]) -> StoredLetter:
    read_at: datetime = row["read_at"]
    return StoredLetter(
        DeadLetter(
            origin=row["origin"],
            source=row["source"],
            place=row["place"],
            reason=row["reason"],
            payload=row["payload"],
            truncated=bool(row["truncated"]),
            read_at=read_at,
        ),
        row["status"],
    )
