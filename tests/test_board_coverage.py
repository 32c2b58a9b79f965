"""The page of coverage: every source of the list, what needs attention first, and a CSV with all of it."""

from __future__ import annotations

from datetime import timedelta
from functools import cache

import msgspec
import pytest

from alerts.board import Board
from alerts.board_pages import render
from alerts.board_room import MAX_BYTES
from tests.board_page import classes, elements, name_of, text_of, visible_text
from tests.hostile_text import HOSTILE
from tests.sample_board import sample_board
from tests.sample_coverage import sample_coverage
from tests.sample_pages import board, empty, harmed, html, pages, rows_of

PAGE = "coverage.html"

SENTENCE = (
    "1 of 8 sources is silent: alder-letters. 1 is failing: alder-morning-mail. 1 brought far more than usual: "
    "calvora-post. 1 brought far less than usual: calvora-echo. 1 is new and not asked yet. 1 is switched off."
)


def body_rows(page: bytes) -> list[list[str]]:
    """The cells of every source, in the order of the page."""
    return [
        [text_of(cell) for cell in row]
        for row in elements(page, "tr")
        if row[0].get("scope") == "row"
    ]


def test_every_source_is_a_row_and_what_needs_attention_comes_first() -> None:
    rows = body_rows(pages()[PAGE])
    assert [row[0].split()[0] for row in rows] == [
        *("alder-letters", "alder-morning-mail", "calvora-post", "calvora-echo"),
        *("alder-courier", "alder-wire", "brennmark-square", "world-stream", "alder-archive"),
    ]
    assert [row[1] for row in rows] == (
        ["silent", "failing", "flood", "quiet", "ok", "new", "ok", "ok", "off"]
    )
    headings = [text_of(heading) for heading in elements(pages()[PAGE], "h2")]
    assert headings == ["Need attention", "All others", "Words and pictures"]


def test_a_row_says_what_is_known_of_its_source() -> None:
    rows = {row[0].split()[0]: row for row in body_rows(pages()[PAGE])}
    letters = rows["alder-letters"]
    assert letters[0] == "alder-letters Alder Letters, feed, Alderland"
    read = board().now - timedelta(days=3, minutes=45)
    assert letters[2] == f"{read:%Y-%m-%d} {read:%H:%M} UTC"
    assert "not read on 3 days." in letters[3]
    assert letters[3].endswith("not read yesterday, usually 43")
    assert letters[7].startswith("https://letters.example/rss is not there (404)")
    assert letters[7].endswith("181 of 2,688 attempts failed; somebody has to change something")
    stream = rows["world-stream"]
    assert stream[4:6] == ["2,410,882", "318"]
    assert stream[6] == f"17 h last on {board().last}"
    assert rows["alder-wire"][2] == "never"
    assert rows["calvora-echo"][0].endswith("feed, XC")  # nobody said what it is called
    assert rows["brennmark-square"][7].startswith("It has moved to https://square.example/api")


def test_a_picture_of_each_source_says_its_days_in_words() -> None:
    pictures = [svg for svg in elements(pages()[PAGE], "svg") if "days" in classes(svg)]
    assert len(pictures) == 9
    for svg in pictures:
        (title,) = (child for child in svg if name_of(child) == "title")
        assert text_of(title).startswith("New documents a day, ")


def test_the_sentence_stands_on_top_of_it_and_on_the_overview() -> None:
    assert SENTENCE in visible_text(pages()[PAGE])
    assert f"{SENTENCE} How every source does" in visible_text(pages()["index.html"])
    assert "No source is read. How every" in visible_text(empty()["index.html"])
    assert "No source is read." in visible_text(empty()[PAGE])


def test_every_page_leads_to_it() -> None:
    for path in html(pages()):
        (nav, *_) = elements(pages()[path], "nav")
        links = {text_of(link): link.get("href") for link in nav.iter() if name_of(link) == "a"}
        assert links["Coverage"] == "../" * path.count("/") + PAGE


def test_the_csv_has_every_number_of_the_page() -> None:
    rows = rows_of(pages()["data/coverage.csv"])
    assert [row["source"] for row in rows] == [
        row[0].split()[0] for row in body_rows(pages()[PAGE])
    ]
    known = {one.source: one for one in board().coverage}
    for row in rows:
        one = known[row["source"]]
        days = [row[f"new_{board().last - timedelta(days=n)}"] for n in range(27, -1, -1)]
        assert days == ["" if count is None else str(count) for count in one.news]
        assert (row["condition"], row["type"]) == (one.state.condition.value, one.type)
        assert (int(row["passed_over"]), int(row["removed"])) == (one.passed_over, one.removed)
        assert (int(row["attempts"]), int(row["failed"])) == (one.attempts, one.failed)
        assert (row["failure"], row["error"], row["note"]) == (one.failure, one.error, one.note)
    stream = next(row for row in rows if row["source"] == "world-stream")
    assert stream["lost_hours"] == "16.83"
    assert stream["lost_until"] == f"{board().last}T04:30:00Z"


@cache
def crowd(more: int) -> Board:
    made = sample_board((), days=30)
    return msgspec.structs.replace(made, coverage=sample_coverage(made.last, more=more))


@pytest.mark.parametrize("more", [150, 3000])
def test_thousands_of_sources_have_room_or_are_counted(more: int) -> None:
    made = render(crowd(more))
    assert len(made[PAGE]) <= MAX_BYTES
    assert len(rows_of(made["data/coverage.csv"])) == more + 9
    rows = body_rows(made[PAGE])
    assert [row[1] for row in rows[:4]] == ["silent", "failing", "flood", "quiet"]
    said = visible_text(made[PAGE])
    if len(rows) < more + 9:
        assert f"{more + 9 - len(rows):,} more sources have no room on this page" in said
        assert more == 3000 and len(rows) >= 150
    else:
        assert more == 150 and "have no room" not in said
    assert len(made["index.html"]) <= MAX_BYTES


def test_harm_in_what_a_source_says_is_text() -> None:
    page = harmed()[PAGE]
    said = visible_text(page)
    assert len(body_rows(page)) == len(HOSTILE)
    assert said.count("<script>alert(1)</script><img src=x onerror=alert(1)>") >= 4
