"""The program in the place that docker-compose.yml gives it: another user without rights, and a file system in which only the
volumes and /tmp can be written. No engine for containers is needed, only Linux and root.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests.fixtures_database import MakeUrl
from tests.local_feed import local_feed
from tests.services import free_port, missing
from tests.test_compose import ROOT, SERVICES

USER = "10001"

CLOSED = """
set -eu
mkdir -p "$PLACE/settings"
mount -t tmpfs tmpfs /mnt
for name in board data settings; do mkdir "/mnt/$name"; mount --bind "$PLACE/$name" "/mnt/$name"; done
mount -o remount,bind,ro /mnt/settings
n=0
for kept in $PYTHON $CHECKOUT; do
    n=$((n + 1)); mkdir "/mnt/kept$n"; mount --bind "$kept" "/mnt/kept$n"
done
mount -t tmpfs -o mode=1777 tmpfs /tmp
# Root keeps its home for itself: this checkout and Python are lent to the program where they are in there.
case "$PYTHON $CHECKOUT" in */root/*) mount -t tmpfs -o mode=755 tmpfs /root ;; esac
n=0
for kept in $PYTHON $CHECKOUT; do
    n=$((n + 1)); [ -e "$kept" ] && continue
    mkdir -p "$kept"; mount --bind "/mnt/kept$n" "$kept"; mount -o remount,bind,ro "$kept"
done
mount -o remount,bind,ro /
if touch {root}/written 2>/tmp/said; then exit 99; fi
grep -q "Read-only file system" /tmp/said
cd /mnt/data
exec setpriv --reuid {user} --regid {user} --clear-groups --bounding-set=-all --no-new-privs "$@"
"""

COMMANDS = """
import sys
from flows.cli import run
for arguments in {asked!r}:
    status = run(arguments)
    if status:
        sys.exit(status)
"""


def environment(service: str, **instead: str) -> dict[str, str]:
    """What the service is given, with the servers and folders of the test."""
    given: dict[str, Any] = SERVICES[service]["environment"]
    assert set(instead) <= set(given)
    own = {name: str(value) for name, value in given.items() if "${" not in str(value)}
    here = {
        "HOME": "/tmp",
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "PYTHON": f"{sys.base_prefix} {sys.prefix}",
        "CHECKOUT": str(ROOT),
    }
    return {**here, **own, **instead}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """The volumes, as the image makes them."""
    works = ["unshare", "--mount", "--propagation", "private", "true"]
    if shutil.which("setpriv") is None or subprocess.run(works, check=False).returncode:
        missing("a file system of its own needs root and Linux (unshare, setpriv)")
    for name in ("board", "data/var"):
        (tmp_path / name).mkdir(parents=True)
        os.chown(tmp_path / name, int(USER), int(USER))
    (tmp_path / "settings").mkdir()
    return tmp_path


def closed(place: Path, given: dict[str, str], program: str) -> dict[str, Any]:
    """Arguments of `subprocess` for a program (Python) in such a place."""
    enter = CLOSED.format(user=USER, root=ROOT)
    alone = ("unshare", "--mount", "--propagation", "private", "sh", "-c", enter, "sh")
    return {
        "args": [*alone, sys.executable, "-c", program],
        "env": given | {"PLACE": str(place)},
        "text": True,
    }


def run_closed(
    place: Path, given: dict[str, str], *asked: list[str]
) -> subprocess.CompletedProcess[str]:
    """Commands in such a place, one after the other."""
    program = closed(place, given, COMMANDS.format(asked=asked))
    return subprocess.run(**program, capture_output=True, check=False, timeout=280)


def test_it_writes_nowhere_but_in_its_volumes(
    place: Path, clickhouse_url: MakeUrl, kafka_url: str
) -> None:
    edges = {
        "BAROMETER_BUS_URL": kafka_url,
        "BAROMETER_DATABASE_URL": clickhouse_url(),
        "BAROMETER_MODEL": "bundled",
        "PREFECT_API_URL": "http://127.0.0.1:9/api",  # away; these commands go on without it
    }
    flows = environment(
        "flows",
        **edges,
        BAROMETER_AUTHOR_SECRET="by chance",
        BAROMETER_SOURCES="/mnt/settings/sources.toml",
        BAROMETER_BOARD="/mnt/board",
        BAROMETER_ALERT_LOG="/mnt/data/var/alerts.log",
    )
    with local_feed() as feed:
        feed.write_sources(place / "settings" / "sources.toml")
        steps = run_closed(
            place,
            flows | {"BAROMETER_ALLOWED_HOSTS": "127.0.0.1"},
            ["migrate"],
            ["collect"],
        )
        assert steps.returncode == 0, steps.stderr
    score = run_closed(place, environment("score", **edges), ["score"])
    assert score.returncode == 0, score.stderr
    watch = run_closed(
        place,
        flows,
        ["watch"],
        ["board", "--output", "/mnt/board"],
        ["channels", "test", "log"],
        ["sql", "SELECT sum(documents) AS documents FROM ledger", "--format", "csv"],
    )
    assert watch.returncode == 0, watch.stderr
    assert int(watch.stdout.split()[-1]) > 0
    assert (place / "board" / "index.html").stat().st_mode & 0o004, "the web server may not read it"
    assert (place / "data" / "var" / "alerts.log").exists()


def test_the_health_check_sees_a_worker_live_and_die(
    place: Path, clickhouse_url: MakeUrl, kafka_url: str
) -> None:
    score = environment(
        "score",
        BAROMETER_BUS_URL=kafka_url,
        BAROMETER_DATABASE_URL=clickhouse_url(),
        BAROMETER_MODEL="lexicon",
        BAROMETER_METRICS_PORT=str(free_port()),
        PREFECT_API_URL="http://127.0.0.1:9/api",
    )
    how, program, *check = SERVICES["score"]["healthcheck"]["test"]
    assert (how, program) == ("CMD", "barometer")
    made = run_closed(place, score, ["migrate"], check)
    assert made.returncode == 1, "nobody is there yet"
    worker = subprocess.Popen(
        **closed(place, score, COMMANDS.format(asked=[SERVICES["score"]["command"][1:]])),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 120
        while run_closed(place, score, check).returncode:
            assert worker.poll() is None, "it ended by itself"
            assert time.monotonic() < deadline, "it never became healthy"
    finally:
        worker.terminate()
        worker.wait(60)
    assert run_closed(place, score, check).returncode == 1
