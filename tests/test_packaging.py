"""What a plain install gets: every package, every data file, and only locked, torch-free dependencies."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.markers import InvalidMarker, Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
ROOT_PACKAGES = ("ingest", "classify", "alerts", "storage", "flows")
LOCKS = ("requirements.lock", "requirements-dev.lock")

TRAIN_LOCK = "requirements-train.lock"

MAY_IMPORT_TORCH = ("classify/hf_*.py", "classify/training/*.py", "flows/training/*.py")

LOCKED = re.compile(
    r"(?P<name>[a-z0-9][a-z0-9.-]*)==(?P<version>[0-9][^\s;@]*)( ; (?P<marker>.+))?"
)


def pyproject() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def declared_packages() -> list[str]:
    return list(pyproject()["tool"]["setuptools"]["packages"])


def files_of_the_packages() -> list[Path]:
    """Every file under the five packages that belongs in an installation, relative to the root."""
    return sorted(
        path.relative_to(ROOT)
        for package in ROOT_PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file()
        and "__pycache__" not in path.parts
        and not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
    )


def locked_line(line: str) -> tuple[str, str, str] | None:
    """Name, version and marker (empty where it holds everywhere); None for anything else."""
    match = LOCKED.fullmatch(line)
    if match is None:
        return None
    marker = match["marker"] or ""
    if marker:
        try:
            Marker(marker)
        except InvalidMarker:
            return None
    return match["name"], match["version"], marker


def locked(lock: str) -> dict[tuple[str, str], str]:
    """Version by name and marker."""
    versions: dict[tuple[str, str], str] = {}
    for line in (ROOT / lock).read_text("utf-8").splitlines():
        entry = locked_line(line)
        assert entry, f"{lock}: {line!r} is not `name==version` or `name==version ; marker`"
        name, version, marker = entry
        versions[name, marker] = version
    return versions


def test_every_folder_with_modules_is_a_package_that_pyproject_lists() -> None:
    """What is missing here works in a checkout and is absent from an image."""
    folders = {path.parent for path in files_of_the_packages() if path.suffix == ".py"}
    without = [folder for folder in folders if not (ROOT / folder / "__init__.py").exists()]
    assert without == [], "a folder with modules has no __init__.py"
    assert {".".join(folder.parts) for folder in folders} == set(declared_packages())


def test_every_data_file_of_a_package_is_installed_with_it() -> None:
    patterns: dict[str, list[str]] = pyproject()["tool"]["setuptools"]["package-data"]
    installed = {
        path.relative_to(ROOT)
        for package, globs in patterns.items()
        for pattern in globs
        for path in (ROOT / package.replace(".", "/")).glob(pattern)
    }
    left_out = [
        path.as_posix()
        for path in files_of_the_packages()
        if path.suffix not in (".py", ".pyc") and path not in installed
    ]
    assert left_out == [], "[tool.setuptools.package-data] matches none of these"


def test_a_pattern_for_data_files_names_a_package_and_finds_something() -> None:
    patterns: dict[str, list[str]] = pyproject()["tool"]["setuptools"]["package-data"]
    for package, globs in patterns.items():
        assert package in declared_packages()
        for pattern in globs:
            assert list((ROOT / package.replace(".", "/")).glob(pattern)), (
                f"package-data of {package}: {pattern!r} matches no file"
            )


@pytest.mark.parametrize("lock", (*LOCKS, TRAIN_LOCK))
def test_a_lock_holds_exact_versions_and_no_address(lock: str) -> None:
    names = [name for name, _ in locked(lock)]
    assert names == sorted(names)


@pytest.mark.parametrize(
    "line",
    [
        "torch @ https://example.org/torch.whl",
        "--index-url https://example.org/simple",
        "-e .",
        "click>=8",
        "click==8.5.1 --hash=sha256:00",
        "click==8.5.1 ; python_version > '3' --hash=sha256:00 \\",
        "# a comment",
        "",
    ],
)
def test_a_planted_line_that_is_not_a_version_is_caught(line: str) -> None:
    assert locked_line(line) is None


def test_the_development_lock_adds_to_the_plain_one_and_changes_nothing() -> None:
    # of markers too many may stand there: pyzmq wants cffi where PyPy runs, which nothing else does
    plain, development = (
        {(name, version) for (name, _), version in locked(lock).items()}
        for lock in ("requirements.lock", "requirements-dev.lock")
    )
    assert plain <= development


def test_a_plain_install_has_no_torch() -> None:
    heavy = ("torch", "transformers", "triton")
    names = {name for lock in LOCKS for name, _ in locked(lock)}
    assert [name for name in names if name in heavy or name.startswith("nvidia-")] == []


@pytest.mark.parametrize(
    ("lock", "extras"),
    [
        ("requirements.lock", ()),
        ("requirements-dev.lock", ("dev",)),
        (TRAIN_LOCK, ("models", "train")),
    ],
)
def test_every_direct_dependency_is_locked_at_a_version_it_allows(
    lock: str, extras: tuple[str, ...]
) -> None:
    project = pyproject()["project"]
    declared = list(project["dependencies"])
    for extra in extras:
        declared += project["optional-dependencies"][extra]
    for requirement in map(Requirement, declared):
        name = canonicalize_name(requirement.name)
        if name == project["name"]:
            continue  # an extra that asks for another
        versions = [version for (each, _), version in locked(lock).items() if each == name]
        assert versions, f"{lock} has no {name}; run `make lock`"
        assert all(requirement.specifier.contains(version) for version in versions), (
            f"{lock} has {name} {', '.join(versions)}, pyproject.toml asks for {requirement}; "
            "run `make lock`"
        )


def test_only_the_extra_for_other_models_brings_torch_and_training_asks_for_it() -> None:
    project = pyproject()["project"]
    extras = {
        extra
        for extra, requirements in project["optional-dependencies"].items()
        if any(Requirement(each).name == "torch" for each in requirements)
    }
    assert extras == {"models"}
    assert "barometer[models]" in project["optional-dependencies"]["train"]
    assert "torch" not in {Requirement(each).name for each in project["dependencies"]}


def imports_torch(source: str) -> bool:
    """Whether a module imports torch, at its top or inside a function."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        else:
            continue
        if any(name.split(".")[0] == "torch" for name in names):
            return True
    return False


def test_torch_is_imported_only_by_what_needs_the_extra() -> None:
    guilty = [
        path.as_posix()
        for path in files_of_the_packages()
        if path.suffix == ".py"
        and not any(path.match(pattern) for pattern in MAY_IMPORT_TORCH)
        and imports_torch((ROOT / path).read_text("utf-8"))
    ]
    assert guilty == [], f"only {', '.join(MAY_IMPORT_TORCH)} may import torch"


@pytest.mark.parametrize(
    "source", ["import torch", "from torch.nn import Linear", "def f():\n    import torch.nn as nn"]
)
def test_a_planted_import_of_torch_is_caught(source: str) -> None:
    assert imports_torch(source)
    assert not imports_torch(source.replace("torch", "torchlight"))


def test_the_license_is_the_one_that_pyproject_names() -> None:
    assert pyproject()["project"]["license"] == "Apache-2.0"
    text = (ROOT / "LICENSE").read_text("utf-8")
    assert "Apache License" in text
    assert "Version 2.0, January 2004" in text


def test_the_changelog_knows_the_version() -> None:
    assert f"## {pyproject()['project']['version']}" in (ROOT / "CHANGELOG.md").read_text("utf-8")
