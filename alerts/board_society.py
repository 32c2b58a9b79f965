"""The page of one society: every series with its chart and table, incidents, topics, outlets, sources."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import partial
from string import ascii_uppercase
from typing import Any

import msgspec

from alerts.board import Board, SeriesView, SocietyPage
from alerts.board_chart import Chart, Rule, draw
from alerts.board_files import data_file, society_file
from alerts.board_room import Detail, fitted
from alerts.board_scale import Curve
from alerts.board_templates import write_page
from alerts.board_words import called, chart_sentence, signed
from alerts.event import Event
from alerts.harmless_text import harmless_line
from alerts.incident import Incident, Status
from alerts.point import State

CHART_HEIGHT = 250
"""Pixels."""

_PAIR = ("regular", "irregular")
_SOCIETY = (
    Detail(days=400, rows=90, entries=60, blocks=12),
    Detail(days=400, rows=45, entries=40, blocks=12),
    Detail(days=240, rows=28, entries=30, blocks=12),
    Detail(days=120, rows=14, entries=20, blocks=8),
    Detail(days=60, rows=7, entries=10, blocks=4),
)


def society_page(board: Board, page: SocietyPage) -> bytes:
    """The page of a society of the board."""
    return fitted(partial(_society, board, page), _SOCIETY)


def pair_of(page: SocietyPage) -> list[SeriesView]:
    """Regular and irregular; where a society has neither, its first two series."""
    pair = [view for target in _PAIR for view in page.series if view.target == target]
    return pair or list(page.series[:2])


def level_curve(view: SeriesView) -> Curve:
    """A series as it is drawn: its level as line and band, its days as dots."""
    level = view.level.net_support
    return Curve(
        target=view.target,
        label="" if level is None else signed(level),
        line=view.levels,
        dots=view.points,
    )


def levels_only(curve: Curve) -> Curve:
    """The curve without its days."""
    return msgspec.structs.replace(curve, dots=())


def _society(board: Board, page: SocietyPage, detail: Detail) -> bytes:
    first = max(board.first, board.last - timedelta(days=detail.days - 1))
    views = page.series[: detail.blocks]
    incidents = sorted(
        (one for view in page.series for one in view.incidents),
        key=lambda one: (one.status != Status.OPEN, -one.drop_day.toordinal(), one.target),
    )
    numbers = {one.id: number for number, one in enumerate(incidents, start=1)}
    letters = event_letters(page, detail.entries)
    charts = [
        {
            "view": view,
            "anchor": f"series-{number}",
            "chart": _series_chart(page, view, board, first, f"c{number}", numbers, letters),
            "rows": _day_rows(view, detail.rows),
            "csv": data_file("series", page.society, view.target),
        }
        for number, view in enumerate(views)
    ]
    pair = pair_of(page)
    return write_page(
        board,
        "society.html.j2",
        society_file(page.society),
        page=page,
        charts=charts,
        both=_both(page, pair, board, first, numbers, letters) if len(pair) == 2 else None,
        shown_series=views,
        series_left_out=len(page.series) - len(views),
        incidents=incidents[: detail.entries],
        incidents_left_out=max(0, len(incidents) - detail.entries),
        events=letters,
        events_left_out=len(page.events) - len(letters),
        anchors=page.anchors[-detail.entries :][::-1],
        levels_on=_levels_on(page),
        anchors_left_out=max(0, len(page.anchors) - detail.entries),
        topics=page.topics[: detail.entries],
        topics_csv=data_file("topics", page.society),
        outlets=page.outlets[: detail.entries],
        outlets_left_out=max(0, len(page.outlets) - detail.entries),
        outlets_csv=data_file("outlets", page.society),
        sources=page.sources[: detail.entries],
        sources_left_out=max(0, len(page.sources) - detail.entries),
        sources_csv=data_file("sources", page.society),
    )


def _series_chart(
    page: SocietyPage,
    view: SeriesView,
    board: Board,
    first: date,
    ident: str,
    numbers: dict[str, int],
    letters: Sequence[tuple[str, Event]],
) -> Chart:
    rules = []
    if (fallen := view.open_incident) is not None:
        rules.append(
            Rule(
                kind="baseline",
                label=f"before {signed(fallen.baseline)}",
                value=fallen.baseline,
            )
        )
    if view.floor is not None:
        rules.append(
            Rule(kind="floor", label=f"floor {signed(view.floor.value)}", value=view.floor.value)
        )
    drawn = draw(
        [level_curve(view)],
        first,
        board.last,
        ident=ident,
        title=f"Net support for {called(view.target)} in {page.title}",
        desc=chart_sentence(view, page.title, first, board.last),
        height=CHART_HEIGHT,
        rules=rules,
        incidents=view.incidents,
        events=_marks_of(letters, [view.target]),
    )
    return _numbered(drawn, view.incidents, numbers)


def _both(
    page: SocietyPage,
    pair: Sequence[SeriesView],
    board: Board,
    first: date,
    numbers: dict[str, int],
    letters: Sequence[tuple[str, Event]],
) -> Chart:
    curves = []
    for view in pair:
        curve = levels_only(level_curve(view))
        label = f"{_short(view.target)} {curve.label}" if curve.label else ""
        curves.append(msgspec.structs.replace(curve, label=label))
    incidents = [one for view in pair for one in view.incidents]
    drawn = draw(
        curves,
        first,
        board.last,
        ident="both",
        title=f"Regular and irregular migration in {page.title}, side by side",
        desc=" ".join(chart_sentence(view, page.title, first, board.last) for view in pair),
        height=CHART_HEIGHT,
        incidents=incidents,
        events=_marks_of(letters, [view.target for view in pair]),
    )
    return _numbered(drawn, incidents, numbers)


def event_letters(page: SocietyPage, most: int) -> list[tuple[str, Event]]:
    """The newest events of a page, oldest first, with the letters that mark them: A to Z, then AA and on."""
    shown = page.events[-most:]
    names = [f"{first}{second}" for first in ("", *ascii_uppercase) for second in ascii_uppercase]
    return list(zip(names, shown, strict=False))


def _levels_on(page: SocietyPage) -> dict[str, float | None]:
    """Beside each survey the level of its target on its day, where there is one that can be used."""
    levels = {
        (view.target, one.day): one.net_support
        for view in page.series
        for one in view.levels
        if one.state is State.OK
    }
    return {one.id: levels.get((one.target, one.day)) for one in page.anchors}


def _marks_of(
    letters: Sequence[tuple[str, Event]], targets: Sequence[str]
) -> list[tuple[date, str]]:
    """Days and letters of the events that concern one of these series."""
    return [(one.day, letter) for letter, one in letters if one.target in ("", *targets)]


def _short(target: str) -> str:
    """For a label that has little room."""
    return harmless_line(target, 10)


def _numbered(chart: Chart, incidents: Sequence[Incident], numbers: dict[str, int]) -> Chart:
    """The chart with the numbers that the page's list of incidents gives them."""
    spans = tuple(
        msgspec.structs.replace(span, number=numbers[incidents[span.number - 1].id])
        for span in chart.spans
    )
    return msgspec.structs.replace(chart, spans=spans)


def _day_rows(view: SeriesView, most: int) -> list[dict[str, Any]]:
    """The newest days first."""
    levels = {one.day: one for one in view.levels}
    newest = [*reversed(view.points)][:most]
    return [{"day": point.day, "point": point, "level": levels.get(point.day)} for point in newest]
