"""A flow run that fails or crashes: operators hear of it, once per flow and hour, whatever else is down."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from flows import failed_runs
from flows.failed_runs import tell_of_failure
from flows.settings import Settings
from flows.wiring import open_database
from storage import deliveries
from tests.fixtures_flows import as_environment
from tests.fixtures_prefect import PrefectServer
from tests.services import free_port

NOW = datetime(2026, 11, 30, 7, 10, tzinfo=UTC)

FLOWS = ("watch", "collect")


@pytest.fixture
def environment(
    named_prefect: PrefectServer, embedded_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That of a process that runs flows; nobody was told of any yet."""
    for name in FLOWS:
        httpx.delete(f"{named_prefect.api_url}/variables/name/barometer_failure_of_{name}_told")
    for name, value in as_environment(embedded_settings).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("BAROMETER_MODEL", "/no/such/model")  # may be why it failed
    monkeypatch.setattr(failed_runs, "now_utc", lambda: NOW)


def fail(name: str = "watch", *, crashed: bool = False, deployed: bool = True) -> None:
    """As Prefect does at the end of a run."""
    from prefect.client.schemas.objects import FlowRun
    from prefect.states import Crashed, Failed

    from flows.prefect_flows import FLOWS as ALL

    run = FlowRun(
        flow_id=uuid4(),
        deployment_id=uuid4() if deployed else None,
        name=f"{name} 2026-11-30 07:09",
    )
    state: Any = (
        Crashed(message="Process exited with status code: -9")
        if crashed
        else Failed(
            message="Flow run encountered an exception: BusUnavailable: kafka://me:hidden@kafka:9092 cannot be reached"
        )
    )
    tell_of_failure(ALL[name], run, state)


def told(settings: Settings) -> str:
    log = settings.alert_log
    return log.read_text("utf-8") if log.exists() else ""


def test_every_flow_tells_of_both_kinds_of_end(prefect_server: PrefectServer) -> None:
    from flows.prefect_flows import FLOWS as ALL

    for flow in ALL.values():
        assert flow.on_failure_hooks == [tell_of_failure]
        assert flow.on_crashed_hooks == [tell_of_failure]


def test_operators_are_told_once_an_hour_of_each_flow(
    environment: None, embedded_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail()
    text = told(embedded_settings)
    assert "The flow watch failed" in text
    assert "watch 2026-11-30 07:09" in text
    assert "kafka:9092 cannot be reached" in text
    assert "/runs/flow-run/" in text
    assert "hidden" not in text
    fail()
    fail(crashed=True)
    assert told(embedded_settings) == text
    fail("collect", crashed=True)
    assert "The flow collect crashed" in told(embedded_settings)
    monkeypatch.setattr(failed_runs, "now_utc", lambda: NOW + timedelta(minutes=59))
    fail()
    assert told(embedded_settings).count("The flow watch failed") == 1
    monkeypatch.setattr(failed_runs, "now_utc", lambda: NOW + timedelta(minutes=60))
    fail()
    assert told(embedded_settings).count("The flow watch failed") == 2
    database = open_database(embedded_settings)
    try:
        ids = [f"failed-watch-{hour:%Y-%m-%dT%H}" for hour in (NOW, NOW + timedelta(hours=1))]
        kept = deliveries.deliveries_of(database, ids)
        assert [one.told_at is not None for one in kept] == [True, True]
    finally:
        database.close()


def test_the_channels_are_asked_directly_when_the_database_is_what_failed(
    environment: None, embedded_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BAROMETER_DATABASE_URL", f"clickhouse://127.0.0.1:{free_port()}/barometer")
    fail()
    fail()
    assert told(embedded_settings).count("The flow watch failed") == 1


def test_a_bus_that_is_away_keeps_nothing_from_operators(
    environment: None, embedded_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(
        "BAROMETER_BUS_URL", f"kafka://127.0.0.1:{free_port()}?api_version_auto_timeout_ms=200"
    )
    fail()
    assert "The flow watch failed" in told(embedded_settings)


def test_whoever_runs_a_flow_by_hand_is_not_told(
    environment: None, embedded_settings: Settings
) -> None:
    fail(deployed=False)
    assert told(embedded_settings) == ""


def test_nothing_is_raised_when_nobody_can_be_told(
    environment: None,
    embedded_settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("BAROMETER_CHANNELS", str(tmp_path / "nowhere.toml"))
    fail()
    assert told(embedded_settings) == ""
    monkeypatch.delenv("BAROMETER_CHANNELS")
    fail()
    assert "The flow watch failed" in told(embedded_settings), "what nobody heard counts as told"
