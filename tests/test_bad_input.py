"""Bad input of every kind: one clear sentence, the right exit status, nothing lost and nothing half-written."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flows import steps
from tests.clickhouse_service import USER, ClickHouseService, free_port
from tests.fixtures_command import SECRET, Place
from tests.rows import ABOUT
from tests.services import Broker

GOOD = {
    "outlet": "Courier",
    "society": "XA",
    "lang": "en",
    "published_at": "2026-11-19T09:00:00Z",
}

HTML = b"<!DOCTYPE html><html><head><title>Courier</title></head><body>No feed here.</body></html>"


def row(n: int, **changes: object) -> bytes:
    """One good JSON line, or one with these faults."""
    return json.dumps({**GOOD, "doc_id": str(n), "text": f"{ABOUT[0]} ({n})", **changes}).encode()


# -- Settings and services -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "status", "says"),
    [
        (
            "BUS_URL",
            f"redis://me:{SECRET}@h",
            2,
            "scheme 'redis'; use sqlite:///var/bus.db or kafka",
        ),
        ("BUS_URL", "var/bus.db", 2, "BAROMETER_BUS_URL has the scheme 'none'; use sqlite:///"),
        ("BUS_URL", f"sqlite://me:{SECRET}@h/x", 2, "names no file; write sqlite:///var/bus.db"),
        ("BUS_URL", "sqlite:///x.db?colour=red", 2, "has an unknown setting 'colour'"),
        ("BUS_URL", f"kafka://me:{SECRET}@h:99999", 2, "a server that is not host:port"),
        ("BUS_URL", f"kafka://h?sasl_plain_pasword={SECRET}", 2, "unknown setting 'sasl_plain_pas"),
        (
            "DATABASE_URL",
            f"mysql://me:{SECRET}@h/x",
            2,
            "scheme 'mysql'; use chdb:///var/clickhouse",
        ),
        (
            "DATABASE_URL",
            f"chdb://me:{SECRET}@h/x",
            2,
            "names no folder; use chdb:///var/clickhouse",
        ),
        ("DATABASE_URL", f"clickhouse://me:{SECRET}@:9000/x", 2, "it names no host"),
        (
            "DATABASE_URL",
            f"clickhouse://me:{SECRET}@h:port/x",
            2,
            "must read clickhouse://user:pass",
        ),
        ("DATABASE_URL", f"clickhouse://me:a/{SECRET}@h/x", 2, "must read clickhouse://user:pass"),
        ("DATABASE_URL", f"clickhouse://me:{SECRET}@[::1/x", 2, "use chdb:///var/clickhouse"),
        ("MODEL", "./gpt", 2, "There is no folder ./gpt; BAROMETER_MODEL names"),
        ("SOURCES", "nowhere.toml", 2, "nowhere.toml"),
        ("SOURCES", "rows.jsonl", 2, "rows.jsonl is not TOML"),
        ("BATCH_SIZE", "-1", 2, "BAROMETER_BATCH_SIZE cannot be used"),
    ],
)
def test_a_setting_that_cannot_be_used_is_the_users_mistake(
    reading: Place, name: str, value: str, status: int, says: str
) -> None:
    reading.write("rows.jsonl", row(1))
    with pytest.MonkeyPatch.context() as changed:
        changed.setenv(f"BAROMETER_{name}", value)
        said = reading.run("import", "rows.jsonl")
    assert said.status == status
    assert says in said.sentence
    assert reading.untouched()


def test_a_file_that_is_no_bus_is_left_alone(reading: Place) -> None:
    reading.write("other", b"not a database, but somebody's text\n" * 100)
    reading.set("BAROMETER_BUS_URL", f"sqlite:///{reading.folder}/other")
    said = reading.run("score")
    assert said.status == 2
    assert "is not a bus file, or it is damaged" in said.sentence
    assert (reading.folder / "other").read_bytes().startswith(b"not a database")


def test_a_file_where_the_database_folder_should_be_is_named(place: Place) -> None:
    place.write("clickhouse", "text")
    said = place.run("migrate")
    assert said.status == 2
    assert "clickhouse is a file; name a folder in BAROMETER_DATABASE_URL" in said.sentence
    (place.folder / "clickhouse").unlink()
    assert place.run("migrate").status == 0
    assert place.run("score").status == 0


def test_an_unreachable_server_is_a_failure_and_a_later_migrate_is_whole(place: Place) -> None:
    good = f"chdb:///{place.folder}/clickhouse"
    place.set("BAROMETER_DATABASE_URL", f"clickhouse://me:{SECRET}@127.0.0.1:{free_port()}/x")
    said = place.process("migrate")
    assert said.status == 1
    assert "cannot be reached (Connection refused); start ClickHouse there or" in said.sentence
    place.set("BAROMETER_DATABASE_URL", good)
    assert place.run("migrate").status == 0
    place.write("rows.jsonl", row(1))
    assert place.run("import", "rows.jsonl").status == 0
    assert place.totals() == {"judged": 1}


def test_an_unreachable_broker_is_a_failure_and_nothing_is_made(place: Place) -> None:
    place.set(
        "BAROMETER_BUS_URL",
        f"kafka://me:{SECRET}@127.0.0.1:{free_port()}?bootstrap_timeout_ms=1000",
    )
    said = place.process("migrate")
    assert said.status == 1
    assert "cannot be reached" in said.sentence
    assert "check that the broker runs" in said.sentence
    assert list(place.folder.iterdir()) == []


def test_a_wrong_password_is_the_users_mistake(
    place: Place, clickhouse_service: ClickHouseService
) -> None:
    place.set("BAROMETER_DATABASE_URL", clickhouse_service.url("default", password=SECRET))
    for command in (["migrate"], ["sql", "SELECT 1"], ["score"]):
        said = place.run(*command)
        assert said.status == 2
        assert "the server refuses this user, password or address" in said.sentence
        assert f"{USER}@127.0.0.1" in said.sentence
    assert place.run("health").status == 1


def test_a_database_that_is_not_there_on_a_good_server_is_named(
    place: Place, clickhouse_url: Callable[[], str]
) -> None:
    place.set("BAROMETER_DATABASE_URL", clickhouse_url())
    said = place.run("sql", "SELECT 1")
    assert said.status == 2
    assert "create it with `barometer migrate`" in said.sentence
    assert place.run("migrate").status == 0
    assert place.run("sql", "SELECT 1").status == 0


def test_a_login_that_the_broker_does_not_take_is_the_users_mistake(
    place: Place, broker: Broker
) -> None:
    place.set(
        "BAROMETER_BUS_URL",
        f"kafka://me:{SECRET}@{broker.address}?security_protocol=SASL_PLAINTEXT",
    )
    said = place.run("migrate")
    assert said.status == 2
    assert "does not take this kind of login (user 'me', PLAIN)" in said.sentence


# -- Files that are refused whole ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("empty.jsonl", b"", "empty.jsonl is empty"),
        ("empty.csv", b"", "empty.csv is empty"),
        ("blank.jsonl", b"\n \n\n", "blank.jsonl is empty"),
        ("empty.xml", b"", "empty.xml: it is empty"),
        ("page.xml", HTML, "page.xml: it is an HTML page instead of a feed; save what the address"),
        ("notes.xml", b"just text", "notes.xml: it is no feed"),
        (
            "cut.xml",
            b"<rss><channel><tit",
            "cut.xml: it is broken or cut off before the first entry",
        ),
        ("array.jsonl", b"[\n{}\n]\n", "array.jsonl is a JSON array; write one object a line"),
        (
            "rows.txt",
            b"{}\n",
            "rows.txt is neither .jsonl nor .csv; rename it, or say what it is: --format",
        ),
        ("semi.csv", b"outlet;text\na;b\n", "separated by semicolons; use commas"),
        ("other.csv", b"name,comment\na,b\n", "there is no column 'outlet'; name the right one"),
        ("twice.csv", b"text,text\na,b\n", "the header names 'text' twice"),
        ("nul.csv", b"outlet,te\x00xt\na,b\n", "the header cannot be read"),
    ],
)
def test_a_file_that_cannot_be_one_is_refused(
    reading: Place, name: str, content: bytes, says: str
) -> None:
    reading.write(name, content)
    said = reading.run("import", name)
    assert said.status == 2
    assert says in said.sentence
    assert said.out == ""
    assert reading.untouched()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["nowhere.jsonl"], "Cannot read nowhere.jsonl: No such file or directory."),
        (["."], "Cannot read .: Is a directory."),
        (["-"], "Say what standard input is: --format jsonl, csv or feed."),
        (["rows.jsonl", "--field", "txet=comment"], "'txet' is not a field (did you mean 'text'?)"),
        (["rows.jsonl", "--field", "text"], "--field 'text' is not of the form NAME=VALUE"),
        (["rows.jsonl", "--set", "society=UK"], "--set: society 'UK' is not an ISO 3166-1"),
        (["rows.jsonl", "--set", "kind=blog"], "--set: kind 'blog' is not one of news, social"),
        (["rows.jsonl", "--set", "published_at=soon"], "--set: published_at"),
        (["rows.jsonl", "--set", "lang=English!"], "--set: language 'English!' is not a BCP 47"),
        (["rows.jsonl", "--mapping", "nowhere.toml"], "Cannot read nowhere.toml: No such file"),
        (["rows.jsonl", "--mapping", "rows.jsonl"], "rows.jsonl is not TOML"),
        (["rows.jsonl", "--mapping", "latin.toml"], "latin.toml is not UTF-8 (byte 1)."),
        (["rows.jsonl", "--mapping", "m.toml", "--set", "lang=en"], "Give --mapping, or --field"),
    ],
)
def test_a_call_that_cannot_be_meant_is_refused_before_anything_is_read(
    reading: Place, arguments: list[str], says: str
) -> None:
    reading.write("rows.jsonl", row(1))
    reading.write("latin.toml", b"\xe9")
    said = reading.run("import", *arguments)
    assert said.status == 2
    assert says in said.sentence
    assert reading.untouched()


def test_a_feed_saved_as_a_page_is_refused_as_people_see_it(reading: Place) -> None:
    reading.write("page.xml", HTML)
    said = reading.process("import", "page.xml")
    assert said.status == 2
    assert said.sentence.startswith("page.xml: it is an HTML page instead of a feed")


def test_one_refused_file_does_not_keep_the_others_out(migrated: Place) -> None:
    migrated.write("one.jsonl", row(1))
    migrated.write("empty.jsonl", "")
    migrated.write("two.jsonl", row(2))
    said = migrated.run("import", "one.jsonl", "empty.jsonl", "gone.csv", "two.jsonl")
    assert said.status == 2
    assert said.err.splitlines() == [
        "barometer: empty.jsonl is empty",
        "barometer: Cannot read gone.csv: No such file or directory.",
    ]
    assert migrated.totals() == {"judged": 2}
    assert "Scored: 2 read = 2 judged" in said.out


# -- Rows that are bad -----------------------------------------------------------------------------

NOW = datetime.now(UTC)

BAD_ROWS = {
    "a truncated line": (row(50)[:40], "broken JSON"),
    "text instead of an object": (b'"words"', "instead of an object"),
    "NUL bytes": (b'{"outlet": "a\x00b"}', "NUL byte"),
    "a NUL in JSON": (row(51, text="a\x00b"), "text contains a NUL byte"),
    "invalid UTF-8": (b'{"outlet": "\xff"}', "invalid UTF-8"),
    "a 1 MB text": (row(52, text="x" * 1_000_000), "the limit is 500,000"),
    "a 1 MB field": (row(53, title="x" * 1_000_000), "title is longer than 2,048 bytes"),
    "a 5 MB line": (row(54, text="x" * 5_000_000), "the line is longer than"),
    "1 MB only as a message": (row(55, text='"' * 499_999), "the limit is 1,000,000"),
    "half a character": (
        b'{"outlet":"o","published_at":"2026-11-19","text":"\\ud800"}',
        "broken JSON",
    ),
    "tomorrow's news": (
        row(56, published_at=(NOW + timedelta(days=3)).isoformat()),
        "over a day in the future",
    ),
    "the year 9999": (row(57, published_at="9999-12-31T23:59:59Z"), "over a day in the future"),
    "1970": (row(58, published_at="1970-01-01"), "is before 2000"),
    "no date at all": (row(59, published_at=None), "published_at is missing"),
    "a date of its own": (row(60, published_at="19.11.2026"), "published_at"),
    "nobody": (row(61, outlet=""), "outlet is missing"),
    "nothing": (b"{}", "missing"),
    "deep nesting": (b'{"text": ' + b"[" * 20_000, "broken JSON"),
}


def test_each_bad_row_is_dead_with_line_and_reason_and_the_others_are_judged(
    migrated: Place,
) -> None:
    rows = [row(1), *(bad for bad, _ in BAD_ROWS.values()), row(2)]
    migrated.write("rows.jsonl", b"\n".join(rows))
    said = migrated.run("import", "rows.jsonl")
    assert (said.status, said.err) == (0, "")
    assert migrated.totals() == {"judged": 2, "dead": len(BAD_ROWS)}
    told = migrated.rows("SELECT place, reason, truncated FROM dead_letters FINAL")
    reasons = {str(place): str(reason) for place, reason, _ in told}
    for line, (fault, (_, reason)) in enumerate(BAD_ROWS.items(), start=2):
        # What is too large only as a message is found after reading; its origin ends with the line.
        (place,) = [p for p in reasons if p == f"rows.jsonl line {line}" or p.endswith(f"/{line})")]
        assert reason in reasons[place], fault
    assert sum(int(str(truncated)) for _, _, truncated in told) >= 3
    listed = migrated.run("dead-letters", "list", "--reason", "NUL", "--payload")
    assert listed.status == 0
    assert "\x00" not in listed.out


def test_all_bad_rows_at_once_add_up_twice(migrated: Place) -> None:
    rows = [row(n) for n in range(20)] + [bad for bad, _ in BAD_ROWS.values()]
    migrated.write("rows.jsonl", b"\n".join(rows) + b"\n\n")
    bad = len(BAD_ROWS)
    for times in (1, 2):
        said = migrated.run("import", "rows.jsonl")
        assert f"rows.jsonl: {20 + bad} rows read = 20 published + {bad} dead" in said.out
        expected = {"judged": 20, "duplicate": 20 * (times - 1), "dead": bad * times}
        assert migrated.totals() == {word: n for word, n in expected.items() if n}
    assert migrated.rows("SELECT count() FROM documents FINAL") == [(20,)]
    assert migrated.rows("SELECT sum(entries), sum(new), sum(dead) FROM source_runs FINAL") == [
        (2 * (20 + bad), 40, 2 * bad)
    ]


def test_a_mended_file_imported_again_adds_up(migrated: Place) -> None:
    migrated.write("rows.jsonl", b"\n".join([row(1), row(2)[:50], row(3)]))
    assert migrated.run("import", "rows.jsonl").status == 0
    assert migrated.totals() == {"judged": 2, "dead": 1}
    migrated.write("rows.jsonl", b"\n".join([row(1), row(2), row(3)]))
    assert migrated.run("import", "rows.jsonl").status == 0
    assert migrated.totals() == {"judged": 3, "duplicate": 2, "dead": 1}


def test_a_csv_file_with_every_fault_adds_up(migrated: Place) -> None:
    migrated.write(
        "rows.csv",
        b"outlet,published_at,text,lang\r\n"
        b"Courier,2026-11-19,More seasonal workers are welcome,en\r\n"
        b"Courier,2026-11-19\r\n"
        b"Courier,2026-11-19,a\x00b,en\r\n"
        b"Courier,2026-11-19,\xff,en\r\n"
        b"Courier,2026-11-19," + b"x" * 1_000_000 + b",en\r\n"
        b'Courier,2026-11-19,"never closed,en\r\n'
        b"Courier,2026-11-18,Seasonal workers are not welcome,en",
    )
    said = migrated.run("import", "rows.csv")
    assert "rows.csv: 7 rows read = 2 published + 5 dead" in said.out
    assert sum(migrated.totals().values()) == 7
    assert migrated.totals()["dead"] == 5


def test_what_nobody_scored_yet_is_not_lost(migrated: Place) -> None:
    migrated.write("rows.jsonl", b"\n".join([row(1), b"{", row(2)]))
    assert migrated.run("import", "rows.jsonl", "--no-score").status == 0
    assert (migrated.waiting(), migrated.totals()) == (3, {})
    assert "3 read = 2 judged" in migrated.run("score").out
    assert (migrated.waiting(), migrated.totals()) == (0, {"judged": 2, "dead": 1})


def test_rows_come_from_standard_input(migrated: Place) -> None:
    migrated.set("BAROMETER_MODEL", "lexicon")
    said = migrated.process("import", "-", "--format", "jsonl", stdin=row(1) + b"\n{\n")
    assert said.status == 0
    assert "stdin: 2 rows read = 1 published + 1 dead" in said.out
    assert migrated.rows("SELECT place FROM dead_letters") == [("stdin line 2",)]
    said = migrated.process("import", "-", "--format", "jsonl")
    assert (said.status, said.sentence) == (2, "stdin is empty")


def test_a_file_name_that_nobody_can_read_is_no_obstacle(migrated: Place) -> None:
    name = b"\xff\x1b[2J\n.jsonl".decode("utf-8", "surrogateescape")
    (migrated.folder / name).write_bytes(row(1) + b"\n{\n")
    said = migrated.run("import", name)
    assert said.status == 0
    assert not set(said.out) & {"\x1b", "\udcff"}
    assert migrated.totals() == {"judged": 1, "dead": 1}


def test_a_feed_is_imported_with_what_it_does_not_say_of_itself(migrated: Place) -> None:
    feed = Path(__file__).parent / "feeds" / "rss2.xml"
    (migrated.folder / "courier.xml").write_bytes(feed.read_bytes())
    said = migrated.run("import", "courier.xml", "--set", "society=gb", "--set", "lang=en")
    assert said.status == 0
    assert said.err == ""
    assert migrated.totals().get("dead", 0) == 0
    assert {row[0] for row in migrated.rows("SELECT society FROM documents FINAL")} <= {"GB"}
    assert sum(migrated.totals().values()) > 0


# -- A clock in the future -------------------------------------------------------------------------


def test_a_clock_beyond_the_calendar_of_the_tables_costs_nothing(
    migrated: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrated.write("rows.jsonl", b"\n".join([row(1), row(2)]))
    with monkeypatch.context() as ahead:
        ahead.setattr(steps, "now_utc", lambda: datetime(2150, 1, 1, tzinfo=UTC))
        said = migrated.run("import", "rows.jsonl")
    assert said.status == 1
    assert "is not between 1970 and 2105" in said.sentence
    # The clock is right again: what was read with the wrong one stops nobody, and can be read again.
    assert migrated.run("score").status == 0
    assert migrated.waiting() == 0
    assert migrated.run("import", "rows.jsonl").status == 0
    totals = migrated.totals()
    assert totals["judged"] == 2
    assert sum(totals.values()) == 4
