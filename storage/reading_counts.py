"""What documents about migration speak of, counted from their readings: topics, and the flag for conflation."""

from __future__ import annotations

from datetime import date

from alerts.conflation import FlaggedCount
from storage.database import Database
from storage.statements import query


def topics_between(database: Database, first: date, last: date) -> dict[str, dict[str, int]]:
    """Documents by society and topic from `first` to `last`, both included; one document may have several topics."""
    found: dict[str, dict[str, int]] = {}
    result = database.query(query("topics_between"), {"first": first, "last": last})
    for society, topic, documents in result.rows:
        found.setdefault(society, {})[topic] = documents
    return found


def flags_between(database: Database, first: date, last: date) -> dict[str, list[FlaggedCount]]:
    """Documents by society and outlet from `first` to `last`, both included, and those of them that conflate."""
    found: dict[str, list[FlaggedCount]] = {}
    result = database.query(query("flags_between"), {"first": first, "last": last})
    for society, outlet, relevant, flagged in result.rows:
        found.setdefault(society, []).append(
            FlaggedCount(outlet=outlet, relevant=relevant, flagged=flagged)
        )
    return found
