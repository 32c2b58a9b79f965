"""Migrations: run once, begun again after a crash, and refused where they do not fit."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alerts.point import StanceCount
from storage import documents
from storage.daily_counts import miscounted, outlet_counts
from storage.database import Database, DatabaseRefused, QueryFailed, Row
from storage.migrate import (
    _altered,
    check_schema,
    migrate,
    parse_migration,
    pending,
    shipped_migrations,
)
from storage.stored_documents import documents_of
from tests.judged_documents import DAY, TOPIC, cells_of, document, judged

NOW = datetime(2026, 1, 1, tzinfo=UTC)

_ALTERS = re.compile(r"ALTER TABLE")

FIRST = parse_migration(
    "0001_first.sql",
    "-- two; statements\nCREATE TABLE IF NOT EXISTS one (a String DEFAULT ';') ENGINE = Memory;\n"
    "CREATE TABLE IF NOT EXISTS two (a UInt8) ENGINE = Memory;",
)
SECOND = parse_migration("0002_second.sql", "CREATE VIEW IF NOT EXISTS three AS SELECT a FROM two")


def tables(database: Database) -> set[str]:
    return {name for (name,) in database.query("SHOW TABLES").rows}


def test_the_shipped_migrations_make_every_table_and_view(empty_database: Database) -> None:
    names = [migration.name for migration in shipped_migrations()]
    assert names[:2] == ["0001_tables", "0002_views"]
    fitting = [m.name for m in shipped_migrations() if m.fits(empty_database.version())]
    assert pending(empty_database) == fitting
    assert migrate(empty_database, NOW) == fitting
    check_schema(empty_database)
    assert {"documents", "judgements", "points", "ledger", "source_health"} <= tables(
        empty_database
    )
    for name in tables(empty_database):
        empty_database.query(f"SELECT * FROM {name}")  # a view may fail only when it is read


def test_migrations_run_once(empty_database: Database) -> None:
    assert migrate(empty_database, NOW, [FIRST]) == ["0001_first"]
    assert pending(empty_database, [FIRST, SECOND]) == ["0002_second"]
    assert migrate(empty_database, NOW, [FIRST, SECOND]) == ["0002_second"]
    assert migrate(empty_database, NOW, [FIRST, SECOND]) == []
    rows = empty_database.query(
        "SELECT version, name, outcome, applied_at FROM schema_migrations FINAL ORDER BY version"
    ).rows
    assert rows == [(1, "0001_first", "applied", NOW), (2, "0002_second", "applied", NOW)]


def test_asking_what_is_pending_changes_nothing(empty_database: Database) -> None:
    assert pending(empty_database, [FIRST]) == ["0001_first"]
    with pytest.raises(DatabaseRefused, match="lacks 0001_first; run `barometer migrate`"):
        check_schema(empty_database, [FIRST])
    assert tables(empty_database) == set()


class CrashError(Exception):
    pass


class CrashingDatabase:
    """Passes everything on until a statement contains a word."""

    def __init__(self, database: Database, word: str) -> None:
        self._database, self._word = database, word

    def execute(self, sql: str, parameters: Mapping[str, Any] | None = None) -> None:
        if self._word in sql:
            raise CrashError
        self._database.execute(sql, parameters)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)


def test_a_crash_in_the_middle_of_a_file_is_made_good_by_the_next_run(
    empty_database: Database,
) -> None:
    crashing: Any = CrashingDatabase(empty_database, "two")
    with pytest.raises(CrashError):
        migrate(crashing, NOW, [FIRST])
    assert tables(empty_database) == {"one", "schema_migrations"}
    assert pending(empty_database, [FIRST]) == ["0001_first"]
    assert migrate(empty_database, NOW, [FIRST]) == ["0001_first"]
    assert tables(empty_database) == {"one", "two", "schema_migrations"}


def test_a_statement_that_fails_leaves_its_migration_pending(empty_database: Database) -> None:
    wrong = parse_migration("0002_wrong.sql", "CREATE TABEL x (a UInt8) ENGINE = Memory")
    with pytest.raises(QueryFailed, match="TABEL"):
        migrate(empty_database, NOW, [FIRST, wrong])
    assert pending(empty_database, [FIRST, wrong]) == ["0002_wrong"]


def test_a_database_of_a_newer_program_is_refused(empty_database: Database) -> None:
    migrate(empty_database, NOW, [FIRST, SECOND])
    for use in (check_schema, pending):
        with pytest.raises(DatabaseRefused, match="0002_second by a newer Barometer"):
            use(empty_database, [FIRST])
    with pytest.raises(DatabaseRefused, match="newer"):
        migrate(empty_database, NOW, [FIRST])


def test_an_edited_migration_is_refused_but_a_comment_may_change(empty_database: Database) -> None:
    migrate(empty_database, NOW, [FIRST])
    commented = parse_migration("0001_first.sql", "-- new\n" + ";".join(FIRST.statements))
    check_schema(empty_database, [commented])
    edited = parse_migration("0001_first.sql", FIRST.statements[0])
    with pytest.raises(DatabaseRefused, match="0001_first was edited"):
        migrate(empty_database, NOW, [edited])


class Upgraded:
    """The same database as seen after its server was upgraded."""

    def __init__(self, database: Database, version: tuple[int, ...]) -> None:
        self._database, self._version = database, version

    def version(self) -> tuple[int, ...]:
        return self._version

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)


def test_views_that_need_a_newer_server_wait_for_it(empty_database: Database) -> None:
    views = parse_migration("0002_views.sql", f"-- requires: 21.8\n{SECOND.statements[0]}")
    assert views.requires == (21, 8)
    old: Any = Upgraded(empty_database, (18, 16, 1))
    assert migrate(old, NOW, [FIRST, views]) == ["0001_first"]
    check_schema(old, [FIRST, views])
    rows = old.query("SELECT name, outcome FROM schema_migrations FINAL ORDER BY version").rows
    assert rows == [("0001_first", "applied"), ("0002_views", "skipped")]
    new: Any = Upgraded(empty_database, (21, 8))
    assert pending(new, [FIRST, views]) == ["0002_views"]
    assert migrate(new, NOW, [FIRST, views]) == ["0002_views"]
    assert "three" in tables(empty_database)


def test_a_file_with_another_name_is_not_a_migration() -> None:
    with pytest.raises(ValueError, match="NNNN_name"):
        parse_migration("1_first.sql", "SELECT 1")


def test_shipped_migrations_are_numbered_without_gaps() -> None:
    shipped = shipped_migrations()
    assert [migration.version for migration in shipped] == list(range(1, len(shipped) + 1))


def test_a_shipped_migration_that_was_cut_off_anywhere_is_finished_by_the_next_run(
    empty_database: Database,
) -> None:
    shipped = shipped_migrations()
    for number, migration in enumerate(shipped, start=1):
        # Each statement twice, and then the file anew, as where the run was cut off before it noted that one.
        for statement in migration.statements:
            if not _altered(empty_database, statement):
                empty_database.execute(statement)
            if not _altered(empty_database, statement):
                empty_database.execute(statement)
        assert migrate(empty_database, NOW, shipped[:number]) == [migration.name]
    check_schema(empty_database)


class CutOff:
    """Ends the run after the first statement that it has not ended a run after before."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ended_after: set[str] = set()
        self.cuts = 0

    def execute(self, sql: str, parameters: Mapping[str, Any] | None = None) -> None:
        self._database.execute(sql, parameters)
        self._end(sql)

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        self._database.insert(table, columns, rows)
        self._end(f"{table} {rows[0][0]}")

    def _end(self, what: str) -> None:
        if what not in self._ended_after:
            self._ended_after.add(what)
            self.cuts += 1
            raise CrashError(what)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._database, name)


