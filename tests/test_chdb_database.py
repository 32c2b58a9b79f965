"""What only the engine in the process can get wrong: folders and who holds them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from storage.database import DatabaseRefused, DatabaseUnavailable, connect
from tests.fixtures_database import MakeUrl

OTHER_PROCESS = """
import sys
from storage.database import DatabaseError, connect
try:
    connect(sys.argv[1])
except DatabaseError as error:
    print(type(error).__name__, error)
"""


def test_a_second_process_is_told_who_holds_the_folder(chdb_url: MakeUrl) -> None:
    url = chdb_url()
    database = connect(url, create=True)
    command = [sys.executable, "-c", OTHER_PROCESS, url]
    other = subprocess.run(command, capture_output=True, text=True, check=True)
    assert other.stdout.startswith("DatabaseHeld process ")
    assert "clickhouse://" in other.stdout
    assert other.stdout.count("\n") == 1
    assert other.stderr == ""
    database.close()
    free = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (free.stdout, free.stderr) == ("", "")


def test_what_the_engine_refuses_is_not_printed(
    chdb_url: MakeUrl, capfd: pytest.CaptureFixture[str]
) -> None:
    database = connect(chdb_url(), create=True)
    for sql in ("SELECT", "SELECT 1 FROM nowhere", "SELECT toUInt8('x')"):
        with pytest.raises(Exception, match="ClickHouse error"):
            database.query(sql)
    database.close()
    assert capfd.readouterr() == ("", "")


def test_a_process_holds_one_folder_at_a_time(chdb_url: MakeUrl) -> None:
    first = connect(chdb_url(), create=True)
    other = chdb_url()
    with pytest.raises(DatabaseUnavailable, match="can hold only one"):
        connect(other, create=True)
    assert first.query("SELECT 1").rows == [(1,)]
    first.close()
    second = connect(other, create=True)
    assert second.query("SELECT 1").rows == [(1,)]
    second.close()


def test_a_database_that_was_forgotten_does_not_block_the_next(chdb_url: MakeUrl) -> None:
    connect(chdb_url(), create=True)
    connect(chdb_url(), create=True).close()


def test_a_folder_name_may_contain_anything(tmp_path: Path) -> None:
    url = f"chdb:///{tmp_path}/a%20b%25%C3%A9"
    database = connect(url, create=True)
    assert (tmp_path / "a b%é" / "status").exists()
    assert database.url == url
    database.close()


def test_a_relative_folder_starts_where_the_program_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    connect("chdb:///var/clickhouse", create=True).close()
    assert (tmp_path / "var" / "clickhouse").is_dir()


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a database")
    with pytest.raises(DatabaseRefused, match="is a file"):
        connect(f"chdb:///{tmp_path}/file", create=True)
    with pytest.raises(DatabaseRefused, match="cannot be made"):
        connect(f"chdb:///{tmp_path}/file/below", create=True)


@pytest.mark.parametrize("url", ["chdb://", "chdb:///", "chdb://host/folder", "chdb:///a?b=c"])
def test_a_url_without_a_folder_is_refused(url: str) -> None:
    with pytest.raises(DatabaseRefused, match="names no folder"):
        connect(url, create=True)
