"""A copy of the SQLite bus, taken while others use it.

    save -> [the database is saved] -> add what was published since

The group's places are those of the beginning, the messages those of the end: whatever was stored and committed in
between is read once more after a restore, which counts nothing twice, and whatever the database remembers to have
read is on the copy. The other way round would lose it.

`VACUUM INTO` is one read transaction, so that no writer waits for it. SQLite's backup API would copy pages, with
what was deleted and still stands in free ones.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec

from ingest.bus import BusRefused
from ingest.sqlite_file_bus import BusFile


class SavedBus(msgspec.Struct, frozen=True, kw_only=True):
    """What a copy holds."""

    messages: int
    waiting: int
    """Of these: not committed by the group that has read least of them."""


def save_bus(bus: Path, copy: Path) -> None:
    """Copy `bus` as it is at one moment to `copy`, which must not exist. Raises BusError."""
    if not bus.exists():
        raise BusRefused(
            f"there is no bus in {bus}; `barometer migrate` makes it, BAROMETER_BUS_URL names it"
        )
    file = BusFile(bus)
    with closing(file.open()) as connection, _faults(file, copy):
        connection.execute("VACUUM INTO ?", (str(copy),))
    with _copied(copy) as opened:
        # Whoever reads the bus now is no member of the copy.
        opened.execute("DELETE FROM members")
        opened.execute("UPDATE claims SET member = ''")


def add_published(bus: Path, copy: Path) -> int:
    """Add to `copy` what was published to `bus` since it was made; how many messages. Raises BusError."""
    with _copied(copy) as opened:
        opened.execute("ATTACH DATABASE ? AS live", (str(bus),))
        opened.execute("BEGIN")  # one moment of the live bus, from the first statement on
        opened.execute(
            "INSERT INTO topics (topic, partition, first, next)"
            " SELECT topic, partition, first, first FROM live.topics AS there WHERE NOT EXISTS"
            " (SELECT 1 FROM main.topics AS here"
            " WHERE here.topic = there.topic AND here.partition = there.partition)"
        )
        added = opened.execute(
            "INSERT INTO main.messages SELECT there.* FROM live.messages AS there"
            " JOIN main.topics AS here ON here.topic = there.topic AND here.partition = there.partition"
            " WHERE there.offset >= here.next"
        ).rowcount
        opened.execute(
            "UPDATE main.topics SET next = (SELECT there.next FROM live.topics AS there"
            " WHERE there.topic = topics.topic AND there.partition = topics.partition)"
        )
        opened.execute("COMMIT")
        opened.execute("DETACH DATABASE live")
    return int(added)


def open_saved_bus(copy: Path) -> SavedBus:
    """Make a copy fit for use as a bus, and say what it holds. Raises BusRefused for one that is damaged."""
    with _copied(copy) as opened:
        (said,) = opened.execute("PRAGMA quick_check(1)").fetchone()
        if said != "ok":
            raise BusRefused(f"the copy of the bus in {copy} is damaged ({said})")
        opened.execute("PRAGMA journal_mode=WAL")
        (messages,) = opened.execute("SELECT count(*) FROM messages").fetchone()
        (waiting,) = opened.execute(
            "SELECT coalesce(sum(next - max(first, done)), 0) FROM"
            " (SELECT first, next, coalesce((SELECT min(offset) FROM commits"
            " WHERE commits.topic = topics.topic AND commits.partition = topics.partition), 0) AS done FROM topics)"
        ).fetchone()
    with closing(BusFile(copy).open()):  # the checks that every bus has to pass
        pass
    return SavedBus(messages=messages, waiting=waiting)


@contextmanager
def _copied(copy: Path) -> Iterator[sqlite3.Connection]:
    with (
        BusFile(copy).faults(),
        closing(sqlite3.connect(copy, isolation_level=None, timeout=10)) as connection,
    ):
        yield connection


@contextmanager
def _faults(bus: BusFile, copy: Path) -> Iterator[None]:
    """A full disk is that of the copy; everything else is said of the bus."""
    try:
        yield
    except sqlite3.Error as error:
        full = getattr(error, "sqlite_errorname", "") in ("SQLITE_FULL", "SQLITE_IOERR_WRITE")
        with BusFile(copy).faults() if full else bus.faults():
            raise
