"""The pages of sample boards, made once for all tests: of a board, of one without anything, and of one full of harm."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from functools import cache
from itertools import cycle

import msgspec

from alerts.board import Board, DigestView, IncidentView, LifeEvent, SeriesView, SourceRow, TopicRow
from alerts.board_pages import render
from alerts.excerpt import Excerpt
from alerts.fall_facts import OutletMove, TopicMove
from alerts.floor import Floor
from alerts.source_condition import Condition
from classify.stance import Stance
from tests.hostile_text import HOSTILE
from tests.sample_board import incident_view, sample_board, society_page
from tests.sample_coverage import source_coverage

Pages = Mapping[str, bytes]
"""By their path in the folder."""


@cache
def board() -> Board:
    """A board with everything."""
    return sample_board()


@cache
def pages() -> dict[str, bytes]:
    """Its pages."""
    return render(board())


def html(of: Pages) -> list[str]:
    """Paths of the pages; the other files are CSV."""
    return [path for path in of if path.endswith(".html")]


PATHS = html(pages())


@cache
def empty() -> dict[str, bytes]:
    """The pages of a board without anything."""
    before = board()
    return render(Board(now=before.now, first=before.last, last=before.last, recent=before.last))


@cache
def harmed() -> dict[str, bytes]:
    """Boards with harm wherever a text from outside may stand, one society for each; all pages together."""
    sample = society_page(days=30, fall=9, targets=("regular", "irregular"))
    societies, incidents = [], []
    for name, text in HOSTILE.items():
        society = f"{name} {text}"
        view = msgspec.structs.replace(
            sample.series[0],
            target=text,
            floor=_floor(text),
            floor_says=text,
            incidents=(
                msgspec.structs.replace(
                    sample.series[0].incidents[0],
                    id=f"{society}-{text}",
                    society=society,
                    target=text,
                    reason=text,
                    severity=text,
                ),
            ),
        )
        page = msgspec.structs.replace(
            sample,
            society=society,
            name=text,
            series=(view, sample.series[1]),
            topics=(TopicRow(topic=text, documents=40, share=0.4, before=0.2),),
            outlets=tuple(
                msgspec.structs.replace(row, outlet=f"{row.outlet} {text}")
                for row in sample.outlets
            ),
            sources=(
                SourceRow(
                    source=text,
                    outlet=text,
                    outcome=text,
                    last_success=None,
                    attempts=1,
                    failed=1,
                    error=text,
                ),
            ),
            gaps=tuple(
                msgspec.structs.replace(
                    gap,
                    sources=tuple(msgspec.structs.replace(s, source=text) for s in gap.sources),
                )
                for gap in sample.gaps
            ),
            signals=tuple(
                msgspec.structs.replace(s, text=text, target=text) for s in sample.signals
            ),
            spillover=text,
            anchors=tuple(
                msgspec.structs.replace(
                    one, target=text, question=text, source=text, unit=text, url=text
                )
                for one in sample.anchors
            ),
            events=tuple(
                msgspec.structs.replace(one, target=text, title=text, kind=text, url=text)
                for one in sample.events
            ),
        )
        societies.append(page)
        incidents.append(_harmed_incident(view, text))
    return render(
        msgspec.structs.replace(
            sample_board((), days=30),
            societies=tuple(societies),
            coverage=tuple(
                source_coverage(
                    f"{name} {text}",
                    condition,
                    board().last,
                    outlet=text,
                    type=text,
                    society=text,
                    place=text,
                    error=text,
                    failure=text,
                    failed_at=board().now,
                    note=text,
                )
                for (name, text), condition in zip(HOSTILE.items(), cycle(Condition), strict=False)
            ),
            incidents=tuple(incidents),
            digests=tuple(
                DigestView(
                    week=f"{name} {text}",
                    title=text,
                    text=text,
                    html=f'<div role="main">{text}</div>' if number % 2 else "",
                    written_at=board().now,
                )
                for number, (name, text) in enumerate(HOSTILE.items())
            ),
            models=tuple(HOSTILE.values()),
        )
    )


def _floor(text: str) -> Floor:
    """A floor may not be empty or unprintable; what is left of harm in it is shown."""
    said = "".join(c for c in text if c.isprintable())[:400].strip() or "x"
    said = said if any(c.isalpha() for c in said) else f"x{said}"
    return Floor(
        society="XA",
        target=said,
        value=-5.0,
        set_by=said,
        set_on=board().first,
        reason=said,
    )


def _harmed_incident(view: SeriesView, text: str) -> IncidentView:
    made = incident_view(
        view,
        [
            Excerpt(outlet=text, day=board().last, url=url, stance=stance, sentence=text)
            for stance in Stance
            for url in (text, f"javascript:{text}", "https://good.example/1")
        ],
    )
    incident = msgspec.structs.replace(made.incident, acknowledged_by=text, note=text)
    return msgspec.structs.replace(
        made,
        facts=msgspec.structs.replace(
            made.facts,
            incident=incident,
            outlets=(
                OutletMove(
                    outlet=text, contribution=-9.0, net_support_before=None, net_support_after=1.0
                ),
            ),
            topics=(TopicMove(topic=text, before=0.1, after=0.4),),
            spillover=text,
            floor=text,
            sql=text,
            model=text,
        ),
        life=(LifeEvent(at=board().now, what=text, text=text),),
    )


EVERY = {"a board": pages, "an empty one": empty, "a harmed one": harmed}


def rows_of(data: bytes) -> list[dict[str, str]]:
    """The rows of a CSV by column."""
    return list(csv.DictReader(io.StringIO(data.decode("utf-8"), newline="")))
