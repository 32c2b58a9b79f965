"""The picture of documents by day: heights on one scale, one flood cut, days without a reading told apart from zero."""

from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.board_days import HEIGHT, STEP, days_picture

LAST = date(2026, 11, 19)


def heights(bars: str) -> dict[int, float]:
    """By place of the bar, from the oldest on; a broken one is as high as its two pieces and the room between."""
    found = {}
    for x, rest in re.findall(r"M([\d.]+) 28((?:[vm][-\d. ]+)+)", bars):
        steps = [float(n) for n in re.findall(r"v(-?[\d.]+)", rest)]
        steps += [float(n) for n in re.findall(r"m0(-[\d.]+)", rest)]
        found[round((float(x) - 2.5) / STEP)] = -sum(steps)
    return found


def test_bars_are_as_high_as_their_days() -> None:
    picture = days_picture([10, 20, 0, None, 40], 20.0, LAST)
    assert heights(picture.bars) == {0: 7.0, 1: 14.0, 4: 28.0}
    assert picture.unread == f"M{3 * STEP + 1} {HEIGHT + 3}h3"
    assert picture.usual == f"M{5 * STEP} 14.0h6"
    assert picture.title == (
        "New documents a day, 2026-11-15 to 2026-11-19: 15 in the middle, most 40 on 2026-11-19, "
        "none on 1 day, not read on 1 day."
    )


def test_a_flood_is_broken_off_and_flattens_no_other_day() -> None:
    picture = days_picture([10, 12, 8, 10, 4000], 10.0, LAST)
    assert "m" in picture.bars and picture.bars.count("m") == 1
    assert heights(picture.bars)[4] == HEIGHT
    assert heights(picture.bars)[0] == pytest.approx(HEIGHT / 4, abs=0.1)
    assert "most 4,000 on 2026-11-19" in picture.title


def test_days_without_a_reading_are_said() -> None:
    picture = days_picture([None] * 28, None, LAST)
    assert (picture.bars, picture.usual, picture.unread.count("M")) == ("", "", 28)
    assert picture.title == ("New documents a day, 2026-10-23 to 2026-11-19: no reading succeeded.")
    assert "0 in the middle, never more, none on 3 days" in days_picture([0] * 3, 0.0, LAST).title


@given(
    st.lists(st.none() | st.integers(0, 10**9), min_size=1, max_size=28),
    st.none() | st.floats(0, 1e9),
)
def test_every_day_is_one_mark_within_the_picture(
    news: list[int | None], usual: float | None
) -> None:
    picture = days_picture(news, usual, LAST)
    found = heights(picture.bars)
    assert set(found) == {place for place, count in enumerate(news) if count}
    assert all(1 <= height <= HEIGHT for height in found.values())
    assert picture.unread.count("M") == news.count(None)
    if usual is not None:
        assert 0 <= float(picture.usual.split()[1].partition("h")[0]) <= HEIGHT
