"""The contract of storage/database.py, held by chdb and by a real ClickHouse server alike."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from storage.database import Database, DatabaseRefused, QueryFailed, connect, next_version

NOON = datetime(2026, 3, 29, 12, 0, 0, tzinfo=UTC)

EVERY_TYPE: dict[str, tuple[str, list[Any]]] = {
    "text": ("String", ["", "héé 🙂 ' \\ % \n\t", "NUL \x00 inside", "x" * 100_000]),
    "small": ("UInt8", [0, 1, 255, 7]),
    "medium": ("UInt16", [0, 1, 65_535, 7]),
    "large": ("UInt32", [0, 1, 2**32 - 1, 7]),
    "largest": ("UInt64", [0, 1, 2**64 - 1, 7]),
    "signed": ("Int64", [0, -1, 2**63 - 1, -(2**63)]),
    "ratio": ("Float64", [0.0, -1.5, math.inf, 1e-300]),
    "day": ("Date", [date(1970, 1, 1), date(2000, 2, 29), date(2026, 3, 29), date(2105, 12, 31)]),
    "moment": (
        "DateTime('UTC')",
        [
            datetime(1970, 1, 1, tzinfo=UTC),
            NOON,
            datetime(2026, 3, 29, 1, 30, tzinfo=UTC),  # the hour that Paris leaves out
            datetime(2026, 10, 25, 0, 30, tzinfo=UTC),  # the hour that Paris has twice
        ],
    ),
    "local": ("DateTime('Europe/Paris')", [NOON, NOON + timedelta(days=210), NOON, NOON]),
    "zoneless": (
        "DateTime",
        [
            NOON,
            datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
            datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
            NOON,
        ],
    ),
    "perhaps": ("Nullable(Float64)", [None, 0.0, -2.5, None]),
    "perhaps_moment": ("Nullable(DateTime('UTC'))", [None, NOON, None, NOON]),
    "words": ("Array(String)", [[], ["a"], ["", "é\x00", "b"], []]),
    "table_of_numbers": ("Array(Array(UInt64))", [[], [[]], [[1], [], [2, 2**64 - 1]], [[3]]]),
}


def rows_of(spec: dict[str, tuple[str, list[Any]]]) -> list[tuple[Any, ...]]:
    return list(zip(*(values for _, values in spec.values()), strict=True))


def create(database: Database, name: str, columns: str, order: str) -> None:
    database.execute(f"CREATE TABLE {name} ({columns}) ENGINE = MergeTree ORDER BY {order}")


@pytest.fixture
def numbers(empty_database: Database) -> Database:
    """A database with the table numbers (n UInt64, note String)."""
    create(empty_database, "numbers", "n UInt64, note String", "n")
    return empty_database


def test_every_column_type_comes_back_as_it_went_in(empty_database: Database) -> None:
    columns = ", ".join(f"{name} {spec}" for name, (spec, _) in EVERY_TYPE.items())
    create(empty_database, "everything", f"position UInt8, {columns}", "position")
    rows = [(position, *row) for position, row in enumerate(rows_of(EVERY_TYPE))]
    empty_database.insert("everything", ["position", *EVERY_TYPE], rows)
    result = empty_database.query("SELECT * FROM everything ORDER BY position")
    assert result.columns == ("position", *EVERY_TYPE)
    in_utc = {"DateTime": "DateTime('UTC')", "DateTime('Europe/Paris')": "DateTime('UTC')"}
    specs = [spec for spec, _ in EVERY_TYPE.values()]
    assert result.types == ("UInt8", *(in_utc.get(spec, spec) for spec in specs))
    assert result.rows == rows
    for row in result.rows:
        for value, sent in zip(row, rows[row[0]], strict=True):
            assert type(value) is type(sent)
            if isinstance(value, datetime):
                assert value.tzinfo is UTC


def test_not_a_number_comes_back_as_not_a_number(empty_database: Database) -> None:
    create(empty_database, "ratios", "ratio Float64", "tuple()")
    empty_database.insert("ratios", ["ratio"], [(math.nan,)])
    ((ratio,),) = empty_database.query("SELECT ratio FROM ratios").rows
    assert math.isnan(ratio)


def test_rarer_types_are_read_alike(empty_database: Database) -> None:
    result = empty_database.query(
        "SELECT toFixedString('ab', 4) AS f, CAST('no', 'Enum8(\\'yes\\' = 1, \\'no\\' = 2)') AS e, "
        "toUUID('61f0c404-5cb3-11e7-907b-a6006ad3dba0') AS u, toDecimal64('1.50', 2) AS d, "
        "(1, 'x') AS t, toString(NULL) AS nothing, 1 = 1 AS yes"
    )
    (row,) = result.dicts()
    assert row["f"] == "ab"
    assert row["e"] == "no"
    assert str(row["u"]) == "61f0c404-5cb3-11e7-907b-a6006ad3dba0"
    assert row["d"] == Decimal("1.50")
    assert row["t"] == (1, "x")
    assert row["nothing"] is None
    assert row["yes"] == 1


def test_bytes_that_are_not_text_are_shown_with_backslashes(empty_database: Database) -> None:
    result = empty_database.query("SELECT unhex('41FF42') AS a, [unhex('C3')] AS b")
    assert result.rows == [("A\\xffB", ["\\xc3"])]


def test_a_result_without_rows_still_has_its_columns(numbers: Database) -> None:
    for sql in (
        "SELECT n, note AS text, toDateTime(n) AS at FROM numbers",
        "SELECT * FROM numbers;",
    ):
        result = numbers.query(sql)
        assert result.columns in (("n", "text", "at"), ("n", "note"))
        assert result.types in (("UInt64", "String", "DateTime('UTC')"), ("UInt64", "String"))
        assert result.rows == []
    assert numbers.query("SHOW TABLES LIKE 'nothing%'").columns == ("name",)


def test_a_large_result_comes_in_full(empty_database: Database) -> None:
    result = empty_database.query(
        "SELECT number, toString(number) FROM system.numbers LIMIT 200000"
    )
    assert result.rows == [(n, str(n)) for n in range(200_000)]


def test_parameters_arrive_as_they_were_given(empty_database: Database) -> None:
    everything = "".join(map(chr, range(1, 256))) + "\x00 '' \\' \\n %(no)s %% é 🙂"
    values: dict[str, Any] = {
        "text": everything,
        "number": -(2**63),
        "large": 2**64 - 1,
        "ratio": -0.125,
        "nothing": None,
        "list": ["a'b", "c"],
        "tuple": (1, "x"),
        "moment": NOON.astimezone(timezone(timedelta(hours=9))),
        "yes": True,
    }
    names = ", ".join(f"%({name})s AS {name}_" for name in values)
    (row,) = empty_database.query(f"SELECT {names}", values).rows
    assert row == (everything, -(2**63), 2**64 - 1, -0.125, None, ["a'b", "c"], (1, "x"), NOON, 1)


def test_times_in_parameters_mean_utc_wherever_the_server_is(empty_database: Database) -> None:
    create(empty_database, "moments", "at DateTime('UTC'), day Date", "at")
    empty_database.insert("moments", ["at", "day"], [(NOON, NOON.date())])
    for condition in ("at = %(at)s", "at >= %(at)s", "at IN %(ats)s", "day = %(day)s"):
        ((count,),) = empty_database.query(
            f"SELECT count() FROM moments WHERE {condition}",
            {"at": NOON, "ats": [NOON], "day": NOON.date()},
        ).rows
        assert count == 1, condition


def test_in_takes_lists_tuples_and_nothing_at_all(numbers: Database) -> None:
    numbers.insert("numbers", ["n", "note"], [(1, "a"), (2, "b")])
    sql = "SELECT n FROM numbers WHERE n IN %(some)s ORDER BY n"
    assert numbers.query(sql, {"some": [1, 3]}).rows == [(1,)]
    assert numbers.query(sql, {"some": (2,)}).rows == [(2,)]
    assert numbers.query(sql, {"some": []}).rows == []
    other = "SELECT n FROM numbers WHERE note NOT IN %(some)s ORDER BY n"
    assert numbers.query(other, {"some": ()}).rows == [(1,), (2,)]


def test_in_takes_twenty_thousand_ids(numbers: Database) -> None:
    ids = [f"{n:032x}" for n in range(20_000)]
    ((count,),) = numbers.query("SELECT %(id)s IN %(ids)s", {"id": ids[-1], "ids": ids}).rows
    assert count == 1


def test_a_percent_sign_needs_no_escape_without_parameters(empty_database: Database) -> None:
    assert empty_database.query("SELECT 'ab' LIKE '%b' AS x, 7 % 4 AS y").rows == [(1, 3)]
    assert empty_database.query("SELECT 7 %% %(n)s AS y", {"n": 4}).rows == [(3,)]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (-1, "not between 0"),
        (2**64, "not between 0"),
        ("7", "not an integer"),
        (1.0, "not an integer"),
        (None, "not an integer"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_and_nothing_is_inserted(
    numbers: Database, value: Any, reason: str
) -> None:
    rows = [(n, "fits") for n in range(1000)] + [(value, "does not")]
    with pytest.raises(QueryFailed, match=f"row 1001, column n of table numbers .*{reason}") as e:
        numbers.insert("numbers", ["n", "note"], rows)
    assert e.value.code == 53
    assert numbers.query("SELECT count() FROM numbers").rows == [(0,)]
    numbers.insert("numbers", ["n", "note"], rows[:1000])
    assert numbers.query("SELECT count() FROM numbers").rows == [(1000,)]


@pytest.mark.parametrize(
    ("spec", "value"),
    [
        ("UInt8", 256),
        ("String", b"bytes"),
        ("String", "\ud800"),
        ("String", None),
        ("Date", date(2200, 1, 1)),
        ("Date", NOON),
        ("DateTime('UTC')", NOON.replace(tzinfo=None)),
        ("DateTime('UTC')", datetime(2200, 1, 1, tzinfo=UTC)),
        ("DateTime('UTC')", 1_700_000_000),
        ("Array(String)", "text"),
        ("Array(String)", ["a", 1]),
        ("Nullable(Float64)", "0.5"),
        ("Enum8('yes' = 1)", "no"),
    ],
)
def test_a_value_is_never_bent_to_fit_its_column(
    empty_database: Database, spec: str, value: Any
) -> None:
    create(empty_database, "strict", f"value {spec}", "tuple()")
    with pytest.raises(QueryFailed, match="strict"):
        empty_database.insert("strict", ["value"], [(value,)])
    assert empty_database.query("SELECT count() FROM strict").rows == [(0,)]


def test_errors_carry_the_code_of_clickhouse_and_one_short_line(numbers: Database) -> None:
    cases = {
        "SELECT n FRM numbers WHERE": 62,
        "SELECT 1 FROM nowhere": 60,
        "SELECT nobody FROM numbers": 47,
        "SELECT nofunction(n) FROM numbers": 46,
        "CREATE TABLE numbers (n UInt64) ENGINE = Memory": 57,
        "SELECT 1; SELECT 2": 62,
        "-- only a comment": 62,
        "INSERT INTO numbers VALUES (1, 'a')": 62,
        "SELECT n FROM numbers FORMAT JSON": 62,
    }
    for sql, code in cases.items():
        with pytest.raises(QueryFailed) as caught:
            numbers.query(sql)
        assert caught.value.code == code, sql
        text = str(caught.value)
        assert "\n" not in text
        assert len(text) < 450
        for noise in ("Stack trace", "DB::", "Expected one of"):
            assert noise not in text


def test_an_insert_names_what_is_wrong_with_its_table_columns_or_rows(numbers: Database) -> None:
    for table, columns, row, code in (
        ("nowhere", ["n"], (1,), 60),
        ("numbers", ["n", "nothing"], (1, 2), 16),
        ("numbers", ["n", "note"], (1,), 20),
        ("numbers", ["n", "note"], (1, "a", 2), 20),
    ):
        with pytest.raises(QueryFailed) as caught:
            numbers.insert(table, columns, [row])
        assert caught.value.code == code
    assert numbers.query("SELECT count() FROM numbers").rows == [(0,)]


def test_a_parameter_without_a_value_is_named(empty_database: Database) -> None:
    with pytest.raises(QueryFailed, match="'last'"):
        empty_database.query("SELECT %(first)s, %(last)s", {"first": 1})


def test_an_insert_of_no_rows_does_nothing(empty_database: Database) -> None:
    empty_database.insert("not_even_a_table", ["n"], [])


def test_a_failed_query_leaves_nothing_behind_for_the_next(empty_database: Database) -> None:
    # chdb would put what this query gave before it failed in front of the next result.
    with pytest.raises(QueryFailed) as caught:
        empty_database.query(
            "SELECT throwIf(number = 1000000) FROM (SELECT number FROM system.numbers LIMIT 2000000)"
        )
    assert caught.value.code == 395
    assert empty_database.query("SELECT 42 AS answer").rows == [(42,)]


def test_an_insert_sees_that_the_table_has_changed(numbers: Database) -> None:
    numbers.insert("numbers", ["n", "note"], [(1, "a")])
    numbers.execute("DROP TABLE numbers")
    create(numbers, "numbers", "n String", "n")
    numbers.insert("numbers", ["n"], [("one",)])
    assert numbers.query("SELECT n FROM numbers").rows == [("one",)]


def test_one_insert_may_touch_hundreds_of_months(empty_database: Database) -> None:
    empty_database.execute(
        "CREATE TABLE days (day Date) ENGINE = MergeTree PARTITION BY toYYYYMM(day) ORDER BY day"
    )
    days = [(date(2000 + month // 12, month % 12 + 1, 1),) for month in range(320)]
    empty_database.insert("days", ["day"], days)
    assert empty_database.query("SELECT count() FROM days").rows == [(320,)]


def test_joins_of_unnamed_subqueries_run_as_they_do_on_the_oldest_server(numbers: Database) -> None:
    numbers.insert("numbers", ["n", "note"], [(1, "a"), (2, "b")])
    result = numbers.query(
        "SELECT n, note, twice FROM (SELECT n, note FROM numbers) "
        "ALL INNER JOIN (SELECT n, n * 2 AS twice FROM numbers) USING (n) ORDER BY n"
    )
    assert result.rows == [(1, "a", 2), (2, "b", 4)]


def test_the_newest_version_of_a_row_wins(empty_database: Database) -> None:
    empty_database.execute(
        "CREATE TABLE facts (id String, value String, version UInt64) "
        "ENGINE = ReplacingMergeTree(version) ORDER BY id"
    )
    older, newer = next_version(), next_version()
    assert newer > older
    columns = ["id", "value", "version"]
    empty_database.insert("facts", columns, [("a", "new", newer)])
    empty_database.insert("facts", columns, [("a", "old", older), ("b", "only", older)])
    rows = empty_database.query("SELECT id, value FROM facts FINAL ORDER BY id").rows
    assert rows == [("a", "new"), ("b", "only")]


def test_several_threads_may_use_one_database(numbers: Database) -> None:
    def work(thread: int) -> None:
        for turn in range(10):
            numbers.insert("numbers", ["n", "note"], [(thread * 100 + turn, f"thread {thread}")])
            sql = "SELECT n, note FROM numbers WHERE note = %(note)s ORDER BY n"
            rows = numbers.query(sql, {"note": f"thread {thread}"}).rows
            expected = [(thread * 100 + n, f"thread {thread}") for n in range(turn + 1)]
            assert rows == expected

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert numbers.query("SELECT count() FROM numbers").rows == [(80,)]


def test_data_is_there_again_after_closing_and_connecting(database_url: str) -> None:
    first = connect(database_url, create=True)
    create(first, "numbers", "n UInt64", "n")
    first.insert("numbers", ["n"], [(7,)])
    first.close()
    first.close()  # twice is harmless
    with pytest.raises(DatabaseRefused, match="closed"):
        first.query("SELECT 1")
    again = connect(database_url)
    assert again.query("SELECT n FROM numbers").rows == [(7,)]
    again.close()


def test_two_connections_see_each_other(database_url: str) -> None:
    one, two = connect(database_url, create=True), connect(database_url)
    create(one, "numbers", "n UInt64", "n")
    one.insert("numbers", ["n"], [(7,)])
    one.close()
    assert two.query("SELECT n FROM numbers").rows == [(7,)]
    two.close()


def test_a_database_that_is_not_there_is_refused_with_the_remedy(database_url: str) -> None:
    with pytest.raises(DatabaseRefused, match="barometer migrate"):
        connect(database_url)


def test_the_version_is_a_tuple_of_numbers(empty_database: Database) -> None:
    ((text,),) = empty_database.query("SELECT version()").rows
    assert text.startswith(".".join(map(str, empty_database.version())))


@pytest.mark.parametrize("url", ["", "var/clickhouse", "postgres://host/name", "http://[", "chdb"])
def test_an_unknown_scheme_is_refused_with_two_examples(url: str) -> None:
    with pytest.raises(DatabaseRefused, match=r"chdb:///.*clickhouse://"):
        connect(url)
