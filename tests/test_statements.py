"""SQL as text: splitting files, naming parameters, and saying errors shortly."""

from __future__ import annotations

from datetime import UTC, date, datetime
from enum import StrEnum

import pytest

from storage.column_values import plain_type
from storage.database import QueryFailed
from storage.engine_errors import query_failed
from storage.parameters import rendered
from storage.statements import one_statement, query, split, words


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("", []),
        (" ; ;\n-- nothing; at all\n", []),
        ("SELECT 1", ["SELECT 1"]),
        ("SELECT 1; SELECT 2;", ["SELECT 1", "SELECT 2"]),
        ("SELECT ';' -- a; comment; with 'quotes\n, 2", ["SELECT ';'  \n, 2"]),
        ("SELECT /* ; */ 1; /* open", ["SELECT   1"]),
        (r"SELECT 'it\'s; not', 'it''s; not'; SELECT 2", [r"SELECT 'it\'s; not', 'it''s; not'", "SELECT 2"]),
        ("SELECT `a;b`, \"c;d\", '-- no comment'", ["SELECT `a;b`, \"c;d\", '-- no comment'"]),
        ("SELECT $$ ; $$, $x$ ; $$ ; $x$; SELECT 2", ["SELECT $$ ; $$, $x$ ; $$ ; $x$", "SELECT 2"]),
        ("SELECT 5 - 3, 1/2", ["SELECT 5 - 3, 1/2"]),
    ],
)  # fmt: skip
def test_a_file_is_split_at_semicolons_that_are_code(sql: str, expected: list[str]) -> None:
    assert split(sql) == expected


def test_a_quote_that_never_closes_takes_no_longer_than_its_length() -> None:
    assert split("SELECT 'x" + "a" * 100_000) != []


def test_words_are_neither_in_quotes_nor_in_comments() -> None:
    assert words("select a1 -- from\nFROM `insert` WHERE x = 'delete' /* drop */") == [
        "SELECT", "A1", "FROM", "WHERE", "X",
    ]  # fmt: skip


def test_insert_needs_a_select_that_is_code() -> None:
    assert one_statement("insert into t select 1;") == "insert into t select 1"
    with pytest.raises(QueryFailed, match=r"insert\(\)"):
        one_statement("INSERT INTO t VALUES ('SELECT')")


def test_a_column_may_be_called_format() -> None:
    one_statement("SELECT format FROM t ORDER BY format DESC")
    one_statement("SELECT 1 AS format")
    with pytest.raises(QueryFailed, match="leave out FORMAT"):
        one_statement("SELECT 1 format JSONEachRow;")


def test_a_query_that_does_not_ship_is_named() -> None:
    with pytest.raises(LookupError, match="nothing_like_this"):
        query("nothing_like_this")
    with pytest.raises(LookupError):
        query("../migrations/0001_tables")


def test_recount_and_its_check_include_the_same_counting() -> None:
    shared = query("judged_counts")
    for name in ("recount", "miscounted"):
        assert shared in query(name)
        assert "include" not in one_statement(query(name))


class Colour(StrEnum):
    RED = "red"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "NULL"),
        (True, "1"),
        (-1, "(-1)"),
        (-0.5, "(-0.5)"),
        ("it's \\ %", r"'it\'s \\ %'"),
        (Colour.RED, "'red'"),
        (date(2026, 1, 2), "'2026-01-02'"),
        (datetime(2026, 1, 2, 3, tzinfo=UTC), "toDateTime('2026-01-02 03:00:00', 'UTC')"),
        (["a", "b"], "['a', 'b']"),
        ((1, [2]), "(1, [2])"),
    ],
)
def test_a_value_is_written_as_clickhouse_reads_it(value: object, expected: str) -> None:
    assert rendered("%(x)s", {"x": value}) == expected


@pytest.mark.parametrize(
    "value", [datetime(2026, 1, 2), datetime(1960, 1, 2, tzinfo=UTC), 2**64, b"x", "\ud800", ()]  # noqa: DTZ001  (naive on purpose)
)  # fmt: skip
def test_a_value_without_a_faithful_literal_is_refused(value: object) -> None:
    with pytest.raises(QueryFailed, match="parameter 'x': "):
        rendered("SELECT %(x)s", {"x": value})


def test_a_value_is_never_read_as_a_placeholder() -> None:
    assert rendered("%(a)s %(b)s", {"a": "%(b)s", "b": 1}) == "'%(b)s' 1"


def test_an_error_is_one_short_sentence() -> None:
    old = (
        "DB::Exception: Syntax error: failed at position 8: FRM x. Expected one of: "
        + "token, " * 500
        + "Stack trace:\n\n0. /lib/x"
    )
    error = query_failed(old, "SELECT 1\nFRM x", 62)
    assert str(error) == (
        "Syntax error: failed at position 8: FRM x (ClickHouse error 62) in: SELECT 1 FRM x"
    )
    new = "Code: 60. DB::Exception: Unknown table 'x'. In scope SELECT * FROM x. (UNKNOWN_TABLE)"
    assert query_failed(new, "S").code == 60
    assert str(query_failed(new, "S")) == "Unknown table 'x' (ClickHouse error 60) in: S"


def test_every_type_with_a_time_says_utc() -> None:
    for spec, expected in {
        "DateTime": "DateTime('UTC')",
        "Array(Nullable(DateTime('Europe/Paris')))": "Array(Nullable(DateTime('UTC')))",
        "DateTime64(3)": "DateTime64(3, 'UTC')",
        "DateTime64(6, 'Asia/Tokyo')": "DateTime64(6, 'UTC')",
        "Date": "Date",
    }.items():
        assert plain_type(spec) == expected
