"""docs/operations.md: each line names a test that makes the failure happen, and says what the program says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs/operations.md").read_text("utf-8")
PROGRAM = "\n".join(
    " ".join(re.sub(r'"\s*\n\s*f?"', "", path.read_text("utf-8")).split())
    for package in ("ingest", "classify", "alerts", "storage", "flows")
    for path in sorted((ROOT / package).rglob("*.py"))
)
"""All of the code, strings that were broken into lines joined again."""


def lines() -> list[list[str]]:
    """Of the tables of failures: failure, what you see, what to do, how long, tried by."""
    tables = re.findall(r"^\| failure .*tried by \|\n.*\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    return [
        [cell.strip() for cell in line.strip("| ").split(" | ")]
        for table in tables
        for line in table.splitlines()
    ]


ROWS = lines()


def test_every_table_line_has_its_five_cells() -> None:
    assert len(ROWS) >= 25
    assert {len(row) for row in ROWS} == {5}, [row for row in ROWS if len(row) != 5]


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_a_test_tries_it(row: list[str]) -> None:
    file, _, name = row[4].partition("::")
    path = ROOT / "tests" / f"{file}.py"
    assert path.exists(), path
    assert f"def {name}(" in path.read_text("utf-8"), row[4]


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_the_program_says_these_words(row: list[str]) -> None:
    sentences = [each for each in re.findall("`([^`]+)`", row[1]) if "…" in each or ":" in each]
    words = [part.strip(" :;,().") for each in sentences for part in each.split("…")]
    assert [each for each in words if each not in PROGRAM] == []
