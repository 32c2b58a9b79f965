"""deploy/choose_secrets.sh: every secret of .env is chosen once, by chance, and shown to nobody."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

SECRETS = ("CLICKHOUSE_PASSWORD", "ANALYST_PASSWORD", "GRAFANA_PASSWORD", "BAROMETER_AUTHOR_SECRET")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A checkout that nobody has started."""
    (tmp_path / "deploy").mkdir()
    shutil.copy(ROOT / ".env.example", tmp_path)
    shutil.copy(ROOT / "deploy" / "choose_secrets.sh", tmp_path / "deploy")
    return tmp_path


def choose(place: Path) -> str:
    """What it prints."""
    script = place / "deploy" / "choose_secrets.sh"
    done = subprocess.run(["sh", script], cwd="/", capture_output=True, text=True, check=True)
    return done.stdout + done.stderr


def values(place: Path) -> dict[str, str]:
    lines = (place / ".env").read_text("utf-8").splitlines()
    return dict(line.split("=", maxsplit=1) for line in lines if line and not line.startswith("#"))


def test_each_secret_is_another_one_and_can_stand_in_a_url(place: Path) -> None:
    assert choose(place) == ""
    chosen = [values(place)[name] for name in SECRETS]
    assert len(set(chosen)) == len(SECRETS)
    assert all(re.fullmatch(r"[0-9a-f]{48}", each) for each in chosen)
    shutil.copy(place / ".env", place / "first")
    (place / ".env").unlink()
    choose(place)
    assert not set(chosen) & set(values(place).values()), "the same on every machine"


def test_nobody_else_may_read_the_file(place: Path) -> None:
    choose(place)
    assert (place / ".env").stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in place.iterdir()) == [".env", ".env.example", "deploy"]


def test_nothing_but_secrets_is_chosen(place: Path) -> None:
    choose(place)
    example = (place / ".env.example").read_text("utf-8").splitlines()
    made = (place / ".env").read_text("utf-8").splitlines()
    changed = [line for line, before in zip(made, example, strict=True) if line != before]
    assert [line.split("=")[0] for line in changed] == list(SECRETS)


def test_what_has_a_value_keeps_it(place: Path) -> None:
    choose(place)
    before = (place / ".env").read_bytes()
    choose(place)
    assert (place / ".env").read_bytes() == before


def test_a_file_of_an_older_version_gets_what_it_lacks(place: Path) -> None:
    (place / ".env").write_text("CLICKHOUSE_USER=me\n# mine\nCLICKHOUSE_PASSWORD=kept", "utf-8")
    choose(place)
    assert (
        (place / ".env")
        .read_text("utf-8")
        .startswith("CLICKHOUSE_USER=me\n# mine\nCLICKHOUSE_PASSWORD=kept\n")
    )
    example = (place / ".env.example").read_text("utf-8")
    names = set(re.findall(r"^([A-Z_]+)=", example, re.MULTILINE))
    assert set(values(place)) == names
    assert len(values(place)["ANALYST_PASSWORD"]) == 48
