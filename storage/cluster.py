"""The schema of a ClickHouse cluster: the statements of the migrations as they are sent when the database has replicas.

    CREATE TABLE t (…) ENGINE = ReplacingMergeTree(version) …
    CREATE TABLE t ON CLUSTER `c` (…) ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/barometer/t', '{replica}', version) …

A released migration is never edited: its checksum is that of the file, whatever it is made into here. What is stored,
altered or dropped in a replicated table afterwards reaches the other replicas by itself, so nothing else is rendered.
One shard, several replicas: docs/decisions.md says why.
"""

from __future__ import annotations

import re

from storage.database import Database, DatabaseRefused, QueryFailed
from storage.statements import quoted, tokens, words

_TABLE = re.compile(r"CREATE TABLE IF NOT EXISTS (\w+)\s*\(", re.IGNORECASE)
_ENGINE = re.compile(r"\)\s*ENGINE\s*=\s*(\w*)MergeTree\b(?:\s*\(([^()]*)\))?", re.IGNORECASE)
_NAMED = re.compile(
    r"(?:CREATE VIEW IF NOT EXISTS|CREATE (?:OR REPLACE )?VIEW|DROP (?:TABLE|VIEW) IF EXISTS) (?!IF\b)\w+"
    r"|CREATE DATABASE IF NOT EXISTS (?:\w+|`[^`]+`)",
    re.IGNORECASE,
)
_REPLICATE_THEMSELVES = ("ALTER", "INSERT")
PATH = "/clickhouse/tables/{shard}"
"""Where replicas meet in ZooKeeper (or Keeper); `shard` and `replica` are macros of each server."""


def on_cluster(statement: str, *, cluster: str, database: str) -> str:
    """`statement` of a migration as it is sent to a cluster; unchanged where there is none (`cluster` is empty).

    Raises ValueError for a statement of which it is not known how it is said to a cluster.
    """
    if not cluster:
        return statement
    everywhere = f" ON CLUSTER {quoted(cluster)}"
    if table := _TABLE.match(statement):
        engine = _ENGINE.search(statement)
        if engine is None:
            raise ValueError(f"the engine of {table[1]} has no replicated kind")
        place = _text(f"{PATH}/{database}/{table[1]}")
        arguments = ", ".join(filter(None, [place, "'{replica}'", (engine[2] or "").strip()]))
        replicated = f") ENGINE = Replicated{engine[1]}MergeTree({arguments})"
        text = statement[: engine.start()] + replicated + statement[engine.end() :]
        return text[: table.end(1)] + everywhere + text[table.end(1) :]
    if named := _NAMED.match(statement):
        rest = with_database(statement[named.end() :], database)
        return statement[: named.end()] + everywhere + rest
    if words(statement)[:1] and words(statement)[0] in _REPLICATE_THEMSELVES:
        return statement
    raise ValueError(f"it is not known how this is said to a cluster: {statement[:80]}")


def with_database(select: str, database: str) -> str:
    """`select` with the database before each table that it reads: old servers look for the tables of a view that is made
    over a cluster in the database `default`.
    """
    said = list(tokens(select))
    text = ""
    after = ""
    for number, (kind, token) in enumerate(said):
        follows = said[number + 1][1] if number + 1 < len(said) else ""
        if kind == "word" and after in ("FROM", "JOIN") and follows not in (".", "("):
            text += f"{quoted(database)}."
        text += token
        if token.strip():
            after = token.upper()
    return text


def check_cluster(database: Database, cluster: str) -> None:
    """Raises DatabaseRefused unless the server has that cluster, with one shard, and the macros that tell its replicas apart."""
    rows = database.query(
        "SELECT shard_num, count() FROM system.clusters WHERE cluster = %(cluster)s GROUP BY shard_num",
        {"cluster": cluster},
    ).rows
    if not rows:
        raise DatabaseRefused(
            f"{database.url}: the server knows no cluster {cluster!r}; name it in remote_servers of its configuration, or"
            " correct cluster= in BAROMETER_DATABASE_URL"
        )
    if len(rows) > 1:
        raise DatabaseRefused(
            f"{database.url}: the cluster {cluster!r} has {len(rows)} shards, and Barometer uses one with replicas"
            " (docs/clickhouse.md); name a cluster of one shard"
        )
    try:
        macros = {row[0] for row in database.query("SELECT macro FROM system.macros").rows}
    except QueryFailed:  # not to be seen by this user
        return
    if lacking := sorted({"shard", "replica"} - macros):
        raise DatabaseRefused(
            f"{database.url}: the server has no macro {' and no macro '.join(lacking)}; its tables need shard and replica"
            " (<macros> of its configuration)"
        )


def check_kind(database: Database, cluster: str) -> None:
    """Raises DatabaseRefused where a cluster is asked for and the tables that are there have no replicas."""
    if cluster and _replicated(database) is False:
        raise DatabaseRefused(
            f"{database.url} was made without a cluster, and its tables have no replicas; leave cluster={cluster} out of"
            " BAROMETER_DATABASE_URL, or begin with a new database and copy the rows (docs/clickhouse.md)"
        )


def check_kind_to_migrate(database: Database, cluster: str) -> None:
    """The same, and where tables have replicas and no cluster is asked for: what is added would be on one of them alone."""
    check_kind(database, cluster)
    if not cluster and _replicated(database):
        raise DatabaseRefused(
            f"{database.url} was made for a cluster; name it with cluster=NAME in BAROMETER_DATABASE_URL to migrate it"
        )


def _replicated(database: Database) -> bool | None:
    """Whether the tables have replicas; None where there are none yet."""
    rows = database.query(
        "SELECT engine FROM system.tables"
        " WHERE database = currentDatabase() AND name = 'schema_migrations'"
    ).rows
    return str(rows[0][0]).startswith("Replicated") if rows else None


def _text(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
