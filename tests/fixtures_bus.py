"""Buses to test with: each in a fresh SQLite file, and all on one Tansu broker."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.bus import Bus, connect
from tests.services import Broker

QUICK_SQLITE = "session_timeout=2"

QUICK_KAFKA = "session_timeout_ms=1500&heartbeat_interval_ms=300&reconnect_backoff_max_ms=200"
"""Tansu holds a join for half of the session timeout."""


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """One broker for all tests; each test has topics of its own."""
    broker = Broker(tmp_path_factory.mktemp("tansu"))
    yield broker
    broker.stop()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A bus file that does not exist yet."""
    return f"sqlite:///{tmp_path}/var/bus.db?{QUICK_SQLITE}"


@pytest.fixture
def kafka_url(broker: Broker) -> str:
    """A broker that keeps what earlier tests published; see `topic`."""
    return f"kafka://{broker.address}?{QUICK_KAFKA}"


@pytest.fixture(params=["sqlite", "kafka"])
def bus_url(request: pytest.FixtureRequest) -> str:
    """Both kinds, one after the other."""
    url = request.getfixturevalue(f"{request.param}_url")
    assert isinstance(url, str)
    return url


@pytest.fixture
def bus(bus_url: str) -> Iterator[Bus]:
    """A bus of either kind, closed after the test with all its members."""
    bus = connect(bus_url)
    yield bus
    bus.close()


@pytest.fixture
def topic() -> str:
    """A topic name that no other test uses."""
    return f"topic-{uuid.uuid4().hex[:12]}"
