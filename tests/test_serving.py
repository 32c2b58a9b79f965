"""`barometer serve`: five deployments on a Prefect server, and flow runs that do their work."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.run_limits import LIMIT
from flows.serving import deployments, digest_times
from flows.settings import Settings
from flows.watch_automation import NAME
from flows.wiring import edges, open_database
from storage import ledger
from storage.database import Database, DatabaseUnavailable
from tests.fixtures_prefect import PrefectServer, eventually, without_prefect
from tests.local_feed import LocalFeed, local_feed
from tests.registered_flows import ASKED_EVERY, STEPS, Registered
from tests.rows import ABOUT

NOW = datetime(2026, 11, 18, 12, tzinfo=UTC)

RELATIVE = {
    "BAROMETER_BUS_URL": "sqlite:///var/bus.db?session_timeout=2",
    "BAROMETER_DATABASE_URL": "chdb:///var/clickhouse",
    "BAROMETER_ALERT_LOG": "var/alerts.log",
    "BAROMETER_SOURCES": "sources.toml",
    "BAROMETER_ALLOWED_HOSTS": "127.0.0.1",
    "BAROMETER_MODEL": "lexicon",
    "BAROMETER_DIGEST_HOUR": "0",  # on Monday: whenever the tests run, this week's digest is due
}
"""The paths of the defaults, relative to the working directory."""


# -- Deployments and their schedules ---------------------------------------------------------------


@pytest.fixture
def by_step(running_prefect: PrefectServer) -> dict[str, Any]:
    settings = Settings(
        collect_minutes=20, watch_minutes=45, digest_day=7, digest_hour=6, timezone="Europe/Rome"
    )
    return {one.flow_name: one for one in deployments(settings, NOW)}


def test_there_is_a_deployment_for_each_step_with_tags_and_a_description(
    by_step: dict[str, Any],
) -> None:
    assert tuple(by_step) == STEPS
    for one in by_step.values():
        assert one.name == "barometer"
        assert "barometer" in one.tags
        assert len(one.tags) == 2
        assert one.description.endswith(".")


def test_collect_score_and_watch_come_round_in_that_order(by_step: dict[str, Any]) -> None:
    schedules = [by_step[step].schedules[0].schedule for step in ("collect", "score", "watch")]
    assert [one.interval for one in schedules] == [
        timedelta(minutes=20),
        timedelta(minutes=20),
        timedelta(minutes=45),
    ]
    first = [one.anchor_date for one in schedules]
    assert NOW < first[0] < first[1] < first[2] < NOW + timedelta(minutes=2)


def test_the_digest_has_its_hour_where_the_readers_live(by_step: dict[str, Any]) -> None:
    (only,) = by_step["weekly"].schedules
    assert (only.schedule.cron, only.schedule.timezone) == ("0 6 * * 0", "Europe/Rome")


def test_flows_are_found_from_any_folder(
    by_step: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from prefect.flows import load_flow_from_entrypoint

    monkeypatch.chdir(tmp_path)
    for step, one in by_step.items():
        assert load_flow_from_entrypoint(one.entrypoint).name == step


def test_a_digest_whose_hour_comes_before_its_week_is_over_in_utc_is_asked_for_again() -> None:
    auckland = Settings(digest_day=1, digest_hour=7, timezone="Pacific/Auckland")
    assert digest_times(auckland, NOW) == [("0 7 * * 1", "Pacific/Auckland"), ("5 0 * * 1", "UTC")]
    assert len(digest_times(auckland.model_copy(update={"digest_hour": 14}), NOW)) == 1
    # Seven o'clock is late enough in winter (UTC+1) and in summer (UTC+2), one o'clock is not.
    rome = Settings(digest_day=1, digest_hour=7, timezone="Europe/Rome")
    assert len(digest_times(rome, NOW)) == 1
    assert len(digest_times(rome.model_copy(update={"digest_hour": 1}), NOW)) == 2
    assert len(digest_times(Settings(timezone="America/Lima", digest_hour=0), NOW)) == 1


# -- The real command ------------------------------------------------------------------------------


class Served(Registered):
    """`barometer serve` in a folder of its own, seen through the API of its Prefect server."""

    def __init__(
        self, process: subprocess.Popen[str], prefect: PrefectServer, folder: Path
    ) -> None:
        super().__init__(prefect)
        self.process = process
        self.folder = folder

    def alive(self) -> None:
        assert self.process.poll() is None, "barometer serve has ended"


@contextmanager
def serving(prefect: PrefectServer, folder: Path, feed: LocalFeed) -> Iterator[Served]:
    """Start it, and wait until the deployments are there."""
    feed.write_sources(folder / "sources.toml")
    process = subprocess.Popen(
        [sys.executable, "-m", "flows.cli", "serve"],
        cwd=folder,
        env={
            **without_prefect(),
            **RELATIVE,
            "PREFECT_API_URL": prefect.api_url,
            "PREFECT_RUNNER_POLL_FREQUENCY": "1",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = ""
        while not line.startswith("Serving "):
            line = process.stdout.readline()
            assert line, process.communicate()[1]
        yield Served(process, prefect, folder)
    finally:
        process.kill()
        process.communicate()


def when_free(open_it: Callable[[], Database]) -> Database:
    """The database, in a moment in which no flow run holds its folder."""

    def try_it() -> Database | None:
        try:
            return open_it()
        except DatabaseUnavailable:
            return None

    database: Database = eventually(try_it, within=120, otherwise="the database is never free")
    return database


@pytest.mark.timeout(900)  # processes that each import Prefect, beside other processes of tests
def test_served_flow_runs_do_their_work_wait_for_the_database_and_end_with_the_command(
    prefect_server: PrefectServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One serving for all of it: each costs several seconds of start."""
    monkeypatch.chdir(tmp_path)
    settings = Settings(
        bus_url=RELATIVE["BAROMETER_BUS_URL"],
        database_url=RELATIVE["BAROMETER_DATABASE_URL"],
        alert_log=Path("var/alerts.log"),
    )
    with local_feed() as feed, serving(prefect_server, tmp_path, feed) as served:
        for step in STEPS:
            found = served.deployment(step)
            assert not found["paused"]
            assert "barometer" in found["tags"]
            assert found["schedules"]
            # What is asked for below is then all that runs: nothing falls due while the test has the database.
            served.pause(step)
        automations = [one["name"] for one in prefect_server.ask("automations/filter")]
        assert automations.count(NAME) == 1
        limits = [one["name"] for one in prefect_server.ask("v2/concurrency_limits/filter")]
        assert LIMIT in limits

        # The digest's hour was long ago this week: it is told as soon as somebody serves.
        weekly = next(run for run in served.runs("weekly") if not run["auto_scheduled"])
        assert served.ended(weekly["id"])["state_name"] == "Completed"

        # Another process has the database: a run waits for it and does not fail.
        database = when_free(lambda: open_database(settings))
        mine = served.trigger("collect")
        eventually(
            lambda: any(
                "AwaitingRetry" in served.task_states(run["id"]) for run in served.runs("collect")
            ),
            within=240,
            otherwise="no run waited for the database",
            every=ASKED_EVERY,
        )
        database.close()
        collected = served.ended(mine)
        assert collected["state_name"] == "Completed"
        assert collected["name"].startswith("collect 20")
        assert served.ended(served.trigger("score"))["state_name"] == "Completed"

        served.process.send_signal(signal.SIGTERM)
        output, errors = served.process.communicate(timeout=120)
    assert served.process.returncode == 0
    assert errors == (
        "barometer: Stopped. What was not committed is read again at the next start.\n"
    )
    assert f"collect: 1 sources: {len(ABOUT)} new" in output
    assert f"score: {len(ABOUT)} read" in output
    with edges(settings, sources=[]) as opened:
        assert sum(ledger.totals(opened.database).values()) == len(ABOUT)
    assert "digest-" in (tmp_path / "var/alerts.log").read_text("utf-8")


