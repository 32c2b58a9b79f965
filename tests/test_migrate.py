"""Migrations: run once, begun again after a crash, and refused where they do not fit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from alerts.point import StanceCount
from storage.daily_counts import miscounted, outlet_counts
from storage.database import Database, DatabaseRefused, QueryFailed
from storage.migrate import (
    _altered,
    check_schema,
    migrate,
    parse_migration,
    pending,
    shipped_migrations,
)
from tests.judged_documents import DAY, TOPIC, cells_of, document, judged, store

NOW = datetime(2026, 1, 1, tzinfo=UTC)

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
    statements = [one for migration in shipped_migrations() for one in migration.statements]
    for (
        statement
    ) in statements:  # each twice, as where the run was cut off before it noted that one
        if not _altered(empty_database, statement):
            empty_database.execute(statement)
        if not _altered(empty_database, statement):
            empty_database.execute(statement)
    migrate(empty_database, NOW)
    check_schema(empty_database)


def test_what_was_counted_before_stories_were_is_counted_anew(empty_database: Database) -> None:
    migrate(empty_database, NOW, shipped_migrations()[:2])
    # What the program of then had stored: two copies of one story and a document of its own.
    batch = [
        judged(document(1, story="a"), "support"),
        judged(document(2, story="a", outlet="Herald"), "oppose"),
        judged(document(3), "support"),
    ]
    store(empty_database, *batch, recount=False)
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
