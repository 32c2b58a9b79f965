"""Databases for tests: the same test runs over chdb and over a real ClickHouse server."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage.database import Database, connect
from storage.migrate import migrate
from tests.clickhouse_service import ClickHouseService, running

MakeUrl = Callable[[], str]

MADE_AT = datetime(2026, 1, 1, tzinfo=UTC)
"""When the databases of tests were migrated."""


@pytest.fixture(scope="session")
def clickhouse_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseService]:
    """One server for the whole session; each test has a database of its own on it."""
    yield from running(tmp_path_factory.mktemp("clickhouse"))


@pytest.fixture
def chdb_url(tmp_path: Path) -> MakeUrl:
    """Gives the URL of a chdb folder that is not there yet, another one on each call."""

    def make() -> str:
        return f"chdb:///{tmp_path}/chdb-{uuid.uuid4().hex[:12]}"

    return make


@pytest.fixture
def clickhouse_url(clickhouse_service: ClickHouseService) -> Iterator[MakeUrl]:
    """Gives the URL of a server database that is not there yet, another one on each call; dropped afterwards."""
    made: list[str] = []

    def make() -> str:
        made.append(f"test_{uuid.uuid4().hex[:12]}")
        return clickhouse_service.url(made[-1])

    yield make
    if made:
        server = connect(clickhouse_service.url("default"))
        for name in made:
            server.execute(f"DROP DATABASE IF EXISTS {name}")
        server.close()


@pytest.fixture(scope="session")
def migrated_chdb(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A chdb folder as `barometer migrate` leaves it, to copy: that is a tenth of the work of making one."""
    folder = tmp_path_factory.mktemp("chdb") / "migrated"
    database = connect(f"chdb:///{folder}", create=True)
    migrate(database, MADE_AT)
    database.close()
    return folder


@pytest.fixture
def migrated_chdb_url(migrated_chdb: Path, chdb_url: MakeUrl) -> str:
    """The URL of a chdb folder that has the tables and views of the program, and nothing in them."""
    url = chdb_url()
    shutil.copytree(migrated_chdb, url.removeprefix("chdb:///"), symlinks=True)
    return url


class MigratedServer:
    """Databases on the server that have the tables and views of the program, used by one test after the other."""

    def __init__(self, service: ClickHouseService) -> None:
        self._service = service
        self._free: list[str] = []
        self._server = connect(service.url("default"))
        self._tables: set[str] = set()

    def take(self) -> str:
        """The name of one with nothing in it."""
        if self._free:
            return self._free.pop()
        name = f"migrated_{uuid.uuid4().hex[:12]}"
        database = connect(self._service.url(name), create=True)
        migrate(database, MADE_AT)
        database.close()
        self._tables = self._names("SELECT name FROM system.tables", name)
        return name

    def give_back(self, name: str) -> None:
        """Empty it for the next test; a test that made or dropped a table had it for itself."""
        if self._names("SELECT name FROM system.tables", name) != self._tables:
            self._server.execute(f"DROP DATABASE {name}")
            return
        for table in self._names("SELECT DISTINCT table FROM system.parts", name):
            if table != "schema_migrations":
                self._server.execute(f"TRUNCATE TABLE {name}.{table}")
        self._free.append(name)

    def _names(self, select: str, name: str) -> set[str]:
        where = f"{select} WHERE database = %(name)s"
        return {row[0] for row in self._server.query(where, {"name": name}).rows}

    def close(self) -> None:
        """No more databases."""
        self._server.close()


@pytest.fixture(scope="session")
def migrated_server(clickhouse_service: ClickHouseService) -> Iterator[MigratedServer]:
    """For the whole session."""
    server = MigratedServer(clickhouse_service)
    yield server
    server.close()


@pytest.fixture
def migrated_clickhouse_url(
    migrated_server: MigratedServer, clickhouse_service: ClickHouseService
) -> Iterator[str]:
    """The URL of a server database that has the tables and views of the program, and nothing in them."""
    name = migrated_server.take()
    yield clickhouse_service.url(name)
    migrated_server.give_back(name)


@pytest.fixture(params=["chdb", "clickhouse"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The URL of a database that is not there yet, once for each implementation."""
    make: MakeUrl = request.getfixturevalue(f"{request.param}_url")
    return make()


@pytest.fixture
def empty_database(database_url: str) -> Iterator[Database]:
    """A connected database without tables."""
    database = connect(database_url, create=True)
    yield database
    database.close()


@pytest.fixture(params=["chdb", "clickhouse"])
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A connected database with the tables and views of the program, once for each implementation."""
    database = connect(request.getfixturevalue(f"migrated_{request.param}_url"))
    yield database
    database.close()
