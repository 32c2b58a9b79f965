"""`barometer deploy` and a worker of Prefect's own: the flows run elsewhere, and nothing is done twice."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.batch_events import EVENT, drained
from flows.deploying import Place, default_template, deploy
from flows.mistake import Mistake
from flows.run_limits import LIMIT
from flows.serving import deployments
from flows.settings import Settings, load_settings
from flows.watch_automation import NAME
from flows.wiring import open_database
from storage import ledger
from tests.fixtures_flows import as_environment
from tests.fixtures_prefect import PrefectServer, eventually, without_prefect
from tests.local_feed import local_feed
from tests.registered_flows import ASKED_EVERY, STEPS, Registered
from tests.rows import ABOUT

POOL = "barometer-processes"

BOARD = "https://board.example/"

QUIET = 10
"""Seconds without a drained batch before a watch; the fewest that Prefect takes."""


class Worker(Registered):
    """`prefect worker start` for the pool."""

    def __init__(self, prefect: PrefectServer, process: subprocess.Popen[str]) -> None:
        super().__init__(prefect)
        self.process = process

    def alive(self) -> None:
        assert self.process.poll() is None, "the worker has ended"


@contextmanager
def working(prefect: PrefectServer, environment: dict[str, str], log: Path) -> Iterator[Worker]:
    """A real worker of processes, with the settings in its environment and nowhere else."""
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "prefect", "worker", "start", "--pool", POOL],
            env={**environment, "PREFECT_WORKER_QUERY_SECONDS": "1"},
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            yield Worker(prefect, process)
        finally:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def command(environment: dict[str, str], folder: Path, *arguments: str) -> str:
    """What `barometer …` prints."""
    ended = subprocess.run(
        [sys.executable, "-m", "flows.cli", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def processes_of(run: str) -> list[int]:
    """Those that have the flow run in their environment; the one that carries it out was started last."""
    mark = f"PREFECT__FLOW_RUN_ID={run}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if mark in (folder / "environ").read_bytes():
                found.append(int(folder.name))
    return found


def heard(prefect: PrefectServer) -> list[dict[str, Any]]:
    """The events of drained batches."""
    wanted = {"event": {"name": [EVENT]}}
    found: list[dict[str, Any]] = prefect.ask("events/filter", filter=wanted)["events"]
    return found


@pytest.fixture
def environment(
    prefect_server: PrefectServer, server_settings: Settings, tmp_path: Path
) -> dict[str, str]:
    """Of a worker: a broker, a database server, a Prefect server and a feed."""
    return {
        **without_prefect(),
        **as_environment(server_settings),
        "BAROMETER_MODEL": "lexicon",
        "BAROMETER_BOARD_URL": BOARD,
        "BAROMETER_SOURCES": "sources.toml",  # found in the folder that was deployed from
        "BAROMETER_WATCH_QUIET_SECONDS": str(QUIET),
        "PREFECT_API_URL": prefect_server.api_url,
    }


@pytest.mark.timeout(900)  # processes that each import Prefect, beside other processes of tests
def test_a_worker_runs_what_is_deployed_and_two_runs_at_once_change_nothing_twice(
    prefect_server: PrefectServer,
    server_settings: Settings,
    environment: dict[str, str],
    tmp_path: Path,
) -> None:
    """One worker for all of it: each costs several seconds of start."""
    known = Registered(prefect_server)
    known.forget()
    with local_feed() as feed:
        feed.write_sources(tmp_path / "sources.toml")
        command(environment, tmp_path, "migrate")
        said = command(environment, tmp_path, "deploy", "--pool", POOL)
        assert f"Made the work pool {POOL} (type process)" in said
        for step in STEPS:
            deployment = known.deployment(step)
            assert deployment["work_pool_name"] == POOL
            assert deployment["schedules"]
            assert deployment["job_variables"]["working_dir"] == str(tmp_path)
            # What is asked for below is then all that runs.
            known.pause(step)
        known.drop_scheduled()
        assert "week" in known.deployment("weekly")["parameter_openapi_schema"]["properties"]
        # Batches of which each comes within the time of quiet that the one before began; together they take longer.
        first = datetime.now(UTC)
        burst = [first + timedelta(seconds=0.4 * QUIET * n) for n in range(4)]
        prefect_server.ask(
            "events", [{**drained({"read": 1}), "occurred": each.isoformat()} for each in burst]
        )
        feed.open.clear()
        twice = [known.trigger("collect"), known.trigger("collect")]
        with working(prefect_server, environment, tmp_path / "worker.log") as worker:
            # One is cancelled while the other one waits for the feed.
            eventually(
                lambda: "CANCELLED" in [prefect_server.run(run)["state_type"] for run in twice],
                within=240,
                otherwise="both collect",
                every=ASKED_EVERY,
            )
            feed.open.set()
            ended = [worker.ended(run["id"]) for run in worker.runs("collect")]
            states = [run["state_name"] for run in ended]
            assert states.count("Completed") == 1
            assert states.count("Cancelled") == len(states) - 1 > 0

            # Nobody asks for a watch, and after the burst there is one.
            (watched,) = eventually(
                lambda: worker.runs("watch"),
                within=240,
                otherwise="nothing watches what was drained",
                every=ASKED_EVERY,
            )
            assert datetime.fromisoformat(watched["created"]) >= burst[-1] + timedelta(
                seconds=QUIET
            )
            assert worker.ended(watched["id"])["state_name"] == "Completed"
            assert len(worker.runs("watch")) == 1

            # A process beside all this judges what was published, and says so.
            assert f"{len(ABOUT)} read" in command(environment, tmp_path, "score")
            eventually(
                lambda: len(ABOUT) in [event["payload"]["read"] for event in heard(prefect_server)],
                within=60,
                otherwise="no event of the drained batch",
                every=ASKED_EVERY,
            )

            # The digest's hour was long ago when this was deployed; or it comes yet.
            for run in worker.runs("weekly"):
                worker.ended(run["id"])
            runs = [worker.trigger("score"), worker.trigger("weekly", week="2026-W45")]
            assert [worker.ended(run)["state_name"] for run in runs] == ["Completed"] * 2

            # One that fails, and one that is killed while it waits for the feed: operators hear of both.
            feed.open.clear()
            feed.asked.clear()
            tomorrow = datetime.now(UTC) + timedelta(days=1)
            doomed = worker.trigger("collect", now=tomorrow.isoformat())
            wrong = worker.trigger("weekly", week="no week")
            assert feed.asked.wait(240)
            os.kill(max(processes_of(doomed)), signal.SIGKILL)
            assert worker.ended(doomed)["state_name"] == "Crashed"
            assert worker.ended(wrong)["state_name"] == "Failed"
            eventually(
                lambda: all(
                    f"The flow {end}" in server_settings.alert_log.read_text("utf-8")
                    for end in ("collect crashed", "weekly failed")
                ),
                within=120,
                otherwise="operators were not told",
            )
            assert f"'collect {tomorrow:%Y-%m-%d}" in server_settings.alert_log.read_text("utf-8")
            feed.open.set()
    left = {one["key"]: one for one in prefect_server.ask("artifacts/filter")}
    assert {"disposition": "judged", "rows": len(ABOUT)} in json.loads(
        left["barometer-ledger"]["data"]
    )
    assert "2026-W45" in left["barometer-digest-2026-w45"]["data"]
    assert BOARD in left["barometer-board"]["data"]
    database = open_database(server_settings)
    try:
        assert sum(ledger.totals(database).values()) == len(ABOUT)
    finally:
        database.close()


# -- What is registered, without a worker ----------------------------------------------------------


class Said(list[str]):
    """What `deploy` said."""

    def __call__(self, text: str) -> None:
        self.append(text)


SERVERS = Settings(
    bus_url="kafka://kafka:9092",
    database_url="clickhouse://barometer:pass@clickhouse:9000/barometer",
)


@pytest.fixture
def registered(named_prefect: PrefectServer) -> Registered:
    """Deployments that this process makes on the server of the tests."""
    known = Registered(named_prefect)
    known.forget()
    return known


def test_deploying_again_changes_nothing(registered: Registered, tmp_path: Path) -> None:
    place = Place(pool="barometer-again", folder=tmp_path)
    first, again = Said(), Said()
    deploy(SERVERS, place, first)
    before = {step: registered.deployment(step) for step in STEPS}
    deploy(SERVERS, place, again)
    after = {step: registered.deployment(step) for step in STEPS}
    assert first[0].startswith("Made the work pool")
    assert again == first[1:]
    for step in STEPS:
        for field in ("id", "job_variables", "parameters", "tags", "concurrency_options"):
            assert after[step][field] == before[step][field]
        assert len(after[step]["schedules"]) == len(before[step]["schedules"])
    automations = registered.prefect.ask("automations/filter")
    assert [one["name"] for one in automations].count(NAME) == 1
    limits = registered.prefect.ask("v2/concurrency_limits/filter")
    assert [(one["limit"], one["active"]) for one in limits if one["name"] == LIMIT] == [(1, True)]


def test_one_run_of_a_deployment_at_a_time_and_only_a_watch_waits_for_the_one_before(
    registered: Registered, tmp_path: Path
) -> None:
    deploy(SERVERS, Place(pool="barometer-again", folder=tmp_path), Said())
    strategies = {}
    for step in STEPS:
        deployment = registered.deployment(step)
        assert deployment["global_concurrency_limit"]["limit"] == 1
        strategies[step] = deployment["concurrency_options"]["collision_strategy"]
    assert strategies == dict.fromkeys(STEPS, "CANCEL_NEW") | {"watch": "ENQUEUE"}


def test_serving_takes_the_deployments_out_of_the_pool(
    registered: Registered, tmp_path: Path
) -> None:
    deploy(SERVERS, Place(pool="barometer-again", folder=tmp_path), Said())
    for one in deployments(SERVERS, datetime.now(UTC)):
        one.apply()
    for step in STEPS:
        assert registered.deployment(step)["work_pool_name"] is None
        assert registered.deployment(step)["job_variables"] == {}


def test_containers_get_variables_by_name_and_the_server_keeps_no_value(
    registered: Registered, monkeypatch: pytest.MonkeyPatch
) -> None:
    from prefect.workers.base import BaseJobConfiguration

    class Container(BaseJobConfiguration):
        """What a worker of containers reads of a job, besides what all workers do."""

        image: str
        image_pull_policy: str
        networks: list[str]
        auto_remove: bool

    place = Place(
        pool="barometer-containers",
        type="docker",
        image="barometer:0.1.0",
        passed=("FEED_TOKEN",),
        job_variables={"networks": ["barometer_default"]},
    )
    monkeypatch.setenv("BAROMETER_DATABASE_URL", SERVERS.database_url)
    monkeypatch.setenv("FEED_TOKEN", "token-of-a-feed")
    monkeypatch.delenv("BAROMETER_CHANNELS", raising=False)
    deploy(SERVERS, place, Said())
    deployment = registered.deployment("score")
    pool = registered.get("work_pools/barometer-containers")
    assert pool["type"] == "docker"
    stored = json.dumps([deployment, pool])
    assert "token-of-a-feed" not in stored
    assert "clickhouse://" not in stored
    # What the worker does with it, on a machine whose environment has the values.
    job: Any = asyncio.run(
        Container.from_template_and_values(pool["base_job_template"], deployment["job_variables"])
    )
    assert job.image == "barometer:0.1.0"
    assert job.image_pull_policy == "IfNotPresent"
    assert job.networks == ["barometer_default"]
    assert job.auto_remove
    assert job.env["BAROMETER_DATABASE_URL"] == SERVERS.database_url
    assert job.env["FEED_TOKEN"] == "token-of-a-feed"
    assert job.env["BAROMETER_CHANNELS"] == ""
    # … and what Barometer makes of that in the container.
    for name in list(os.environ):
        if name.startswith("BAROMETER_"):
            monkeypatch.delenv(name)
    for name, value in job.env.items():
        monkeypatch.setenv(name, value)
    inside = load_settings()
    assert inside.database_url == SERVERS.database_url
    assert inside.channels is None


def test_a_pool_of_containers_that_was_there_is_made_to_look_at_names(
    registered: Registered,
) -> None:
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import WorkPoolCreate

    with get_client(sync_client=True) as client:
        template = default_template(client, "docker")
        client.create_work_pool(
            WorkPoolCreate(name="theirs", type="docker", base_job_template=template)
        )
    said, again = Said(), Said()
    deploy(SERVERS, Place(pool="theirs", image="barometer:0.1.0"), said)
    deploy(SERVERS, Place(pool="theirs", image="barometer:0.1.0"), again)
    assert said[0].startswith("The work pool theirs now puts the worker's values")
    assert again == said[1:]
    changed = registered.get("work_pools/theirs")["base_job_template"]
    template["job_configuration"]["env"] = {}
    assert changed == template
    with pytest.raises(Mistake, match="is there with type docker"):
        deploy(SERVERS, Place(pool="theirs", type="process"), Said())
    with pytest.raises(Mistake, match="need an image: --image"):
        deploy(SERVERS, Place(pool="theirs"), Said())
    with pytest.raises(Mistake, match="BAROMETER_BUS_URL names a file"):
        deploy(Settings(), Place(pool="theirs", image="barometer:0.1.0"), Said())


def test_without_a_named_server_there_is_nothing_to_deploy_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    with pytest.raises(Mistake, match="set PREFECT_API_URL"):
        deploy(SERVERS, Place(pool="any"), Said())
