"""The embedded Prefect server: beside the work, never in its way, and gone with the process that started it."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from flows import steps
from flows.prefect_server import EmbeddedServer, Orchestrator
from flows.settings import prefect_environment
from tests.fixtures_prefect import PrefectServer, alive, eventually, without_prefect
from tests.services import free_port

PARENT = """
import sys, time
from pathlib import Path
from flows.prefect_server import EmbeddedServer
server = EmbeddedServer(Path(sys.argv[1]))
server.start()
print("started", flush=True)
time.sleep(60)
"""


def pid_of_child(home: Path) -> int:
    return int(json.loads((home / "embedded_server.json").read_text("utf-8"))["pid"])


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A step `watch` that does nothing but remember that it ran."""
    ran: list[str] = []

    def watch(now: datetime | None = None) -> str:
        ran.append("watch")
        return "watched"

    monkeypatch.setitem(steps.STEPS, "watch", watch)
    return ran


def test_the_child_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path)],
        stdout=subprocess.PIPE,
        env=without_prefect(),
    )
    try:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"started\n"
        child = pid_of_child(tmp_path)
        assert alive(child)
    finally:
        parent.kill()
        parent.communicate()
    eventually(lambda: not alive(child), within=60, otherwise="the child outlived its parent")


def test_a_child_that_serves_ends_in_order_when_its_parent_is_gone(
    running_prefect: PrefectServer, tmp_path: Path
) -> None:
    """On the tables of a server that has been there: it is up in seconds."""
    home = tmp_path / "prefect"
    home.mkdir()
    _copy_tables(running_prefect.home / "prefect.db", home / "prefect.db")
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(home)],
        stdout=subprocess.DEVNULL,
        env=without_prefect()
        | prefect_environment(home, embedded=True)
        | {"PREFECT_HOME": str(home)},
    )
    try:
        eventually(
            (home / "embedded_server.json").exists, within=30, otherwise="the parent did not start"
        )
        child = pid_of_child(home)
        url = json.loads((home / "embedded_server.json").read_text("utf-8"))["api_url"]
        port = int(url.split(":")[2].split("/")[0])
        eventually(lambda: _listens(port), within=60, otherwise="the child does not serve")
    finally:
        parent.kill()
        parent.wait()
    eventually(lambda: not alive(child), within=60, otherwise="the child outlived its parent")
    assert not _listens(port)
    assert "Traceback" not in (home / "server.log").read_text("utf-8")


def _copy_tables(source: Path, target: Path) -> None:
    with sqlite3.connect(source) as there, sqlite3.connect(target) as here:
        there.backup(here)
    there.close()
    here.close()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_to_stop_the_server_leaves_no_process_and_no_whereabouts(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path)
    server.start()
    child = pid_of_child(tmp_path)
    assert alive(child)
    server.stop()
    assert not alive(child)
    assert server.ended()
    assert not server.whereabouts.exists()
    server.stop()  # again, as at the end of the program


def test_a_step_runs_as_a_plain_function_until_prefect_answers(
    tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    server = EmbeddedServer(tmp_path)
    monkeypatch.setattr(server, "ready", lambda: False)
    monkeypatch.setattr(server, "ended", lambda: False)
    conductor = Orchestrator(server)
    assert conductor.run("watch") == "watched"
    assert said == ["watch"]
    assert (conductor.plain_runs, conductor.flow_runs) == (1, 0)
    assert conductor.account() == (
        "1 step ran as a plain function: Prefect was still starting beside the work."
    )


def test_a_server_that_cannot_start_stops_nobody_and_says_where_to_look(
    tmp_path: Path, said: list[str]
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        server = EmbeddedServer(tmp_path)
        server._port = taken.getsockname()[1]
        server.start()
        try:
            eventually(server.ended, within=60, otherwise="the server took a port that was taken")
            conductor = Orchestrator(server)
            assert conductor.run("watch") == "watched"
            assert str(server.log_file) in conductor.account()
            assert "in use" in server.log_file.read_text("utf-8")
        finally:
            server.stop()


def test_a_server_that_fails_in_mid_work_costs_no_step(
    prefect_server: PrefectServer,
    conductor: Orchestrator,
    tmp_path: Path,
    said: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = EmbeddedServer(tmp_path)
    server._port = free_port()  # nobody is there
    monkeypatch.setattr(server, "ready", lambda: not said)
    conductor = Orchestrator(server)
    assert conductor.run("watch") == "watched"
    assert conductor.run("watch") == "watched"
    assert said == ["watch", "watch"]
    assert (conductor.plain_runs, conductor.flow_runs) == (2, 0)


def test_a_named_server_that_is_not_there_gives_one_sentence(tmp_path: Path) -> None:
    sources = tmp_path / "sources.toml"
    sources.write_text(
        '[[source]]\nname = "a"\nurl = "http://127.0.0.1:1/"\noutlet = "A"\nkind = "news"\n'
        'society = "XA"\nlanguage = "en"\n'
    )
    url = f"http://127.0.0.1:{free_port()}/api"
    for command in (["run", "--once"], ["serve"]):
        done = subprocess.run(
            [sys.executable, "-m", "flows.cli", *command],
            cwd=tmp_path,
            env=without_prefect() | {"PREFECT_API_URL": url, "BAROMETER_SOURCES": "sources.toml"},
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
        )
        assert done.returncode == 1
        (sentence,) = done.stderr.splitlines()
        assert sentence.startswith(f"barometer: The Prefect server at {url} did not take the ")
        assert "PREFECT_API_URL" in sentence


def environment(monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    for name in [name for name in os.environ if name.startswith("PREFECT_")]:
        monkeypatch.delenv(name)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


def test_what_the_user_says_of_prefect_stays(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    environment(monkeypatch, PREFECT_HOME="/srv/prefect", PREFECT_SERVER_UI_ENABLED="true")
    wanted = prefect_environment(tmp_path, embedded=True)
    assert wanted["PREFECT_HOME"] == "/srv/prefect"
    assert wanted["PREFECT_SERVER_UI_ENABLED"] == "true"
    assert wanted["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"


def test_a_named_server_keeps_its_own_home_and_gets_the_logs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    environment(monkeypatch)
    wanted = prefect_environment(tmp_path, embedded=False)
    assert "PREFECT_HOME" not in wanted
    assert "PREFECT_LOGGING_TO_API_ENABLED" not in wanted


def test_the_home_of_prefect_does_not_depend_on_the_working_directory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    environment(monkeypatch)
    monkeypatch.chdir(tmp_path)
    wanted = prefect_environment(Path("var/prefect"), embedded=True)
    assert wanted["PREFECT_HOME"] == str(tmp_path / "var/prefect")
