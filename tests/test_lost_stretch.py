"""Stretches that a source no longer gives: taken together, and how much of a day they are."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.lost_stretch import LostStretch, lost_share, merged

DAY = date(2026, 11, 17)
BEGIN = datetime.combine(DAY, time(), UTC)

Hours = tuple[int, int]

STRETCHES = st.lists(st.tuples(st.integers(-30, 60), st.integers(-30, 60)), max_size=6)


def stretch(hours: Hours) -> LostStretch:
    since, until = hours
    return LostStretch(since=BEGIN + timedelta(hours=since), until=BEGIN + timedelta(hours=until))


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        ([], 0.0),
        ([(0, 24)], 1.0),
        ([(-30, 60)], 1.0),
        ([(-9, 6), (3, 12)], 0.5),
        ([(6, 6), (9, 3)], 0.0),
        ([(-30, 0), (24, 60)], 0.0),
    ],
)
def test_a_day_is_lost_as_far_as_stretches_cover_it(hours: list[Hours], expected: float) -> None:
    assert lost_share(map(stretch, hours), DAY) == expected


@given(STRETCHES)
def test_no_hour_is_lost_twice_and_none_is_forgotten(hours: list[Hours]) -> None:
    lost = {hour for since, until in hours for hour in range(since, until)}
    together = merged(map(stretch, hours))
    assert sum((one.length for one in together), timedelta(0)) == timedelta(hours=len(lost))
    assert all(a.until < b.since for a, b in pairwise(together))
    inside = len(lost & set(range(24)))
    assert lost_share(together, DAY) == pytest.approx(inside / 24)
