"""The balance of the ledger: what was produced against what became of it, and what was counted against what was judged."""

from __future__ import annotations

from datetime import datetime

import msgspec

from storage.database import Database
from storage.statements import query

BALANCE_SQL = "SELECT * FROM ledger_balance"
"""The same question in any client."""


class Balance(msgspec.Struct, frozen=True, kw_only=True):
    """The one row of the view ledger_balance."""

    produced: int
    """Rows that were read and published, whoever told of them."""
    judged: int
    off_topic: int
    unsupported_language: int
    duplicate: int
    dead: int
    waiting: int
    """Without a disposition: on the bus, or lost."""
    replays_waiting: int
    """Dead letters that were published again and are still dead."""
    from_elsewhere: int
    counted_twice: int
    not_counted: int

    @property
    def disposed(self) -> int:
        """Rows of which the ledger says what became of them."""
        return self.judged + self.off_topic + self.unsupported_language + self.duplicate + self.dead


class MissingRow(msgspec.Struct, frozen=True):
    """A row that was published and has no disposition."""

    origin: str
    source: str
    published_at: datetime


def balance(database: Database) -> Balance:
    """As of now."""
    (row,) = database.query(query("ledger_balance")).dicts()
    return Balance(**row)


def rows_without_disposition(database: Database, until: int) -> list[MissingRow]:
    """Those published before `until` (a version, see storage.database.next_version), oldest first."""
    rows = database.query(query("rows_without_disposition"), {"until": until}).rows
    return [MissingRow(*row) for row in rows]
