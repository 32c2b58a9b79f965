"""`barometer run`: its schedule, what it says, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from flows.prefect_server import Orchestrator
from flows.running import TICK_SECONDS, Schedule, run_for_ever
from flows.settings import Settings
from flows.wiring import GROUP, edges, open_bus
from ingest.bus import DEAD_LETTERS, DOCUMENTS, BusUnavailable, Record
from storage import ledger
from storage.database import DatabaseRefused
from tests.fixtures_flows import as_environment
from tests.fixtures_prefect import PrefectServer, alive, eventually, without_prefect
from tests.local_feed import LocalFeed, local_feed
from tests.rows import ABOUT

WEDNESDAY = datetime(2026, 11, 18, 12, tzinfo=UTC)
"""With the digest of the default settings (Monday 7:00 UTC) of that week told long ago, or not at all."""

QUIET = Settings(digest_day=7, digest_hour=23)
"""The digest is due in the last hour of the week only."""


def turns(
    settings: Settings,
    start: datetime,
    hours: float,
    *,
    every: timedelta = timedelta(minutes=1),
    schedule: Schedule | None = None,
) -> Iterator[tuple[datetime, str]]:
    """What a schedule calls for between `start` and `hours` later; every step succeeds."""
    schedule = schedule or Schedule(settings)
    now = start
    while now <= start + timedelta(hours=hours):
        for step in schedule.due(now):
            schedule.succeeded(step, now)
            yield now, step
        now += every


def of(step: str, called: Iterator[tuple[datetime, str]]) -> list[datetime]:
    return [when for when, what in called if what == step]


def minutes(moments: list[datetime], start: datetime = WEDNESDAY) -> list[int]:
    return [round((moment - start) / timedelta(minutes=1)) for moment in moments]


# -- The schedule ----------------------------------------------------------------------------------


def test_all_is_collected_at_the_start_and_then_every_collect_minutes() -> None:
    settings = QUIET.model_copy(update={"collect_minutes": 15, "watch_minutes": 60})
    assert minutes(of("collect", turns(settings, WEDNESDAY, 1))) == [0, 15, 30, 45, 60]


def test_scoring_and_watching_follow_each_collecting_in_that_order() -> None:
    called = list(turns(QUIET, WEDNESDAY, 0.5))
    steps = [step for _, step in called if step != "retain"]
    assert steps == ["collect", "score", "watch"] * 3


def test_silence_is_watched_too() -> None:
    settings = QUIET.model_copy(update={"collect_minutes": 180, "watch_minutes": 60})
    assert minutes(of("watch", turns(settings, WEDNESDAY, 4))) == [0, 60, 120, 180, 240]
    assert minutes(of("score", turns(settings, WEDNESDAY, 4))) == [0, 180]


def test_a_step_that_took_long_is_due_at_once_but_not_twice() -> None:
    schedule = Schedule(QUIET)
    for step in schedule.due(WEDNESDAY):
        schedule.succeeded(step, WEDNESDAY)
    later = WEDNESDAY + timedelta(minutes=50)
    assert schedule.due(later) == ["collect", "score", "watch"]
    assert schedule.due(later + timedelta(minutes=1)) == []


def test_a_clock_that_is_set_back_does_not_silence_the_monitor() -> None:
    schedule = Schedule(QUIET)
    for step in schedule.due(WEDNESDAY + timedelta(days=365)):
        schedule.succeeded(step, WEDNESDAY + timedelta(days=365))
    assert schedule.due(WEDNESDAY) == ["collect", "score", "watch", "retain"]


def test_what_is_over_expires_at_the_start_and_then_once_a_day() -> None:
    called = of("retain", turns(QUIET, WEDNESDAY, 72, every=timedelta(minutes=5)))
    assert minutes(called) == [0, 24 * 60, 48 * 60, 72 * 60]


def test_expiry_that_failed_is_asked_for_again_but_not_at_each_tick() -> None:
    schedule = Schedule(QUIET.model_copy(update={"collect_minutes": 15}))
    asked = [
        minute
        for minute in range(40)
        if "retain" in schedule.due(WEDNESDAY + timedelta(minutes=minute))
    ]
    assert asked == [0, 15, 30]


@pytest.mark.parametrize(
    ("zone", "hour"), [("UTC", 7), ("Europe/Rome", 7), ("America/Los_Angeles", 0), ("UTC", 23)]
)
def test_the_digest_comes_once_a_week_on_its_day_and_hour_where_the_readers_live(
    zone: str, hour: int
) -> None:
    settings = Settings(digest_day=2, digest_hour=hour, timezone=zone)
    start = datetime(2026, 11, 2, 0, 0, tzinfo=UTC)
    schedule = Schedule(settings)
    list(
        turns(settings, start - timedelta(days=2), 1, schedule=schedule)
    )  # the week before is told
    called = of(
        "weekly", turns(settings, start, 21 * 24, every=timedelta(minutes=10), schedule=schedule)
    )
    local = [when.astimezone(ZoneInfo(zone)) for when in called]
    assert [(when.isoweekday(), when.hour, when.minute) for when in local] == [(2, hour, 0)] * 3


@pytest.mark.parametrize(
    "change", [datetime(2026, 3, 29, tzinfo=UTC), datetime(2026, 10, 25, tzinfo=UTC)]
)
def test_a_change_of_the_clocks_neither_drops_nor_doubles_a_digest(change: datetime) -> None:
    """Sunday at 2:00 in Rome: an hour that does not exist in March and comes twice in October."""
    settings = Settings(digest_day=7, digest_hour=2, timezone="Europe/Rome")
    start = change - timedelta(days=4)
    called = of("weekly", turns(settings, start, 5 * 24, every=timedelta(minutes=10)))
    assert len(called) == 1
    assert called[0].astimezone(ZoneInfo("Europe/Rome")).date() == change.date()


def test_a_process_that_starts_late_in_the_week_still_tells_it() -> None:
    settings = Settings(digest_day=1, digest_hour=7)
    assert of("weekly", turns(settings, WEDNESDAY, 48)) == [WEDNESDAY]


def test_a_digest_that_failed_is_asked_for_again_but_not_at_each_tick() -> None:
    settings = Settings(digest_day=1, digest_hour=7, collect_minutes=15)
    schedule = Schedule(settings)
    asked = [
        minute
        for minute in range(40)
        if "weekly" in schedule.due(WEDNESDAY + timedelta(minutes=minute))
    ]
    assert asked == [0, 15, 30]


# -- The loop --------------------------------------------------------------------------------------


class Over(Exception):
    """Ends a run for ever."""


class FakeConductor(Orchestrator):
    """Remembers what was asked for; fails as told."""

    def __init__(
        self, fail: Callable[[str, int], Exception | None] = lambda step, turn: None
    ) -> None:
        super().__init__(None)
        self.asked: list[str] = []
        self._fail = fail

    def run(self, step: str, **parameters: object) -> str:
        self.asked.append(step)
        if (error := self._fail(step, self.asked.count(step))) is not None:
            raise error
        return "done"


def run_for(hours: float, conductor: Orchestrator, settings: Settings = QUIET) -> list[str]:
    """What a run says in simulated hours; nobody waits for them."""
    now = WEDNESDAY
    slept: list[float] = []
    said: list[str] = []

    def sleep(seconds: float) -> None:
        nonlocal now
        slept.append(seconds)
        now += timedelta(seconds=seconds)
        if now > WEDNESDAY + timedelta(hours=hours):
            raise Over

    with pytest.raises(Over):
        run_for_ever(conductor, settings, said.append, clock=lambda: now, sleep=sleep)
    assert set(slept) == {TICK_SECONDS}, "it does not rest between its looks at the clock"
    return said


def test_a_run_for_ever_follows_the_schedule() -> None:
    conductor = FakeConductor()
    said = run_for(0.99, conductor)
    once = ["collect", "score", "watch"]
    assert conductor.asked == [*once, "retain", *once * 3]
    assert said[0].startswith("Collecting every 15 minutes")
    assert said[1].endswith("collect: done")


def test_a_step_that_fails_is_said_and_tried_again_and_the_others_go_on() -> None:
    down = BusUnavailable("the bus is down")
    conductor = FakeConductor(lambda step, turn: down if (step, turn) == ("score", 1) else None)
    said = run_for(0.4, conductor)
    once = ["collect", "score", "watch"]
    assert conductor.asked == [*once, "retain", *once]
    assert [line for line in said if "failed" in line] == [
        line for line in said if line.endswith("score failed and is tried again: the bus is down")
    ]
    assert sum("failed" in line for line in said) == 1
    assert sum(line.endswith("score: done") for line in said) == 1


def test_a_failed_digest_is_told_later_in_the_same_week() -> None:
    settings = Settings(digest_day=1, digest_hour=7)
    down = BusUnavailable("the bus is down")
    conductor = FakeConductor(lambda step, turn: down if (step, turn) == ("weekly", 1) else None)
    run_for(2, conductor, settings)
    assert conductor.asked.count("weekly") == 2


@pytest.mark.parametrize("error", [DatabaseRefused("wrong password"), KeyError("a fault of ours")])
def test_a_mistake_or_a_fault_of_ours_ends_the_run(error: Exception) -> None:
    conductor = FakeConductor(lambda step, turn: error if step == "watch" else None)
    with pytest.raises(type(error)):
        run_for_ever(conductor, QUIET, lambda text: None, clock=lambda: WEDNESDAY)


# -- The real command ------------------------------------------------------------------------------


@contextmanager
def run_command(
    settings: Settings, folder: Path, *options: str, feed: LocalFeed, **variables: str
) -> Iterator[subprocess.Popen[str]]:
    """`barometer run` in a process group of its own, ended with the block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "flows.cli", "run", *options],
        cwd=folder,
        env={
            **without_prefect(),
            **as_environment(settings),
            "BAROMETER_MODEL": "lexicon",
            "BAROMETER_SOURCES": str(feed.write_sources(folder / "sources.toml")),
            **variables,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def child_of(settings: Settings) -> int:
    """The process of the embedded server, once it is there."""
    file = settings.prefect_home / "embedded_server.json"
    eventually(
        lambda: file.exists() and file.read_text("utf-8"),
        within=120,
        otherwise="no Prefect server was started",
    )
    return int(json.loads(file.read_text("utf-8"))["pid"])


def nothing_is_left(settings: Settings, group: int, child: int) -> None:
    """No process of the group, and no Prefect server."""
    eventually(lambda: not alive(child), within=60, otherwise="the Prefect server is still there")
    assert not (settings.prefect_home / "embedded_server.json").exists()
    with pytest.raises(ProcessLookupError):
        os.killpg(group, 0)


def test_one_round_reads_the_feed_and_leaves_rows_and_no_process(
    embedded_settings: Settings, tmp_path: Path
) -> None:
    with local_feed() as feed:
        feed.open.clear()  # until the child has been seen
        with run_command(embedded_settings, tmp_path, "--once", feed=feed) as process:
            child = child_of(embedded_settings)
            feed.open.set()
            output, errors = process.communicate(timeout=200)
    assert process.returncode == 0, errors
    assert errors == ""
    lines = output.splitlines()
    steps = ["collect", "score", "watch", "retain"]
    assert [line[17:].split(":")[0] for line in lines[:-1]] == steps
    assert f"{len(ABOUT)} new" in lines[0]
    assert lines[1].split(": ")[1].startswith(f"{len(ABOUT)} read = ")
    assert lines[-1].startswith("4 steps ran as ")
    nothing_is_left(embedded_settings, process.pid, child)
    with edges(embedded_settings, sources=[]) as opened:
        assert sum(ledger.totals(opened.database).values()) == len(ABOUT)
        assert opened.bus.backlog([DOCUMENTS, DEAD_LETTERS], GROUP) == 0


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)], ids=["SIGTERM", "SIGINT"]
)
def test_a_round_that_is_stopped_in_the_middle_says_so_and_leaves_no_process(
    embedded_settings: Settings, tmp_path: Path, number: signal.Signals, status: int
) -> None:
    with local_feed() as feed:
        feed.open.clear()
        with run_command(embedded_settings, tmp_path, "--once", feed=feed) as process:
            assert feed.asked.wait(200)
            child = child_of(embedded_settings)
            process.send_signal(number)
            feed.open.set()
            output, errors = process.communicate(timeout=200)
    assert process.returncode == status
    assert errors == (
        "barometer: Stopped. What was not committed is read again at the next start.\n"
    )
    assert output == ""
    nothing_is_left(embedded_settings, process.pid, child)


