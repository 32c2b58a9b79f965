"""The database user of docker-compose.yml is that of docs/access.md, with what a dashboard needs, and no password in a file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from storage.database import connect
from storage.migrate import migrate
from tests.fixtures_database import MADE_AT
from tests.judged_documents import document, judged, store
from tests.test_analyst_user import VIEWS, Engine, block

ROOT = Path(__file__).resolve().parents[1]
FILES = ROOT / "deploy" / "clickhouse"

USERS = ("analyst.xml", "analyst_in_grafana.xml", "analyst_views.xml")


def text_of(name: str) -> str:
    return (FILES / name).read_text("utf-8")


def test_the_user_is_the_one_of_the_page() -> None:
    """Where this fails, copy the block of docs/access.md: with the password from the environment, and any network, for
    nobody but the other services reaches the server."""
    page = block("xml").replace(
        "<password_sha256_hex>PUT_THE_HASH_HERE</password_sha256_hex>",
        '<password from_env="ANALYST_PASSWORD"/>',
    )
    assert text_of("analyst.xml") == page.replace("10.0.0.0/8", "::/0")
    assert text_of("analyst_views.xml") == block("xml views")


def test_the_files_are_mounted_where_the_server_reads_them_and_in_this_order() -> None:
    compose = (ROOT / "docker-compose.yml").read_text("utf-8")
    mounted = re.findall(
        r"- \./deploy/clickhouse/(\w+\.xml):/etc/clickhouse-server/(\w+\.d)/(\w+\.xml):ro", compose
    )
    assert [name for name, folder, _ in mounted if folder == "users.d"] == sorted(USERS)
    assert all(here == there for here, _, there in mounted)
    assert {name for name, _, _ in mounted} == {path.name for path in FILES.glob("*.xml")}


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """A newer server with these files, and everything that `migrate` makes."""
    folder = tmp_path / "clickhouse"
    owner = connect(f"chdb:///{folder}", create=True)
    migrate(owner, MADE_AT)
    store(owner, *(judged(document(n)) for n in range(30)))
    owner.close()
    monkeypatch.setenv("ANALYST_PASSWORD", "of-the-analysts")
    engine = Engine(tmp_path, folder)
    for name in USERS:
        text = Engine.here(text_of(name)).replace("<database>barometer<", "<database>default<")
        # Only a server reads the setting that allows this one (server.xml has it).
        text = text.replace("<changeable_in_readonly/>", "")
        (tmp_path / "users.d" / name).write_text(text, "utf-8")
    return engine


def test_a_view_is_open_once_the_statements_that_were_asked_for_ran(engine: Engine) -> None:
    to_open = text_of("views_to_open.sql")
    assert to_open.count("FORMAT TSVRaw") == to_open.count("database = 'barometer'") == 1
    to_open = to_open.replace("'barometer'", "'default'").replace("FORMAT TSVRaw", "")
    (before,) = engine.ask_as_analyst("SELECT count() AS n FROM documents_read")
    assert "necessary to have the grant" in before
    (lines,) = engine.ask(to_open)
    statements = [line.strip('"').rstrip(";") for line in lines.splitlines()]
    assert {
        "ALTER TABLE default.daily_support MODIFY SQL SECURITY DEFINER DEFINER = default"
    } < set(statements)
    assert set(engine.ask(*statements)) == {""}
    answers = engine.ask_as_analyst(*(f"SELECT count() AS n FROM {name}" for name in VIEWS))
    assert not [each for each in answers if each.startswith("refused")], answers
    assert dict(zip(VIEWS, answers, strict=True))["documents_read"] == "30\n"
    (hidden,) = engine.ask_as_analyst("SELECT count() AS n FROM document_texts")
    assert "necessary to have the grant" in hidden


def test_an_analyst_may_say_how_long_to_wait_and_set_nothing_else(engine: Engine) -> None:
    profile, user = engine.ask(
        "SELECT setting_name, value, min, max FROM system.settings_profile_elements"
        " WHERE profile_name = 'analyst' AND setting_name IN"
        " ('readonly', 'max_concurrent_queries_for_user', 'max_execution_time') ORDER BY setting_name",
        "SELECT auth_type FROM system.users WHERE name = 'analyst'",
    )
    assert profile.splitlines() == [
        r'"max_concurrent_queries_for_user","16",\N,\N',
        r'"max_execution_time","60","1","60"',
        r'"readonly","1",\N,\N',
    ]
    assert "plaintext_password" in user
    allowed = "<settings_constraints_replace_previous>true<"
    assert text_of("analyst_in_grafana.xml").count("<changeable_in_readonly/>") == 1
    assert allowed in text_of("server.xml"), "the server would not start"


def test_the_server_has_the_disk_that_the_backups_of_the_page_name() -> None:
    page = (ROOT / "docs" / "backup.md").read_text("utf-8")
    disk = re.search(r"<disks><(\w+)>", text_of("server.xml"))
    assert disk and f"Disk('{disk[1]}'," in page
    server = (ROOT / "docs" / "server.md").read_text("utf-8")
    assert f"Disk('{disk[1]}'," in server
    compose = (ROOT / "docker-compose.yml").read_text("utf-8")
    (path,) = re.findall(r"<path>(/\w+)/</path>", text_of("server.xml"))
    assert f"- backups:{path}\n" in compose


def test_no_file_holds_a_password() -> None:
    for path in FILES.iterdir():
        assert re.search(r"<password\w*>[^<]|[0-9a-f]{40}", path.read_text("utf-8")) is None
