"""A cluster: what migrations become, and two real servers that hold the same and stand in for each other."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from clickhouse_driver.errors import ServerException

from storage.clickhouse_database import ClickHouseDatabase
from storage.cluster import on_cluster, with_database
from storage.daily_counts import outlet_counts
from storage.database import Database, DatabaseRefused, connect
from storage.migrate import check_schema, migrate, pending, shipped_migrations
from tests.clickhouse_cluster import CLUSTER, Cluster, running_cluster
from tests.clickhouse_service import ClickHouseService, start, stop
from tests.fixtures_database import MakeUrl
from tests.judged_documents import DAY, TOPIC, document, judged, store

NOW = datetime(2026, 1, 1, tzinfo=UTC)


# -- What is said ----------------------------------------------------------------------------------


def test_without_a_cluster_every_statement_is_sent_as_it_is_in_its_file() -> None:
    for migration in shipped_migrations():
        for statement in migration.statements:
            assert on_cluster(statement, cluster="", database="barometer") == statement


def test_with_a_cluster_tables_are_replicated_and_made_everywhere() -> None:
    said = on_cluster(
        "CREATE TABLE IF NOT EXISTS readings (\n    id String, version UInt64\n) ENGINE = ReplacingMergeTree(version)\n"
        "PARTITION BY toYYYYMM(day)\nORDER BY (id)",
        cluster="my-cluster",
        database="barometer",
    )
    assert said == (
        "CREATE TABLE IF NOT EXISTS readings ON CLUSTER `my-cluster` (\n    id String, version UInt64\n) ENGINE ="
        " ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/barometer/readings', '{replica}', version)\n"
        "PARTITION BY toYYYYMM(day)\nORDER BY (id)"
    )


def test_an_engine_without_a_version_gets_path_and_replica_alone() -> None:
    said = on_cluster(
        "CREATE TABLE IF NOT EXISTS t (a UInt8) ENGINE = ReplacingMergeTree ORDER BY a",
        cluster="c",
        database="it's",
    )
    assert "Tree('/clickhouse/tables/{shard}/it\\'s/t', '{replica}') ORDER BY a" in said


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        (
            "CREATE VIEW IF NOT EXISTS v AS SELECT a FROM t FINAL",
            "CREATE VIEW IF NOT EXISTS v ON CLUSTER `c` AS SELECT a FROM `b`.t FINAL",
        ),
        (
            "CREATE OR REPLACE VIEW v AS SELECT 1",
            "CREATE OR REPLACE VIEW v ON CLUSTER `c` AS SELECT 1",
        ),
        ("DROP TABLE IF EXISTS v", "DROP TABLE IF EXISTS v ON CLUSTER `c`"),
        (
            "CREATE DATABASE IF NOT EXISTS `b`",
            "CREATE DATABASE IF NOT EXISTS `b` ON CLUSTER `c`",
        ),
        ("ALTER TABLE t ADD COLUMN a String", "ALTER TABLE t ADD COLUMN a String"),
        ("INSERT INTO t SELECT 1", "INSERT INTO t SELECT 1"),
    ],
)
def test_what_replicates_by_itself_is_left_as_it_is(statement: str, said: str) -> None:
    assert on_cluster(statement, cluster="c", database="b") == said


def test_a_view_names_the_database_of_each_table_it_reads() -> None:
    select = (
        "SELECT 'FROM x' FROM (SELECT a FROM t FINAL) ALL INNER JOIN u USING a, FROM system.one"
    )
    assert with_database(select, "b") == (
        "SELECT 'FROM x' FROM (SELECT a FROM `b`.t FINAL) ALL INNER JOIN `b`.u USING a, FROM system.one"
    )


def test_every_shipped_statement_can_be_said_to_a_cluster() -> None:
    for migration in shipped_migrations():
        for statement in migration.statements:
            said = on_cluster(statement, cluster="c", database="b")
            if statement.startswith("CREATE TABLE"):
                assert "ENGINE = Replicated" in said
            if statement.startswith(("CREATE", "DROP", "RENAME")):
                assert "ON CLUSTER `c`" in said


def test_a_statement_that_nobody_thought_of_is_refused() -> None:
    for statement in ("RENAME TABLE a TO b", "CREATE TABLE IF NOT EXISTS t (a UInt8) ENGINE = Log"):
        with pytest.raises(ValueError, match=r"cluster|replicated"):
            on_cluster(statement, cluster="c", database="b")


def test_a_server_that_knows_no_such_cluster_is_refused_before_anything_is_made(
    clickhouse_url: MakeUrl,
) -> None:
    with pytest.raises(DatabaseRefused, match="knows no cluster 'monitor'; name it in remote_ser"):
        connect(f"{clickhouse_url()}?cluster=monitor", create=True)


# -- Two servers -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Two replicas and the ZooKeeper that they meet in."""
    yield from running_cluster(tmp_path_factory.mktemp("cluster"))


