"""The page of coverage: one row for every source of the list, those that need attention first; and the CSV behind it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from alerts.board import Board
from alerts.board_days import days_picture
from alerts.board_files import COVERAGE, csv_bytes, data_file
from alerts.board_room import Detail, fitted
from alerts.board_templates import write_page
from alerts.source_condition import Condition
from alerts.source_coverage import DAYS, FAILURES, MEANINGS, SourceCoverage, in_order

_DETAILS = tuple(
    Detail(days=DAYS, rows=rows, entries=0, blocks=0) for rows in (1000, 350, 250, 180, 120, 60)
)

_SHAPES = {
    Condition.SILENT: "critical",
    Condition.FAILING: "severe",
    Condition.FLOOD: "alert",
    Condition.QUIET: "watch",
    Condition.OK: "over",
}
"""Shape and colour beside a word, as severities have them."""

_COLUMNS = (
    "source outlet type society name condition last_success yesterday usual attempts failed passed_over removed "
    "lost_hours lost_since lost_until failed_at failure error note"
).split()


def coverage_page(board: Board) -> bytes:
    """The page of all sources."""
    return fitted(partial(_page, board, in_order(board.coverage)), _DETAILS)


def coverage_csv(board: Board) -> dict[str, bytes]:
    """Path -> CSV: a row for each source, its documents by day in the last columns."""
    days = [board.last - timedelta(days=n) for n in reversed(range(DAYS))]
    header = [*_COLUMNS, *(f"new_{day}" for day in days)]
    return {data_file("coverage"): csv_bytes(header, map(_cells, in_order(board.coverage)))}


def _page(board: Board, sources: Sequence[SourceCoverage], detail: Detail) -> bytes:
    shown = sources[: detail.rows]
    rows = [
        {
            "one": one,
            "picture": days_picture(one.news, one.state.usual, board.last),
            "shape": _SHAPES.get(one.state.condition, ""),
            "failure": FAILURES.get(one.failure, ""),
        }
        for one in shown
    ]
    urgent = sum(one.needs_attention for one in shown)  # they come first
    return write_page(
        board,
        "coverage.html.j2",
        COVERAGE,
        lists=[
            ("attention", "Need attention", rows[:urgent]),
            ("others", "All others" if urgent else "Sources", rows[urgent:]),
        ],
        left_out=len(sources) - len(shown),
        meanings=[
            (word.value, _SHAPES.get(word, ""), meaning)
            for word, meaning in MEANINGS.items()
            if any(one.state.condition is word for one in sources)
        ],
        rows_shown=len(shown),
        first=board.last - timedelta(days=DAYS - 1),
        days_shown=DAYS,
        csv=data_file("coverage"),
    )


def _cells(one: SourceCoverage) -> list[Any]:
    state = one.state
    return [
        *(one.source, one.outlet, one.type, one.society, one.place, state.condition.value),
        *(_time(state.last_success), state.yesterday, state.usual),
        *(one.attempts, one.failed, one.passed_over, one.removed),
        one.lost_time / timedelta(hours=1),
        _time(one.lost[0].since if one.lost else None),
        _time(one.lost[-1].until if one.lost else None),
        *(_time(one.failed_at), one.failure, one.error, one.note),
        *one.news,
    ]


def _time(moment: datetime | None) -> str:
    return "" if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
