"""The database user of docs/access.md, taken from that page and tried on a real server: it reads figures and nothing else."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from clickhouse_driver.errors import ServerException

from ingest.dead_letter import DeadLetter
from storage import dead_letters
from storage.database import Database, DatabaseError, QueryFailed, connect, next_version
from storage.migrate import migrate
from storage.statements import split
from tests.clickhouse_service import ClickHouseService, start, stop
from tests.fixtures_command import Place
from tests.judged_documents import NOW, document, judged, store

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "access.md").read_text("utf-8")

PASSWORD = "of-the-analysts"


def block(language: str) -> str:
    """The one block of the page that is marked so."""
    found: list[str] = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert len(found) == 1
    return found[0]


SMALL = {
    "max_execution_time": 1,
    "max_memory_usage": 50_000_000,
    "max_rows_to_read": 100_000,
    "max_result_rows": 1_000,
    "queries": 30,
}


def hurried(user: str) -> str:
    """The same user under another name, with limits that are reached sooner."""
    for name, limit in SMALL.items():
        user, changed = re.subn(rf"<{name}>\d+</{name}>", f"<{name}>{limit}</{name}>", user)
        assert changed == 1, name
    return re.sub(r"\banalyst\b", "hurried", user)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouseService]:
    """A server with that user; only hash and network are other ones, as the page says."""
    folder = tmp_path_factory.mktemp("analysts")
    (folder / "users.d").mkdir()
    page = block("xml")
    assert page.count("PUT_THE_HASH_HERE") == page.count("10.0.0.0/8") == 1
    user = page.replace("PUT_THE_HASH_HERE", sha256(PASSWORD.encode()).hexdigest())
    user = user.replace("10.0.0.0/8", "127.0.0.1")
    (folder / "users.d" / "analyst.xml").write_text(user, encoding="utf-8")
    (folder / "users.d" / "hurried.xml").write_text(hurried(user), encoding="utf-8")
    running = start(folder)
    owner = connect(running.url("barometer"), create=True)
    migrate(owner, datetime(2026, 1, 1, tzinfo=UTC))
    store(owner, *(judged(document(n)) for n in range(30)))
    letter = DeadLetter(
        origin="feed:courier/1",
        source="courier",
        place="entry 1",
        reason="no title",
        payload="Ada's words",
        read_at=NOW,
    )
    dead_letters.store(owner, [letter], next_version())
    owner.execute("CREATE DATABASE elsewhere")
    owner.execute("CREATE TABLE elsewhere.salaries (name String) ENGINE = Memory")
    owner.close()
    yield running
    stop(running.process)


def url(service: ClickHouseService, user: str = "analyst", options: str = "") -> str:
    return f"clickhouse://{user}:{PASSWORD}@127.0.0.1:{service.port}/barometer{options}"


@pytest.fixture
def analyst(service: ClickHouseService) -> Iterator[Database]:
    database = connect(url(service))
    yield database
    database.close()


def refused(database: Database, sql: str, *words: str) -> None:
    with pytest.raises(DatabaseError) as error:
        database.query(sql) if sql.startswith("SELECT") else database.execute(sql)
    assert any(word in str(error.value).lower() for word in words), error.value


def test_every_view_can_be_asked(analyst: Database) -> None:
    views = analyst.query(
        "SELECT name FROM system.tables WHERE database = 'barometer' AND engine = 'View'"
    )
    names = [name for (name,) in views.rows]
    assert {"daily_support", "ledger", "source_health", "signals_seen"} <= set(names)
    for name in names:
        analyst.query(f"SELECT * FROM {name} LIMIT 1")
    (count,) = analyst.query("SELECT count() FROM documents_read").rows[0]
    assert count == 30


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO points (society) SELECT 'XX'",
        "CREATE TABLE mine (n UInt8) ENGINE = Memory",
        "CREATE TEMPORARY TABLE mine (n UInt8)",
        "ALTER TABLE points DELETE WHERE 1",
        "ALTER TABLE points ADD COLUMN n UInt8",
        "DROP TABLE points",
        "DROP DATABASE barometer",
        "RENAME TABLE points TO other",
        "OPTIMIZE TABLE points",
        "SYSTEM STOP MERGES",
        "SET readonly = 0",
        "SET max_execution_time = 0",
        "CREATE DATABASE mine",
    ],
)
def test_nothing_can_be_changed(analyst: Database, statement: str) -> None:
    refused(analyst, statement, "readonly", "read-only", "not enough", "prohibited", "denied")


def test_tables_are_not_hidden_by_18_16_and_the_page_says_so(analyst: Database) -> None:
    for table in ("document_texts", "dead_letters"):
        assert analyst.query(f"SELECT count() FROM {table}").rows[0][0] > 0
    assert "but reads the tables behind the views: texts for as long as they\nare kept" in PAGE


def test_other_databases_are_closed(analyst: Database) -> None:
    refused(analyst, "SELECT * FROM elsewhere.salaries", "denied", "not allowed")


@pytest.mark.parametrize(
    ("question", "says"),
    [
        ("SELECT count() FROM system.numbers", "limit for rows to read"),
        ("SELECT arrayJoin(range(2000)) AS n", "limit for result"),
        ("SELECT groupUniqArray(n) FROM (SELECT arrayJoin(range(9000000)) AS n)", "memory limit"),
        ("SELECT sleep(3), sleep(3)", "timeout exceeded"),
    ],
    ids=["rows to read", "rows to give", "memory", "time"],
)
def test_a_question_that_is_too_large_is_cut_off(
    service: ClickHouseService, question: str, says: str
) -> None:
    database = connect(url(service, "hurried"))
    refused(database, question, says)
    assert database.query("SELECT 1").rows == [(1,)]
    database.close()


@pytest.mark.parametrize(
    "function",
    ["url('http://127.0.0.1:1/', CSV, 'a String')", "file('x', CSV, 'a String')",
     "remote('127.0.0.1', system.one)", "merge('elsewhere', 'salaries')"],
)  # fmt: skip
def test_other_servers_and_files_are_out_of_reach(analyst: Database, function: str) -> None:
    refused(analyst, f"SELECT * FROM {function}", "forbidden in readonly mode")


@pytest.mark.parametrize("option", ["readonly=0", "max_result_rows=0", "max_execution_time=0"])
def test_no_option_of_the_url_lifts_a_limit(service: ClickHouseService, option: str) -> None:
    try:
        database = connect(url(service, options=f"?{option}"))
    except DatabaseError:
        return
    try:
        refused(database, "SELECT arrayJoin(range(2000000)) AS n", "limit", "readonly")
        refused(database, "INSERT INTO points (society) SELECT 'XX'", "readonly")
    finally:
        database.close()


def test_barometer_sql_works_with_that_user(place: Place, service: ClickHouseService) -> None:
    place.set("BAROMETER_DATABASE_URL", url(service))
    said = place.run("sql", "SELECT count() AS documents FROM documents_read", "--format", "csv")
    assert (said.status, said.err) == (0, "")
    assert said.out == "documents\r\n30\r\n"


def test_a_server_that_lets_the_user_set_nothing_is_asked_without_settings(
    analyst: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As newer servers do, where 18.16 passes over them."""
    client = analyst._client  # type: ignore[attr-defined]
    ask = client.execute
    sent: list[bool] = []

    def strict(*arguments: Any, settings: dict[str, Any], **others: Any) -> Any:
        sent.append(bool(settings))
        if settings:
            raise ServerException("Cannot modify 'max_query_size' setting in readonly mode", 164)
        return ask(*arguments, settings=settings, **others)

    monkeypatch.setattr(client, "execute", strict)
    for _ in range(2):
        assert analyst.query("SELECT 1").rows == [(1,)]
    assert sent == [True, False, False]


