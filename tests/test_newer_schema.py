"""A database of a newer Barometer: every command that would write to it says so, and writes nothing."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flows.cli import COMMANDS
from storage.database import connect
from tests.fixtures_command import Place

WRITE = {
    "anchors": ["anchors", "remove", "a1"],
    "backup": ["backup", "x.zip"],  # a copy of what it does not understand would be none
    "board": ["board"],
    "channels": ["channels", "enable", "log"],
    "collect": ["collect"],
    "dead-letters": ["dead-letters", "replay"],
    "digest": ["digest"],
    "events": ["events", "remove", "e1"],
    "forget": ["forget", "--url", "https://courier.example/1"],
    "gold": ["gold", "--import", "rows.jsonl"],
    "import": ["import", "rows.jsonl"],
    "incidents": ["incidents", "ack", "i1", "--by", "Ada"],
    "label": ["label", "--import", "rows.jsonl", "--annotator", "AB"],
    "migrate": ["migrate"],
    "reclassify": ["reclassify"],
    "retain": ["retain"],
    "run": ["run", "--once"],
    "sample": ["sample", "--week", "2026-W47"],
    "score": ["score"],
    "serve": ["serve"],
    "watch": ["watch"],
}
"""A call of each command that writes to the database of the settings."""

DO_NOT_WRITE = {
    *("classify", "estimate", "detect", "train", "evaluate"),  # files in, files out
    *("health", "settings", "sources", "sql", "export"),  # look
    "deploy",  # to a Prefect server
    "demo",  # a folder of its own
    "monitor",  # tells operators that it cannot open it; tests/test_monitoring.py
    "restore",  # a new folder; tests/test_backup.py has what it refuses
}


def test_every_command_is_one_that_writes_or_one_that_does_not() -> None:
    assert set(COMMANDS) - DO_NOT_WRITE == set(WRITE)


@pytest.fixture(scope="module")
def newer(migrated_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("newer") / "place"
    shutil.copytree(migrated_folder, folder, symlinks=True)
    database = connect(f"chdb:///{folder}/clickhouse")
    database.insert(
        "schema_migrations",
        ["version", "name", "checksum", "outcome", "applied_at", "written"],
        [(9999, "9999_later", "x", "applied", datetime(2026, 1, 1, tzinfo=UTC), 1)],
    )
    database.close()
    return folder


@pytest.mark.parametrize("call", WRITE.values(), ids=" ".join)
def test_a_command_that_writes_refuses_the_database_of_a_newer_program(
    newer: Path,
    call: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    place = Place(newer, monkeypatch, capfd)
    place.write("rows.jsonl", "{}\n")
    before = sorted(path.name for path in newer.iterdir())
    said = place.run(*call)
    assert said.status == 2
    assert "9999_later by a newer Barometer; install that version" in said.sentence
    made = {path.name for path in newer.iterdir()} - set(before)
    assert made <= {"var"}  # the log of an embedded Prefect server
