"""The flows on a real Prefect server: what is recorded there, what is tried again, what people read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from flows import prefect_flows, steps
from flows.prefect_server import Orchestrator
from flows.settings import Settings
from flows.wiring import edges
from ingest.bus import BusError, BusRefused, BusUnavailable
from ingest.source import parse_sources
from storage import ledger
from storage.database import DatabaseUnavailable, QueryFailed
from tests.fixtures_prefect import PrefectServer
from tests.local_feed import local_feed
from tests.rows import ABOUT

NOW = datetime.now(UTC).replace(second=0, microsecond=0)


class Faulty:
    """A step that raises some errors, one per try, and then works."""

    def __init__(self, *errors: Exception) -> None:
        self._errors = list(errors)
        self.tries = 0

    def __call__(self, now: datetime | None = None) -> str:
        self.tries += 1
        if self._errors:
            raise self._errors.pop(0)
        return f"worked at try {self.tries}"


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prefect_flows, "RETRY_DELAYS", [0.02, 0.02, 0.02])


def instead(monkeypatch: pytest.MonkeyPatch, step: str, faulty: Faulty) -> Faulty:
    monkeypatch.setitem(steps.STEPS, step, faulty)
    return faulty


def only(runs: list[dict[str, Any]]) -> dict[str, Any]:
    (run,) = runs
    return run


def test_each_step_is_a_completed_run_with_its_tags_and_a_name_for_people(
    conductor: Orchestrator,
    prefect_server: PrefectServer,
    embedded_settings: Settings,
    tmp_path: Path,
) -> None:
    with local_feed() as feed:
        text = feed.write_sources(tmp_path / "sources.toml").read_text("utf-8")
        with edges(
            embedded_settings, create=True, sources=parse_sources(text, "sources.toml")
        ) as opened:
            reports = {step: conductor.run(step, now=NOW) for step in ("collect", "score", "watch")}
            weekly = conductor.run("weekly", week="2026-W45", now=NOW)
            assert sum(ledger.totals(opened.database).values()) == len(ABOUT)
    assert reports["collect"].startswith(f"1 sources: {len(ABOUT)} new")
    assert reports["score"].startswith(f"{len(ABOUT)} read")
    assert "series watched" in reports["watch"]
    assert "2026-W45" in weekly
    runs = prefect_server.new_runs()
    assert [(run["name"], run["state_name"]) for run in runs] == [
        (f"collect {NOW:%Y-%m-%d %H:%M}", "Completed"),
        (f"score {NOW:%Y-%m-%d %H:%M}", "Completed"),
        (f"watch {NOW:%Y-%m-%d %H:%M}", "Completed"),
        ("weekly 2026-W45", "Completed"),
    ]
    assert [set(run["tags"]) for run in runs] == [
        {"barometer", "ingest"},
        {"barometer", "classify"},
        {"barometer", "alerts"},
        {"barometer", "digest"},
    ]
    assert conductor.account() == "4 steps ran as Prefect flow runs."


def test_the_time_in_a_name_is_utc(
    conductor: Orchestrator, prefect_server: PrefectServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    instead(monkeypatch, "watch", Faulty())
    conductor.run("watch", now=datetime(2026, 11, 24, 1, tzinfo=timezone(timedelta(hours=4))))
    assert only(prefect_server.new_runs())["name"] == "watch 2026-11-23 21:00"


@pytest.mark.parametrize("fault", [BusUnavailable, DatabaseUnavailable])
def test_a_passing_fault_is_tried_again_until_it_is_over(
    fault: type[Exception],
    conductor: Orchestrator,
    prefect_server: PrefectServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    step = instead(monkeypatch, "score", Faulty(fault("not now"), fault("not yet")))
    assert conductor.run("score") == "worked at try 3"
    assert step.tries == 3
    assert only(prefect_server.new_runs())["state_name"] == "Completed"


def test_a_fault_that_does_not_pass_ends_as_a_failed_run_with_its_sentence(
    conductor: Orchestrator, prefect_server: PrefectServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    sentence = "the broker kafka:9092 does not answer; start it or change BAROMETER_BUS_URL"
    step = instead(monkeypatch, "score", Faulty(*[BusUnavailable(sentence)] * 9))
    with pytest.raises(BusUnavailable, match="does not answer"):
        conductor.run("score")
    assert step.tries == 1 + len(prefect_flows.RETRY_DELAYS)
    run = only(prefect_server.new_runs())
    assert run["state_name"] == "Failed"
    assert sentence in run["state"]["message"]


@pytest.mark.parametrize(
    "mistake",
    [BusRefused("wrong password"), QueryFailed("no such column", 47), ValueError("no ISO week")],
)
def test_a_mistake_is_not_tried_again(
    mistake: Exception,
    conductor: Orchestrator,
    prefect_server: PrefectServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    step = instead(monkeypatch, "watch", Faulty(mistake))
    with pytest.raises(type(mistake)) as raised:
        conductor.run("watch")
    assert raised.value is mistake
    assert step.tries == 1
    run = only(prefect_server.new_runs())
    assert run["state_name"] == "Failed"
    assert str(mistake) in run["state"]["message"]
    assert not prefect_server.embedded.ended(), "a step's own error was taken for one of Prefect"


def test_a_bus_error_of_another_kind_is_not_passing(
    conductor: Orchestrator, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = instead(monkeypatch, "collect", Faulty(BusError("record too large")))
    with pytest.raises(BusError):
        conductor.run("collect")
    assert step.tries == 1