FIRST_RELEASED = 2
"""Migrations of the first program that people ran: 0001_tables and 0002_views."""


def first_released(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Fill the tables as the first program did; every figure that an upgrade must keep, as its queries gave it."""
    migrate(database, NOW, shipped_migrations()[:FIRST_RELEASED])
    days = [DAY - timedelta(days=n) for n in range(3)]
    stances = ("support", "support", "neutral", "oppose", "not_addressed")
    some = [
        (n, day, society, ("Courier", "Herald")[n % 2], stances[n % 5])
        for n, (day, society) in enumerate(
            (d, s) for d in days for s in ("XA", "XB") for _ in range(5)
        )
    ]
    ids = [f"{n:032x}" for n, *_ in some]
    database.insert(
        "documents",
        "id origin source outlet kind society language url title text story author_key"
        " published_at fetched_at day version".split(),
        [
            (ids[n], f"feed:courier/{n}", "courier", outlet, "news", society, "en", f"https://x.example/{n}",
             f"Title {n}", f"Text {n}", f"s{n}", "k1", NOW, NOW, day, 10 + n)
            for n, day, society, outlet, _ in some
        ],
    )  # fmt: skip
    database.insert(
        "readings",
        "document_id society day outlet relevance topics conflates dehumanising model version".split(),
        [
            (ids[n], society, day, outlet, 0.9, ["legal_pathways"], 1, 0, "m1", 10 + n)
            for n, day, society, outlet, _ in some
        ],
    )
    database.insert(
        "judgements",
        "document_id society target day outlet kind language story stance"
        " p_support p_neutral p_oppose p_not_addressed model version".split(),
        [
            (ids[n], society, TOPIC, day, outlet, "news", "en", f"s{n}", stance, 0.7, 0.1, 0.1, 0.1, "m1", 10 + n)
            for n, day, society, outlet, stance in some
        ],
    )  # fmt: skip
    counts = Counter((society, day, outlet, stance) for _, day, society, outlet, stance in some)
    cells = sorted({(society, day, outlet) for society, day, outlet, _ in counts})
    database.insert(
        "daily_counts",
        "society target day outlet support neutral oppose stories version".split(),
        [
            (society, TOPIC, day, outlet,
             *(counts[society, day, outlet, each] for each in ("support", "neutral", "oppose")), 5, 99)
            for society, day, outlet in cells
        ],
    )  # fmt: skip
    database.insert(
        "points",
        "society target day support neutral oppose outlets net_support lower upper n_eff state version".split(),
        [
            ("XA", TOPIC, days[0], 2, 1, 1, 2, 25.0, -10.0, 60.0, 3.5, "ok", 99),
            ("XB", TOPIC, days[0], 2, 1, 1, 2, None, None, None, 3.5, "insufficient", 99),
        ],
    )
    words = [*["judged"] * len(some), "off_topic", "duplicate", "dead"]
    database.insert(
        "dispositions",
        "origin document_id source disposition reason at version".split(),
        [
            (f"feed:courier/{n}", "", "courier", word, "", NOW, 10 + n)
            for n, word in enumerate(words)
        ],
    )
    database.insert(
        "dead_letters",
        "origin source place reason payload truncated status read_at version".split(),
        [("feed:courier/32", "courier", "entry 3", "no date", "{}", 0, "dead", NOW, 42)],
    )
    database.insert(
        "incidents",
        "id society target status drop_day detected_on opened_at baseline net_support change lower upper"
        " reason version".split(),
        [("i1", "XA", TOPIC, "open", DAY, DAY, NOW, 40.0, 10.0, -30.0, -45.0, -15.0, "a fall", 7)],
    )
    return kept_figures(database)


def kept_figures(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """What both programs can be asked."""
    return {
        sql: database.query(sql).rows
        for sql in (
            "SELECT society, day, stance, count() FROM judgements FINAL GROUP BY society, day, stance"
            " ORDER BY society, day, stance",
            "SELECT society, target, day, outlet, sum(support), sum(neutral), sum(oppose) FROM daily_counts FINAL"
            " GROUP BY society, target, day, outlet ORDER BY society, target, day, outlet",
            "SELECT society, target, day, support, neutral, oppose, net_support, lower, upper, n_eff, state"
            " FROM points FINAL ORDER BY society, target, day",
            "SELECT disposition, sum(documents) FROM ledger GROUP BY disposition ORDER BY disposition",
            "SELECT origin, reason, payload FROM dead_letters FINAL ORDER BY origin",
            "SELECT id, status, baseline, change, reason FROM incidents FINAL ORDER BY id",
            "SELECT id, outlet, day, published_at FROM documents FINAL ORDER BY id",
            "SELECT document_id, topics, conflates FROM readings FINAL ORDER BY document_id",
        )
    }


def test_data_of_the_first_release_comes_through_an_upgrade_that_is_cut_off_after_every_statement(
    empty_database: Database,
) -> None:
    before = first_released(empty_database)
    cut_off: Any = CutOff(empty_database)
    while True:
        try:
            migrate(cut_off, NOW)
            break
        except CrashError:
            continue
    fitting = [m for m in shipped_migrations()[FIRST_RELEASED:] if m.fits(empty_database.version())]
    assert cut_off.cuts >= sum(
        len([one for one in migration.statements if not _ALTERS.match(one)])
        for migration in fitting
    )
    check_schema(empty_database)
    assert kept_figures(empty_database) == before
    cells = {(society, DAY - timedelta(days=n)) for society in ("XA", "XB") for n in range(3)}
    assert miscounted(empty_database, cells) == []
    texts, _ = documents_of(
        empty_database, [f"{n:032x}" for n in range(30)], DAY - timedelta(days=3), DAY
    )
    assert [one.text for one in texts] == [f"Text {n}" for n in range(30)]


def test_what_was_counted_before_stories_were_is_counted_anew(empty_database: Database) -> None:
    migrate(empty_database, NOW, shipped_migrations()[:2])
    # What the program of then had stored: two copies of one story and a document of its own.
    batch = [
        judged(document(1, story="a"), "support"),
        judged(document(2, story="a", outlet="Herald"), "oppose"),
        judged(document(3), "support"),
    ]
    empty_database.insert(
        "judgements",
        [name for name in documents.JUDGEMENT_COLUMNS if name != "contributor"],
        [
            (each.document_id, "XA", each.target, DAY, one.document.outlet, "news", "en", one.document.story,
             each.stance.value, each.p.support, each.p.neutral, each.p.oppose, each.p.not_addressed, each.model, 1)
            for one in batch
            for each in one.judgements
        ],
    )  # fmt: skip
    empty_database.insert(
        "daily_counts",
        "society target day outlet support neutral oppose stories version".split(),
        [("XA", TOPIC, DAY, "Courier", 2, 0, 0, 2, 7), ("XA", TOPIC, DAY, "Herald", 0, 0, 1, 1, 7)],
    )
    migrate(empty_database, NOW)
    key = ("XA", TOPIC, DAY)
    assert outlet_counts(empty_database, [key])[key] == [
        StanceCount(outlet="Courier", support=1, neutral=0, oppose=0),
        StanceCount(outlet="Courier", support=1, neutral=0, oppose=0, story="a"),
        StanceCount(outlet="Herald", support=0, neutral=0, oppose=1, story="a"),
    ]
    assert miscounted(empty_database, cells_of(batch)) == []
