"""Harmful text on the board: it is shown and does nothing, on no page and in no CSV."""

from __future__ import annotations

import csv
import io
import re

from alerts.board_files import incident_file, society_file
from tests.board_page import elements, visible_text
from tests.hostile_text import HOSTILE
from tests.sample_pages import harmed, html, pages, rows_of


def test_harm_is_text_on_every_page() -> None:
    made = harmed()
    assert len(html(made)) == 3 + 3 * len(HOSTILE)
    index = visible_text(made["index.html"])
    assert "<script>alert(1)</script><img src=x onerror=alert(1)>" in index
    incident = visible_text(made[incident_file(f"script {HOSTILE['script']}-{HOSTILE['script']}")])
    assert incident.count("<script>alert(1)</script>") > 8
    assert "{{7*7}}" in visible_text(made[society_file(f"percent {HOSTILE['percent']}")])


def test_only_plain_web_addresses_become_links() -> None:
    for path, page in harmed().items():
        if path.endswith(".html"):
            outside = [
                link.get("href", "") for link in elements(page, "a") if ":" in link.get("href", "")
            ]
            assert set(outside) <= {"https://good.example/1"}, path


def test_no_page_holds_a_character_that_is_not_seen_or_turns_the_text_around() -> None:
    for path, page in harmed().items():
        found = re.findall(
            r"[\u202a-\u202e\u2066-\u2069\u200b\ufeff\x00-\x09\x0b-\x1f\x7f-\x9f]", page.decode()
        )
        if path.endswith(".html"):
            assert found == [], path


def test_no_cell_of_text_is_a_formula_and_numbers_stay_numbers() -> None:
    for path, data in harmed().items():
        if not path.endswith(".csv"):
            continue
        rows = list(csv.reader(io.StringIO(data.decode("utf-8"), newline="")))
        for cell in (cell for row in rows for cell in row):
            number = re.fullmatch(r"-?\d+(\.\d+)?", cell)
            assert number or not cell.startswith(("=", "+", "-", "@", "\t", "\r")), (path, cell)
    days = rows_of(pages()["data/series.XB.irregular.csv"])
    assert all(float(row["lower"]) < 0 for row in days if row["lower"].startswith("-"))
