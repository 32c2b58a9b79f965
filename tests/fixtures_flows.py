"""The whole pipeline for tests: once with the embedded defaults, once with real servers, by settings alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flows.settings import Settings
from flows.wiring import Edges, edges
from tests.emptied import empty
from tests.fixtures_bus import QUICK_KAFKA
from tests.services import Broker

MakeSettings = Callable[[], Settings]


@pytest.fixture
def fresh_broker(tmp_path: Path) -> Iterator[Broker]:
    """A broker of the test's own: the pipeline's topics have fixed names."""
    broker = Broker(tmp_path)
    yield broker
    broker.stop()


@pytest.fixture
def embedded_settings(tmp_path: Path, migrated_chdb_url: str) -> Settings:
    """SQLite log and chdb, its tables made."""
    return Settings(
        bus_url=f"sqlite:///{tmp_path}/bus.db?session_timeout=2",
        database_url=migrated_chdb_url,
        alert_log=tmp_path / "alerts.log",
        prefect_home=tmp_path / "prefect",
        allowed_hosts="127.0.0.1",
    )


@pytest.fixture
def server_settings(tmp_path: Path, fresh_broker: Broker, migrated_clickhouse_url: str) -> Settings:
    """A Kafka-protocol broker and a ClickHouse server, its tables made."""
    return Settings(
        bus_url=f"kafka://{fresh_broker.address}?{QUICK_KAFKA}",
        database_url=migrated_clickhouse_url,
        alert_log=tmp_path / "alerts.log",
        prefect_home=tmp_path / "prefect",
        allowed_hosts="127.0.0.1",
    )


@pytest.fixture(scope="module")
def word_list_edges(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edges]:
    """Open edges over SQLite and chdb, with the word list for a model: what it says is not the point."""
    folder = tmp_path_factory.mktemp("edges")
    settings = Settings(
        bus_url=f"sqlite:///{folder}/bus.db",
        database_url=f"chdb:///{folder}/clickhouse",
        alert_log=folder / "alerts.log",
        model="lexicon",
    )
    with edges(settings, create=True, sources=[]) as opened:
        yield opened


@pytest.fixture
def emptied_edges(word_list_edges: Edges) -> Edges:
    """The same, emptied."""
    empty(word_list_edges)
    return word_list_edges


@pytest.fixture(params=["embedded", "server"])
def settings(request: pytest.FixtureRequest) -> Settings:
    """The same test over both modes."""
    chosen: Settings = request.getfixturevalue(f"{request.param}_settings")
    return chosen


def as_environment(settings: Settings) -> dict[str, str]:
    """Settings as variables, for a process of its own."""
    return {
        "BAROMETER_BUS_URL": settings.bus_url,
        "BAROMETER_DATABASE_URL": settings.database_url,
        "BAROMETER_ALLOWED_HOSTS": settings.allowed_hosts,
        "BAROMETER_ALERT_LOG": str(settings.alert_log),
        "BAROMETER_BATCH_SIZE": str(settings.batch_size),
        "BAROMETER_MODEL": settings.model,
        "BAROMETER_PREFECT_HOME": str(settings.prefect_home),
    }
