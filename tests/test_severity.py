"""Severity: what calls for which, up at once, down one step a week."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.floor_watch import Side
from alerts.severity import (
    Grade,
    Severity,
    Situation,
    called_for,
    grade,
    grade_society,
)
from alerts.unusual import Unusual

FIRST = date(2026, 3, 1)
DEEP: dict[str, Any] = {"change": -12.0, "lower": -17.0, "upper": -7.0}
BELOW, LOW = Side.BELOW, Unusual.UNUSUALLY_LOW


def situation(number: int = 0, **known: Any) -> Situation:
    return Situation(day=FIRST + timedelta(days=number), **known)


def course(*days: dict[str, Any]) -> list[Grade]:
    """The grades of days in a row."""
    grades: list[Grade] = []
    for number, known in enumerate(days):
        grades.append(grade(situation(number, **known), grades[-1] if grades else None))
    return grades


def severities(*days: dict[str, Any]) -> list[int]:
    return [int(each.severity) for each in course(*days)]


@pytest.mark.parametrize(
    ("known", "severity", "why"),
    [
        ({}, 0, "nothing calls for attention"),
        (DEEP, 0, "nothing calls for attention"),
        ({"floor": Side.ABOVE, "unusual": Unusual.USUAL}, 0, "nothing calls for attention"),
        ({"shock": True}, 1, "one day stands out"),
        ({"unusual": Unusual.LOW}, 1, "the level is low for this society"),
        ({"unusual": LOW}, 1, "the level is unusually low for this society"),
        ({"shock": True, "unusual": LOW} | DEEP, 1, "one day stands out and the level is unusually"),
        ({"drop_open": True}, 2, "a drop alert is open"),
        ({"floor": BELOW}, 2, "the level is below its floor"),
        ({"drop_open": True, "shock": True, "unusual": LOW}, 2, "a drop alert is open"),
        ({"drop_open": True, "floor": BELOW}, 3, "a drop alert is open and the level is below its floor"),
        ({"drop_open": True} | DEEP, 3, "and the last week changed by -12.0 (-17.0 to -7.0)"),
        ({"floor": BELOW} | DEEP, 3, "below its floor, and the last week changed by -12.0"),
        ({"drop_open": True, "change": -9.9, "lower": -12.0, "upper": -7.0}, 2, "a drop alert is open"),
        ({"drop_open": True, "change": -10.0, "lower": -15.0, "upper": -5.1}, 3, "-10.0 (-15.0 to -5.1)"),
        ({"drop_open": True, "change": -30.0, "lower": -60.0, "upper": -5.0}, 2, "a drop alert is open"),
        ({"drop_open": True, "change": 12.0, "lower": 7.0, "upper": 17.0}, 2, "a drop alert is open"),
    ],
)  # fmt: skip
def test_a_day_calls_for(known: dict[str, Any], severity: int, why: str) -> None:
    called, said = called_for(situation(**known))
    assert called == severity
    assert why in said
    first = grade(situation(**known))
    assert (first.severity, first.since, first.called_for) == (severity, FIRST, severity)
    assert first.reason == f"{Severity(severity).name.lower()}: {said}"


def test_unusually_low_is_help_and_never_more_than_a_watch() -> None:
    days = [{"unusual": LOW, "shock": True} | DEEP] * 60
    assert set(severities(*days)) == {1}


def test_a_floor_that_a_person_set_raises_what_a_drop_calls_for() -> None:
    drop = {"drop_open": True}
    assert severities(drop, drop | {"floor": BELOW}) == [2, 3]


def test_severity_goes_up_at_once_over_any_number_of_steps() -> None:
    assert severities({}, {"drop_open": True} | DEEP) == [0, 3]


def test_severity_goes_down_one_step_after_seven_days() -> None:
    found = severities({"drop_open": True, "floor": BELOW}, *[{}] * 24)
    assert found == [3] * 7 + [2] * 7 + [1] * 7 + [0] * 4


def test_a_day_that_calls_for_it_again_starts_the_week_anew() -> None:
    alert: dict[str, Any] = {"drop_open": True}
    assert severities(alert, *[{}] * 6, alert, *[{}] * 7) == [2] * 14 + [1]


def test_a_level_that_comes_and_goes_is_not_told_up_and_down() -> None:
    days = [{"floor": BELOW if number % 5 == 0 else Side.ABOVE} for number in range(60)]
    assert set(severities(*days)) == {2}


def test_severe_for_fourteen_days_is_critical_and_one_day_less_is_not() -> None:
    found = course(*[{"drop_open": True} | DEEP] * 16)
    assert [int(each.severity) for each in found] == [3] * 14 + [4] * 2
    assert found[-1].severe_since == FIRST
    assert found[-1].since == FIRST + timedelta(days=14)
    assert "severe for 14 days" in found[14].reason


def test_severity_that_is_only_held_does_not_become_critical() -> None:
    severe: dict[str, Any] = {"drop_open": True, "floor": BELOW}
    assert max(severities(severe, *[{}] * 20)) == 3


def test_after_a_break_the_fourteen_days_begin_anew() -> None:
    severe: dict[str, Any] = {"drop_open": True, "floor": BELOW}
    found = course(*[severe] * 10, *[{}] * 8, *[severe] * 10)
    assert {int(each.severity) for each in found} == {2, 3}
    assert found[17].severe_since is None
    assert found[-1].severe_since == FIRST + timedelta(days=18)


def test_two_severe_targets_of_a_society_are_both_critical_and_a_third_is_not() -> None:
    severe = situation(drop_open=True, **DEEP)
    grades = grade_society({"regular": severe, "irregular": severe, "asylum": situation()}, {})
    assert {target: int(each.severity) for target, each in grades.items()} == {
        "regular": 4,
        "irregular": 4,
        "asylum": 0,
    }
    assert "and another target of the society is severe too" in grades["regular"].reason
    alone = grade_society({"regular": severe, "asylum": situation(drop_open=True)}, {})
    assert int(alone["regular"].severity) == 3


def test_critical_comes_down_in_steps_when_the_other_target_recovers() -> None:
    severe, calm = {"drop_open": True, "floor": BELOW}, {"floor": Side.ABOVE}
    grades: dict[str, Grade] = {}
    found = []
    for number in range(10):
        other = severe if number == 0 else calm
        grades = grade_society(
            {"regular": situation(number, **severe), "irregular": situation(number, **other)},
            grades,
        )
        found.append(int(grades["regular"].severity))
    assert found == [4] * 7 + [3] * 3


def test_the_reason_says_until_when_a_severity_is_held() -> None:
    held, down = course({"drop_open": True}, *[{}] * 7)[1::6]
    assert held.reason == (
        "alert until 2026-03-08, though the day calls for none: nothing calls for attention"
    )
    assert down.reason == "watch, one step down after 7 days: nothing calls for attention"


KNOWN: st.SearchStrategy[dict[str, Any]] = st.builds(
    dict,
    drop_open=st.booleans(),
    shock=st.booleans(),
    floor=st.sampled_from(Side),
    unusual=st.sampled_from(Unusual),
)


@given(st.lists(KNOWN, min_size=1, max_size=50))
def test_it_is_never_below_what_the_day_calls_for_and_falls_by_single_steps_a_week_apart(
    days: list[dict[str, Any]],
) -> None:
    grades = course(*days)
    fell = None
    for number, each in enumerate(grades):
        assert each.severity >= each.called_for
        assert (each.severe_since is not None) == (each.severity >= Severity.SEVERE)
        again = grade(situation(number, **days[number]), each)
        assert msgspec.structs.replace(again, reason="") == msgspec.structs.replace(each, reason="")
        if number and each.severity < grades[number - 1].severity:
            assert each.severity == grades[number - 1].severity - 1
            assert fell is None or number - fell >= 7
            fell = number


def test_a_day_before_the_last_one_is_refused() -> None:
    before = grade(situation(5, drop_open=True))
    with pytest.raises(ValueError, match="2026-03-01 comes after 2026-03-06; days must be graded"):
        grade(situation(0), before)


@pytest.mark.parametrize("part", [{"lower": -17.0}, {"upper": -7.0}, {}])
def test_a_change_without_its_interval_is_refused(part: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="2026-03-01 has a change without its interval"):
        grade(situation(drop_open=True, change=-12.0, **part))
