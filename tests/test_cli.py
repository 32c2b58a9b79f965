"""The command line as a whole: help, exit statuses, what happens when somebody leaves in the middle."""

from __future__ import annotations

import importlib
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest

from classify.classifier import ModelError
from flows import steps
from flows.cli import COMMANDS
from flows.failures import sentence_of, status_of
from flows.mistake import Mistake
from flows.settings import SettingsRefused
from ingest.bus import BusRefused, BusUnavailable
from ingest.source import SourcesRefused
from storage.database import DatabaseRefused, DatabaseUnavailable, QueryFailed, connect
from tests.fixtures_command import Place, barometer

HEAVY = {
    *("prefect", "chdb", "numpy", "pydantic", "pydantic_settings", "httpx", "kafka", "msgspec"),
    *("clickhouse_driver", "pyarrow", "rich", "feedparser", "sqlite3", "asyncio", "babel"),
}

README = Path(__file__).resolve().parents[1] / "README.md"

NEED_THE_DATABASE = [
    ["collect"],
    ["score"],
    ["watch"],
    ["digest"],
    ["import", "rows.jsonl"],
    ["incidents", "list"],
    ["dead-letters", "list"],
    ["dead-letters", "replay"],
    ["sql", "SELECT 1"],
]


# -- Help ------------------------------------------------------------------------------------------


def loaded_by(*calls: list[str]) -> set[str]:
    """Modules in memory after these calls in a fresh process."""
    code = (
        "import sys, json; from flows.cli import run\n"
        "for call in json.loads(sys.argv[1]): run(call)\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, json.dumps(calls)], capture_output=True, check=True, text=True
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_help_loads_nothing_heavy_and_no_command() -> None:
    loaded = loaded_by(["--help"])
    assert loaded & HEAVY == set()
    assert not any(name.startswith("flows.commands.") for name in loaded)


def test_the_help_of_every_command_loads_nothing_heavy() -> None:
    loaded = loaded_by(*([name, "--help"] for name in COMMANDS))
    assert loaded & HEAVY == set()
    assert {f"flows.commands.{module}" for module, _ in COMMANDS.values()} <= loaded


def test_help_lists_every_command_with_its_line(place: Place) -> None:
    said = place.run("--help")
    assert (said.status, said.err) == (0, "")
    for name, (_, line) in COMMANDS.items():
        assert any(row.split() == [name, *line.split()] for row in said.out.splitlines())


def test_every_command_says_what_it_does() -> None:
    for module, _ in COMMANDS.values():
        command = importlib.import_module(f"flows.commands.{module}").command
        assert isinstance(command, click.Command)
        assert command.help
        for inner in getattr(command, "commands", {}).values():
            assert inner.help


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_in_the_readme(name: str) -> None:
    assert f"`barometer {name}" in README.read_text("utf-8")


def test_without_arguments_the_help_is_shown(place: Place) -> None:
    for arguments in ([], ["incidents"], ["sources"], ["dead-letters"]):
        said = place.run(*arguments)
        assert said.status == 2
        assert "Usage: barometer" in said.err
        assert "Commands:" in said.err


def test_the_version_is_told(place: Place) -> None:
    said = place.run("--version")
    assert said.status == 0
    assert said.out.startswith("barometer, version ")


# -- What was typed --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        (
            ["digets"],
            "There is no command 'digets'; did you mean 'digest'? Try `barometer --help`.",
        ),
        (["frobnicate"], "There is no command 'frobnicate'. Try `barometer --help`."),
        (
            ["dead-letters", "lits"],
            "There is no command 'lits'; did you mean 'list'? Try `barometer dead-letters --help`.",
        ),
        (["score", "--folow"], "No such option '--folow'. Did you mean '--follow'? Try `barometer"),
        (["--nonsense"], "Try `barometer --help`."),
        (["import"], "Missing argument 'FILES...'. Try `barometer import --help`."),
        (["score", "now"], "Got unexpected extra argument (now). Try `barometer score --help`."),
        (["sql", "SELECT 1", "--format", "xls"], "'xls' is not one of 'table', 'csv'"),
        (["dead-letters", "list", "--limit", "0"], "'--limit': 0 is not in the range x>=1"),
        (["incidents", "list", "--status", "shut"], "'shut' is not one of 'open', 'resolved'"),
        (["digest", "--week", "soon"], "'soon' is not a week; write the year and ISO week as 2026"),
        (["digest", "--week", "2026-W54"], "the year 2026 has no week 54"),
        (["digest", "--week", "0001-W01"], "documents are of the years from 2000 to 2105"),
        (["digest", "--week", "9998-W01"], "documents are of the years from 2000 to 2105"),
        (["sources", "check", "iomm"], "There is no source 'iomm'; did you mean 'iom'?"),
        (["classify", "missing.jsonl"], "Cannot read missing.jsonl: No such file or directory."),
        (["classify", "."], "Cannot read .: Is a directory."),
    ],
)
def test_a_slip_is_answered_in_one_sentence(place: Place, typed: list[str], says: str) -> None:
    said = place.run(*typed)
    assert said.status == 2
    assert says in said.sentence
    assert said.out == ""


