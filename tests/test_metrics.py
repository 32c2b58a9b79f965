"""/metrics, /healthz and /readyz of processes that really run, read by prometheus-client's own OpenMetrics parser."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from ruamel.yaml import YAML

from alerts.channel import ChannelFailed
from alerts.incident import Incident, Status
from flows.counting_work import REASONS, reason_of
from flows.metric_names import METRICS
from flows.metrics import MetricsPage
from flows.metrics_server import ALIVE_SECONDS, metrics_server
from flows.observing import observed_serving
from flows.settings import Settings
from flows.state_reader import State, StateReader
from flows.tally import TALLY, Tally
from flows.tally_spool import hand_over, spool, take_over
from flows.wiring import edges
from ingest.bus import DOCUMENTS, Record
from storage.incidents import store_incidents, store_messages
from tests.fixtures_command import Place
from tests.fixtures_flows import as_environment
from tests.local_feed import local_feed
from tests.services import free_port
from tests.told import message

PAGE = (Path(__file__).parent.parent / "docs/observability.md").read_text("utf-8")
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def families(text: str) -> dict[str, Family]:
    """By name, as the parser reads it; it raises for what is no OpenMetrics."""
    parsed = text_string_to_metric_families(text)  # type: ignore[no-untyped-call]
    return {family.name: family for family in parsed}


def values(found: dict[str, Family], name: str) -> dict[tuple[str, ...], float]:
    """Of one family: labels -> value."""
    family = found[f"barometer_{name}"]
    return {
        tuple(sample.labels[label] for label in METRICS[family.name].labels): sample.value
        for sample in family.samples
        if not sample.name.endswith(("_created", "_bucket", "_sum"))
    }


class Process:
    """A command that goes on for ever, with a metrics port."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process = process
        self.url = f"http://127.0.0.1:{port}"

    def get(self, path: str) -> httpx.Response:
        return httpx.get(f"{self.url}{path}", timeout=30, trust_env=False)

    def page(self) -> dict[str, Family]:
        answer = self.get("/metrics")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("application/openmetrics-text")
        return families(answer.text)

    def until(self, holds: Any) -> dict[str, Family]:
        """The page, once it is so."""
        deadline = time.monotonic() + 120
        while True:
            assert self.process.poll() is None, self.process.communicate()[1]
            try:
                found = self.page()
                if holds(found):
                    return found
            except httpx.HTTPError:
                pass  # it has only just started
            assert time.monotonic() < deadline
            time.sleep(0.2)


@contextmanager
def running(settings: Settings, folder: Path, *arguments: str, **extra: str) -> Iterator[Process]:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "flows.cli", *arguments],
        env={
            **os.environ, **as_environment(settings), "BAROMETER_METRICS_PORT": str(port),
            "BAROMETER_SOURCES": str(folder / "sources.toml"), **extra,
        },
        cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        yield Process(process, port)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


# -- Processes that really run ---------------------------------------------------------------------


