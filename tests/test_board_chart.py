"""Charts: every line, band and mark stands where its figure says, and a day without a figure stands nowhere."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.board_chart import Chart, Rule, draw, style_of
from alerts.board_scale import SIZE, Curve, grid_values, span_of
from alerts.fall_facts import DayFigure
from alerts.incident import Status
from alerts.point import State
from tests.sample_board import sample_incident

FIRST = date(2026, 3, 2)


def figure(
    number: int, value: float | None, state: State = State.OK, *, half: float = 10.0
) -> DayFigure:
    return DayFigure(
        day=FIRST + timedelta(days=number),
        net_support=value,
        lower=None if value is None else max(value - half, -100.0),
        upper=None if value is None else min(value + half, 100.0),
        state=state,
    )


def chart(
    line: Sequence[DayFigure],
    *,
    dots: Sequence[DayFigure] = (),
    days: int = 10,
    rules: Sequence[Rule] = (),
    target: str = "regular",
) -> Chart:
    return draw(
        [Curve(target=target, label="+1", line=line, dots=dots)],
        FIRST,
        FIRST + timedelta(days=days - 1),
        ident="c",
        title="t",
        desc="d",
        height=250,
        rules=rules,
    )


def places(path: str) -> list[tuple[float, float]]:
    """The corners of a path as (share across, share down)."""
    found: list[tuple[float, float]] = []
    for piece in re.findall(r"M[^M]+", path.replace("z", "")):
        start, _, steps = piece[1:].partition("l")
        x, y = map(int, re.findall(r"-?\d+", start.partition("h")[0]))
        found.append((x, y))
        numbers = [int(n) for n in re.findall(r"-?\d+", steps)]
        for dx, dy in zip(numbers[::2], numbers[1::2], strict=True):
            x, y = x + dx, y + dy
            found.append((x, y))
    return [(x / SIZE, y / SIZE) for x, y in found]


def values(drawn: Chart, path: str) -> list[float]:
    """Net support of each corner of a path."""
    return [drawn.high - y * (drawn.high - drawn.low) for _, y in places(path)]


def days(path: str, number: int = 10) -> list[int]:
    """Number of the day of each corner of a path."""
    return [round(x * number - 0.5) for x, _ in places(path)]


# Figures stand where they belong


@given(st.lists(st.one_of(st.none(), st.floats(-100, 100)), min_size=1, max_size=60))
def test_a_line_gives_back_its_figures_and_leaves_out_days_without_one(
    figures: list[float | None],
) -> None:
    drawn = chart([figure(n, v) for n, v in enumerate(figures)], days=len(figures))
    (curve,) = drawn.curves
    known = [(n, v) for n, v in enumerate(figures) if v is not None]
    assert days(curve.line, len(figures)) == [n for n, _ in known]
    step = (drawn.high - drawn.low) / SIZE
    for read, (_, given_) in zip(values(drawn, curve.line), known, strict=True):
        assert read == pytest.approx(given_, abs=step)


def test_a_day_without_a_figure_is_a_gap_and_never_a_zero() -> None:
    line = [figure(0, 40), figure(1, 41), figure(2, None, State.NO_DATA), figure(3, 42)]
    drawn = chart([*line, figure(6, 43)])
    (curve,) = drawn.curves
    assert curve.line.count("M") == 3  # 0-1, 3, and 6 after days that have no row at all
    assert days(curve.line) == [0, 1, 3, 6]
    assert min(values(drawn, curve.line)) > 35
    assert curve.band.count("M") == 3
    assert sorted(set(days(curve.band))) == [0, 1, 3, 6]  # a single day has a narrow bar


@pytest.mark.parametrize("state", [State.INSUFFICIENT, State.DEGRADED])
def test_what_may_not_be_quoted_is_a_hollow_mark_beside_the_line(state: State) -> None:
    line = [figure(0, 40), figure(1, 10, state), figure(2, 42)]
    (curve,) = chart(line, dots=[figure(5, -20, state), figure(6, 30)]).curves
    assert days(curve.line) == [0, 2]
    assert days(curve.hollow) == [1, 5]
    assert days(curve.dots) == [6]


def test_a_band_runs_along_the_upper_limits_and_back_along_the_lower() -> None:
    drawn = chart([figure(0, 0, half=5), figure(1, 10, half=20), figure(2, 20, half=1)])
    step = (drawn.high - drawn.low) / SIZE
    assert values(drawn, drawn.curves[0].band) == pytest.approx([5, 30, 21, 19, -10, -5], abs=step)
    assert drawn.curves[0].band.endswith("z")


def test_days_outside_of_the_chart_are_not_drawn() -> None:
    (curve,) = chart([figure(-1, 10), figure(0, 20), figure(10, 30)]).curves
    assert days(curve.line) == [0]
    empty = chart([figure(-1, 10)])
    assert (empty.curves[0].line, empty.curves[0].label) == ("", "")


def test_a_chart_without_any_figure_still_has_its_scale() -> None:
    drawn = chart([])
    assert (drawn.low, drawn.high) == (-20, 20)
    assert [line.label for line in drawn.grid] == ["−20", "−10", "0", "+10", "+20"]


# Scale


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=20))
def test_a_scale_holds_every_figure_and_band_and_stays_on_the_scale_of_net_support(
    figures: list[float],
) -> None:
    line = [figure(n, value) for n, value in enumerate(figures)]
    low, high = span_of(
        [Curve(target="regular", label="", line=line)], FIRST, FIRST + timedelta(60)
    )
    assert -100 <= low <= min(one.lower or 0.0 for one in line)
    assert 100 >= high >= max(one.upper or 0.0 for one in line)
    assert high - low >= 40
    grid = grid_values(low, high)
    assert 2 <= len(grid) <= 10 and low <= grid[0] and grid[-1] <= high


def test_one_series_of_few_texts_does_not_flatten_the_small_charts_of_the_others() -> None:
    calm = Curve(target="regular", label="", line=[figure(n, 10, half=8) for n in range(60)])
    wild = Curve(target="irregular", label="", line=[figure(n, -10, half=85) for n in range(2)])
    last = FIRST + timedelta(days=59)
    assert span_of([calm, wild], FIRST, last) == (-100, 100)
    assert span_of([calm, wild], FIRST, last, bands=0.94) == (-20, 30)


def test_a_quiet_series_looks_quiet() -> None:
    drawn = chart([figure(n, 10 + n / 10, half=1) for n in range(10)])
    assert drawn.high - drawn.low >= 40


# Labels


def test_labels_at_the_right_edge_do_not_lie_on_each_other() -> None:
    lines = [
        Curve(target=name, label=name, line=[figure(9, value)])
        for name, value in (("regular", 5.0), ("irregular", 4.0), ("asylum", -100.0))
    ]
    rules = [
        Rule(kind="floor", label="floor 4", value=4.0),
        Rule(kind="baseline", label="b", value=-99.0),
    ]
    drawn = draw(
        lines, FIRST, FIRST + timedelta(9), ident="c", title="", desc="", height=250, rules=rules
    )
    at = sorted(
        [*(curve.label_y for curve in drawn.curves), *(rule.label_y for rule in drawn.rules)]
    )
    assert all(b - a >= 100 * 17 / 250 - 0.02 for a, b in pairwise(at))
    assert at[-1] <= 100
    by_name = {curve.label: curve.label_y for curve in drawn.curves}
    assert by_name["regular"] < by_name["irregular"] < by_name["asylum"]


def test_the_label_of_a_level_that_ends_in_the_left_half_stands_in_the_plot() -> None:
    middle = FIRST + timedelta(days=5)
    before = Rule(kind="baseline", label="before", value=10, until=middle)
    after = Rule(kind="fallen", label="after", value=0, since=middle, until=middle + timedelta(2))
    drawn = chart([figure(n, 5) for n in range(10)], rules=[before, after]).rules
    assert [(one.x1, one.x2, one.inside) for one in drawn] == [(0, 55, True), (55, 75, False)]


def test_a_short_chart_names_mondays_and_a_long_one_months() -> None:
    short = chart([figure(n, 5) for n in range(30)], days=30)
    assert [tick.label for tick in short.ticks] == ["2 Mar", "9 Mar", "16 Mar", "23 Mar", "30 Mar"]
    assert [tick.label for tick in short.ticks if not tick.minor] == ["2 Mar", "23 Mar"]
    long = chart([figure(n, 5) for n in range(400)], days=400)
    labels = [tick.label for tick in long.ticks]
    assert labels[:2] == ["Apr", "May"] and "Jan 2027" in labels
    assert [tick.label for tick in long.ticks if not tick.minor][:2] == ["Apr", "Jul"]


def test_every_target_has_a_style_and_those_of_users_share_one() -> None:
    assert [style_of(name) for name in ("regular", "general", "own", '"><script>')] == [
        "regular",
        "general",
        "own",
        "own",
    ]


# Incidents


def test_an_incident_is_marked_from_the_first_day_of_the_fall_to_its_end() -> None:
    last = FIRST + timedelta(days=99)
    still_open = sample_incident("XA", "regular", last, 10)
    over = sample_incident("XA", "regular", last, 60, status=Status.RESOLVED)
    earlier = sample_incident("XA", "regular", FIRST - timedelta(30), 10, status=Status.RESOLVED)
    drawn = draw(
        [Curve(target="regular", label="", line=[figure(n, 5) for n in range(100)])],
        FIRST,
        last,
        ident="c",
        title="",
        desc="",
        height=250,
        incidents=[still_open, earlier, over],
    )
    first, second = drawn.spans
    assert (first.number, first.is_open, first.severity) == (1, True, "severe")
    assert (first.x, first.x + first.width) == (90.5, 100)
    assert (second.number, second.is_open) == (3, False)
    assert over.resolved_at is not None
    assert second.x + second.width == (over.resolved_at.date() - FIRST).days + 0.5
