"""`barometer sql`: what may be asked, and the answer as table, CSV, JSON and Parquet."""

from __future__ import annotations

import csv
import errno
import io
import json
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from flows.mistake import Mistake
from flows.output import write_result
from storage.database import Result
from tests.fixtures_command import Place

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "＋1", "－1", "＠x"]

ALL_TYPES = (
    "SELECT toUInt64(18446744073709551615) AS large, toInt8(-5) AS small, 1.5 AS share, 'Zürich' AS place,"
    " toDate('2026-11-20') AS day, toDateTime('2026-11-20 12:00:01', 'UTC') AS moment,"
    " ['a', 'b'] AS topics, CAST(NULL AS Nullable(Float64)) AS nothing"
)


# -- What may be asked -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("SELECT nope FROM ledger", "nope"),
        ("SELECT 1 +", "Syntax error"),
        ("SELECT * FROM nowhere", "nowhere"),
        ("SELECT throwIf(1)", "throwIf"),
        ("", "Nothing to ask. Try: barometer sql"),
        (" ;\n;", "Nothing to ask."),
        ("/* nothing */", "expected one statement, found none"),
        ("SELECT 1; SELECT 2", "expected one statement, found 2"),
        ("SELECT 1; DROP TABLE points", "expected one statement, found 2"),
        ("SELECT 1 FORMAT JSON", "leave out FORMAT"),
        ("SELECT '\udcff'", "The statement is not UTF-8."),
    ],
)
def test_a_question_that_cannot_be_answered_is_the_users_mistake(
    reading: Place, statement: str, says: str
) -> None:
    said = reading.run("sql", statement)
    assert said.status == 2
    assert says in said.sentence
    assert said.out == ""


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE points",
        "TRUNCATE TABLE points",
        "ALTER TABLE points DELETE WHERE 1",
        "INSERT INTO points SELECT * FROM points",
        "/* reading */ DROP TABLE points",
        "WITH 1 AS x INSERT INTO points SELECT * FROM points",
        "SELECT 1 INTO OUTFILE 'x.txt'",
        "SELECT 1 into\noutfile 'x.txt'",
        "SELECT 1 # ' \n INTO OUTFILE 'x.txt'",
        "SELECT ‘ ' ’ INTO OUTFILE 'x.txt'",
        "CREATE TABLE mine (a UInt8) ENGINE = Memory",
        "OPTIMIZE TABLE points",
        "SYSTEM SHUTDOWN",
        "SET readonly = 0",
        "USE system",
        "KILL QUERY WHERE 1",
    ],
)
def test_only_reading_is_done(reading: Place, statement: str) -> None:
    tables = reading.run("sql", "SHOW TABLES").out
    said = reading.run("sql", statement)
    assert said.status == 2
    assert "This command only reads: begin with SELECT" in said.sentence
    assert reading.run("sql", "SHOW TABLES").out == tables
    assert not (reading.folder / "x.txt").exists()


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1 AS answer",
        "select 1 AS answer;",
        "WITH 1 AS x SELECT x AS answer",
        "(SELECT 1 AS answer)",
        "SELECT 1 AS answer -- a comment; with a semicolon",
        "SELECT 1 AS answer WHERE 'INSERT INTO' != 'x'",
    ],
)
def test_a_question_is_answered_however_it_is_written(reading: Place, statement: str) -> None:
    said = reading.run("sql", statement)
    assert (said.status, said.err) == (0, "1 row\n")
    assert said.out.split() == ["answer", "──────", "1"]


def test_the_tables_can_be_looked_at(reading: Place) -> None:
    assert "daily_support" in reading.run("sql", "SHOW TABLES").out
    assert "net_support" in reading.run("sql", "DESCRIBE TABLE points").out
    assert reading.run("sql", "EXISTS TABLE points").out.split()[-1] == "1"


def test_a_question_comes_from_standard_input(reading: Place) -> None:
    said = reading.process("sql", "-", stdin="\ufeffSELECT 'é' AS x;\n".encode())
    assert (said.status, said.out) == (0, "x\n─\né\n")
    said = reading.process("sql", "-", stdin=b"\xff\xfe")
    assert (said.status, said.sentence) == (2, "The statement is not UTF-8.")
    said = reading.process("sql", "-")
    assert said.status == 2
    assert said.sentence.startswith("Nothing to ask.")


# -- The four forms --------------------------------------------------------------------------------


def test_csv_is_rfc_4180_and_gives_all_rows(reading: Place) -> None:
    said = reading.run("sql", ALL_TYPES, "--format", "csv")
    assert said.status == 0
    assert said.out.endswith("\r\n") or said.out.endswith("\n")
    (row,) = csv.DictReader(io.StringIO(said.out))
    assert row == {
        "large": "18446744073709551615",
        "small": "-5",
        "share": "1.5",
        "place": "Zürich",
        "day": "2026-11-20",
        "moment": "2026-11-20T12:00:01+00:00",
        "topics": '["a","b"]',
        "nothing": "",
    }
    many = reading.run("sql", "SELECT number FROM numbers(2000)", "--format", "csv")
    assert len(many.out.splitlines()) == 2001


def test_json_is_one_object_a_line(reading: Place) -> None:
    said = reading.run("sql", ALL_TYPES, "--format", "json")
    assert json.loads(said.out) == {
        "large": 18446744073709551615,
        "small": -5,
        "share": 1.5,
        "place": "Zürich",
        "day": "2026-11-20",
        "moment": "2026-11-20T12:00:01Z",
        "topics": ["a", "b"],
        "nothing": None,
    }


