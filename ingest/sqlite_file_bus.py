"""The file under the SQLite bus: its tables, its connections, and its faults in words."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ingest.bus import BusError, BusRefused, BusUnavailable

APPLICATION_ID = 0x42617242
"""Marks the file as ours, so that another program's database is never written to by mistake."""

VERSION = 1

BUSY_SECONDS = 10.0
"""How long a call waits for another process that is writing."""

_TABLES = """
CREATE TABLE topics (
    topic       TEXT    NOT NULL,
    partition   INTEGER NOT NULL,
    first       INTEGER NOT NULL DEFAULT 0,    -- offset of the oldest message kept
    next        INTEGER NOT NULL DEFAULT 0,    -- offset of the next message to come
    PRIMARY KEY (topic, partition)
) WITHOUT ROWID;

CREATE TABLE messages (
    topic       TEXT    NOT NULL,
    partition   INTEGER NOT NULL,
    offset      INTEGER NOT NULL,
    key         TEXT    NOT NULL,
    value       BLOB    NOT NULL,
    headers     TEXT    NOT NULL,              -- a JSON object of strings
    appended_at REAL    NOT NULL,              -- seconds since 1970, UTC
    PRIMARY KEY (topic, partition, offset)
);

CREATE TABLE commits (
    group_name  TEXT    NOT NULL,
    topic       TEXT    NOT NULL,
    partition   INTEGER NOT NULL,
    offset      INTEGER NOT NULL,              -- of the first message not done
    PRIMARY KEY (group_name, topic, partition)
) WITHOUT ROWID;

CREATE TABLE members (
    group_name  TEXT    NOT NULL,
    member      TEXT    NOT NULL,
    topics      TEXT    NOT NULL,              -- a JSON list
    seen_at     REAL    NOT NULL,              -- seconds on the machine's monotonic clock
    lease       REAL    NOT NULL,              -- seconds after seen_at that it counts as alive
    PRIMARY KEY (group_name, member)
) WITHOUT ROWID;

CREATE TABLE claims (
    group_name  TEXT    NOT NULL,
    topic       TEXT    NOT NULL,
    partition   INTEGER NOT NULL,
    member      TEXT    NOT NULL,
    epoch       INTEGER NOT NULL,              -- grows each time the owner changes
    PRIMARY KEY (group_name, topic, partition)
) WITHOUT ROWID;
"""


class BusFile:
    """One SQLite file that holds a bus. Connections come from `open()`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def open(self) -> sqlite3.Connection:
        """A connection in autocommit mode, usable by one thread at a time; makes folder and tables.

        Raises BusRefused where the file cannot be a bus, BusUnavailable where it is busy.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BusRefused(
                f"the bus folder {self.path.parent} cannot be made: {error.strerror};"
                " name another place in BAROMETER_BUS_URL"
            ) from error
        with self.faults():
            connection = sqlite3.connect(
                self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
        try:
            with self.faults():
                self._prepare(connection)
        except BusError:
            connection.close()
            raise
        return connection

    @contextmanager
    def writing(self, connection: sqlite3.Connection) -> Iterator[None]:
        """A transaction that holds the file's one write lock; whole or nothing."""
        with self.faults():
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    @contextmanager
    def reading(self, connection: sqlite3.Connection) -> Iterator[None]:
        """A transaction that sees the file as it was at one moment."""
        with self.faults():
            connection.execute("BEGIN")
            try:
                yield
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    @contextmanager
    def faults(self) -> Iterator[None]:
        """SQLite's faults as the bus's errors."""
        try:
            yield
        except sqlite3.Error as error:
            raise self._fault(error) from error

    def _prepare(self, connection: sqlite3.Connection) -> None:
        deadline = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                connection.execute("BEGIN")
                try:
                    is_ours = self._is_ours(connection)
                finally:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                if not is_ours:
                    self._create(connection)
                # FULL: the log is synced at each commit, so a power cut takes nothing published.
                connection.execute("PRAGMA synchronous=FULL")
                # What is dropped is overwritten: a message that expired is not in the file any more.
                connection.execute("PRAGMA secure_delete=ON")
                return
            except sqlite3.OperationalError as error:
                # Going over to WAL does not wait for other processes by itself.
                if not _is_busy(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

    def _is_ours(self, connection: sqlite3.Connection) -> bool:
        """True for a bus, False for an empty file; anything else is refused.

        Needs an open transaction: the mark read before another process makes the tables, and the
        tables counted after, would look like a stranger's database.
        """
        (mark,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if mark == APPLICATION_ID and version > VERSION:
            raise BusRefused(
                f"the bus file {self.path} was written by a newer Barometer"
                f" (format {version}, this one knows {VERSION}); upgrade, or name another file"
            )
        if mark != APPLICATION_ID and tables:
            raise BusRefused(
                f"{self.path} is the database of another program;"
                " name another file in BAROMETER_BUS_URL"
            )
        return bool(mark == APPLICATION_ID)

    def _create(self, connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("BEGIN IMMEDIATE")
        try:
            if not self._is_ours(connection):  # or another process was faster
                for statement in _TABLES.split(";\n"):
                    if statement.strip():
                        connection.execute(statement)
                connection.execute(f"PRAGMA application_id={APPLICATION_ID}")
                connection.execute(f"PRAGMA user_version={VERSION}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    def _fault(self, error: sqlite3.Error) -> BusError:
        name = getattr(error, "sqlite_errorname", "")
        if _is_busy(error):
            return BusUnavailable(
                f"the bus file {self.path} is being written by another process for over"
                f" {BUSY_SECONDS:.0f} seconds; try again, or find what holds it"
            )
        if name == "SQLITE_FULL":
            return BusUnavailable(f"the disk of the bus file {self.path} is full; make room")
        if name.startswith("SQLITE_IOERR"):
            return BusUnavailable(
                f"the bus file {self.path} cannot be read or written ({name}); check the disk"
            )
        if name.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")):
            return BusRefused(
                f"{self.path} is not a bus file, or it is damaged ({error});"
                " move it away or name another file in BAROMETER_BUS_URL"
            )
        if name.startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_PERM", "SQLITE_AUTH")):
            return BusRefused(
                f"the bus file {self.path} cannot be opened for writing ({error});"
                " check its permissions and those of its folder"
            )
        return BusRefused(f"the bus file {self.path} cannot be used: {error}")


def _is_busy(error: sqlite3.Error) -> bool:
    name = getattr(error, "sqlite_errorname", "")
    return bool(name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")))