# -- Newer servers ---------------------------------------------------------------------------------

ASKING = """
import json, sys
import chdb

folder, config, questions = sys.argv[1], sys.argv[2], json.load(sys.stdin)
engine = chdb.connect(f"{folder}?config-file={config}")
engine.query("SET joined_subquery_requires_alias = 0")
answers = []
for statement in questions:
    try:
        answers.append(engine.query(statement, "CSV").bytes().decode())
    except Exception as error:
        answers.append(f"refused: {error}")
print(json.dumps(answers))
"""
"""The engine of ClickHouse 26 in a process of its own, with users; what is asked of it and what it says are JSON."""

SERVER = """
<clickhouse>
  <users_config>{folder}/users.xml</users_config>
  <user_directories><users_xml><path>{folder}/users.xml</path></users_xml></user_directories>
</clickhouse>
"""

OWNER = """
<clickhouse>
  <profiles><default/></profiles>
  <quotas><default/></quotas>
  <users>
    <barometer>
      <password></password><networks><ip>::/0</ip></networks>
      <profile>default</profile><quota>default</quota>
    </barometer>
    <default>
      <password></password><networks><ip>::/0</ip></networks>
      <profile>default</profile><quota>default</quota>
      <access_management>1</access_management>
    </default>
  </users>
</clickhouse>
"""


