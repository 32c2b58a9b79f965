"""Documents that were deleted at their source: what they said goes, what was counted stays."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from storage.database import Database, next_version
from storage.statements import query

_IDS_PER_QUERY = 2_000
"""Keeps the statement near 70 KB, well below the usual limit of 256 KiB."""


def remove(database: Database, source: str, ids: Sequence[str], now: datetime) -> None:
    """Remember that these documents of `source` are removed, then blank those that are stored. Doing it again changes
    nothing; after a crash between the two the source is read again from where it was, and says the same.
    """
    if not ids:
        return
    version = next_version()
    database.insert(
        "removed_documents",
        ["document_id", "source", "removed_at", "version"],
        [(id, source, now, version) for id in ids],
    )
    blank(database, ids)


def of_authors(database: Database, source: str, author_keys: Sequence[str]) -> list[str]:
    """Ids of the stored documents of these authors at a source."""
    found: list[str] = []
    for start in range(0, len(author_keys), _IDS_PER_QUERY):
        keys = tuple(author_keys[start : start + _IDS_PER_QUERY])
        rows = database.query(query("documents_of_authors"), {"source": source, "keys": keys}).rows
        found.extend(id for (id,) in rows)
    return found


def blank(database: Database, ids: Sequence[str]) -> None:
    """Take title, text, address and author key away from those of these documents that are stored."""
    for start in range(0, len(ids), _IDS_PER_QUERY):
        chunk = tuple(ids[start : start + _IDS_PER_QUERY])
        database.execute(query("blank_removed"), {"ids": chunk, "version": next_version()})


def blank_if_removed(database: Database, ids: Sequence[str]) -> None:
    """What to call after these documents were stored: those that were removed while they were on their way lose what
    they say. Asked afterwards, because a removal that comes later blanks what is stored by itself.
    """
    if gone := removed_among(database, ids):
        blank(database, sorted(gone))


def removed_among(database: Database, ids: Sequence[str]) -> set[str]:
    """Those of these documents that were removed."""
    found: set[str] = set()
    for start in range(0, len(ids), _IDS_PER_QUERY):
        rows = database.query(
            query("removed_among"), {"ids": tuple(ids[start : start + _IDS_PER_QUERY])}
        ).rows
        found.update(id for (id,) in rows)
    return found
