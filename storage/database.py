"""The database: one protocol, two implementations (chdb in the process, a ClickHouse server), chosen by a URL.

Both take the same SQL (floor: ClickHouse 18.16 and chdb 26), the same parameters, and give the same rows, types and
errors: strings as str, integers as int, dates as date, times as aware UTC datetime, arrays as list, NULL as None.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import urlsplit

import msgspec

Value = Any
Row = tuple[Value, ...]


READ_ONLY = 2
"""ClickHouse's setting `readonly`: nothing can be changed but other settings."""


class DatabaseError(Exception):
    """The database could not do what was asked; the text names the database or the query and the remedy."""


class DatabaseUnavailable(DatabaseError):
    """Not now: the server cannot be reached, or another process holds the data folder."""


class DatabaseHeld(DatabaseUnavailable):
    """Another process of this machine holds the data folder: it is well, and busy."""


class DatabaseRefused(DatabaseError):
    """Never: wrong URL, wrong user or password, no such database."""


class QueryFailed(DatabaseError):
    """The engine rejected a statement or a value. `code` is ClickHouse's error code (0 when the client noticed)."""

    def __init__(self, message: str, code: int = 0) -> None:
        super().__init__(message)
        self.code = code


class Result(msgspec.Struct, frozen=True):
    """What a query gives back: names, ClickHouse types, rows."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: list[Row]

    def dicts(self) -> Iterator[dict[str, Value]]:
        """The rows by column name."""
        for row in self.rows:
            yield dict(zip(self.columns, row, strict=True))


class Database(Protocol):
    """ClickHouse, in the process or over the network. Safe to use from several threads."""

    @property
    def url(self) -> str:
        """Where it is, for people: never with a password."""
        ...

    @property
    def cluster(self) -> str:
        """Name of the cluster over which its tables are made; empty for one server and for the embedded engine."""
        ...

    def version(self) -> tuple[int, ...]:
        """The version of the engine: (18, 16, 1), (26, 9, 2)."""
        ...

    def execute(self, sql: str, parameters: Mapping[str, Value] | None = None) -> None:
        """Run one statement that gives nothing back. Parameters as `%(name)s`, see storage/parameters.py."""
        ...

    def query(self, sql: str, parameters: Mapping[str, Value] | None = None) -> Result:
        """Run a SELECT (or SHOW, DESCRIBE, EXISTS). Columns and types are there even without rows."""
        ...

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """Insert rows as one native block. Nothing happens for no rows.

        Each value is checked before anything is written: QueryFailed means that no row is there, with
        DatabaseUnavailable that is not known, and the same rows may be inserted again. Times must be aware.
        """
        ...

    def close(self) -> None:
        """Release the folder or the connection."""
        ...


def connect(url: str, *, create: bool = False, read_only: bool = False) -> Database:
    """The database at `url`: `chdb:///relative/folder`, `chdb:////absolute/folder` or
    `clickhouse://user:password@host:9000,host2:9000/name?secure=1&cluster=NAME`.

    `create` makes the folder or the database when it is not there (what `barometer migrate` does). With `read_only`
    the engine itself refuses whatever would change something.
    Raises DatabaseRefused for a URL that names no database, DatabaseUnavailable when it cannot be reached now.
    """
    try:
        scheme = urlsplit(url).scheme
    except ValueError:
        scheme = ""
    if scheme == "chdb":
        from storage.chdb_database import ChdbDatabase

        return ChdbDatabase.from_url(url, create=create, read_only=read_only)
    if scheme in ("clickhouse", "clickhouses"):
        from storage.clickhouse_database import ClickHouseDatabase

        return ClickHouseDatabase.from_url(url, create=create, read_only=read_only)
    raise DatabaseRefused(
        f"BAROMETER_DATABASE_URL has the scheme {scheme or 'none'!r}; "
        "use chdb:///var/clickhouse or clickhouse://user:password@host:9000/barometer"
    )


_last_version = 0
_versions = threading.Lock()


def next_version() -> int:
    """Microseconds since 1970, strictly increasing within this process: the version column of replacing tables.

    Order of writing, not event time; taken *before* the rows that it stamps are read or computed, so that of two
    concurrent writers the one that saw more wins.
    """
    global _last_version  # noqa: PLW0603
    with _versions:
        _last_version = max(_last_version + 1, time.time_ns() // 1_000)
        return _last_version


def write_above(version: int) -> None:
    """From here on versions are above `version` too: rows that a clock wrote that ran ahead must not win for ever."""
    global _last_version  # noqa: PLW0603
    with _versions:
        _last_version = max(_last_version, version)
