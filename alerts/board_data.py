"""The CSV behind every chart and table of the board, all rows of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from alerts.board import Board, IncidentView, SeriesView, SocietyPage
from alerts.board_coverage import coverage_csv
from alerts.board_files import csv_bytes, data_file
from alerts.fall_facts import DayFigure
from alerts.k_floor import Hidden
from alerts.point import Point

SERIES_COLUMNS = (
    "day net_support lower upper n n_eff outlets state "
    "net_support_per_story lower_per_story upper_per_story n_eff_per_story "
    "net_support_outlet_balanced lower_outlet_balanced upper_outlet_balanced n_eff_outlet_balanced "
    "level_7_days level_lower level_upper level_state"
).split()
_OVERVIEW_COLUMNS = (
    "society name target first last net_support lower upper n n_eff state "
    "change change_lower change_upper open_incident severity"
).split()


def data_files(board: Board) -> dict[str, bytes]:
    """Path -> CSV."""
    found = {data_file("overview"): csv_bytes(_OVERVIEW_COLUMNS, _overview(board))}
    found |= coverage_csv(board)
    for page in board.societies:
        for view in page.series:
            found[data_file("series", page.society, view.target)] = csv_bytes(
                SERIES_COLUMNS, series_rows(view)
            )
        found |= _tables(page)
    for one in board.incidents:
        found[data_file("incident", one.incident.id)] = csv_bytes(
            ["day", "net_support", "lower", "upper", "state"], _days(one)
        )
    return found


def series_rows(view: SeriesView) -> Iterator[list[Any]]:
    """The days of a series, oldest first."""
    levels = {one.day: one for one in view.levels}
    for point in view.points:
        level = levels.get(point.day)
        yield [
            point.day,
            point.net_support,
            point.lower,
            point.upper,
            *_rests_on(point),
            point.outlets if not point.withheld else "",
            point.state.value,
            *(
                value
                for figure in (point.per_story, point.outlet_balanced)
                for value in (
                    *(figure.net_support, figure.lower, figure.upper),
                    "" if point.withheld else figure.n_eff,
                )
            ),
            *_level(level),
        ]


def _rests_on(point: Point) -> list[Any]:
    """n and n_eff."""
    return [Hidden.FEW.value, ""] if point.withheld else [point.n, point.n_eff]


def _level(level: DayFigure | None) -> list[Any]:
    if level is None:
        return ["", "", "", ""]
    return [level.net_support, level.lower, level.upper, level.state.value]


def _overview(board: Board) -> Iterator[list[Any]]:
    for page in sorted_societies(board):
        for view in page.series:
            level, change, fallen = view.level, view.change, view.open_incident
            yield [
                page.society,
                page.name,
                view.target,
                board.first,
                board.last,
                level.net_support,
                level.lower,
                level.upper,
                *_rests_on(level),
                level.state.value,
                *([change.change, change.lower, change.upper] if change else ["", "", ""]),
                fallen.id if fallen else "",
                fallen.severity if fallen else "",
            ]


def sorted_societies(board: Board) -> list[SocietyPage]:
    """By name, never by figure."""
    return sorted(board.societies, key=lambda page: (page.title.casefold(), page.society))


def _tables(page: SocietyPage) -> dict[str, bytes]:
    targets = [view.target for view in page.series]
    return {
        data_file("topics", page.society): csv_bytes(
            ["topic", "documents", "percent", "percent_before"],
            (
                [row.topic, _number(row.documents), _percent(row.share), _percent(row.before)]
                for row in page.topics
            ),
        ),
        data_file("outlets", page.society): csv_bytes(
            ["outlet", *targets],
            ([row.outlet, *map(_number, row.documents)] for row in page.outlets),
        ),
        data_file("sources", page.society): csv_bytes(
            ["source", "outlet", "outcome", "last_success", "attempts", "failed", "error"],
            (
                [
                    row.source,
                    row.outlet,
                    row.outcome,
                    _time(row.last_success),
                    row.attempts,
                    row.failed,
                    row.error,
                ]
                for row in page.sources
            ),
        ),
    }


def _days(one: IncidentView) -> Iterator[list[Any]]:
    for day in one.facts.days:
        yield [day.day, day.net_support, day.lower, day.upper, day.state.value]


def _number(documents: int | Hidden) -> int | str:
    return documents.value if isinstance(documents, Hidden) else documents


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _time(moment: datetime | None) -> str:
    return "" if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
