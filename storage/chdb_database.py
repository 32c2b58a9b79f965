"""ClickHouse in this process: chdb over a folder.

One process holds a folder, and a process holds one folder at a time (the engine exists once per
process). Within the process any number of ChdbDatabase objects may share the folder; the engine
stops when the last of them is closed, and then another folder may be opened.
"""

from __future__ import annotations

import fcntl
import re
import threading
import weakref
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import msgspec

from storage.database import (
    READ_ONLY,
    DatabaseHeld,
    DatabaseRefused,
    DatabaseUnavailable,
    QueryFailed,
    Result,
    Row,
    Value,
)
from storage.engine_errors import query_failed
from storage.native_block import decoded, encoded, result
from storage.parameters import rendered
from storage.statements import is_reading, one_statement, quoted, words

# Times without a zone are UTC, as everything else here; a batch may touch more than 100 months; a
# query may name thousands of ids; 18.16, whose SQL is ours, names no joined subquery.
_SETTINGS = (
    "SET session_timezone = 'UTC', max_partitions_per_insert_block = 0, "
    "max_query_size = 67108864, joined_subquery_requires_alias = 0"
)

_open: weakref.WeakSet[ChdbDatabase] = weakref.WeakSet()
_opening = threading.Lock()


class ChdbDatabase:
    """The Database protocol over chdb."""

    def __init__(self, folder: Path, *, read_only: bool = False) -> None:
        self._folder = folder
        self._read_only = read_only
        self._lock = threading.RLock()
        self._types: dict[str, dict[str, str]] = {}
        with _opening:
            self._session: Any = _open_session(folder, read_only)
            _open.add(self)
        self._version = tuple(int(n) for n in self.query("SELECT version()").rows[0][0].split("."))

    @classmethod
    def from_url(cls, url: str, *, create: bool = False, read_only: bool = False) -> ChdbDatabase:
        """The database in the folder of `chdb:///relative/folder` or `chdb:////absolute/folder`.

        Raises DatabaseRefused for a URL that names no folder, for a folder that is not there (unless
        `create`) or not usable; DatabaseUnavailable while another process holds it.
        """
        folder = folder_of(url)
        if folder.exists() and not folder.is_dir():
            raise DatabaseRefused(f"{folder} is a file; name a folder in BAROMETER_DATABASE_URL")
        if not folder.exists():
            if not create:
                raise DatabaseRefused(
                    f"there is no database in {folder}; create it with `barometer migrate`"
                )
            try:
                folder.mkdir(parents=True)
            except OSError as error:
                raise DatabaseRefused(
                    f"the database folder {folder} cannot be made ({error.strerror}); "
                    "choose another in BAROMETER_DATABASE_URL"
                ) from error
        return cls(folder, read_only=read_only)

    @property
    def cluster(self) -> str:
        """There is none."""
        return ""

    @property
    def url(self) -> str:
        """The folder as a URL."""
        return f"chdb:///{quote(str(self._folder))}"

    def __repr__(self) -> str:
        return f"<ChdbDatabase {self.url}>"

    def version(self) -> tuple[int, ...]:
        """The version of the engine, such as (26, 9, 2)."""
        return self._version[:3]

    def execute(self, sql: str, parameters: Mapping[str, Value] | None = None) -> None:
        """Run a statement that gives nothing back."""
        statement = one_statement(sql)
        text = rendered(statement, parameters)
        with self._lock:
            self._types.clear()  # it may have changed a table
            self._run(text, "Null", statement)

    def query(self, sql: str, parameters: Mapping[str, Value] | None = None) -> Result:
        """Run a statement that gives rows."""
        statement = one_statement(sql)
        text = rendered(statement, parameters)
        with self._lock:
            data = self._run(text, "Native", statement)
            if not data and is_reading(statement):
                return self._header(text, statement)
        return decoded(data)

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """Insert rows as one block."""
        if not rows:
            return
        with self._lock:
            types = self._types_of(table)
            data = encoded(table, columns, types, rows)
            statement = f"INSERT INTO {quoted(table)} ({', '.join(map(quoted, columns))})"
            try:
                inserter = self._live().send_insert(statement, "Native")
                try:
                    inserter.append(data)
                    inserter.finish()
                finally:
                    inserter.close()
            except RuntimeError as error:
                self._types.clear()
                self._renew()
                raise query_failed(str(error), statement) from error

    def close(self) -> None:
        """Release the folder."""
        with self._lock, _opening:
            if self._session is not None:
                self._session.close()
                self._session = None
            _open.discard(self)

    def _live(self) -> Any:
        if self._session is None:
            raise DatabaseRefused(f"the database {self.url} was closed")
        return self._session

    def _run(self, text: str, form: str, statement: str) -> bytes:
        from chdb import ChdbError

        session = self._live()
        try:
            return bytes(session.query(text, form).bytes())
        except (ChdbError, RuntimeError) as error:
            self._renew()
            raise query_failed(str(error), statement) from error
        except UnicodeEncodeError as error:
            raise QueryFailed(f"the statement is not valid Unicode: {error}") from error

    def _renew(self) -> None:
        # chdb 4.4: what a query had given before it failed comes out in front of the next result of
        # the same session. A new session costs a millisecond; the old one, still open, keeps the
        # engine running meanwhile.
        used = self._session
        self._session = _new_session(self._folder, self._read_only)
        used.close()

    def _header(self, text: str, statement: str) -> Result:
        """The columns of a result without rows: chdb gives no block at all for it."""
        if words(statement)[0] in ("SELECT", "WITH"):
            try:
                described = decoded(self._run(f"DESCRIBE TABLE ({text})", "Native", statement))
            except QueryFailed:
                pass
            else:
                return result(
                    [row[0] for row in described.rows], [row[1] for row in described.rows], []
                )
        lines = self._run(text, "JSONCompactEachRowWithNamesAndTypes", statement).splitlines()
        names, types = (msgspec.json.decode(line, type=tuple[str, ...]) for line in lines[:2])
        return result(names, types, [])

    def _types_of(self, table: str) -> dict[str, str]:
        if table not in self._types:
            described = self.query(f"DESCRIBE TABLE {quoted(table)}")
            self._types[table] = {row[0]: row[1] for row in described.rows}
        return self._types[table]