def test_an_escape_that_was_typed_does_not_reach_the_terminal(place: Place) -> None:
    said = place.run("\x1b[31mred\x07\n\nnext")
    assert said.status == 2
    assert said.sentence.startswith("There is no command")
    assert not set(said.err) & {"\x1b", "\x07"}


# -- The state of things ---------------------------------------------------------------------------


@pytest.mark.parametrize("command", NEED_THE_DATABASE, ids=" ".join)
def test_what_needs_the_tables_says_how_to_make_them(place: Place, command: list[str]) -> None:
    place.write("rows.jsonl", "{}\n")
    said = place.run(*command)
    assert said.status == 2
    assert "`barometer migrate`" in said.sentence
    assert not (place.folder / "clickhouse").exists()


def test_a_database_without_our_tables_is_told_from_a_good_one(place: Place) -> None:
    url = f"chdb:///{place.folder}/clickhouse"
    connect(url, create=True).close()
    assert "run `barometer migrate` first" in place.run("sql", "SELECT 1").sentence
    assert place.run("migrate").status == 0
    assert place.run("sql", "SELECT 1").status == 0


def test_migrating_twice_changes_nothing(place: Place) -> None:
    assert "applied 0001_tables" in place.run("migrate").out
    assert place.run("migrate").out.rstrip().endswith("up to date")


def test_the_tables_of_a_newer_program_are_left_alone(migrated: Place) -> None:
    database = connect(f"chdb:///{migrated.folder}/clickhouse")
    database.insert(
        "schema_migrations",
        ["version", "name", "checksum", "outcome", "applied_at", "written"],
        [(9999, "9999_later", "x", "applied", datetime(2026, 1, 1, tzinfo=UTC), 1)],
    )
    database.close()
    for command in ("migrate", "score"):
        said = migrated.run(command)
        assert said.status == 2
        assert "9999_later by a newer Barometer; install that version" in said.sentence