class Engine:
    """A newer server with both files of the page, and everything that `migrate` makes."""

    def __init__(self, folder: Path, database: Path) -> None:
        self._folder, self._database = folder, database
        self._views = 0
        (folder / "users.d").mkdir()
        (folder / "config.xml").write_text(SERVER.format(folder=folder), encoding="utf-8")
        (folder / "users.xml").write_text(OWNER, encoding="utf-8")
        user = block("xml").replace("PUT_THE_HASH_HERE", sha256(b"").hexdigest())
        files = {"analyst.xml": user, "analyst_views.xml": self.here(block("xml views"))}
        for name, text in files.items():
            (folder / "users.d" / name).write_text(
                text.replace("<database>barometer<", "<database>default<"), encoding="utf-8"
            )

    @staticmethod
    def here(text: str) -> str:
        """An embedded database has one name."""
        return text.replace("ON barometer.", "ON default.").replace(
            "TABLE barometer.", "TABLE default."
        )

    def ask(self, *statements: str) -> list[str]:
        """What the owner is answered."""
        done = subprocess.run(
            [sys.executable, "-c", ASKING, self._database, self._folder / "config.xml"],
            input=json.dumps(statements),
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )
        answers: list[str] = json.loads(done.stdout)
        return answers

    def ask_as_analyst(self, *questions: str) -> list[str]:
        """The same with the rights of the analyst, who is made the definer of a view for it."""
        statements = []
        for question in questions:
            self._views += 1
            probe = f"probe_{self._views}"
            rights = "DEFINER = analyst SQL SECURITY DEFINER"
            statements += [f"CREATE VIEW {probe} {rights} AS {question}", f"SELECT * FROM {probe}"]
        return self.ask(*statements)[1::2]


VIEWS = re.findall(r"GRANT SELECT ON barometer\.(\w+)<", PAGE)


def test_on_newer_servers_the_analyst_reads_the_views_and_nothing_behind_them(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "clickhouse"
    owner = connect(f"chdb:///{folder}", create=True)
    migrate(owner, datetime(2026, 1, 1, tzinfo=UTC))
    store(owner, *(judged(document(n)) for n in range(30)))
    tables = [name for (name,) in owner.query("SHOW TABLES").rows]
    made = "SELECT name FROM system.tables WHERE database = 'default' AND engine = 'View'"
    views = {name for (name,) in owner.query(made).rows}
    owner.close()
    assert views <= set(VIEWS), "docs/access.md lacks a view"
    assert set(VIEWS) - views == {"schema_migrations"}

    engine = Engine(tmp_path, folder)
    before = engine.ask_as_analyst("SELECT count() AS n FROM documents_read")
    assert "necessary to have the grant SELECT" in before[0], "nobody sees too much until then"
    told = engine.ask(*Engine.here(block("sql")).strip().rstrip(";").split(";\n"))
    assert told == [""] * len(views)

    answers = engine.ask_as_analyst(*(f"SELECT count() AS n FROM {name}" for name in VIEWS))
    assert not [each for each in answers if each.startswith("refused")], answers
    assert dict(zip(VIEWS, answers, strict=True))["documents_read"] == "30\n"
    hidden = sorted(set(tables) - set(VIEWS))
    assert {"document_texts", "dead_letters", "points", "daily_counts", "judgements"} <= set(hidden)
    refusals = engine.ask_as_analyst(*(f"SELECT count() AS n FROM {name}" for name in hidden))
    for name, answer in zip(hidden, refusals, strict=True):
        assert f"necessary to have the grant SELECT ON default.{name}" in answer
    (url_answer,) = engine.ask_as_analyst(
        "SELECT * FROM url('http://127.0.0.1:1', CSV, 'a String')"
    )
    assert "necessary to have the grant" in url_answer


def test_the_statements_say_what_the_files_say_and_a_new_engine_reads_them(tmp_path: Path) -> None:
    """The embedded engine keeps no users that are made in SQL, so it is asked whether it understands."""
    statements = split(block("sql users"))
    engine = connect(f"chdb:///{tmp_path}/clickhouse", create=True)
    for statement in statements:
        ((formatted,),) = engine.query("SELECT formatQuery(%(s)s)", {"s": statement}).rows
        assert formatted
    profile, quota = statements[0], next(s for s in statements if s.startswith("CREATE QUOTA"))
    limits = re.findall(r"(\w+) = (\d+) READONLY", profile)
    known = {name for (name,) in engine.query("SELECT name FROM system.settings").rows}
    engine.close()
    assert {name for name, _ in limits} <= known
    in_files = dict(re.findall(r"<(\w+)>(\d+)</\1>", block("xml") + block("xml views")))
    assert in_files.pop("duration") == "3600"
    assert "FOR INTERVAL 1 hour" in quota
    assert dict(limits + re.findall(r"(\w+) = (\d+)", quota)) == in_files
    granted = {s.split()[3] for s in statements if s.startswith("GRANT SELECT")}
    assert granted == {f"barometer.{name}" for name in VIEWS}


def test_an_hour_has_no_more_questions_than_the_quota_says(service: ClickHouseService) -> None:
    """The last test of this file: it uses up what that user has."""
    database = connect(url(service, "hurried"))
    with pytest.raises(QueryFailed, match=r"(?i)quota"):
        for _ in range(SMALL["queries"] + 1):
            database.query("SELECT 1")
    database.close()
