"""Survey anchors and events: entered, named where wrong, shown on board and in the digest, and never part of a figure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from alerts.anchor import anchor_of
from alerts.board_files import society_file
from alerts.board_pages import render
from alerts.event import event_of
from flows.boarding import collect_board, write_board
from flows.digesting import collect_digest, digest_week
from flows.event_effects import effects_of
from flows.watching import estimate_counted_days
from flows.wiring import Edges
from storage import anchors as entered
from storage.database import Database
from tests.board_page import visible_text
from tests.judged_documents import a_day, store

FIRST = date(2026, 8, 1)
EVENT_DAY = date(2026, 9, 5)
NOW = datetime(2026, 10, 11, 6, tzinfo=UTC)
ANCHOR = {
    "society": "xa",
    "target": "regular",
    "date": "2026-09-20",
    "source": "Institute of Opinion",
    "question": "Should more work visas be given?",
    "value": "54",
    "unit": "% yes",
    "lower": "51",
    "upper": "57",
    "n": "1000",
    "url": "https://institute.example/2026",
}
EVENT = {
    "society": "XA",
    "day": EVENT_DAY.isoformat(),
    "kind": "law",
    "title": "The <b>seasonal</b> permit act takes effect",
    "target": "regular",
    "url": "",
}


def fill(opened: Edges) -> None:
    """Seventy days of one society; support falls with the event."""
    batch = []
    for number in range(70):
        day = FIRST + timedelta(days=number)
        more = (number * 7) % 3
        batch += [*a_day(day, *((6 + more, 3) if day < EVENT_DAY else (3 + more, 7)))]
    store(opened.database, *batch)
    estimate_counted_days(opened)


@pytest.fixture
def filled(emptied_edges: Edges) -> Iterator[Edges]:
    fill(emptied_edges)
    yield emptied_edges


def test_what_is_entered_is_kept_and_removed_in_both_databases(database: Database) -> None:
    anchor, event = anchor_of(ANCHOR), event_of(EVENT)
    entered.store_anchors(database, [anchor, msgspec.structs.replace(anchor, id="b", lower=None, upper=None, n=None)])  # fmt: skip
    entered.store_events(database, [event])
    assert {one.id for one in entered.anchors(database)} == {anchor.id, "b"}
    assert anchor in entered.anchors(database)
    assert entered.events(database) == [event]
    entered.store_anchors(database, [anchor], removed=True)
    entered.store_events(database, [event], removed=True)
    assert [one.id for one in entered.anchors(database)] == ["b"]
    assert entered.events(database) == []


def test_figures_are_the_same_with_and_without_anchors_and_events(
    filled: Edges, tmp_path: Path
) -> None:
    def figures() -> dict[str, bytes]:
        write_board(filled, tmp_path / "board", now=NOW)
        return {
            path.name: path.read_bytes() for path in sorted((tmp_path / "board").rglob("*.csv"))
        }

    def digest() -> object:
        made = collect_digest(filled, "2026-W38", NOW)
        return msgspec.structs.replace(made, events=(), anchors=())

    before, told = figures(), digest()
    assert len(before) > 3
    for value in ("54", "-80"):
        row = {**ANCHOR, "value": value, "lower": "", "upper": "", "source": f"s{value}"}
        entered.store_anchors(filled.database, [anchor_of(row)])
    entered.store_events(filled.database, [event_of(EVENT)])
    assert figures() == before
    assert digest() == told


def test_the_board_shows_events_in_charts_and_tables_and_surveys_beside_the_level(
    filled: Edges, tmp_path: Path
) -> None:
    def page() -> str:
        board = collect_board(filled, now=NOW, names={})
        return render(board)[society_file("XA")].decode()

    def text_of(shown: str) -> str:
        return visible_text(shown.encode())

    assert "Surveys" not in text_of(page())
    assert 'class="event-text"' not in page()
    entered.store_anchors(filled.database, [anchor_of(ANCHOR)])
    later = {**EVENT, "day": "2026-09-25", "title": "Another", "target": ""}
    elsewhere = {**EVENT, "society": "XB", "title": "Elsewhere"}
    entered.store_events(filled.database, [event_of(EVENT), event_of(later), event_of(elsewhere)])
    shown = page()
    text = text_of(shown)
    assert "54 % yes (51 to 57), n = 1,000" in text
    assert "No figure here is scaled or fitted to a survey" in text
    assert "The <b>seasonal</b> permit act takes effect" in text
    assert "<b>seasonal" not in shown
    assert "Elsewhere" not in text
    assert shown.count('class="event-text" x="4" y="-9">A<') >= 1
    assert shown.count('class="event-text" x="4" y="-9">B<') >= 1
    assert 'href="https://institute.example/2026"' in shown


def test_the_digest_of_the_week_tells_them(filled: Edges) -> None:
    entered.store_events(filled.database, [event_of({**EVENT, "day": "2026-09-16"}), event_of({**EVENT, "title": "Of another week"})])  # fmt: skip
    entered.store_anchors(filled.database, [anchor_of(ANCHOR)])
    made = digest_week(filled, "2026-W38", now=NOW)
    said = " ".join(made.body.split())
    assert "2026-09-16, XA, regular: The <b>seasonal</b> permit act takes effect (law)." in said
    assert "54 % yes (51 to 57), n = 1,000" in said
    assert "Of another week" not in made.body
    assert max(map(len, made.body.splitlines())) <= 78
    assert "seasonal&lt;/b&gt; permit" in made.html
    assert "no figure is scaled to them" in made.html


def test_the_effect_of_an_event_is_found_and_says_what_it_cannot_tell(filled: Edges) -> None:
    event = event_of(EVENT)
    entered.store_events(filled.database, [event, event_of({**EVENT, "day": "2026-09-25", "title": "Another"})])  # fmt: skip
    (found,) = effects_of(filled, event, now=NOW)
    assert found.effect is not None
    assert found.effect.effect.upper < -20
    assert found.outlets == 4
    assert found.plain_change < -20
    assert [one.title for one in found.others] == ["Another"]
    quiet = event_of({**EVENT, "day": "2026-08-10", "target": ""})
    findings = effects_of(filled, quiet, now=NOW)
    assert {one.target for one in findings} == {"regular", "irregular", "asylum", "general"}
    assert "21 are needed" in findings[0].why_not
    assert "no document" in findings[1].why_not


def test_nothing_is_said_of_what_fewer_than_ten_wrote(emptied_edges: Edges) -> None:
    days = (EVENT_DAY + timedelta(days=n) for n in (-3, -2, -1, 0, 1, 2))
    store(emptied_edges.database, *(one for day in days for one in a_day(day, 1, 0)))
    (found,) = effects_of(emptied_edges, event_of(EVENT), now=NOW, days=2)
    assert found.why_not == "fewer than 10 contributors before or since"
    assert (found.documents, found.outlets, found.plain_change) == (0, 0, 0.0)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"society": "Austria"}, "society is 'AUSTRIA'; write an ISO 3166-1"),
        ({"target": "visas"}, "target is 'visas'; write one of regular"),
        ({"date": "12.10.2026"}, "write the day as 2026-11-17"),
        ({"value": "many"}, "value is 'many'; write a number"),
        ({"value": "nan"}, "write a number"),
        ({"lower": ""}, "lower and upper go together"),
        ({"value": "60"}, "is not between lower 51 and upper 57"),
        ({"n": "0"}, "how many people were asked"),
        ({"question": "  "}, "question is empty"),
        ({"url": "javascript:alert(1)"}, "begins with https://"),
    ],
)
def test_an_anchor_that_cannot_be_used_says_which_column_and_why(
    change: dict[str, str], says: str
) -> None:
    with pytest.raises(ValueError, match=r".") as error:
        anchor_of({**ANCHOR, **change})
    assert says in str(error.value)


def test_an_event_needs_a_kind_that_is_known() -> None:
    with pytest.raises(ValueError, match="write one of campaign, law"):
        event_of({**EVENT, "kind": "party"})