def test_a_run_that_is_killed_takes_its_prefect_server_with_it(
    embedded_settings: Settings, tmp_path: Path
) -> None:
    with local_feed() as feed:
        feed.open.clear()
        with run_command(embedded_settings, tmp_path, feed=feed) as process:
            assert feed.asked.wait(200)
            child = child_of(embedded_settings)
            assert alive(child)
            process.kill()
            eventually(lambda: not alive(child), within=60, otherwise="the server lives on")


def test_a_run_for_ever_ends_well_when_it_is_asked_to(
    embedded_settings: Settings, tmp_path: Path
) -> None:
    with local_feed() as feed, run_command(embedded_settings, tmp_path, feed=feed) as process:
        child = child_of(embedded_settings)
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(4)]
        assert said[3][17:].startswith("watch: ")
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=200)
    assert process.returncode == 0
    assert errors == (
        "barometer: Stopped. What was not committed is read again at the next start.\n"
    )
    nothing_is_left(embedded_settings, process.pid, child)


def test_on_a_named_prefect_server_steps_are_flow_runs_and_a_good_run_makes_no_noise(
    prefect_server: PrefectServer, embedded_settings: Settings, tmp_path: Path
) -> None:
    with (
        local_feed() as feed,
        run_command(
            embedded_settings, tmp_path, "--once", feed=feed, PREFECT_API_URL=prefect_server.api_url
        ) as process,
    ):
        output, errors = process.communicate(timeout=200)
    assert (process.returncode, errors) == (0, "")
    assert output.splitlines()[-1] == "4 steps ran as Prefect flow runs."
    assert not embedded_settings.prefect_home.exists()
    assert [run["name"].split()[0] for run in prefect_server.new_runs()] == [
        "collect",
        "score",
        "watch",
        "retain",
    ]


