"""The board as a folder of static pages: a record in, files out. Nothing is read, no clock, no network, no script.

    Board -render-> {"index.html": …, "coverage.html": …, "society/AT.html": …, "incident/….html": …, "digest/….html": …, "data/….csv": …}

A page has no more than MAX_BYTES (alerts/board_room.py): where it would, it is made again with less detail, and says
what it left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import partial

from alerts.board import Board, DigestView, SeriesView, SocietyPage
from alerts.board_chart import Chart, draw
from alerts.board_coverage import coverage_page
from alerts.board_data import data_files, sorted_societies
from alerts.board_digest import blocks_of
from alerts.board_files import COVERAGE, digest_file, file_name, incident_file, society_file
from alerts.board_incident import incident_page
from alerts.board_room import Detail, fitted
from alerts.board_scale import span_of
from alerts.board_society import level_curve, levels_only, pair_of, society_page
from alerts.board_stored_page import stored_page
from alerts.board_templates import write_page
from alerts.board_words import called, chart_sentence
from alerts.incident import Status

SPARK_HEIGHT = 60
"""Pixels."""

BANDS_IN_VIEW = 0.94
"""Of the ends of all bands: one series of few texts must not flatten the small charts of all the others."""

_OVERVIEW = (
    Detail(days=90, rows=1000, entries=100, blocks=1000),
    Detail(days=56, rows=500, entries=60, blocks=1000),
    Detail(days=28, rows=200, entries=40, blocks=1000),
    Detail(days=0, rows=100, entries=20, blocks=1000),
    Detail(days=0, rows=0, entries=10, blocks=250),
    Detail(days=0, rows=0, entries=10, blocks=60),
)
_DIGEST = tuple(
    Detail(days=0, rows=rows, entries=0, blocks=pages)
    for rows, pages in ((2000, 1), (2000, 0), (400, 0), (60, 0))
)
"""The stored page, or so many lines of the text where there is no page, or no room for it."""


def render(board: Board) -> dict[str, bytes]:
    """Every file of the board by its path in the folder, `/` between the parts."""
    pages = data_files(board)
    pages["index.html"] = fitted(partial(_overview, board), _OVERVIEW)
    pages[COVERAGE] = coverage_page(board)
    places = {page.society: page.title for page in board.societies}
    for page in board.societies:
        pages[society_file(page.society)] = society_page(board, page)
    for one in board.incidents:
        pages[incident_file(one.incident.id)] = incident_page(board, one, places)
    digests = sorted(board.digests, key=lambda one: one.week, reverse=True)
    for number, digest in enumerate(digests):
        pages[digest_file(digest.week)] = fitted(partial(_digest, board, digests, number), _DIGEST)
    pages["digests.html"] = write_page(
        board, "digests.html.j2", "digests.html", digests=digests, most=1000
    )
    return pages


# The overview


def _overview(board: Board, detail: Detail) -> bytes:
    pages = sorted_societies(board)
    first = max(board.first, board.last - timedelta(days=max(detail.days, 1) - 1))
    shown = {page.society: pair_of(page) for page in pages}
    curves = [level_curve(view) for views in shown.values() for view in views]
    limits = span_of([levels_only(each) for each in curves], first, board.last, bands=BANDS_IN_VIEW)
    cards = []
    for number, page in enumerate(pages[: detail.blocks]):
        rows = [
            {
                "view": view,
                "chart": _spark(page, view, board, first, limits, f"s{number}-{place}")
                if detail.days
                else None,
            }
            for place, view in enumerate(shown[page.society])
        ]
        cards.append(
            {
                "page": page,
                "anchor": f"s-{file_name(page.society)}",
                "rows": rows,
                "usable": any(view.level.state == "ok" for view in page.series),
            }
        )
    table = [(page, view) for page in pages for view in page.series]
    return write_page(
        board,
        "index.html.j2",
        "index.html",
        cards=cards,
        societies_left_out=len(pages) - len(cards),
        days=detail.days and (board.last - first).days + 1,
        limits=limits,
        open_incidents=[(page, one) for page in pages for one in page.open_incidents],
        most_incidents=detail.entries,
        table=table[: detail.rows],
        left_out=len(table) - len(table[: detail.rows]),
    )


def _spark(
    page: SocietyPage,
    view: SeriesView,
    board: Board,
    first: date,
    limits: tuple[float, float],
    ident: str,
) -> Chart:
    return draw(
        [levels_only(level_curve(view))],
        first,
        board.last,
        ident=ident,
        title=f"{page.title}: {called(view.target)}",
        desc=chart_sentence(view, page.title, first, board.last),
        height=SPARK_HEIGHT,
        incidents=[one for one in view.incidents if one.status == Status.OPEN],
        limits=limits,
    )


# A digest


def _digest(board: Board, digests: Sequence[DigestView], number: int, detail: Detail) -> bytes:
    digest = digests[number]
    stored = stored_page(digest.html) if detail.blocks else ""
    blocks, left_out = ([], 0) if stored else blocks_of(digest.text, detail.rows)
    return write_page(
        board,
        "digest.html.j2",
        digest_file(digest.week),
        digest=digest,
        stored=stored,
        blocks=blocks,
        left_out=left_out,
        older=digests[number + 1].week if number + 1 < len(digests) else "",
        newer=digests[number - 1].week if number else "",
    )
