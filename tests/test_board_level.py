"""The seven-day level: what the digest would say of the same seven days, and gaps where days have no figure."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from alerts.board import life_of, outlet_rows, published, topic_rows
from alerts.board_level import level_on, levels, rows_between
from alerts.digest import counts_of_week
from alerts.k_floor import Hidden
from alerts.net_support import estimate_point
from alerts.point import StanceCount, State
from alerts.simulated_series import FIRST_DAY, simulated_series
from alerts.week import week_of
from tests.sample_board import sample_incident

SERIES = simulated_series(3, days=30, documents=40, fall=25, falls_after=20)
LAST = FIRST_DAY + timedelta(days=29)


def day(number: int) -> date:
    return FIRST_DAY + timedelta(days=number)


# Levels


def test_on_a_sunday_the_level_is_the_figure_of_the_week() -> None:
    drawn = {one.day: one for one in levels(SERIES.counts, FIRST_DAY, LAST)}
    for number in (6, 13, 20, 27):
        sunday = day(number)
        assert sunday.weekday() == 6
        week = estimate_point(
            "XA", "regular", sunday, counts_of_week(SERIES.counts, week_of(sunday))
        )
        level = level_on("XA", "regular", SERIES.counts, sunday)
        assert (level.net_support, level.lower, level.upper) == pytest.approx(
            (week.net_support, week.lower, week.upper)
        )
        assert drawn[sunday].net_support == pytest.approx(week.net_support)
        assert drawn[sunday].state is week.state is State.OK
        assert level.n == week.n


def test_days_before_the_first_count_into_its_level() -> None:
    whole = levels(SERIES.counts, FIRST_DAY, LAST)
    part = levels(SERIES.counts, day(10), LAST)
    assert part == whole[10:]


def test_a_day_without_a_document_has_no_level_although_the_days_before_have() -> None:
    counts = {k: v for k, v in SERIES.counts.items() if k != day(12)}
    drawn = levels(counts, FIRST_DAY, LAST)
    assert day(12) not in [one.day for one in drawn]
    assert len(drawn) == 29


def test_days_on_which_sources_were_down_are_left_out_and_have_no_figure() -> None:
    drawn = {one.day: one for one in levels(SERIES.counts, FIRST_DAY, LAST, degraded=[day(12)])}
    assert (drawn[day(12)].net_support, drawn[day(12)].state) == (None, State.DEGRADED)
    without = {k: v for k, v in SERIES.counts.items() if k != day(12)}
    assert drawn[day(14)].net_support == pytest.approx(
        level_on("XA", "regular", without, day(14)).net_support
    )
    assert rows_between(SERIES.counts, day(12), day(12), degraded=[day(12)]) == ()


def test_a_level_is_degraded_where_sources_were_down_on_most_of_its_days() -> None:
    down = [day(n) for n in range(23, 27)]
    assert level_on("XA", "regular", SERIES.counts, LAST, degraded=down).state is State.DEGRADED
    assert level_on("XA", "regular", SERIES.counts, LAST, degraded=down[1:]).state is State.OK


def test_few_documents_are_a_state_and_none_are_no_figure() -> None:
    few = {day(0): (StanceCount(outlet="a", support=2, neutral=0, oppose=1),)}
    (level,) = levels(few, FIRST_DAY, LAST)
    assert level.state is State.INSUFFICIENT
    empty = level_on("XA", "regular", {}, LAST)
    assert (empty.net_support, empty.state) == (None, State.NO_DATA)
    assert levels({}, FIRST_DAY, LAST) == ()


def test_a_story_that_is_told_on_two_days_is_one() -> None:
    copies = {
        day(n): (
            StanceCount(outlet="a", support=4, neutral=0, oppose=0, story="s"),
            StanceCount(outlet="b", support=10, neutral=0, oppose=9),
        )
        for n in range(7)
    }
    (*_, level) = levels(copies, FIRST_DAY, day(6))
    at_once = level_on("XA", "regular", copies, day(6))
    assert level.net_support == pytest.approx(at_once.net_support)
    assert (level.lower, level.upper) == pytest.approx((at_once.lower, at_once.upper))
    assert at_once.n_eff < at_once.n


# What is published of cells


def test_few_documents_of_an_outlet_are_not_published_nor_can_they_be_worked_out() -> None:
    assert published({"a": 120, "b": 4, "c": 30}) == {
        "a": 120,
        "b": Hidden.FEW,
        "c": Hidden.PROTECTS,  # else b is the total less a and c
    }
    assert published({"a": 120, "b": 4, "c": 30, "d": 7}) == {
        "a": 120,
        "b": Hidden.FEW,
        "c": 30,
        "d": Hidden.FEW,  # both are known to be eleven together, and no more
    }
    assert published({"a": 120, "b": 1, "c": 30, "d": 2}) == {
        "a": 120,
        "b": Hidden.FEW,
        "c": Hidden.PROTECTS,
        "d": Hidden.FEW,
    }
    assert published({"a": 120, "b": 10}) == {"a": 120, "b": 10}
    assert published({"a": 3}) == {"a": Hidden.FEW}
    assert published({}) == {}


def test_an_outlet_without_documents_about_a_target_has_few() -> None:
    rows = outlet_rows([{"b": 50, "A": 60}, {"A": 70}])
    assert [(row.outlet, row.documents) for row in rows] == [
        ("A", (60, Hidden.PROTECTS)),
        ("b", (50, Hidden.FEW)),
    ]


def test_topics_stand_by_name_with_their_share_before() -> None:
    rows = topic_rows({"return": 50, "legal_pathways": 9, "x": 0}, 100, {"return": 9, "y": 40}, 80)
    assert [(row.topic, row.documents, row.share, row.before) for row in rows] == [
        ("legal_pathways", Hidden.FEW, None, None),
        ("return", 50, 0.5, None),
    ]
    assert topic_rows({"return": 50}, 100, {"return": 20}, 80)[0].before == 0.25


def test_the_life_of_an_incident_is_told_in_the_order_of_time() -> None:
    incident = sample_incident("XA", "regular", LAST, 10)
    assert [event.what for event in life_of(incident)] == ["opened"]
