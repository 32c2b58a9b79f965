"""What people were told, read back: digests by week, and what was said of incidents on the way."""

from __future__ import annotations

from datetime import datetime

import msgspec

from storage.database import Database
from storage.statements import query


class ToldDigest(msgspec.Struct, frozen=True, kw_only=True):
    """The digest of one week, as it was last written."""

    week: str
    title: str
    body: str
    created_at: datetime
    html: str
    """The page; empty for one that was written before there were pages."""


class ToldChange(msgspec.Struct, frozen=True, kw_only=True):
    """One incident in one message that somebody accepted."""

    incident: str
    kind: str
    """opened, worse, reminder or resolved."""
    reason: str
    at: datetime


class _Id(msgspec.Struct):
    id: str


class _Fall(msgspec.Struct):
    """Of alerts/fall_facts.py, the part that says which incident and why."""

    incident: _Id
    kind: str
    reason: str


def newest_digests(database: Database, limit: int) -> list[ToldDigest]:
    """At most so many, newest week first."""
    rows = database.query(query("digests_newest"), {"limit": limit}).dicts()
    return [ToldDigest(**row) for row in rows]


def changes_told(database: Database, since: datetime) -> list[ToldChange]:
    """What people were told of incidents since then, oldest first. A message may tell of several."""
    found: list[ToldChange] = []
    for row in database.query(query("incident_messages"), {"since": since}).dicts():
        falls = msgspec.json.decode(row["falls"], type=list[_Fall]) if row["falls"] else []
        said = [(fall.incident.id, fall.kind, fall.reason) for fall in falls]
        for incident, kind, reason in said or [(row["incident"], row["kind"], row["reason"])]:
            found.append(
                ToldChange(incident=incident, kind=kind, reason=reason, at=row["created_at"])
            )
    return found