def test_runs_are_scheduled_while_somebody_serves_and_dropped_at_the_next_start(
    prefect_server: PrefectServer, tmp_path: Path
) -> None:
    """Prefect's scheduler fails for ever with SQLAlchemy 2.1, silently for whoever serves."""
    with local_feed() as feed:
        with serving(prefect_server, tmp_path, feed) as served:

            def scheduled() -> list[dict[str, Any]]:
                runs = [run for run in served.runs("score") if run["auto_scheduled"]]
                return [
                    run for run in runs if run["state_type"] == "SCHEDULED" and not run["run_count"]
                ]

            first = eventually(
                scheduled,
                within=120,
                otherwise="nothing is scheduled; sqlalchemy must be older than 2.1 for Prefect 3.8",
                every=ASKED_EVERY,
            )
            served.process.send_signal(signal.SIGINT)
            assert served.process.wait(120) == 0
            assert not served.deployment("score")["paused"]
        with serving(prefect_server, tmp_path, feed) as served:
            missed = {run["id"] for run in first}

            def scheduled_anew() -> bool:
                # The deployments are there from before; until they are registered, so are their runs.
                runs = scheduled()
                return bool(runs) and missed.isdisjoint(run["id"] for run in runs)

            eventually(
                scheduled_anew,
                within=120,
                otherwise="the missed runs are still there",
                every=ASKED_EVERY,
            )