def test_a_scoring_worker_shows_what_it_did_and_what_bus_and_database_say(
    settings: Settings, tmp_path: Path
) -> None:
    chosen = settings.model_copy(update={"model": "lexicon"})
    with local_feed() as feed:
        feed.write_sources(tmp_path / "sources.toml")
        environment = {**os.environ, **as_environment(chosen)}
        environment["BAROMETER_SOURCES"] = str(tmp_path / "sources.toml")
        environment["BAROMETER_HOST_PAUSE"] = "0"
        with edges(chosen, create=True, sources=[]):
            pass  # as `barometer migrate` does
        collected = subprocess.run(
            [sys.executable, "-m", "flows.cli", "collect"],
            env=environment, cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert "5 new" in collected.stdout, collected.stderr
        with edges(chosen, sources=[]) as opened:
            opened.bus.publish(DOCUMENTS, [Record("x", b"no document", {"origin": "x/1"})])
        with running(chosen, tmp_path, "score", "--follow") as worker:
            found = worker.until(
                lambda page: (
                    values(page, "ledger_rows").get(("judged",)) == 5
                    and sum(values(page, "consumer_lag_messages").values()) == 0
                )
            )
            assert values(found, "documents_scored") == {("judged",): 5, ("dead",): 1}
            assert values(found, "documents_dropped") == {("score", "dead"): 1}
            assert values(found, "batches")[()] >= 1
            assert values(found, "ledger_rows")["dead",] == 1
            assert values(found, "dead_letters") == {(): 1}
            assert values(found, "edge_up") == {("bus",): 1, ("database",): 1}
            assert len(values(found, "consumer_lag_messages")) == 8  # two topics of four partitions
            assert 0 <= values(found, "lag_seconds")[()] < 300
            assert values(found, "source_last_success_timestamp_seconds")["local",] > 1.7e9
            assert values(found, "sources") == {("ok",): 1}
            ((version, process),) = values(found, "build")
            assert (process, bool(version)) == ("score", True)
            assert worker.get("/healthz").json()["alive"] is True
            ready = worker.get("/readyz")
            assert (ready.status_code, ready.json()["edges"]) == (
                200,
                {"bus": "up", "database": "up"},
            )
            assert worker.get("/nothing").status_code == 404
            text = worker.get("/metrics").text
    assert feed.url not in text
    assert {name for name in families(text) if name.startswith("barometer_")} == set(METRICS)


def test_run_shows_its_steps_and_the_self_monitor_has_a_page_too(
    embedded_settings: Settings, tmp_path: Path
) -> None:
    chosen = embedded_settings.model_copy(update={"model": "lexicon"})
    with local_feed() as feed:
        feed.write_sources(tmp_path / "sources.toml")
        with running(chosen, tmp_path, "run", PREFECT_API_URL="", BAROMETER_HOST_PAUSE="0") as work:
            found = work.until(lambda page: ("watch",) in values(page, "step_seconds"))
            assert set(values(found, "step_seconds")) >= {("collect",), ("score",), ("watch",)}
            assert values(found, "documents_ingested") == {("local",): 5}
            assert values(found, "source_readings") == {("local", "ok"): 1}
            assert values(found, "step_last_success_timestamp_seconds")["watch",] > 1.7e9
            assert work.get("/healthz").status_code == 200
    with running(chosen, tmp_path, "monitor", "--follow") as monitor:
        found = monitor.until(lambda page: values(page, "edge_up"))
        assert next(iter(values(found, "build")))[1] == "monitor"


@pytest.mark.parametrize("command", [("score", "--follow"), ("run",), ("monitor", "--follow")])
def test_a_port_that_is_taken_is_the_users_mistake(
    migrated: Place, command: tuple[str, ...]
) -> None:
    migrated.set("BAROMETER_MODEL", "lexicon")
    with metrics_server(
        Settings(metrics_port=(port := free_port())), "x", model="m", sources=(), channels=()
    ):
        migrated.set("BAROMETER_METRICS_PORT", str(port))
        said = migrated.process(*command)
    assert said.status == 2
    assert said.sentence == (
        f"The metrics cannot be offered at 127.0.0.1:{port} (another process has it);"
        " name another port, or 0 for none."
    )


def test_an_address_that_is_not_ours_is_named(migrated: Place) -> None:
    settings = Settings(metrics_port=free_port(), metrics_host="192.0.2.7")
    with (
        pytest.raises(Exception, match=r"at 192\.0\.2\.7:[0-9]+ \(.*\); correct BAROMETER_METRICS"),
        metrics_server(settings, "x", model="m", sources=(), channels=()),
    ):
        pass


# -- The page --------------------------------------------------------------------------------------


def page_of(state: State, tally: Tally, now: datetime = NOW) -> dict[str, Family]:
    page = MetricsPage(
        process="score", version="0", model="m", state=lambda: state, clock=lambda: now, tally=tally
    )
    return families(page.text().decode())


def test_durations_are_in_buckets_that_add_up() -> None:
    tally = Tally()
    for seconds in (0.05, 0.1, 0.7, 4_000):
        tally.took("step_seconds", seconds, step="watch")
    family = page_of(State(), tally)["barometer_step_seconds"]
    buckets = {
        sample.labels["le"]: sample.value
        for sample in family.samples
        if sample.name.endswith("_bucket")
    }
    assert (buckets["0.1"], buckets["1.0"], buckets["1800.0"], buckets["+Inf"]) == (2, 3, 3, 4)
    (total,) = [sample.value for sample in family.samples if sample.name.endswith("_sum")]
    assert total == pytest.approx(4_000.85)


def test_a_page_before_anything_happened_has_every_family(tmp_path: Path) -> None:
    found = page_of(State(), Tally())
    assert {name for name in found if name.startswith("barometer_")} == set(METRICS)
    assert values(found, "batches") == {(): 0}
    assert values(found, "lag_seconds") == {}  # nobody knows: no zero


def test_what_an_edge_said_before_it_went_away_stays_and_the_edge_is_down(
    settings: Settings,
) -> None:
    with edges(settings, create=True, sources=[]) as opened:
        reader = StateReader(settings, (), ["log"], database=opened.database)
        reader.read(NOW)
        reader.close()
        assert reader.state.ready
        nowhere = settings.model_copy(update={"bus_url": "sqlite:////proc/no/bus.db"})
        away = StateReader(nowhere, (), ["log"], database=opened.database)
        away.state = reader.state
        away.read(NOW + timedelta(hours=1))
    assert not away.state.ready
    found = page_of(away.state, Tally())
    assert values(found, "edge_up") == {("bus",): 0, ("database",): 1}
    assert values(found, "state_timestamp_seconds") == {(): NOW.timestamp()}
    assert len(values(found, "consumer_lag_messages")) == 8
    assert values(found, "channel_up") == {("log",): 1}


def test_the_dwell_is_from_the_end_of_the_day_that_fell_to_the_message(
    settings: Settings,
) -> None:
    fall = Incident(
        id="XA-regular-2026-11-06", society="XA", target="regular", status=Status.OPEN,
        drop_day=date(2026, 11, 4), detected_on=date(2026, 11, 6), opened_at=NOW, resolved_at=None,
        baseline=20.7, net_support=-8.3, change=-29.0, lower=-46.9, upper=-11.1, reason="it fell",
    )  # fmt: skip
    told = message(incident=fall.id, id=f"{fall.id}-opened")
    with edges(settings, create=True, sources=[]) as opened:
        reader = StateReader(settings, (), [], database=opened.database)
        reader.read(NOW)
        assert values(page_of(reader.state, Tally()), "dwell_seconds") == {}
        store_incidents(opened.database, [fall])
        store_messages(opened.database, [told], datetime(2026, 11, 7, 1, 30, tzinfo=UTC))
        reader.read(NOW)
        found = page_of(reader.state, Tally())
        reader.close()
    assert values(found, "dwell_seconds") == {("fell",): 2 * 86_400 + 5_400, ("certain",): 5_400}
    assert values(found, "incidents") == {("unanswered",): 1, ("acknowledged",): 0}


def test_the_table_of_the_page_on_observability_is_what_the_page_of_metrics_shows() -> None:
    rows = re.findall(
        r"^\| `(barometer_\w+)` \| (\w+) \| ([^|]*) \| ([^|]*) \|$", PAGE, re.MULTILINE
    )
    documented = {
        name: (kind, tuple(re.findall(r"`(\w+)`", labels)), says.strip())
        for name, kind, labels, says in rows
    }
    shown = {
        one.name + ("_total" if one.kind == "counter" else "_info" if one.kind == "info" else ""): (
            one.kind,
            one.labels,
            one.says,
        )
        for one in METRICS.values()
    }
    assert documented == shown


# -- Nothing here stops the work -------------------------------------------------------------------


def test_a_page_that_cannot_be_written_is_an_answer_and_no_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = Settings(metrics_port=free_port())
    url = f"http://127.0.0.1:{settings.metrics_port}"
    monkeypatch.setattr(MetricsPage, "text", lambda self: 1 / 0)
    monkeypatch.setattr(StateReader, "read", lambda self, now: 1 / 0)
    with metrics_server(settings, "score", model="m", sources=(), channels=()):
        assert httpx.get(f"{url}/metrics", trust_env=False).status_code == 500
        assert httpx.get(f"{url}/healthz", trust_env=False).status_code == 200
        assert httpx.get(f"{url}/readyz", trust_env=False).status_code == 503


def test_a_process_that_does_nothing_for_long_is_not_alive(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = Settings(metrics_port=free_port())
    url = f"http://127.0.0.1:{settings.metrics_port}/healthz"
    monkeypatch.setattr(StateReader, "read", lambda self, now: None)
    with metrics_server(settings, "score", model="m", sources=(), channels=()):
        monkeypatch.setattr(TALLY, "idle_seconds", lambda: ALIVE_SECONDS + 1)
        stuck = httpx.get(url, trust_env=False)
    assert (stuck.status_code, stuck.json()["alive"]) == (503, False)
    assert TALLY.is_shown is False


def test_labels_that_nobody_bounded_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flows.tally.MOST_SERIES", 3)
    tally = Tally()
    for n in range(10):
        tally.count("source_readings", source=f"s{n}", outcome="ok")
    tally.count("source_readings", source="s1", outcome="ok")
    assert sorted(number for *_, number in tally.so_far().counts) == [1, 1, 2]


@pytest.mark.parametrize(
    ("said", "permanent", "reason"),
    [
        ("the channel x wants a user name and password (401); write them", True, "authError"),
        ("the channel x says that we send too often (429)", False, "rateLimited"),
        ("the channel x did not answer in 15 seconds", False, "contextDeadlineExceeded"),
        ("the channel x is gone for good (410)", True, "clientError"),
        ("the channel x answers 503", False, "serverError"),
    ],
)
def test_a_failure_has_one_of_five_reasons(said: str, permanent: bool, reason: str) -> None:
    assert reason_of(ChannelFailed(said, permanent=permanent)) == reason
    assert reason in REASONS


# -- Flow runs hand over what they counted ---------------------------------------------------------


def test_what_a_flow_run_counted_is_shown_by_the_process_that_serves_it(tmp_path: Path) -> None:
    settings = Settings(
        metrics_port=free_port(), prefect_home=tmp_path, model="lexicon",
        bus_url=f"sqlite:///{tmp_path}/bus.db", database_url=f"chdb:///{tmp_path}/none",
    )  # fmt: skip
    run = Tally()
    run.count("documents_scored", 7, disposition="judged")
    run.took("step_seconds", 2.0, step="score")
    run.mark("step_last_success_timestamp_seconds", 1_800_000_000, step="score")
    assert not hand_over(settings, run)  # nobody waits for it
    with spool(settings) as folder:
        assert hand_over(settings, run)
        assert hand_over(settings, run)  # nothing more: what was handed over is not counted twice
        (folder / "1-1.json").write_text("{", "utf-8")
        served = Tally()
        assert take_over(folder, served) == 2
        assert list(folder.iterdir()) == []
    found = page_of(State(), served)
    assert values(found, "documents_scored") == {("judged",): 7}
    assert values(found, "step_seconds") == {("score",): 1}
    with observed_serving(settings):
        assert (tmp_path / "metrics").is_dir()
        answer = httpx.get(f"http://127.0.0.1:{settings.metrics_port}/metrics", trust_env=False)
        assert next(iter(values(families(answer.text), "build")))[1] == "serve"
    assert not (tmp_path / "metrics").exists()


def test_a_step_hands_over_what_it_counted(
    migrated: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.steps import STEPS

    migrated.set("BAROMETER_PREFECT_HOME", str(migrated.folder / "prefect"))
    migrated.set("BAROMETER_MODEL", "lexicon")
    TALLY.take()
    with spool(Settings(prefect_home=migrated.folder / "prefect")) as folder:
        STEPS["score"]()
        served = Tally()
        assert take_over(folder, served) == 1
    assert [(name, labels) for name, labels, _ in served.so_far().durations] == [
        ("step_seconds", (("step", "score"),))
    ]
    assert json.loads(msgspec.json.encode(TALLY.so_far())) == {
        "counts": [], "durations": [], "marks": []
    }  # fmt: skip


# -- Alert rules for Prometheus --------------------------------------------------------------------

RULES = Path(__file__).parent.parent / "deploy/prometheus/rules.yml"


def rules() -> list[dict[str, Any]]:
    read: dict[str, Any] = YAML(typ="safe").load(RULES.read_text("utf-8"))
    return [rule for group in read["groups"] for rule in group["rules"]]


def test_every_alert_rule_can_be_read_and_says_what_is_wrong() -> None:
    found = rules()
    assert len(found) >= 8
    for rule in found:
        assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
        assert re.fullmatch(r"Barometer\w+", rule["alert"])
        assert rule["labels"]["severity"] in ("warning", "critical")
        assert rule["annotations"]["summary"].endswith(".")
        assert re.fullmatch(r"\d+[mh]", rule.get("for", "1m"))
        depth = 0
        for sign in rule["expr"]:
            depth += {"(": 1, ")": -1}.get(sign, 0)
            assert depth >= 0
        assert depth == 0


def test_every_metric_of_an_alert_rule_is_one_that_is_shown() -> None:
    shown = set()
    for one in METRICS.values():
        endings = {
            "counter": ("_total",),
            "info": ("_info",),
            "histogram": ("_count", "_sum", "_bucket"),
        }
        shown |= {one.name + ending for ending in endings.get(one.kind, ("",))}
    for rule in rules():
        named = re.findall(r"barometer_\w+", rule["expr"])
        assert named, rule["alert"]
        assert set(named) <= shown, rule["alert"]
        for name, labels in re.findall(r"(barometer_\w+)\{(\w+)", rule["expr"]):
            assert labels in METRICS[name].labels
