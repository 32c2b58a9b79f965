"""kill -9 of the scoring process, anywhere: after a restart every figure equals that of an undisturbed run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from flows.importing import import_file
from flows.scoring import drain
from flows.settings import Settings
from flows.wiring import GROUP, Edges, edges
from ingest.bus import DEAD_LETTERS, DOCUMENTS, Record
from ingest.field_mapping import FieldMapping
from storage import ledger
from tests.figures import figures
from tests.fixtures_flows import as_environment
from tests.killed_worker import score_until_death
from tests.mortal_process import died
from tests.rows import NOW, write_rows

ROWS = 150
BATCH = 40
"""Four batches, each with some ten writes."""

MODEL = "lexicon"
"""What is judged does not matter here, and this one is quick."""


def fill(opened: Edges, folder: Path) -> int:
    """Rows, and messages that nobody can decode; how many messages there are on the bus."""
    path = folder / "rows.jsonl"
    path.unlink(missing_ok=True)
    write_rows(path, ROWS)
    import_file(opened, path, now=NOW, mapping=FieldMapping())
    broken = [
        Record(f"k{n}", f"not a document {n}".encode(), {"origin": f"alien/{n}"}) for n in range(5)
    ]
    opened.bus.publish(DOCUMENTS, broken)
    return ROWS + len(broken)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[Any, ...]]]:
    """The figures of a run that nobody kills (both modes must give these)."""
    folder = tmp_path_factory.mktemp("kill") / "here"
    folder.mkdir()
    settings = Settings(
        bus_url=f"sqlite:///{folder}/bus.db",
        database_url=f"chdb:///{folder}/clickhouse",
        batch_size=BATCH,
        model=MODEL,
    )
    with edges(settings, create=True, sources=[]) as opened:
        fill(opened, folder)
        drain(opened, clock=lambda: NOW)
        return comparable(figures(opened.database))


def comparable(rows: dict[str, list[tuple[Any, ...]]]) -> dict[str, list[tuple[Any, ...]]]:
    """Without what names the run or the place on the bus, which differ from run to run by design."""

    def plain(value: Any) -> Any:
        if isinstance(value, str) and value.startswith("import:") and "/" in value:
            return "import:RUN/" + value.rsplit("/", 1)[1]
        if isinstance(value, str) and value.startswith("first read as import:"):
            return "first read as import:RUN/" + value.rsplit("/", 1)[1]
        if isinstance(value, str) and value.startswith(DOCUMENTS + " partition"):
            return "a place on the bus"
        return tuple(value) if isinstance(value, list) else value

    return {name: sorted(tuple(map(plain, row)) for row in table) for name, table in rows.items()}


def worker(settings: Settings, *arguments: str) -> subprocess.Popen[bytes]:
    """A process of its own with these settings."""
    return subprocess.Popen(
        [sys.executable, *arguments],
        env={**os.environ, **as_environment(settings)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def start(settings: Settings, folder: Path) -> Settings:
    """Fill the bus of these settings, and close it again."""
    settings = settings.model_copy(update={"batch_size": BATCH, "model": MODEL})
    with edges(settings, create=True, sources=[]) as opened:
        fill(opened, folder)
    return settings


def end(settings: Settings) -> dict[str, list[tuple[Any, ...]]]:
    """Score the rest with the real command; the figures afterwards."""
    finish = worker(settings, "-m", "flows.cli", "score")
    _, errors = finish.communicate(timeout=120)
    assert finish.returncode == 0, errors.decode()
    with edges(settings, sources=[]) as opened:
        assert opened.bus.backlog([DOCUMENTS, DEAD_LETTERS], GROUP) == 0
        assert sum(ledger.totals(opened.database).values()) == ROWS + 5
        return comparable(figures(opened.database))


def test_a_worker_killed_at_any_write_changes_no_figure(
    settings: Settings, tmp_path: Path, undisturbed: dict[str, list[tuple[Any, ...]]]
) -> None:
    settings = start(settings, tmp_path)
    # Each worker dies at a later write of its own: documents, readings, judgements, dead letters, the recount,
    # the ledger, the commit; before it and after it.
    for n, when in ((1, "after"), (2, "after"), (3, "before"), (4, "after"), (5, "after"), (6, "before"), (6, "after"), (7, "before"), (7, "after"), (9, "after")):  # fmt: skip
        assert died(score_until_death, settings, n, when) == -signal.SIGKILL
    assert end(settings) == undisturbed


def test_the_real_command_killed_in_mid_batch_changes_no_figure(
    settings: Settings, tmp_path: Path, undisturbed: dict[str, list[tuple[Any, ...]]]
) -> None:
    settings = start(settings, tmp_path).model_copy(update={"batch_size": 5})
    from ingest.bus import connect

    bus = connect(settings.bus_url)
    try:
        total = bus.backlog([DOCUMENTS, DEAD_LETTERS], GROUP)
        process = worker(settings, "-m", "flows.cli", "score")
        deadline = time.monotonic() + 60
        while bus.backlog([DOCUMENTS, DEAD_LETTERS], GROUP) > total - 30:
            assert time.monotonic() < deadline and process.poll() is None
            time.sleep(0.02)
        process.kill()
        process.communicate()
        left = bus.backlog([DOCUMENTS, DEAD_LETTERS], GROUP)
    finally:
        bus.close()
    assert 0 < left < total, "the worker was not killed in the middle"
    assert end(settings) == undisturbed
