"""Bring a database to the schema of this program: the files storage/migrations/NNNN_name.sql, in order.

    file -split-> statements -on_cluster-> as the cluster takes them, if there is one -execute-> database,
    then one row in schema_migrations

Every statement says IF NOT EXISTS, or alters columns, which is passed over where it is done already (ALTER has no
IF NOT EXISTS before ClickHouse 19); so a run that was cut off begins its file again and changes nothing twice. A file that opens with `-- requires: 21.0` holds views for analysts: an older server
skips it, says so in schema_migrations, and gets it once it is new enough.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from importlib.resources import files

import msgspec

from storage.cluster import check_cluster, check_kind, check_kind_to_migrate, on_cluster
from storage.database import Database, DatabaseRefused, next_version
from storage.statements import leading_comment, split

_FILE = re.compile(r"(\d{4})_(\w+)\.sql")
_REQUIRES = re.compile(r"requires:\s*(\d+(?:\.\d+)*)")
_ALTER = re.compile(r"ALTER TABLE (\w+)\s+(ADD|DROP) COLUMN (\w+)")
APPLIED, SKIPPED = "applied", "skipped"

_TABLE = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    version    UInt32,
    name       String,
    checksum   String,
    outcome    String,
    applied_at DateTime('UTC'),
    written    UInt64
) ENGINE = ReplacingMergeTree(written)
ORDER BY version
"""


class Migration(msgspec.Struct, frozen=True):
    """One file of statements."""

    version: int
    name: str
    """The file without its ending, such as 0001_tables."""
    statements: tuple[str, ...]
    requires: tuple[int, ...] = ()
    """The oldest server that can run it; empty for any."""

    @property
    def checksum(self) -> str:
        """Changes with a statement, not with a comment."""
        return hashlib.sha256(";\n".join(self.statements).encode()).hexdigest()

    def fits(self, server: tuple[int, ...]) -> bool:
        """Whether a server of that version can run it."""
        return server >= self.requires


class _Recorded(msgspec.Struct, frozen=True):
    version: int
    name: str
    checksum: str
    outcome: str


def parse_migration(filename: str, text: str) -> Migration:
    """The migration in a file. Raises ValueError for a name that is not NNNN_name.sql."""
    parts = _FILE.fullmatch(filename)
    if parts is None:
        raise ValueError(f"{filename} is not named NNNN_name.sql")
    requires = _REQUIRES.search(leading_comment(text))
    return Migration(
        version=int(parts[1]),
        name=filename.removesuffix(".sql"),
        statements=tuple(split(text)),
        requires=tuple(int(n) for n in requires[1].split(".")) if requires else (),
    )


@cache
def shipped_migrations() -> tuple[Migration, ...]:
    """The migrations that ship with the program, in order."""
    folder = files("storage") / "migrations"
    found = [
        parse_migration(path.name, path.read_text(encoding="utf-8"))
        for path in folder.iterdir()
        if path.name.endswith(".sql")
    ]
    return tuple(sorted(found, key=lambda migration: migration.version))


def migrate(
    database: Database, now: datetime, migrations: Sequence[Migration] | None = None
) -> list[str]:
    """Run what is pending; gives the names of the migrations applied, in order.

    Raises DatabaseRefused for a database that is newer than the program, was made by an edited migration, or was made with
    a cluster and is asked for without it (or the other way round); QueryFailed (from the statement) leaves the migration pending.
    """
    known = shipped_migrations() if migrations is None else migrations
    check_kind_to_migrate(database, database.cluster)
    _recorded(database, known)
    if database.cluster:
        check_cluster(database, database.cluster)
    name = str(database.query("SELECT currentDatabase()").rows[0][0])
    database.execute(on_cluster(_TABLE.strip(), cluster=database.cluster, database=name))
    applied = []
    recorded = _recorded(database, known)
    for migration in known:
        before = recorded.get(migration.version)
        if before is not None and before.outcome == APPLIED:
            continue
        fits = migration.fits(database.version())
        if fits:
            for statement in migration.statements:
                if not _altered(database, statement):
                    database.execute(on_cluster(statement, cluster=database.cluster, database=name))
            applied.append(migration.name)
        if fits or before is None:
            _record(database, migration, APPLIED if fits else SKIPPED, now)
    return applied


def pending(database: Database, migrations: Sequence[Migration] | None = None) -> list[str]:
    """Names of the migrations that `migrate` would apply. Raises DatabaseRefused as `migrate` does."""
    known = shipped_migrations() if migrations is None else migrations
    check_kind(database, database.cluster)
    recorded = _recorded(database, known)
    return [
        migration.name
        for migration in known
        if migration.fits(database.version())
        and not (migration.version in recorded and recorded[migration.version].outcome == APPLIED)
    ]


def check_schema(database: Database, migrations: Sequence[Migration] | None = None) -> None:
    """Raises DatabaseRefused, with the remedy, unless the schema is the one of this program."""
    waiting = pending(database, migrations)
    if waiting:
        raise DatabaseRefused(
            f"{database.url} lacks {', '.join(waiting)}; run `barometer migrate` first"
        )


def _altered(database: Database, statement: str) -> bool:
    """Whether this is an ALTER TABLE whose first column is there, or gone, already; one statement is all or nothing."""
    parts = _ALTER.match(statement)
    if parts is None:
        return False
    table, verb, column = parts.groups()
    there = column in {row[0] for row in database.query(f"DESCRIBE TABLE {table}").rows}
    return there == (verb == "ADD")


def _recorded(database: Database, known: Sequence[Migration]) -> dict[int, _Recorded]:
    """What the database says was done, by number, once it is sure that this program made it."""
    ((there,),) = database.query("EXISTS TABLE schema_migrations").rows
    if not there:
        return {}
    rows = database.query(
        "SELECT version, name, checksum, outcome FROM schema_migrations FINAL ORDER BY version"
    ).dicts()
    recorded = {row["version"]: _Recorded(**row) for row in rows}
    by_version = {migration.version: migration for migration in known}
    for version, record in recorded.items():
        if version not in by_version:
            raise DatabaseRefused(
                f"{database.url} was migrated to {record.name} by a newer Barometer; install that "
                "version (or a newer one), this one would not understand its data"
            )
        if record.outcome == APPLIED and record.checksum != by_version[version].checksum:
            raise DatabaseRefused(
                f"migration {record.name} was edited after {database.url} was made with it; put the "
                "released file back and add a new migration, or begin with a new database and "
                "`barometer migrate`"
            )
    return recorded


def _record(database: Database, migration: Migration, outcome: str, now: datetime) -> None:
    database.insert(
        "schema_migrations",
        ["version", "name", "checksum", "outcome", "applied_at", "written"],
        [
            (
                migration.version,
                migration.name,
                migration.checksum,
                outcome,
                now,
                next_version(),
            )
        ],
    )
