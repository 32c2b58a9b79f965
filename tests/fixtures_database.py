"""Databases for tests: the same test runs over chdb and over a real ClickHouse server."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from storage.database import Database, connect
from storage.migrate import migrate
from tests.clickhouse_service import ClickHouseService, running

MakeUrl = Callable[[], str]


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


@pytest.fixture
def database(empty_database: Database) -> Database:
    """A connected database with the tables and views of the program."""
    migrate(empty_database, datetime(2026, 1, 1, tzinfo=UTC))
    return empty_database
