"""The secret of author keys: set, or made once and kept for its owner alone."""

from __future__ import annotations

import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from flows.author_secret import author_keys, author_secret
from flows.settings import Settings, SettingsRefused

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def embedded(folder: Path) -> Settings:
    return Settings(database_url=f"chdb:///{folder}/data/clickhouse")


def test_it_is_made_once_and_only_its_owner_can_read_it(tmp_path: Path) -> None:
    secret = author_secret(embedded(tmp_path))
    (file,) = (tmp_path / "data").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(secret) == 64
    assert author_secret(embedded(tmp_path)) == secret
    assert author_secret(embedded(tmp_path / "other")) != secret


def test_the_setting_wins(tmp_path: Path) -> None:
    settings = embedded(tmp_path).model_copy(update={"author_secret": "ours"})
    assert author_secret(settings) == b"ours"
    assert list(tmp_path.iterdir()) == []


def test_with_a_server_and_no_secret_no_author_has_a_key(caplog: pytest.LogCaptureFixture) -> None:
    keys = author_keys(Settings(database_url="clickhouse://h/b"))
    assert keys("ann", NOW) == ""
    assert "BAROMETER_AUTHOR_SECRET" in caplog.text


def test_keys_are_the_same_in_every_process(tmp_path: Path) -> None:
    key = author_keys(embedded(tmp_path))("ann", NOW)
    assert len(key) == 16
    assert author_keys(embedded(tmp_path))("ann", NOW) == key


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("a file")
    with pytest.raises(SettingsRefused, match="BAROMETER_AUTHOR_SECRET"):
        author_secret(embedded(tmp_path))