@pytest.fixture(scope="module")
def replicated(cluster: Cluster) -> Iterator[Database]:
    """A migrated database on both, asked through the first as long as that one answers."""
    database = connect(cluster.url("barometer"), create=True)
    migrate(database, NOW)
    yield database
    database.close()


@pytest.fixture
def second(cluster: Cluster, replicated: Database) -> Iterator[Database]:
    """The same database, asked through the second server alone."""
    database = connect(cluster.replicas[1].url("barometer"))
    yield database
    database.close()


def until(done: Callable[[], bool]) -> None:
    """Wait until the other replica has what this one has."""
    deadline = time.monotonic() + 60
    while not done():
        assert time.monotonic() < deadline, "the replica took too long"
        time.sleep(0.05)


_TABLES = "SELECT name, engine FROM system.tables WHERE database = 'barometer' ORDER BY name"
_MIGRATIONS = "SELECT version, checksum FROM schema_migrations FINAL ORDER BY version"


def test_every_table_is_on_both_and_replicated(
    replicated: Database, second: Database, migrated_chdb_url: str
) -> None:
    tables = replicated.query(_TABLES).rows
    assert second.query(_TABLES).rows == tables
    assert {engine for _, engine in tables} == {"ReplicatedReplacingMergeTree", "View"}
    until(lambda: pending(second) == [])
    assert migrate(replicated, NOW) == []
    embedded = connect(migrated_chdb_url)
    shared: dict[int, str] = dict(embedded.query(_MIGRATIONS).rows)
    embedded.close()
    assert dict(second.query(_MIGRATIONS).rows).items() <= shared.items(), "checksums of the files"


def test_a_batch_that_is_stored_on_one_is_on_the_other_with_the_same_figures(
    replicated: Database, second: Database
) -> None:
    store(replicated, *(judged(document(n)) for n in range(30)))
    cell = ("XA", TOPIC, DAY)
    counted = outlet_counts(replicated, [cell])
    assert sum(each.support for each in counted[cell]) == 30
    until(lambda: outlet_counts(second, [cell]) == counted)
    until(lambda: second.query("SELECT count() FROM documents_read").rows == [(30,)])


def test_what_is_sent_twice_is_there_once(replicated: Database) -> None:
    rows = [("feed:courier/twice", "courier", NOW, 7)]
    for _ in range(2):
        replicated.insert("rows_published", ["origin", "source", "at", "version"], rows)
    sql = "SELECT count() FROM rows_published WHERE origin = 'feed:courier/twice'"
    assert replicated.query(sql).rows == [(1,)], "without FINAL: the same block is not taken again"


def test_a_row_that_is_deleted_is_gone_from_both(replicated: Database, second: Database) -> None:
    text = "SELECT count() FROM document_texts WHERE id = %(id)s"
    one = {"id": document(3).id}
    until(lambda: second.query(text, one).rows == [(1,)])
    replicated.execute("ALTER TABLE document_texts DELETE WHERE id = %(id)s", one)
    for database in (replicated, second):
        until(lambda database=database: database.query(text, one).rows == [(0,)])  # type: ignore[misc]
    replicated.execute(f"ALTER TABLE document_texts DROP PARTITION '{DAY}'")
    until(lambda: second.query("SELECT count() FROM document_texts").rows == [(0,)])


