"""Gathering the facts of falls: alert, board and digest read the same figures and say the same of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from alerts.incident import Change, ChangeKind
from alerts.spillover import MIN_DAYS
from alerts.spillover_sentence import spillover_sentence
from flows.boarding import collect_board
from flows.digesting import collect_digest
from flows.gathering import gather
from flows.settings import Settings
from flows.spillovers import spillovers
from flows.watching import estimate_counted_days
from flows.wiring import Edges, edges
from storage import incidents
from tests.judged_documents import OUTLETS, TOPIC, a_day, document, judged, store
from tests.sample_board import sample_incident

LAST = date(2026, 11, 15)
"""A Sunday."""

NOW = datetime(2026, 11, 16, 6, tzinfo=UTC)
INCIDENT = sample_incident("XA", TOPIC, LAST, 9)


@pytest.fixture
def opened(settings: Settings) -> Iterator[Edges]:
    """Both modes: SQLite and chdb, a broker and a ClickHouse server."""
    with edges(settings, create=True) as opened:
        yield opened


def fill(opened: Edges, days: int = 40) -> None:
    """So many days of XA, the last nine of which fell; one outlet has three documents in all."""
    first = LAST - timedelta(days=days - 1)
    batch = [
        one
        for number in range(days)
        for one in a_day(first + timedelta(days=number), *((6, 2) if number < days - 9 else (2, 6)))
    ]
    batch += [judged(document(n, day=LAST, outlet="Tiny"), "oppose") for n in range(3)]
    store(opened.database, *batch)


def opening() -> Change:
    return Change(
        kind=ChangeKind.OPENED, incident=INCIDENT, reason=INCIDENT.reason, at=INCIDENT.opened_at
    )


def test_an_alert_and_the_board_tell_the_same_facts(opened: Edges) -> None:
    fill(opened)
    estimate_counted_days(opened)
    incidents.store_incidents(opened.database, [INCIDENT])
    (told,) = gather(opened, [opening()], {}, LAST)
    (view,) = collect_board(opened, now=NOW, names={}).incidents
    assert view.facts == told
    assert told.n == 4 * 32
    assert {move.outlet for move in told.outlets} == set(OUTLETS)
    assert [move.topic for move in told.topics] == ["legal_pathways", "welfare_labour"]
    assert told.days[-1].day == LAST
    assert told.model == "m1"
    assert told.excerpts
    assert told.spillover == ""  # there is no series of irregular migration


def test_what_is_over_is_not_quoted_unless_somebody_asks(opened: Edges) -> None:
    fill(opened)
    estimate_counted_days(opened)
    over = msgspec.structs.replace(opening(), kind=ChangeKind.RESOLVED)
    (told,) = gather(opened, [over], {}, LAST)
    assert told.excerpts == ()
    (told,) = gather(opened, [over], {}, LAST, quoted={INCIDENT.id})
    assert told.excerpts


def test_facts_come_in_the_order_of_the_changes(opened: Edges) -> None:
    fill(opened)
    estimate_counted_days(opened)
    others = [
        msgspec.structs.replace(
            opening(),
            incident=msgspec.structs.replace(INCIDENT, id=name, society=society),
        )
        for name, society in (("b", "XB"), ("a", "XA"), ("c", "XB"), ("d", "XA"))
    ]
    found = gather(opened, others, {}, LAST)
    assert [facts.incident.id for facts in found] == ["b", "a", "c", "d"]
    assert [facts.n for facts in found] == [0, 4 * 32, 0, 4 * 32]
    assert gather(opened, [], {}, LAST) == []


def test_alert_board_and_digest_say_the_same_of_spillover(opened: Edges) -> None:
    first = LAST - timedelta(days=MIN_DAYS + 9)
    store(
        opened.database,
        *(
            judged(
                document(
                    number * 10 + place,
                    day=first + timedelta(days=number),
                    outlet=OUTLETS[place % 4],
                    society=society,
                ),
                "support" if (number * 7 + place) % 5 < 3 else "oppose",
                **({"irregular": "oppose" if (number + place) % 3 else "support"} if both else {}),
            )
            for society, both in (("XA", True), ("XB", False))
            for number in range((LAST - first).days + 1)
            for place in range(0 if both else 5, 5 if both else 9)
        ),
    )
    estimate_counted_days(opened)
    incidents.store_incidents(opened.database, [INCIDENT])
    leads = spillovers(opened.database, LAST)
    assert leads.keys() == {"XA"}, "XB has one series alone"
    sentence = spillover_sentence(leads["XA"])
    board = collect_board(opened, now=NOW, names={})
    assert {page.society: page.spillover for page in board.societies} == {"XA": sentence, "XB": ""}
    (told,) = gather(opened, [opening()], {}, LAST)
    assert told.spillover == board.incidents[0].facts.spillover == sentence
    assert collect_digest(opened, "2026-W46", NOW).spillovers == leads