def test_a_bad_run_on_a_prefect_server_is_one_sentence(
    prefect_server: PrefectServer, embedded_settings: Settings, tmp_path: Path
) -> None:
    bus = open_bus(embedded_settings, create=True)
    bus.publish(DOCUMENTS, [Record(f"k{n}", b"nonsense") for n in range(40)])
    bus.close()
    with (
        local_feed() as feed,
        run_command(
            embedded_settings, tmp_path, "--once", feed=feed, PREFECT_API_URL=prefect_server.api_url
        ) as process,
    ):
        _, errors = process.communicate(timeout=200)
    assert process.returncode == 1
    (sentence,) = errors.splitlines()
    assert sentence.startswith("barometer: 40 of 45 messages on barometer.documents.v1 cannot")
    assert [run["state_name"] for run in prefect_server.new_runs()] == ["Completed", "Failed"]


def test_a_flow_run_that_is_stopped_in_the_middle_is_recorded_as_crashed(
    prefect_server: PrefectServer, embedded_settings: Settings, tmp_path: Path
) -> None:
    with local_feed() as feed:
        feed.open.clear()
        with run_command(
            embedded_settings, tmp_path, "--once", feed=feed, PREFECT_API_URL=prefect_server.api_url
        ) as process:
            assert feed.asked.wait(200)
            process.send_signal(signal.SIGTERM)
            feed.open.set()
            _, errors = process.communicate(timeout=200)
    assert process.returncode == 143
    assert errors == (
        "barometer: Stopped. What was not committed is read again at the next start.\n"
    )
    assert [run["state_name"] for run in prefect_server.new_runs()] == ["Crashed"]
