"""The board's figures: chart, table and CSV say the same, and a day that cannot be used shows nowhere as if it could."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import msgspec
import pytest

from alerts.board import SocietyPage
from alerts.board_chart import draw
from alerts.board_files import data_file
from alerts.board_pages import render
from alerts.board_scale import SIZE
from alerts.board_society import level_curve
from alerts.point import Point, State
from tests.board_page import classes, elements, name_of, text_of, visible_text
from tests.sample_board import sample_board, series_view
from tests.sample_pages import board, pages, rows_of


@pytest.mark.parametrize("target", ["regular", "asylum"])
def test_a_csv_holds_what_its_chart_draws(target: str) -> None:
    (page,) = (page for page in board().societies if page.society == "XB")
    (view,) = (view for view in page.series if view.target == target)
    rows = rows_of(pages()[data_file("series", "XB", target)])
    assert [row["day"] for row in rows] == [str(point.day) for point in view.points]
    drawn = draw(
        [level_curve(view)], board().first, board().last, ident="c", title="", desc="", height=250
    )
    usable = [row for row in rows if row["level_state"] == "ok"]
    read = list(corners(drawn.curves[0].line))
    assert len(read) == len(usable) > 100
    days = (board().last - board().first).days + 1
    for (x, y), row in zip(read, usable, strict=True):
        number = round(x * days / SIZE - 0.5)
        assert row["day"] == str(board().first + timedelta(days=number))
        value = drawn.high - y / SIZE * (drawn.high - drawn.low)
        assert float(row["level_7_days"]) == pytest.approx(value, abs=0.2)


def corners(path: str) -> Iterator[tuple[int, int]]:
    for piece in re.findall(r"M[^M]+", path):
        start, _, steps = piece[1:].partition("l")
        x, y = (int(n) for n in start.partition("h")[0].split())
        yield x, y
        numbers = [int(n) for n in re.findall(r"-?\d+", steps)]
        for dx, dy in zip(numbers[::2], numbers[1::2], strict=True):
            x, y = x + dx, y + dy
            yield x, y


def test_the_table_behind_a_chart_says_the_same_as_the_csv() -> None:
    page = pages()["society/XB.html"]
    (table, *_) = [t for t in elements(page, "table") if "Net support for regular" in text_of(t)]
    body = [
        [text_of(cell) for cell in row]
        for row in table.iter()
        if name_of(row) == "tr" and name_of(row[0]) == "th" and row[0].get("scope") == "row"
    ]
    newest = [*reversed(rows_of(pages()["data/series.XB.regular.csv"]))][: len(body)]
    assert len(body) == 90
    for cells, row in zip(body, newest, strict=True):
        assert cells[0] == row["day"]
        assert float(cells[1].replace("−", "-")) == pytest.approx(
            float(row["net_support"]), abs=0.06
        )
        assert cells[3] == row["n"]


def test_days_that_cannot_be_used_are_hollow_or_missing_in_chart_and_csv() -> None:
    (page,) = (page for page in board().societies if page.society == "XB")
    view = page.series[0]
    states = [point.state for point in view.points]
    assert states.count(State.DEGRADED) == 2 and states.count(State.INSUFFICIENT) == 5
    days = {point.day for point in view.points}
    silent = (board().last - board().first).days + 1 - len(days)
    assert silent == 3
    (curve,) = draw(
        [level_curve(view)], board().first, board().last, ident="c", title="", desc="", height=250
    ).curves
    assert curve.line.count("M") == 3  # the silent days and the degraded ones part it
    assert curve.hollow.count("M") >= 7
    assert f"{silent + 2} of 150 days have no such figure and are left open." in " ".join(
        text_of(desc) for desc in elements(pages()["society/XB.html"], "desc")
    )


def test_a_series_without_documents_has_no_figure_anywhere() -> None:
    view = series_view("regular", society="XD", seed=2, days=60)
    none = msgspec.structs.replace(
        view,
        points=(),
        levels=(),
        change=None,
        level=Point(
            society="XD",
            target="regular",
            day=view.level.day,
            support=0,
            neutral=0,
            oppose=0,
            outlets=0,
            net_support=None,
            lower=None,
            upper=None,
            n_eff=0.0,
            state=State.NO_DATA,
        ),
    )
    made = render(sample_board([SocietyPage(society="XD", series=(none,))], days=60))
    said = visible_text(made["society/XD.html"])
    assert "No figure no text addressed it" in said
    assert "no day has a figure that can be used" in said
    (card,) = elements(made["index.html"], "article")
    assert "no figure" in text_of(card) and "No text addressed it." in text_of(card)
    assert not re.search(r"[+−]\d", text_of(card))
    paths = [p.get("d") for p in elements(made["society/XD.html"], "path") if "line" in classes(p)]
    assert paths == []
