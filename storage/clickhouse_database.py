"""ClickHouse over its native protocol, with clickhouse-driver: server versions from 18.16 on."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from clickhouse_driver import Client
from clickhouse_driver.errors import (
    Error,
    NetworkError,
    ServerException,
    SocketTimeoutError,
    UnexpectedPacketFromServerError,
)

from storage.clickhouse_url import WRONG, clickhouse_address
from storage.cluster import check_cluster, on_cluster
from storage.column_values import TYPE_MISMATCH, checked_columns, plain_column
from storage.database import (
    READ_ONLY,
    DatabaseError,
    DatabaseRefused,
    DatabaseUnavailable,
    QueryFailed,
    Result,
    Row,
    Value,
)
from storage.engine_errors import query_failed, sentence
from storage.native_block import result
from storage.parameters import rendered
from storage.statements import is_reading, one_statement, quoted

# Everything that the driver would log is in our exceptions; its tracebacks would only frighten.
logging.getLogger("clickhouse_driver").setLevel(logging.CRITICAL + 1)

_UNKNOWN_DATABASE = 81
_WRONG_USER = frozenset({192, 193, 194, 195, 516})
_READONLY = 164
_READONLY_FOR_NOW = 242
_NOT_NOW = frozenset({202, 209, 210, _READONLY_FOR_NOW})  # too many queries, timeouts, network
_SETTINGS = {"max_query_size": 67_108_864}  # a query may name thousands of ids
_SETTINGS_SINCE_20 = {
    "max_partitions_per_insert_block": 0,  # a batch may touch over 100 months
    "joined_subquery_requires_alias": 0,  # 18.16, whose SQL is ours, names no joined subquery
}


class _Lost(DatabaseUnavailable):
    """The connection broke while it was in use: asking once more may help."""


class ClickHouseDatabase:
    """The Database protocol over a server. One connection, used by one thread at a time."""

    def __init__(
        self, client: Any, url: str, *, cluster: str = "", read_only: bool = False
    ) -> None:
        self._client = client
        self._url = url
        self._cluster = cluster
        # Sent last: behind it a server takes no other one from a user who may set nothing.
        self._own = {"readonly": READ_ONLY} if read_only else {}
        self._may_set = True
        self._lock = threading.RLock()
        self._types: dict[str, dict[str, str]] = {}
        self._version: tuple[int, ...] = ()
        self._closed = False
        self._connected()

    @classmethod
    def from_url(
        cls, url: str, *, create: bool = False, read_only: bool = False
    ) -> ClickHouseDatabase:
        """The database at `clickhouse://user:password@host:9000,host2:9000/name?secure=1&connect_timeout=10`.

        Of several hosts the first that answers is used until it does not answer any more. `cluster` is ours: the tables
        are made over it (storage/cluster.py). Options that clickhouse-driver knows go to it (TLS, compression, timeouts
        in seconds), others to the server as settings. Raises DatabaseRefused for a wrong URL, user, password or database name,
        DatabaseUnavailable when nothing answers.
        """
        at = clickhouse_address(url)
        _check(at.host, at.options)
        shown, host, options, cluster = at.shown, at.host, at.options, at.cluster
        name = options.get("database", "default")
        try:
            return cls(Client(host, **options), shown, cluster=cluster, read_only=read_only)
        except _NoSuchDatabase:
            if not create:
                raise DatabaseRefused(
                    f"{shown}: the server has no database {name}; create it with `barometer migrate`"
                ) from None
        # The empty name is whatever database this user starts in.
        server = cls(Client(host, **{**options, "database": ""}), shown)
        try:
            if cluster:
                check_cluster(server, cluster)
            create_it = f"CREATE DATABASE IF NOT EXISTS {quoted(name)}"
            server.execute(on_cluster(create_it, cluster=cluster, database=name))
        except QueryFailed as error:
            raise DatabaseRefused(f"{shown}: the database cannot be created: {error}") from error
        finally:
            server.close()
        return cls(Client(host, **options), shown, cluster=cluster)

    @property
    def url(self) -> str:
        """User, hosts, ports and database; never the password nor the options."""
        return self._url

    @property
    def cluster(self) -> str:
        """The option `cluster` of the URL."""
        return self._cluster

    def __repr__(self) -> str:
        return f"<ClickHouseDatabase {self.url}>"

    def version(self) -> tuple[int, ...]:
        """The version of the server, such as (18, 16, 1)."""
        return self._version

    def execute(self, sql: str, parameters: Mapping[str, Value] | None = None) -> None:
        """Run a statement that gives nothing back."""
        statement = one_statement(sql)
        text = rendered(statement, parameters)
        with self._lock:
            self._types.clear()  # it may have changed a table
            self._send(text, statement)

    def query(self, sql: str, parameters: Mapping[str, Value] | None = None) -> Result:
        """Run a statement that gives rows; asked once more where the connection breaks."""
        statement = one_statement(sql)
        text = rendered(statement, parameters)
        with self._lock:
            try:
                columns, header = self._send(text, statement)
            except _Lost:
                if not is_reading(statement):
                    raise
                columns, header = self._send(text, statement)
        names, types = [name for name, _ in header], [spec for _, spec in header]
        return result(
            names, types, [plain_column(spec, c) for spec, c in zip(types, columns, strict=False)]
        )

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """Insert rows as one block. Where the connection breaks, they are sent once more if the table replaces by key, so
        that sending twice changes nothing; for other tables that is left to the caller.
        """
        if not rows:
            return
        with self._lock:
            # Checked before anything is sent: a value refused half-way would cost the connection.
            checked = checked_columns(table, columns, self._types_of(table), rows)
            statement = f"INSERT INTO {quoted(table)} ({', '.join(map(quoted, columns))}) VALUES"
            try:
                try:
                    self._send(statement, statement, checked)
                except _Lost:
                    if not self._replaces(table):
                        raise
                    self._send(statement, statement, checked)
            except DatabaseError:
                self._types.clear()
                raise

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._closed = True
            self._client.disconnect()

    def _send(self, text: str, statement: str, data: list[list[Any]] | None = None) -> Any:
        self._connected()
        settings = self._settings() if self._may_set else {}
        if data is not None:
            settings["insert_block_size"] = len(data[0])
        try:
            return self._client.execute(
                text,
                data,
                settings=settings,
                columnar=True,
                types_check=True,
                with_column_types=data is None,
            )
        except ServerException as error:
            if error.code == _READONLY and self._may_set and is_reading(statement):
                # A user who may only read, and not even set what a question may take (docs/access.md).
                self._may_set = False
                return self._send(text, statement)
            if error.code == _READONLY_FOR_NOW and len(self._client.connection.hosts) > 1:
                # A replica that has lost its ZooKeeper: another one may still have it.
                self._client.disconnect()
                self._client.connection.hosts.rotate(-1)
                raise _Lost(f"{self.url}: {sentence(error.message)}") from error
            if error.code in _NOT_NOW:
                raise DatabaseUnavailable(f"{self.url}: {sentence(error.message)}") from error
            raise query_failed(error.message, statement, error.code) from error
        except (SocketTimeoutError, TimeoutError) as error:
            raise DatabaseUnavailable(
                f"{self.url} did not answer in time; raise send_receive_timeout (seconds) in "
                "BAROMETER_DATABASE_URL if the query is a long one"
            ) from error
        except (NetworkError, UnexpectedPacketFromServerError, EOFError, OSError) as error:
            raise _Lost(f"{self.url}: the connection broke ({_reason(error)})") from error
        except Error as error:
            raise query_failed(error.message or str(error), statement, error.code) from error
        except (ValueError, TypeError) as error:
            raise query_failed(
                str(error), statement, 0 if data is None else TYPE_MISMATCH
            ) from error
        finally:
            # After a failure the driver may still believe that a query is running.
            if self._client.connection.is_query_executing:
                self._client.disconnect()

    def _settings(self) -> dict[str, Any]:
        newer = _SETTINGS_SINCE_20 if self._version >= (20,) else {}
        return {**_SETTINGS, **newer, **self._client.settings, **self._own}

    def _connected(self) -> None:
        """A live connection, with bounded time for connecting and for the greeting."""
        if self._closed:
            raise DatabaseRefused(f"the connection to {self.url} was closed")
        connection = self._client.connection
        if connection.connected and connection.ping():
            return
        patience, connection.send_receive_timeout = (
            connection.send_receive_timeout,
            min(connection.connect_timeout, connection.send_receive_timeout),
        )
        try:
            self._connect(connection)
            connection.socket.settimeout(patience)
        except ServerException as error:
            connection.disconnect()
            raise _greeting_refused(error, self.url) from error
        except EOFError as error:
            connection.disconnect()
            raise DatabaseUnavailable(
                f"{self.url} hung up before it said who it is; it may be starting or stopping, or its port "
                "is not that of the native protocol (usually 9000, 9440 with secure=1)"
            ) from error
        except UnexpectedPacketFromServerError as error:
            connection.disconnect()
            raise DatabaseRefused(
                f"what answers at {self.url} is not ClickHouse's native protocol; its port is "
                "usually 9000 (9440 with secure=1), not 8123"
            ) from error
        except (NetworkError, SocketTimeoutError, OSError) as error:
            connection.disconnect()
            raise _unreachable(error, self.url) from error
        except ValueError as error:
            raise DatabaseRefused(f"{self.url}: wrong host name or TLS option: {error}") from error
        finally:
            connection.send_receive_timeout = patience
        self._version = connection.server_info.version_tuple()
        # Times without a zone are then decoded as UTC instead of as local time of the server.
        connection.server_info.get_timezone = lambda: "UTC"

    def _connect(self, connection: Any) -> None:
        """The driver goes on to the next host where one cannot be reached, and not where one hangs up while it starts."""
        for left in reversed(range(len(connection.hosts))):
            try:
                connection.connect()
                return
            except EOFError:
                connection.disconnect()
                connection.hosts.rotate(-1)
                if not left:
                    raise

    def _replaces(self, table: str) -> bool:
        """Whether of rows with the same key one stays."""
        engines = self.query(
            "SELECT engine FROM system.tables WHERE database = currentDatabase() AND name = %(table)s",
            {"table": table},
        ).rows
        return any("Replacing" in engine for (engine,) in engines)

    def _types_of(self, table: str) -> dict[str, str]:
        if table not in self._types:
            described = self.query(f"DESCRIBE TABLE {quoted(table)}")
            self._types[table] = {row[0]: row[1] for row in described.rows}
        return self._types[table]


class _NoSuchDatabase(DatabaseRefused):
    pass


def _check(host: str, options: dict[str, Any]) -> None:
    """Have the driver look at its options. Raises DatabaseRefused."""
    for name in ("ca_certs", "certfile", "keyfile"):
        path = options.get(name)
        if path is not None and not Path(path).is_file():
            raise DatabaseRefused(f"BAROMETER_DATABASE_URL sets {name} to {path}, which is no file")
    try:
        Client(host, **options)
    except (ImportError, RuntimeError, TypeError, ValueError, Error) as error:
        raise DatabaseRefused(f"{WRONG}; an option of it cannot be used: {error}") from error


def _greeting_refused(error: Any, url: str) -> DatabaseError:
    if error.code == _UNKNOWN_DATABASE:
        return _NoSuchDatabase(f"{url}: the server has no such database")
    if error.code in _WRONG_USER:
        return DatabaseRefused(
            f"{url}: the server refuses this user, password or address (error {error.code}); "
            "correct BAROMETER_DATABASE_URL"
        )
    if error.code in _NOT_NOW:
        return DatabaseUnavailable(f"{url}: {sentence(error.message)}")
    return DatabaseRefused(f"{url}: {sentence(error.message)} (ClickHouse error {error.code})")


def _unreachable(error: Exception, url: str) -> DatabaseError:
    reason = _reason(error)
    if "CERTIFICATE_VERIFY_FAILED" in reason.upper().replace(" ", "_"):
        return DatabaseRefused(
            f"{url}: the certificate of the server is not trusted; name its authority with "
            "ca_certs=FILE in BAROMETER_DATABASE_URL"
        )
    return DatabaseUnavailable(
        f"{url} cannot be reached ({reason}); start ClickHouse there or correct "
        "BAROMETER_DATABASE_URL"
    )


def _reason(error: Exception) -> str:
    if isinstance(error, SocketTimeoutError | TimeoutError):
        return "no answer in time"
    text = getattr(error, "message", None) or getattr(error, "strerror", None) or str(error)
    return str(text).split(" (")[0].strip() or type(error).__name__
