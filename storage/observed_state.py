"""What the metrics say of the database: how fresh the figures are, and what waits."""

from __future__ import annotations

from datetime import date, datetime

import msgspec

from storage.database import Database
from storage.statements import query


class ObservedState(msgspec.Struct, frozen=True, kw_only=True):
    """One row."""

    newest_judgement: datetime | None
    """When it was written."""
    dead_letters: int
    unanswered: int
    """Open incidents that nobody acknowledged."""
    acknowledged: int
    digest_told: datetime | None
    """When the newest digest was told."""
    untold: int
    """Messages that nobody has accepted."""
    self_check: datetime | None
    """When the self-monitor last looked."""


class Dwell(msgspec.Struct, frozen=True):
    """The incident that was told last."""

    drop_day: date
    detected_on: date
    told_at: datetime


def observed_state(database: Database) -> ObservedState:
    """As of now; None where there is nothing yet."""
    (row,) = database.query(query("observed_state")).dicts()
    for name in ("newest_judgement", "digest_told", "self_check"):
        if row[name] is None or row[name].year == 1970:
            row[name] = None
    return ObservedState(**row)


def newest_dwell(database: Database) -> Dwell | None:
    """None before anybody was told of an incident."""
    rows = database.query(query("newest_dwell")).rows
    return Dwell(*rows[0]) if rows else None