@pytest.fixture
def held(reading: Place) -> Iterator[Place]:
    """The database folder is open in another process."""
    code = (
        "import sys; from storage.database import connect\n"
        "held = connect(sys.argv[1]); print('held', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, f"chdb:///{reading.folder}/clickhouse"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout is not None and holder.stdin is not None
    assert holder.stdout.readline() == b"held\n"
    yield reading
    holder.stdin.close()
    holder.wait(30)
    holder.stdout.close()


def test_a_second_process_is_told_who_holds_the_folder(held: Place) -> None:
    said = held.process("score")
    assert said.status == 1
    assert "holds the database folder" in said.sentence
    assert "use a ClickHouse server" in said.sentence
    # The answer of health is its table.
    health = held.process("health")
    # It is in use, which is no fault.
    assert (health.status, health.err) == (0, "")
    assert any(row.split()[:2] == ["database", "note"] for row in health.out.splitlines())


# -- Leaving in the middle -------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["table", "csv", "json", "parquet"])
def test_a_reader_may_leave_early(reading: Place, form: str) -> None:
    question = "SELECT number, repeat('x', 2000) AS text FROM numbers(500)"
    asked = subprocess.Popen(
        [barometer(), "sql", question, "--format", form],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert asked.stdout is not None and asked.stderr is not None
    assert asked.stdout.read(1)
    asked.stdout.close()
    assert asked.stderr.read() in (b"", b"500 rows\n")
    asked.stderr.close()
    assert asked.wait(30) == 0


def test_a_full_disk_under_standard_output_is_a_failure(reading: Place) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [barometer(), "sql", "SELECT 1"], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 1
    assert b"No space left on device" in done.stderr
    assert b"Traceback" not in done.stderr


def test_ctrl_c_ends_a_command_with_a_sentence(place: Place) -> None:
    line = json.dumps({"id": 1, "text": "We should welcome more seasonal workers."}) + "\n"
    judging = subprocess.Popen(
        [barometer(), "classify"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        # A shell that starts these tests in the background lets its children ignore Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    )
    assert judging.stdin is not None and judging.stdout is not None and judging.stderr is not None
    judging.stdin.write(line.encode() * 256)
    judging.stdin.flush()
    assert judging.stdout.read(1)  # it is at work, and waits for more
    judging.send_signal(signal.SIGINT)
    out, err = judging.communicate(timeout=30)
    assert judging.returncode == 130
    assert err.decode().split("\n", 1)[1].startswith("barometer: Stopped. ")
    assert b"Traceback" not in out + err


def test_ctrl_c_is_status_130_in_every_command(
    reading: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pressed() -> datetime:
        raise KeyboardInterrupt

    monkeypatch.setattr(steps, "now_utc", pressed)
    for command in (["watch"], ["collect"], ["digest"], ["health"], ["dead-letters", "replay"]):
        said = reading.run(*command)
        assert said.status == 130
        assert said.sentence == "Stopped. What was not committed is read again at the next start."


# -- Whose fault -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (SettingsRefused("x"), 2),
        (BusRefused("x"), 2),
        (DatabaseRefused("x"), 2),
        (SourcesRefused("x"), 2),
        (ModelError("x"), 2),
        (BusUnavailable("x"), 1),
        (DatabaseUnavailable("x"), 1),
        (QueryFailed("x"), 1),
        (OSError(28, "No space left on device"), 1),
        (ValueError("x"), None),
        (KeyError("x"), None),
    ],
)
def test_each_error_has_its_status(error: Exception, status: int | None) -> None:
    assert status_of(error) == status
    assert Mistake("x").exit_code == 2


def test_an_error_of_the_system_is_told_with_its_file() -> None:
    assert sentence_of(OSError(28, "No space left on device")) == "No space left on device"
    error = PermissionError(13, "Permission denied", "var/alerts.log")
    assert sentence_of(error) == "var/alerts.log: Permission denied"


def test_a_fault_of_ours_is_not_hidden(reading: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> datetime:
        raise ZeroDivisionError

    monkeypatch.setattr(steps, "now_utc", broken)
    with pytest.raises(ZeroDivisionError):
        reading.run("watch")


def test_a_watch_by_hand_writes_the_board_that_the_settings_name(reading: Place) -> None:
    reading.set("BAROMETER_BOARD", "pages")
    said = reading.run("watch")
    assert said.status == 0
    assert "points estimated" in said.out
    assert (reading.folder / "pages" / "index.html").is_file()


# -- Judging lines ---------------------------------------------------------------------------------


def test_bad_lines_are_answered_on_standard_error_and_the_rest_is_judged(place: Place) -> None:
    place.write(
        "lines.jsonl",
        '{"id": "a", "text": "Deport them all, close the border."}\n'
        '{"id": "b", "text": \n'
        "\n"
        '{"id": "ü", "text": "Seasonal workers are welcome — 歓迎."}\n'
        '["no", "object"]\n',
    )
    said = place.run("classify", "lines.jsonl")
    assert said.status == 1
    assert [json.loads(line)["id"] for line in said.out.splitlines()] == ["a", "ü"]
    bad = [json.loads(line) for line in said.err.splitlines()]
    assert [set(each) for each in bad] == [{"line", "error"}] * 2
    assert [each["line"] for each in bad] == [2, 5]


def test_judgements_are_utf_8_whatever_the_terminal_is(place: Place) -> None:
    place.set("PYTHONIOENCODING", "ascii")
    said = place.process("classify", stdin='{"id": "ü", "text": "x"}\n'.encode())
    assert said.status == 0
    assert json.loads(said.out)["id"] == "ü"


def test_a_table_on_a_terminal_without_its_characters_is_still_a_table(reading: Place) -> None:
    reading.set("PYTHONIOENCODING", "latin-1")
    done = subprocess.run(
        [barometer(), "sql", "SELECT 'Zürich, 東京' AS place"], capture_output=True, check=False
    )
    assert done.returncode == 0
    assert "Zürich, \\u6771\\u4eac" in done.stdout.decode("latin-1")
