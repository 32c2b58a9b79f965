"""The facts of a fall: which days count, and that nothing is named that is about single documents."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest

from alerts.decomposition import decompose
from alerts.facts_of_fall import (
    MOST_MOVES,
    MOST_SHOWN,
    days_before,
    days_of_fall,
    days_shown,
    facts_of_fall,
    outlet_moves,
    topic_moves,
)
from alerts.incident import Change, ChangeKind, Incident, Status
from alerts.net_support import estimate_points
from alerts.point import StanceCount, State
from alerts.topic_counts import NO_TOPICS, TopicCounts
from alerts.topic_share import FEWEST
from tests.told import AT, incident

FALL = incident()  # from 9 to 11 March 2026
BEGAN, FOUND = date(2026, 3, 9), date(2026, 3, 11)
LAST = date(2026, 3, 20)


def days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def count(outlet: str, support: int, oppose: int) -> StanceCount:
    return StanceCount(outlet=outlet, support=support, neutral=0, oppose=oppose)


def counts() -> dict[date, list[StanceCount]]:
    """Three outlets that turn around on the first day of the fall, and one with three documents in all."""
    found = {
        day: [count(name, *((6, 2) if day < BEGAN else (2, 6))) for name in "abc"]
        for day in days(BEGAN - timedelta(days=40), LAST)
    }
    found[FOUND].append(count("tiny", 0, 3))
    return found


def told(one: Incident = FALL) -> Change:
    return Change(kind=ChangeKind.OPENED, incident=one, reason="it was found today", at=AT)


def test_a_fall_is_compared_with_four_whole_weeks_before_it() -> None:
    assert days_of_fall(FALL) == (BEGAN, FOUND)
    assert days_before(FALL) == (date(2026, 2, 9), date(2026, 3, 8))
    deeper = msgspec.structs.replace(FALL, deepened_on=date(2026, 3, 16))
    assert days_of_fall(deeper) == (BEGAN, date(2026, 3, 16))


@pytest.mark.parametrize(
    ("resolved", "last", "expected"),
    [
        (None, LAST, LAST),
        # as long as it lasts the chart goes on
        (None, date(2026, 6, 20), date(2026, 6, 20)),
        (datetime(2026, 3, 19, 5, tzinfo=UTC), date(2026, 6, 20), date(2026, 4, 18)),
        (datetime(2026, 3, 19, 5, tzinfo=UTC), LAST, LAST),
    ],
)
def test_a_chart_shows_the_fall_with_what_was_before_and_after_it(
    resolved: datetime | None, last: date, expected: date
) -> None:
    status = Status.RESOLVED if resolved else Status.OPEN
    one = msgspec.structs.replace(FALL, resolved_at=resolved, status=status)
    assert days_shown(one, last) == (date(2026, 1, 8), expected)


def test_a_chart_of_years_shows_the_last_days() -> None:
    first, last = days_shown(FALL, date(2029, 1, 1))
    assert (last - first).days + 1 == MOST_SHOWN


def test_the_facts_are_those_of_the_days() -> None:
    found = counts()
    keys = {("XA", "regular", day): tuple(rows) for day, rows in found.items()}
    points = estimate_points(keys, {}, set())
    facts = facts_of_fall(told(), points, found, (NO_TOPICS, NO_TOPICS), LAST, model="m1")
    assert (facts.kind, facts.reason, facts.model) == (
        ChangeKind.OPENED,
        "it was found today",
        "m1",
    )
    assert facts.n == 3 * 24 + 3
    assert 0 < facts.n_eff <= facts.n
    assert facts.within is not None and facts.within < -90
    assert (facts.days[0].day, facts.days[-1].day) == (BEGAN - timedelta(days=40), LAST)
    # tiny is withheld, and a with it: what all outlets gave is known
    assert {move.outlet for move in facts.outlets} == {"b", "c"}
    assert "society = 'XA' AND target = 'regular'" in facts.sql


def test_days_on_which_sources_were_down_count_on_neither_side() -> None:
    found = counts()
    keys = {("XA", "regular", day): tuple(rows) for day, rows in found.items()}
    points = estimate_points(keys, {}, {("XA", "regular", FOUND)})
    facts = facts_of_fall(told(), points, found, (NO_TOPICS, NO_TOPICS), LAST)
    assert facts.n == 2 * 24
    assert [day.state for day in facts.days if day.day == FOUND] == [State.DEGRADED]


def test_without_documents_there_is_nothing_to_split() -> None:
    facts = facts_of_fall(told(), (), {}, (NO_TOPICS, NO_TOPICS), LAST)
    assert (facts.n, facts.within, facts.mix, facts.entry_exit) == (0, None, None, None)
    assert (facts.days, facts.outlets, facts.topics) == ((), (), ())


def test_an_outlet_with_few_documents_on_a_side_is_not_named() -> None:
    before = [count("many", 20, 4), count("few before", 9, 0), count("few after", 30, 0)]
    after = [count("many", 4, 20), count("few before", 0, 30), count("few after", 0, 9)]
    after += [count("new", 2, FEWEST - 2), count("new and few", 0, FEWEST - 1)]
    # counted by story, its rows add up
    after += [msgspec.structs.replace(count("stories", 0, 5), story=story) for story in ("x", "y")]
    parts = decompose(before, after)
    assert parts is not None
    named = {move.outlet: move.net_support_before for move in outlet_moves(parts, before, after)}
    assert named.keys() == {"many", "new", "stories"}
    assert named["new"] is None


def test_so_many_outlets_are_named_and_those_that_gave_most_come_first() -> None:
    before = [count(f"outlet {n}", 30, 10) for n in range(12)]
    after = [count(f"outlet {n}", 30 - 2 * n, 10 + 2 * n) for n in range(12)]
    parts = decompose(before, after)
    assert parts is not None
    moves = outlet_moves(parts, before, after)
    assert [move.outlet for move in moves] == [f"outlet {n}" for n in range(11, 3, -1)]
    assert len(moves) == MOST_MOVES


def test_a_topic_of_few_documents_on_a_side_is_not_named() -> None:
    before = TopicCounts(documents=100, by_topic={"asylum": 40, "crime": 10, "few": 9, "gone": 30})
    after = TopicCounts(documents=50, by_topic={"asylum": 20, "crime": 25, "few": 40, "new": 9})
    moves = topic_moves(before, after)
    assert [(move.topic, move.before, move.after) for move in moves] == [
        ("crime", 0.1, 0.5),
        ("asylum", 0.4, 0.4),
    ]
    assert topic_moves(NO_TOPICS, after) == ()
