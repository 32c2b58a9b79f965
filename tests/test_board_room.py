"""Room on the board's pages: many societies, series and days, and what is left out where there is none."""

from __future__ import annotations

import re
from functools import cache

import msgspec

from alerts.board import Board
from alerts.board_pages import render
from alerts.board_room import MAX_BYTES
from tests.board_page import elements, visible_text
from tests.sample_board import sample_board, society_page
from tests.sample_pages import html, rows_of


@cache
def crowd(societies: int, days: int, targets: int) -> Board:
    own = tuple(f"a scheme of our own, number {n}" for n in range(targets - 4))
    sample = society_page(
        days=days, fall=9, targets=("regular", "irregular", "asylum", "general", *own)
    )
    several = [
        msgspec.structs.replace(
            sample,
            society=f"{chr(65 + n // 26)}{chr(65 + n % 26)}",
            name=f"Society {n:03d} with a long name",
        )
        for n in range(societies)
    ]
    return msgspec.structs.replace(sample_board((), days=days), societies=tuple(several))


def test_forty_societies_of_four_hundred_days_fit() -> None:
    made = render(crowd(40, 400, 4))
    assert max(len(made[path]) for path in html(made)) <= MAX_BYTES
    assert len([*elements(made["index.html"], "article")]) == 40
    charts = [svg for svg in elements(made["index.html"], "svg") if svg.get("role") == "img"]
    assert len(charts) == 80
    assert "the last 90 of 397 days (the CSV has all)" in visible_text(made["society/AA.html"])
    assert len(rows_of(made["data/series.AA.regular.csv"])) == 397


def test_a_page_without_room_shows_less_and_says_so() -> None:
    overview = render(crowd(250, 25, 4))["index.html"]
    assert len(overview) <= MAX_BYTES
    assert len([*elements(overview, "article")]) == 250
    assert "too many societies for a chart of each" in visible_text(overview)
    society = render(crowd(1, 400, 30))["society/AA.html"]
    assert len(society) <= MAX_BYTES
    assert re.search(r"\d+ more series have no room on this page", visible_text(society))