def test_parquet_keeps_values_and_types(reading: Place) -> None:
    said = reading.run("sql", ALL_TYPES, "--format", "parquet", "--output", "all.parquet")
    assert (said.status, said.out, said.err) == (0, "", "1 row written to all.parquet\n")
    read = pyarrow.parquet.read_table(reading.folder / "all.parquet")
    (row,) = read.to_pylist()
    assert row["large"] == 18446744073709551615
    assert row["day"] == date(2026, 11, 20)
    assert row["moment"] == datetime(2026, 11, 20, 12, 0, 1, tzinfo=UTC)
    assert row["topics"] == ["a", "b"]
    assert row["nothing"] is None
    kinds = {field.name: str(field.type) for field in read.schema}
    assert kinds["large"] == "uint64"
    assert kinds["small"] == "int8"
    assert kinds["nothing"] == "double"


def test_parquet_has_its_types_without_a_row_too(reading: Place) -> None:
    reading.run(
        "sql", "SELECT * FROM points WHERE 0", "--format", "parquet", "--output", "p.parquet"
    )
    schema = pyarrow.parquet.read_schema(reading.folder / "p.parquet")
    assert schema.field("day").type == pyarrow.date32()
    assert schema.field("net_support").type == pyarrow.float64()
    assert schema.field("version").type == pyarrow.uint64()


def test_the_forms_go_to_a_file_and_to_standard_output_alike(reading: Place) -> None:
    for form in ("csv", "json", "parquet"):
        to_file = reading.run("sql", "SELECT 1 AS a", "--format", form, "--output", f"a.{form}")
        assert to_file.status == 0
        said = reading.run("sql", "SELECT 1 AS a", "--format", form)
        written = (reading.folder / f"a.{form}").read_bytes()
        assert written
        if form != "parquet":
            assert said.out.splitlines() == written.decode().splitlines()
    table = reading.run("sql", "SELECT 1 AS a", "--output", "a.txt")
    assert table.status == 0
    assert (reading.folder / "a.txt").read_bytes() == b"a\r\n1\r\n"
    assert reading.half_written() == []


def test_a_table_shows_the_first_rows_and_says_so(reading: Place) -> None:
    said = reading.run("sql", "SELECT number FROM numbers(501)")
    assert said.err == "500 of 501 rows shown; --format csv gives all.\n"
    assert said.out.split()[-1] == "499"


@pytest.mark.parametrize("form", ["json", "parquet"])
def test_two_columns_of_one_name_are_not_made_one(reading: Place, form: str) -> None:
    question = "SELECT disposition, disposition FROM ledger"
    said = reading.run("sql", question, "--format", form)
    assert said.status == 2
    assert "Two columns are called 'disposition'" in said.sentence
    assert reading.run("sql", question, "--format", "csv").status == 0


# -- Text that means harm --------------------------------------------------------------------------


def only(value: object, kind: str = "String") -> Result:
    return Result(("cell",), (kind,), [(value,)])


def written(result: Result, form: str, folder: Path) -> bytes:
    write_result(result, form, folder / "out")
    return (folder / "out").read_bytes()


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_is_a_formula_in_csv(text: str, tmp_path: Path) -> None:
    _, (cell,) = csv.reader(io.StringIO(written(only(text), "csv", tmp_path).decode(), newline=""))
    assert cell == f"'{text}"
    named = Result((text,), ("String",), [])
    (header,) = csv.reader(io.StringIO(written(named, "csv", tmp_path).decode(), newline=""))
    assert header == [f"'{text}"]
    assert json.loads(written(only(text), "json", tmp_path)) == {"cell": text}


@pytest.mark.parametrize(
    ("value", "cell"),
    [(-5, b"-5"), (-0.5, b"-0.5"), ("5", b"5"), ("a=b", b"a=b"), ("'quoted'", b"'quoted'")],
)
def test_numbers_and_plain_text_stay_as_they_are(
    value: object, cell: bytes, tmp_path: Path
) -> None:
    assert written(only(value), "csv", tmp_path) == b"cell\r\n" + cell + b"\r\n"


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_any_text_can_be_written(form: str, tmp_path: Path) -> None:
    for text in ("\x00", 'quote " and, comma', "line\r\nend", "\x1b[31m", "😀", "\u2028"):
        assert written(only(text), form, tmp_path)


# -- Files -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("output", ["nowhere/x.csv", "x" * 260])
def test_a_place_that_cannot_be_written_is_named(reading: Place, output: str) -> None:
    said = reading.run("sql", "SELECT 1", "--format", "csv", "--output", output)
    assert said.status == 2
    assert said.sentence.startswith(f"Cannot write {output}: ")
    assert reading.half_written() == []


def test_a_folder_is_no_output_file(reading: Place) -> None:
    said = reading.run("sql", "SELECT 1", "--output", ".")
    assert said.status == 2
    assert "is a directory" in said.sentence


def test_a_disk_that_fills_up_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "out").write_text("old")
    whole = Path.write_bytes

    def until_full(path: Path, data: bytes) -> int:
        whole(path, data[: len(data) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", until_full)
    with pytest.raises(Mistake, match="No space left on device"):
        write_result(only("new"), "csv", tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert (tmp_path / "out").read_text() == "old"
