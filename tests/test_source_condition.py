"""A source in one word: silence by the clock, volume by what is usual, and chance is no anomaly."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from scipy.stats import nbinom

from alerts.source_condition import Condition, _at_most, condition_of

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
POLL = timedelta(minutes=15)
YESTERDAY = date(2026, 11, 19)


def weeks(*new: int, yesterday: int | None = None) -> dict[date, int]:
    """The same weekday in the weeks before, and yesterday."""
    days = {YESTERDAY - timedelta(weeks=n): count for n, count in enumerate(new, start=1)}
    return days if yesterday is None else days | {YESTERDAY: yesterday}


def word(**values: Any) -> Condition:
    given: dict[str, Any] = {
        "enabled": True,
        "poll": POLL,
        "failures": 0,
        "last_success": NOW - timedelta(minutes=10),
        "asked": True,
        "new_by_day": {},
        "now": NOW,
    }
    return condition_of(**(given | values)).condition


def test_a_source_that_was_not_read_for_two_polls_is_silent_whatever_the_attempts_say() -> None:
    assert word(last_success=NOW - 2 * POLL) is Condition.OK
    late = NOW - 2 * POLL - timedelta(seconds=1)
    assert word(last_success=late) is Condition.SILENT
    assert word(last_success=late, failures=1) is Condition.SILENT
    assert word(failures=1) is Condition.FAILING
    assert word(last_success=None, failures=1) is Condition.FAILING
    assert word(last_success=None, failures=2) is Condition.SILENT


def test_what_is_off_or_new_is_neither_silent_nor_failing() -> None:
    assert word(enabled=False, failures=9, last_success=None) is Condition.OFF
    assert word(asked=False, last_success=None) is Condition.NEW


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (weeks(40, 44, 38, 41, yesterday=3), Condition.QUIET),
        (weeks(40, 44, 38, 41, yesterday=30), Condition.OK),
        (weeks(40, 44, 38, 41, yesterday=400), Condition.FLOOD),
        (weeks(40, 44, 38, 41), Condition.OK),
        (weeks(40, yesterday=0), Condition.OK),  # one week is not enough to know
        (weeks(2, 3, 1, 2, yesterday=0), Condition.OK),  # chance
        (weeks(0, 1, 0, 0, yesterday=3), Condition.OK),
        (weeks(0, 0, 0, 0, yesterday=60), Condition.FLOOD),
    ],
)
def test_volume_is_compared_with_the_same_weekday(
    days: dict[date, int], expected: Condition
) -> None:
    assert word(new_by_day=days) is expected


def test_usual_days_are_hardly_ever_an_anomaly() -> None:
    random = np.random.default_rng(1)
    odd = 0
    for mean in (0.5, 3, 20, 200):
        for _ in range(1_000):
            counts = random.poisson(mean, 5).tolist()
            odd += word(new_by_day=weeks(*counts[:4], yesterday=counts[4])) is not Condition.OK
    assert odd <= 12, "at most twice one in a thousand, on either side"


def test_the_chance_of_a_count_is_that_of_the_negative_binomial() -> None:
    known = [40, 44, 38, 41]
    for count in (0, 3, 40, 80):
        expected = nbinom.cdf(count, sum(known) + 0.5, len(known) / (len(known) + 1))
        assert _at_most(count, known) == pytest.approx(expected, rel=1e-9)
