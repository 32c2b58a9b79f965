"""The tables of the embedded database as files, and back: what a backup holds of them.

    save: tables -> partitions -> the newest row of each key -> TABLE/PARTITION.native.zst
    load: the migrations that the saved database had had -> rows -> the migrations since

Rows rather than the engine's own files: they can be read by any version of the engine, and by a ClickHouse server.
Only what counts is kept: a row that was replaced (a text that was removed, say) is not in a backup even where the
engine has not dropped it yet. That is the state which the engine's own merging makes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from storage.backup import SavedDatabase, SavedTable, SchemaStep, check_restorable
from storage.database import Database, DatabaseRefused, QueryFailed
from storage.migrate import migrate, shipped_migrations
from storage.statements import quoted

Progress = Callable[[int, int, str], None]
"""How many parts are done, of how many, and what is being done."""

_TABLES = "SELECT name, engine FROM system.tables WHERE database = currentDatabase() ORDER BY name"
_PARTITIONS = """
SELECT DISTINCT partition_id FROM system.parts
WHERE database = currentDatabase() AND table = %(table)s AND active ORDER BY partition_id
"""
_SCHEMA = "schema_migrations"
_REPLACES = re.compile(r"(Replacing|Collapsing|Summing|Aggregating)\w*MergeTree")


def save(
    database: Database, folder: Path, progress: Progress = lambda done, total, text: None
) -> SavedDatabase:
    """Write every table into `folder`, which is made. Nothing may be stored meanwhile by others (nobody can: one process
    holds an embedded database).

    Raises DatabaseRefused for a database that is not Barometer's or is a newer one's, QueryFailed where the files
    cannot be written.
    """
    schema = _schema(database)
    check_restorable(SavedDatabase(schema=schema, tables=()), shipped_migrations())
    engines = {
        name: engine
        for name, engine in database.query(_TABLES).rows
        if engine.endswith("MergeTree") and name != _SCHEMA
    }
    parts = [
        (table, partition)
        for table in engines
        for (partition,) in database.query(_PARTITIONS, {"table": table}).rows
    ]
    files: dict[str, list[tuple[str, int]]] = {table: [] for table in engines}
    for number, (table, partition) in enumerate(parts):
        progress(number, len(parts), f"saving {table}")
        name = f"{table}/{partition}.native.zst"
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        final = " FINAL" if _REPLACES.fullmatch(engines[table]) else ""
        newest = f"FROM {quoted(table)}{final} WHERE _partition_id = %(partition)s"
        database.execute(
            f"INSERT INTO FUNCTION file(%(path)s, 'Native', {_structure(database, table)})"
            f" SELECT {_columns(database, table)} {newest}",
            {"path": str(path), "partition": partition},
        )
        ((rows,),) = database.query(f"SELECT count() {newest}", {"partition": partition}).rows
        _read_back(database, path, rows)
        files[table].append((name, rows))
    progress(len(parts), len(parts), "saved")
    return SavedDatabase(
        schema=schema,
        tables=tuple(
            SavedTable(
                table=table,
                rows=sum(rows for _, rows in written),
                files=tuple(name for name, _ in written),
            )
            for table, written in files.items()
        ),
    )


def load(
    database: Database,
    folder: Path,
    saved: SavedDatabase,
    now: datetime,
    progress: Progress = lambda done, total, text: None,
) -> list[str]:
    """Fill an empty database from the files in `folder`; gives the migrations that were applied on top of them.

    Raises BackupRefused as check_restorable does, QueryFailed for rows that the tables do not take.
    """
    migrate(database, now, check_restorable(saved, shipped_migrations()))
    there = {name for name, _ in database.query(_TABLES).rows}
    total, done = sum(len(table.files) for table in saved.tables), 0
    for table in saved.tables:
        if table.table not in there:
            raise DatabaseRefused(
                f"the backup holds a table {table.table} that is none of Barometer's; it was made there by"
                " somebody: restore it from an older backup, or take it out before backing up"
            )
        for name in table.files:
            progress(done, total, f"restoring {table.table}")
            columns = _columns(database, table.table)
            into = f"INSERT INTO {quoted(table.table)} ({columns})"
            database.execute(
                f"{into} SELECT {columns} FROM file(%(path)s, 'Native')",  # noqa: S608
                {"path": str(folder / name)},
            )
            done += 1
        counting = f"SELECT count() FROM {quoted(table.table)}"  # noqa: S608
        ((rows,),) = database.query(counting).rows
        if rows != table.rows:
            raise QueryFailed(
                f"the table {table.table} has {rows:,} rows after restoring, the backup says {table.rows:,}"
            )
    progress(total, total, "restored")
    return migrate(database, now)


def _read_back(database: Database, path: Path, rows: int) -> None:
    """Raises QueryFailed unless the file has so many rows. The engine says nothing when it could not write it all."""
    try:
        found = database.query(
            "SELECT count() FROM file(%(path)s, 'Native') SETTINGS optimize_count_from_files = 0",
            {"path": str(path)},
        ).rows[0][0]
    except QueryFailed as error:
        raise QueryFailed(
            f"{path} was not written whole ({error}); is the disk full?", error.code
        ) from error
    if found != rows:
        raise QueryFailed(f"{path} has {found:,} rows of {rows:,}; is the disk full?")


def _schema(database: Database) -> tuple[SchemaStep, ...]:
    ((there,),) = database.query("EXISTS TABLE schema_migrations").rows
    if not there:
        raise DatabaseRefused(
            f"{database.url} has no tables of Barometer; there is nothing to back up"
        )
    rows = database.query(
        "SELECT version, name, checksum, outcome FROM schema_migrations FINAL ORDER BY version"
    ).dicts()
    return tuple(SchemaStep(**row) for row in rows)


def _described(database: Database, table: str) -> list[tuple[str, str]]:
    rows = database.query(f"DESCRIBE TABLE {quoted(table)}").dicts()
    return [(row["name"], row["type"]) for row in rows if row["default_type"] in ("", "DEFAULT")]


def _columns(database: Database, table: str) -> str:
    return ", ".join(quoted(name) for name, _ in _described(database, table))


def _structure(database: Database, table: str) -> str:
    shown = ", ".join(f"{quoted(name)} {kind}" for name, kind in _described(database, table))
    return "'" + shown.replace("\\", "\\\\").replace("'", "\\'") + "'"