def folder_of(url: str) -> Path:
    """The folder that a `chdb:` URL names. Raises DatabaseRefused for one that names none."""
    parts = urlsplit(url)
    path = unquote(parts.path.removeprefix("/"))
    if parts.netloc or parts.query or parts.fragment or not path or "?" in path or "\x00" in path:
        raise DatabaseRefused(
            f"BAROMETER_DATABASE_URL {url!r} names no folder; "
            "use chdb:///var/clickhouse (relative) or chdb:////var/lib/barometer (absolute)"
        )
    return Path(path).resolve()


def _open_session(folder: Path, read_only: bool) -> Any:
    """A session on `folder`; call it with `_opening` held."""
    others = {database._folder for database in _open if database._session is not None}
    if folder in others:
        return _new_session(folder, read_only)
    if others:
        raise DatabaseUnavailable(
            f"this process already works with the database folder {others.pop()} and can hold only "
            f"one; close that before opening {folder}"
        )
    refuse_held(folder)
    return _new_session(folder, read_only)


def _new_session(folder: Path, read_only: bool) -> Any:
    try:
        from chdb import session
    except ImportError as error:  # the image for servers is built without it
        raise DatabaseRefused(
            f"the embedded database (chdb) is not installed here ({error}); name a ClickHouse server in"
            " BAROMETER_DATABASE_URL, or install Barometer whole"
        ) from error

    new: Any = session.Session  # untyped
    try:
        opened = new(str(folder))
        opened.query(f"{_SETTINGS}, readonly = {READ_ONLY}" if read_only else _SETTINGS)
    except RuntimeError as error:
        refuse_held(folder)  # another process may have been quicker
        raise DatabaseRefused(
            f"chdb cannot open the database folder {folder} ({error}); is it a chdb folder of this "
            "version or older, and may this user write to it?"
        ) from error
    return opened


def refuse_held(folder: Path) -> None:
    """Raises DatabaseUnavailable while another process holds the folder, DatabaseRefused where it cannot be read."""
    # chdb says who is in the way on standard error only, so the lock is looked at before it tries.
    try:
        with (folder / "status").open("rb") as status:
            fcntl.flock(status, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return
    except BlockingIOError:
        found = re.search(r"PID: (\d+)", (folder / "status").read_text("utf-8", "replace"))
        holder = f"process {found[1]}" if found else "another process"
        raise DatabaseHeld(
            f"{holder} holds the database folder {folder}, and only one process can; ask that "
            "process, stop it, or use a ClickHouse server (BAROMETER_DATABASE_URL=clickhouse://…)"
        ) from None
    except OSError as error:
        raise DatabaseRefused(
            f"the database folder {folder} cannot be read ({error.strerror}); "
            "run as the user who made it"
        ) from error
