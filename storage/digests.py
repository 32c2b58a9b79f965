"""Digests by ISO week: running a week twice replaces its text and never tells it twice."""

from __future__ import annotations

from datetime import datetime

import msgspec

from storage.database import Database, next_version
from storage.statements import query


class StoredDigest(msgspec.Struct, frozen=True, kw_only=True):
    """One week's digest as it was written."""

    week: str
    title: str
    body: str
    created_at: datetime
    html: str = ""
    """The page; empty for one that was written before there were pages."""
    told_at: datetime | None = None


def store(database: Database, digest: StoredDigest) -> None:
    """Write the digest of a week; the newest wins."""
    database.insert(
        "digests",
        [*StoredDigest.__struct_fields__, "version"],
        [(*msgspec.structs.astuple(digest), next_version())],
    )


def stored(database: Database, week: str) -> StoredDigest | None:
    """The digest of this week, if one was written."""
    rows = list(database.query(query("digest_of_week"), {"week": week}).dicts())
    return StoredDigest(**rows[0]) if rows else None
