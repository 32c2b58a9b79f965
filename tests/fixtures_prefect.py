"""Prefect for tests: one embedded server for all of them, and a look at what it recorded."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from flows.prefect_server import EmbeddedServer, Orchestrator
from flows.settings import prefect_environment

START_SECONDS = 240.0


def eventually(
    true: Callable[[], Any], *, within: float, otherwise: str, every: float = 0.05
) -> Any:
    """What `true` gives once it gives something, asked `every` so many seconds; fails with `otherwise` after
    `within` seconds.
    """
    deadline = time.monotonic() + within
    while not (found := true()):
        if time.monotonic() > deadline:
            pytest.fail(otherwise)
        time.sleep(every)
    return found


def without_prefect() -> dict[str, str]:
    """The environment of a process that is to decide about Prefect itself."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}


def alive(pid: int) -> bool:
    """Whether a process is there and is no zombie."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:  # noqa: PTH123
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


class PrefectServer:
    """A running server; what it knows of flow runs."""

    def __init__(self, server: EmbeddedServer, home: Path) -> None:
        self.embedded = server
        self.home = home
        self.api_url = server.api_url
        self._seen: set[str] = set()

    def ask(self, path: str, sent: Any = None, /, **body: Any) -> Any:
        """The answer to a POST of `sent`, or else of what is named."""
        deadline = time.monotonic() + 30
        while True:
            answer = httpx.post(f"{self.api_url}/{path}", json=sent or body, timeout=120)
            # Its answer while its SQLite file is locked; its own client asks again too.
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE or time.monotonic() > deadline:
                break
            time.sleep(0.5)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def new_runs(self) -> list[dict[str, Any]]:
        """Flow runs that were started since this was asked last, oldest first; not those of deployments, of which one may
        outlive the test that started it.
        """
        started = self.ask("flow_runs/filter", sort="START_TIME_ASC")
        runs = [run for run in started if not run["deployment_id"]]
        new = [run for run in runs if run["start_time"] and run["id"] not in self._seen]
        self._seen.update(run["id"] for run in new)
        return new

    def run(self, flow_run_id: str) -> dict[str, Any]:
        """One flow run."""
        (found,) = self.ask("flow_runs/filter", flow_runs={"id": {"any_": [flow_run_id]}})
        run: dict[str, Any] = found
        return run


@pytest.fixture(scope="session")
def running_prefect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrefectServer]:
    """The server of all tests, with its scheduler."""
    home = tmp_path_factory.mktemp("prefect")
    server = EmbeddedServer(home)
    with pytest.MonkeyPatch.context() as here:
        for name in [name for name in os.environ if name.startswith("PREFECT_")]:
            here.delenv(name)
        for name, value in prefect_environment(home, embedded=True).items():
            here.setenv(name, value)
        server.start(services=True)
        import flows.prefect_flows  # noqa: F401  (reads the environment now, and never again)
    try:
        deadline = time.monotonic() + START_SECONDS
        while not server.ready():
            if server.ended() or time.monotonic() > deadline:
                pytest.fail(f"Prefect does not start: {server.log_file.read_text()[-2000:]}")
            time.sleep(0.1)
        yield PrefectServer(server, home)
    finally:
        server.stop()


@pytest.fixture
def prefect_server(running_prefect: PrefectServer) -> PrefectServer:
    """The server, with the runs of earlier tests out of sight."""
    running_prefect.new_runs()
    return running_prefect


@pytest.fixture
def named_prefect(
    prefect_server: PrefectServer, monkeypatch: pytest.MonkeyPatch
) -> Iterator[PrefectServer]:
    """That server, as the one that PREFECT_API_URL names, for Prefect's client in this process too."""
    from prefect.settings import PREFECT_API_URL, temporary_settings

    monkeypatch.setenv("PREFECT_API_URL", prefect_server.api_url)
    with temporary_settings(updates={PREFECT_API_URL: prefect_server.api_url}):
        yield prefect_server


@pytest.fixture
def conductor(prefect_server: PrefectServer, monkeypatch: pytest.MonkeyPatch) -> Orchestrator:
    """Runs steps as flows on that server."""
    for name, value in prefect_environment(prefect_server.home, embedded=True).items():
        monkeypatch.setenv(name, value)
    return Orchestrator(prefect_server.embedded)
