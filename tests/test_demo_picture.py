"""The demo's picture shows what was judged, what is true, and when each thing happened."""

from __future__ import annotations

from datetime import date, timedelta

from alerts.net_support import estimate_point
from alerts.point import Point, StanceCount
from classify.corpus import held_out, load_corpus
from flows.demo.picture import picture
from flows.demo.scenario import simulate
from flows.demo.truth import Truth

TRUTH: Truth = simulate(
    filter(held_out, load_corpus()), seed=1, end_day=date(2026, 11, 15), days=40
).truth


def judged(day: date, support: int, oppose: int) -> Point:
    counts = [StanceCount(outlet=f"o{n}", support=support, neutral=0, oppose=oppose) for n in "abc"]
    return estimate_point(TRUTH.society, TRUTH.target, day, counts)


def test_a_level_that_is_judged_right_hides_the_true_line() -> None:
    days = [TRUTH.first_day + timedelta(days=n) for n in range(40)]
    before = round(TRUTH.net_support_before)
    points = [judged(day, 100 + before, 100 - before) for day in days if day < TRUTH.fall_day]
    lines = picture(TRUTH, points, None)
    (row,) = [line for line in lines if line.startswith(f"{before:+4d} ")]
    # The mean of three days carries the last level two days into the fall.
    assert row.count("●") == len(points) + 2
    assert "─" not in row


def test_the_days_of_the_fall_and_of_the_alert_stand_under_their_columns() -> None:
    alert = TRUTH.fall_day + timedelta(days=4)
    lines = picture(TRUTH, [], alert)
    marks = lines[-3]
    assert marks.index("a") - marks.index("f") == 4
    assert marks.index("f") - 5 == (TRUTH.fall_day - TRUTH.first_day).days


def test_days_without_documents_have_no_dot() -> None:
    lines = picture(TRUTH, [judged(TRUTH.first_day, 10, 10)], None)
    # The mean of three days carries the one point for three columns.
    assert sum(line.count("●") for line in lines[1:-3]) == 3
    assert max(map(len, lines)) <= 78
