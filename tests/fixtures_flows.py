"""The whole pipeline for tests: once with the embedded defaults, once with real servers, by settings alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flows.settings import Settings
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
