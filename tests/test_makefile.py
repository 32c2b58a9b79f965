"""The Makefile installs once, again when the lock changes, and says in one sentence why it cannot.

A stand-in for Python writes down what it is asked to do, so nothing is installed here.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-train.lock")

pytestmark = pytest.mark.skipif(
    shutil.which("make") is None and os.environ.get("CI") != "true", reason="make is not installed"
)

STAND_IN = """#!/bin/sh
case "$1" in
    -c) exit {version_check} ;;
    --version) echo "Python stand-in"; exit 0 ;;
esac
if [ "$2" = venv ]; then
    mkdir -p .venv/bin
    cp "$0" .venv/bin/python
    cp "$0" .venv/bin/barometer
fi
echo "$(basename "$0") $*" >> calls.txt
"""


def project(folder: Path, *, version_check: int = 0) -> Path:
    """A folder with a space in its name that holds the Makefile, the locks and the stand-in."""
    place = folder / "with space"
    place.mkdir()
    for name in ("Makefile", "pyproject.toml", *LOCKS):
        shutil.copy(ROOT / name, place)
    stand_in = place / "stand-in"
    stand_in.write_text(STAND_IN.format(version_check=version_check), "utf-8")
    stand_in.chmod(0o755)
    return place


def make(place: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs make as a user would, whatever make runs these tests."""
    of_make = ("MAKEFLAGS", "MAKEOVERRIDES", "MAKELEVEL", "MFLAGS", "ARGS", "PYTHON")
    return subprocess.run(
        ["make", "PYTHON=./stand-in", *arguments],
        cwd=place,
        env={name: value for name, value in os.environ.items() if name not in of_make},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def calls(place: Path) -> list[str]:
    """What the stand-in was asked since the last look."""
    file = place / "calls.txt"
    if not file.exists():
        return []
    lines = file.read_text("utf-8").splitlines()
    file.unlink()
    return lines


def installs(place: Path) -> list[str]:
    return [line.split(" install ", maxsplit=1)[1] for line in calls(place) if " install " in line]


def test_make_alone_lists_every_target(tmp_path: Path) -> None:
    listed = make(project(tmp_path)).stdout
    phony = re.search(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert phony
    for target in phony[1].split():
        assert f"make {target} " in listed


def test_an_old_python_is_refused_in_one_sentence(tmp_path: Path) -> None:
    place = project(tmp_path, version_check=1)
    done = make(place, "demo")
    assert done.returncode != 0
    assert "Barometer needs Python 3.11 or newer" in done.stderr
    assert "make PYTHON=" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (place / ".venv").exists()


def test_the_demo_installs_the_plain_lock_once(tmp_path: Path) -> None:
    place = project(tmp_path)
    first = make(place, "demo", "ARGS=--days 20")
    assert first.returncode == 0, first.stderr
    asked = calls(place)
    assert asked[0] == "stand-in -m venv .venv"
    assert asked[1].endswith("install -r requirements.lock")
    assert asked[2].endswith("install --no-deps --editable .")
    assert asked[3:] == ["barometer demo --days 20"]

    assert make(place, "demo").returncode == 0
    assert calls(place) == ["barometer demo"]


def test_a_new_time_stamp_installs_nothing_and_a_new_content_installs_again(tmp_path: Path) -> None:
    place = project(tmp_path)
    make(place, "demo")
    calls(place)

    for name in ("requirements.lock", "pyproject.toml"):
        os.utime(place / name)
        make(place, "demo")
        assert installs(place) == []

        with (place / name).open("a", encoding="utf-8") as file:
            file.write("\n")
        make(place, "demo")
        assert installs(place) == ["-r requirements.lock", "--no-deps --editable ."]


def test_a_moved_folder_is_installed_again(tmp_path: Path) -> None:
    """Scripts and the editable install name the folder that they were made in."""
    place = project(tmp_path)
    make(place, "demo")
    calls(place)
    moved = place.rename(tmp_path / "elsewhere")
    make(moved, "demo")
    assert installs(moved) == ["-r requirements.lock", "--no-deps --editable ."]


def test_an_install_that_failed_is_tried_again(tmp_path: Path) -> None:
    place = project(tmp_path)
    make(place, "demo")
    calls(place)
    python = place / ".venv/bin/python"
    works = python.read_text("utf-8")
    python.write_text("#!/bin/sh\nexit 1\n", "utf-8")
    (place / "requirements.lock").write_text("click==8.5.1\n", "utf-8")
    assert make(place, "demo").returncode != 0

    python.write_text(works, "utf-8")
    assert make(place, "demo").returncode == 0
    assert installs(place) == ["-r requirements.lock", "--no-deps --editable ."]


def test_the_tests_run_after_lint_and_types_and_serve_the_demo_too(tmp_path: Path) -> None:
    place = project(tmp_path)
    done = make(place, "test", "ARGS=-k bus")
    assert done.returncode == 0, done.stderr
    asked = calls(place)
    assert asked[1].endswith("install -r requirements-dev.lock")
    assert [line.removeprefix("python -m ") for line in asked[3:]] == [
        "ruff check --quiet .",
        "ruff format --check --quiet .",
        "mypy",
        "pytest -n auto --dist loadfile --no-loadscope-reorder -k bus",
    ]

    make(place, "demo")
    assert calls(place) == ["barometer demo"]


def test_cleaning_leaves_the_data(tmp_path: Path) -> None:
    place = project(tmp_path)
    make(place, "demo")
    (place / "var").mkdir()
    (place / "var/bus.db").write_text("kept", "utf-8")
    assert make(place, "clean").returncode == 0
    assert not (place / ".venv").exists()
    assert (place / "var/bus.db").read_text("utf-8") == "kept"
