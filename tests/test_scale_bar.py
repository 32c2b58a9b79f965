"""The scale of net support as a row of cells: it is always full, and its marks stand where the figures are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.scale_bar import Segment, scale_bar

points = st.floats(-150, 150)


def place(segments: tuple[Segment, ...], kind: str) -> float:
    """Middle of the first segment of a kind, in points."""
    at = 0.0
    for each in segments:
        if each.kind == kind:
            return 2 * (at + each.percent / 2) - 100
        at += each.percent
    raise AssertionError(f"there is no {kind}")


@given(points, points, points, st.none() | points)
def test_the_row_is_always_full(
    lower: float, upper: float, mark: float, faint: float | None
) -> None:
    segments = scale_bar(lower, upper, mark, faint)
    assert sum(each.percent for each in segments) == pytest.approx(100)
    assert all(each.percent > 0 for each in segments)


@given(st.floats(-97, 97))
def test_the_mark_stands_where_the_figure_is(mark: float) -> None:
    assert place(scale_bar(mark - 5, mark + 5, mark), "mark") == pytest.approx(mark, abs=2.5)


def test_zero_is_seen_inside_an_interval_that_holds_it() -> None:
    kinds = [each.kind for each in scale_bar(-20, 30, 15, faint=-60)]
    assert kinds == ["track", "faint", "track", "span", "zero", "span", "mark", "span", "track"]
    assert place(scale_bar(-20, 30, 15), "zero") == pytest.approx(0, abs=1)
