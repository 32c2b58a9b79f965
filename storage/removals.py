"""Documents that were deleted at their source: what they said goes, what was counted stays."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from storage.database import Database, next_version
from storage.statements import query

_IDS_PER_QUERY = 2_000
"""Keeps the statement near 70 KB, well below the usual limit of 256 KiB."""


def remove(database: Database, source: str, ids: Sequence[str], now: datetime) -> None:
    """Remember that these documents of `source` are removed, and blank those that are stored. Doing it again changes
    nothing: a crash between the two is mended by the next reading that says the same, and by `sweep`.
    """
    if not ids:
        return
    version = next_version()
    database.insert(
        "removed_documents",
        ["document_id", "source", "removed_at", "version"],
        [(id, source, now, version) for id in ids],
    )
    for start in range(0, len(ids), _IDS_PER_QUERY):
        database.execute(
            query("blank_removed"),
            {"ids": tuple(ids[start : start + _IDS_PER_QUERY]), "version": version},
        )


def removed_among(database: Database, ids: Sequence[str]) -> set[str]:
    """Those of these documents that were removed."""
    found: set[str] = set()
    for start in range(0, len(ids), _IDS_PER_QUERY):
        rows = database.query(
            query("removed_among"), {"ids": tuple(ids[start : start + _IDS_PER_QUERY])}
        ).rows
        found.update(id for (id,) in rows)
    return found