def test_a_replica_that_may_not_write_for_now_is_left_for_the_other(
    cluster: Cluster, replicated: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one that has lost its ZooKeeper is; these have not, so the first answer is made up."""
    database = ClickHouseDatabase.from_url(cluster.url("barometer"))
    client = database._client
    execute, asked = client.execute, []

    def answer(text: str, *rest: Any, **more: Any) -> Any:
        if text.startswith("INSERT"):
            asked.append(client.connection.get_description())
            if len(asked) == 1:
                raise ServerException("DB::Exception: Table is in readonly mode", 242)
        return execute(text, *rest, **more)

    monkeypatch.setattr(client, "execute", answer)
    rows = [("feed:courier/readonly", "courier", NOW, 9)]
    database.insert("rows_published", ["origin", "source", "at", "version"], rows)
    assert sorted(asked) == sorted(f"127.0.0.1:{each.port}" for each in cluster.replicas)
    sql = "SELECT count() FROM rows_published WHERE origin = 'feed:courier/readonly'"
    assert database.query(sql).rows == [(1,)]
    database.close()


def test_when_the_first_dies_the_second_answers_and_the_first_catches_up(
    cluster: Cluster, replicated: Database, second: Database
) -> None:
    until(lambda: second.query("SELECT count() FROM documents").rows == [(30,)])
    first = cluster.replicas[0]
    first.process.kill()
    first.process.wait()
    assert replicated.query("SELECT count() FROM documents").rows == [(30,)]
    store(replicated, *(judged(document(n)) for n in range(100, 120)))
    assert replicated.query("SELECT count() FROM documents").rows == [(50,)]
    config = (first.folder / "config.xml").read_text()
    more = config.partition("</uncompressed_cache_size>\n")[2].removesuffix("</yandex>\n")
    cluster.replicas[0] = start(first.folder, more=more, ports=[first.port])
    again = connect(cluster.replicas[0].url("barometer"))
    for table in ("documents", "judgements", "daily_counts"):
        counted = f"SELECT count() FROM {table} FINAL"
        wanted = replicated.query(counted).rows
        until(lambda sql=counted, rows=wanted: again.query(sql).rows == rows)  # type: ignore[misc]
    assert again.query("SELECT count() FROM documents FINAL").rows == [(50,)]
    again.close()


def test_an_insert_whose_server_dies_is_sent_to_the_other(cluster: Cluster) -> None:
    database = connect(cluster.url("barometer"))
    first = cluster.replicas[0]
    rows = [("feed:courier/failover", "courier", NOW, 7)]
    columns = ["origin", "source", "at", "version"]
    database.insert("rows_published", columns, rows)
    first.process.kill()
    first.process.wait()
    database.insert("rows_published", columns, [("feed:courier/later", "courier", NOW, 8)])
    sql = "SELECT origin FROM rows_published WHERE origin LIKE '%er/later'"
    assert database.query(sql).rows == [("feed:courier/later",)]
    database.close()


def test_a_cluster_with_two_shards_is_refused(cluster: Cluster) -> None:
    url = cluster.replicas[1].url("barometer")
    with pytest.raises(DatabaseRefused, match="'two_shards' has 2 shards, and Barometer uses one"):
        database = connect(f"{url}?cluster=two_shards")
        migrate(database, NOW)


def test_a_database_of_one_kind_is_not_taken_for_the_other(
    cluster: Cluster, replicated: Database
) -> None:
    server = cluster.replicas[1]
    alone = connect(server.url("alone"), create=True)
    migrate(alone, NOW)
    alone.close()
    asked = connect(f"{server.url('alone')}?cluster={CLUSTER}")
    for ask in (lambda: migrate(asked, NOW), lambda: check_schema(asked)):
        with pytest.raises(DatabaseRefused, match="made without a cluster, and its tables have no"):
            ask()
    asked.close()
    forgotten = connect(server.url("barometer"))
    check_schema(forgotten)
    with pytest.raises(DatabaseRefused, match="made for a cluster; name it with cluster=NAME"):
        migrate(forgotten, NOW)
    forgotten.close()


def test_a_server_without_macros_is_refused(
    cluster: Cluster, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("nameless")
    node = f"<host>127.0.0.1</host><port>{cluster.replicas[1].port}</port>"
    more = f"<remote_servers><m><shard><replica>{node}</replica></shard></m></remote_servers>"
    nameless: ClickHouseService = start(folder, more=more)
    try:
        with pytest.raises(
            DatabaseRefused, match="no macro replica and no macro shard; its tables"
        ):
            connect(f"{nameless.url('x')}?cluster=m", create=True)
    finally:
        stop(nameless.process)
