"""What is installed and what is known of it: the audit of the lock, and its bill of materials."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.utils import canonicalize_name

from tests.services import free_port

ROOT = Path(__file__).resolve().parents[1]

FINE = {"name": "click", "version": "8.5.1", "vulns": []}
FLAWED = {
    "name": "pillow",
    "version": "13.0.0",
    "vulns": [{"id": "PYSEC-2026-1", "fix_versions": ["13.0.1"], "description": "a flaw"}],
}


def script(name: str) -> ModuleType:
    """A script of .ci as a module."""
    spec = importlib.util.spec_from_file_location(name, ROOT / ".ci" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# -- The audit -------------------------------------------------------------------------------------


class Database:
    """Answers like pip-audit, and remembers what it was asked."""

    def __init__(self, *answers: Any) -> None:
        self.asked: list[int] = []
        self._answers = list(answers)

    def __call__(self, lock: Path, seconds: float) -> Any:
        self.asked.append(len(lock.read_text("utf-8").splitlines()))
        return self._answers.pop(0)


def audited(tmp_path: Path, *answers: Any) -> tuple[int, list[str], list[int]]:
    audit = script("audit")
    lock = tmp_path / "requirements.lock"
    lock.write_text(
        "colorama==1 ; sys_platform == 'win32'\nclick==8.5.1\npillow==13.0.0\n", "utf-8"
    )
    said: list[str] = []
    database = Database(*(audit.Answer(*each) for each in answers))
    return audit.audit(lock, database, said.append), said, database.asked


def test_a_known_vulnerability_fails_and_is_named_with_its_remedy(tmp_path: Path) -> None:
    status, said, asked = audited(tmp_path, ([FINE],), ([FINE, FLAWED],))
    assert status == 1
    assert said[0] == "pillow 13.0.0: PYSEC-2026-1, mended in 13.0.1"
    assert said[1].startswith("requirements.lock: 1 known vulnerabilities in 2 packages; raise")
    assert asked == [1, 3]


def test_a_clean_lock_passes(tmp_path: Path) -> None:
    skipped = {"name": "ours", "skip_reason": "not on the index"}
    status, said, _ = audited(tmp_path, ([FINE],), ([FINE, skipped],))
    assert status == 0
    assert said == [
        "requirements.lock: no known vulnerability in 1 packages; 1 could not be looked up"
    ]


def test_without_a_network_it_is_skipped_with_the_reason_and_nothing_else_is_asked(
    tmp_path: Path,
) -> None:
    status, said, asked = audited(tmp_path, (None, "nobody answers"))
    assert status == 0
    assert said == ["Audit of requirements.lock skipped: nobody answers"]
    assert asked == [1]


def test_a_network_that_breaks_in_the_middle_fails_nothing(tmp_path: Path) -> None:
    status, said, _ = audited(tmp_path, ([FINE],), (None, "it broke off"))
    assert status == 0
    assert said == ["Audit of requirements.lock skipped: it broke off"]


def test_a_mirror_that_knows_no_package_is_no_clean_bill(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    audit = script("audit")
    unknown = {"name": "click", "version": "8.5.1", "skip_reason": "not found"}
    answer = json.dumps({"dependencies": [unknown, unknown]})
    monkeypatch.setattr(
        audit.subprocess,
        "run",
        lambda *_, **__: subprocess.CompletedProcess([], 0, stdout=answer, stderr=""),
    )
    found = audit.ask_pip_audit(tmp_path / "requirements.lock", 1.0)
    assert found.report is None
    assert found.reason.endswith("knows none of these packages (not found)")


def test_the_real_pip_audit_without_a_network_says_that_it_cannot_ask() -> None:
    """All its requests go to a port on which nobody listens."""
    nobody = f"http://127.0.0.1:{free_port()}"
    done = subprocess.run(
        [sys.executable, ROOT / ".ci" / "audit.py"],
        env={
            **{name: each for name, each in os.environ.items() if "proxy" not in name.lower()},
            "HTTPS_PROXY": nobody,
            "HTTP_PROXY": nobody,
            "PIP_AUDIT_DISABLE_CACHE": "1",
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Audit of requirements.lock skipped: ")


# -- The bill of materials -------------------------------------------------------------------------


def locked() -> set[tuple[str, str]]:
    lines = (ROOT / "requirements.lock").read_text("utf-8").splitlines()
    pairs = (line.split(" ", maxsplit=1)[0].split("==") for line in lines)
    return {(name, version) for name, version in pairs}


@pytest.fixture(scope="module")
def bill(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """As `make sbom` writes it."""
    output = tmp_path_factory.mktemp("bill") / "var" / "sbom.cdx.json"
    done = subprocess.run(
        [sys.executable, ROOT / ".ci" / "bill_of_materials.py", output],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    text = output.read_text("utf-8")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def test_it_lists_exactly_what_is_locked(bill: dict[str, Any]) -> None:
    components = bill["components"]
    assert {(canonicalize_name(each["name"]), each["version"]) for each in components} == locked()
    assert all(each["purl"].startswith("pkg:pypi/") for each in components)
    assert len(components) == len(locked())
    assert bill["metadata"]["component"]["name"] == "barometer"


def test_what_is_installed_has_its_licence_and_what_it_needs(bill: dict[str, Any]) -> None:
    by_name = {each["name"].lower(): each for each in bill["components"]}
    for name in ("click", "httpx", "pyarrow", "prefect", "chdb"):
        assert by_name[name]["licenses"], name
    licensed = [each for each in bill["components"] if each.get("licenses")]
    assert len(licensed) > 0.9 * len(bill["components"])
    needs = {each["ref"]: each.get("dependsOn", []) for each in bill["dependencies"]}
    assert any("httpcore" in each for each in needs[by_name["httpx"]["bom-ref"]])


def test_it_holds_no_place_of_this_machine(bill: dict[str, Any]) -> None:
    text = json.dumps(bill)
    assert str(ROOT) not in text
    assert "file://" not in text
    assert not any(name in text for name in ("pytest", "mypy", "ruff"))
