"""Does the ledger balance? Rows produced against what became of them, with what is still on the bus.

    bus: messages not scored -> view ledger_balance -> rows without a disposition that are older than the look at the bus

A row gets its disposition before its message is committed. So a row that was published before the bus was asked and has
no disposition afterwards was among the messages that the bus still had; what exceeds those is lost. The order makes it
safe to ask while everything is at work.
"""

from __future__ import annotations

import msgspec

from flows.wiring import GROUP
from ingest.bus import DEAD_LETTERS, DOCUMENTS, Bus
from storage.database import Database, next_version
from storage.ledger_balance import Balance, MissingRow, balance, rows_without_disposition

SHOWN = 10
"""Lost rows that are named."""


class LedgerBalance(msgspec.Struct, frozen=True, kw_only=True):
    """What was produced, what became of it, and what did not."""

    balance: Balance
    backlog: int
    """Messages on the bus that are not scored, repeated ones among them."""
    lost: int
    """Rows that have no disposition and cannot be on the bus; while messages wait it may be more."""
    missing: tuple[MissingRow, ...]
    """Rows without a disposition where some are lost, the oldest first."""

    @property
    def on_the_bus(self) -> int:
        """Rows that were published and not scored yet."""
        return max(0, self.balance.waiting + self.balance.replays_waiting - self.lost)

    @property
    def holds(self) -> bool:
        """Whether every row produced is accounted for, and none is counted twice."""
        counted = self.balance.not_counted == 0 or self.backlog > 0
        return not self.lost and not self.balance.counted_twice and counted

    def sentence(self) -> str:
        """What an operator should know."""
        if self.lost:
            return (
                f"{self.lost:,} rows were published and are neither in the ledger nor on the bus."
                " Read their sources again; if a broker lost its log, say so in the log of operations."
            )
        if self.balance.counted_twice or not self.holds:
            return (
                f"The daily counts differ from the judgements: {self.balance.counted_twice:,} counted twice,"
                f" {self.balance.not_counted:,} not counted."
                " `barometer watch` counts anew the days that changed; ask again after it."
            )
        if self.on_the_bus or self.backlog:
            return (
                f"The ledger balances so far: {self.backlog:,} messages wait on the bus, and what is lost among"
                " them shows when they are scored."
            )
        return "The ledger balances: every row produced became exactly one of the five, and none is counted twice."


def ledger_balance(bus: Bus, database: Database) -> LedgerBalance:
    """The balance as of now. Raises BusError or DatabaseError where one of them cannot be asked."""
    found = _look(bus, database)
    # A letter that is replayed, or a batch that is stored, between two of the questions looks like a fault for a moment.
    return found if found.holds else _look(bus, database)


def _look(bus: Bus, database: Database) -> LedgerBalance:
    until = next_version()
    backlog = bus.backlog([DOCUMENTS, DEAD_LETTERS], GROUP)
    found = balance(database)
    missing = rows_without_disposition(database, until) if found.waiting > 0 else []
    lost = max(0, len(missing) + found.replays_waiting - backlog)
    return LedgerBalance(
        balance=found,
        backlog=backlog,
        lost=lost,
        missing=tuple(missing[:SHOWN]) if lost else (),
    )


def account(found: LedgerBalance) -> list[tuple[str, int, str]]:
    """The balance as people read it: a sign, rows, and what they are."""
    books = found.balance
    return [
        ("", books.produced, "produced: read, and published"),
        ("=", books.judged, "judged"),
        ("+", books.off_topic, "off topic"),
        ("+", books.unsupported_language, "unsupported language"),
        ("+", books.duplicate, "duplicate"),
        ("+", books.dead, "dead"),
        ("+", books.waiting - _lost_rows(found), "still on the bus"),
        ("+", _lost_rows(found), "lost"),
        ("", found.backlog, "messages on the bus, repeated ones among them"),
        ("", books.replays_waiting, "dead letters that were replayed and wait"),
        ("", books.from_elsewhere, "of which no publisher of ours told"),
        ("", books.counted_twice, "counted twice"),
        ("", books.not_counted, "judged and not counted"),
    ]


def _lost_rows(found: LedgerBalance) -> int:
    return min(found.lost, found.balance.waiting)
