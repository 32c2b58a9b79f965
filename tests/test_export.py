"""`barometer export`: a view as a file that explains itself, and nothing else."""

from __future__ import annotations

import csv
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from flows.settings import load_settings
from flows.watching import watch
from flows.wiring import edges
from tests.fixtures_command import Place
from tests.judged_documents import a_day, store

SUNDAY = date(2026, 10, 11)


@pytest.fixture
def written(place: Place) -> Place:
    """Three weeks of two societies, watched."""
    with edges(load_settings(), create=True, sources=[]) as opened:
        for society in ("XA", "XB"):
            days = [SUNDAY - timedelta(days=n) for n in range(21)]
            store(
                opened.database, *(one for day in days for one in a_day(day, 3, 3, society=society))
            )
        watch(opened, now=datetime(2026, 10, 12, 6, tzinfo=UTC))
    return place


def test_a_parquet_file_says_what_it_holds_and_how_it_was_made(written: Place) -> None:
    said = written.run(
        *(
            "export",
            "weekly_support",
            "--society",
            "XA",
            "--from",
            "2026-09-28",
            "--to",
            "2026-10-04",
        )
    )
    assert (said.status, said.out) == (0, "")
    assert said.err == "1 row of weekly_support written to weekly_support.parquet\n"
    table = pyarrow.parquet.read_table(written.folder / "weekly_support.parquet")
    (row,) = table.to_pylist()
    assert (row["society"], row["week"], row["n"], row["state"]) == ("XA", "2026-W40", 168, "ok")
    note = json.loads(table.schema.metadata[b"barometer"])
    assert note["filters"] == {
        "society": "XA",
        "monday >=": "2026-09-28",
        "monday <=": "2026-10-04",
    }
    assert (note["view"], note["rows"], note["simulated"]) == ("weekly_support", 1, False)
    assert set(note["columns"]) == set(table.column_names)
    assert "monitored corpus" in table.schema.metadata[b"description"].decode()
    lower = table.schema.field("lower")
    assert lower.metadata[b"meaning"] == b"lower end of its 95 % interval"
    assert lower.type == pyarrow.float64()


def test_a_simulated_world_is_called_so_in_the_file(written: Place) -> None:
    written.set("BAROMETER_SIMULATED", "true")
    assert written.run("export", "weekly_change", "--format", "arrow").status == 0
    with pyarrow.ipc.open_file(written.folder / "weekly_change.arrow") as file:
        table = file.read_all()
    assert table.num_rows == 4
    assert b"SIMULATED" in table.schema.metadata[b"description"]


def test_the_note_of_a_csv_file_stands_beside_it(written: Place) -> None:
    said = written.run("export", "weekly_topics", "--format", "csv", "--output", "topics.csv")
    assert said.status == 0
    assert "their note to topics.csv-metadata.json" in said.err
    with Path("topics.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    beside = json.loads(Path("topics.csv-metadata.json").read_text("utf-8"))
    assert beside["url"] == "topics.csv"
    assert [one["name"] for one in beside["tableSchema"]["columns"]] == list(rows[0])
    assert len(rows) == beside["barometer"]["rows"] == 2 * 3 * 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ["document_texts"],
            "There is no view 'document_texts' to export, and tables are not given",
        ),
        (["weekly_suport"], "did you mean weekly_support?"),
        (["judgements; DROP TABLE points"], "There is no view"),
        (["ledger", "--society", "XA"], "The view ledger has no society; leave out --society."),
        (["ledger", "--from", "2026-01-01"], "The view ledger has no day; leave out --from."),
        (["spillover", "--target", "regular"], "The view spillover has no target"),
        (["weekly_support", "--output", "nowhere/x.parquet"], "Cannot write nowhere/x.parquet"),
    ],
)
def test_what_cannot_be_given_is_said_in_one_sentence(
    written: Place, arguments: list[str], says: str
) -> None:
    said = written.run("export", *arguments)
    assert (said.status, said.out) == (2, "")
    assert says in said.sentence
    assert not list(written.folder.glob("*.parquet"))


def test_titles_stay_behind_and_days_are_days(written: Place) -> None:
    assert (
        written.run("export", "documents_read", "--from", str(SUNDAY), "--society", "XB").status
        == 0
    )
    table = pyarrow.parquet.read_table(written.folder / "documents_read.parquet")
    assert "title" not in table.column_names
    assert table.num_rows == 24
    assert b"Work visas" not in (written.folder / "documents_read.parquet").read_bytes()
