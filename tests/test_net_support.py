"""Net support of a day: its states, its interval, and what they must never do."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.estimate import MIN_N_EFF
from alerts.net_support import add_by_outlet, estimate_point, points_for_days
from alerts.net_support_change import change_between
from alerts.point import Point, StanceCount, State
from alerts.simulated_series import simulated_series
from alerts.t_quantile import t95

DAY = date(2026, 3, 1)


def outlet(name: str, support: int, neutral: int, oppose: int) -> StanceCount:
    return StanceCount(outlet=name, support=support, neutral=neutral, oppose=oppose)


def estimate(*counts: StanceCount, degraded: bool = False) -> Point:
    return estimate_point("XA", "regular", DAY, counts, degraded=degraded)


outlet_counts = st.lists(
    st.builds(
        outlet,
        st.sampled_from("abcdefgh"),
        st.integers(0, 300),
        st.integers(0, 300),
        st.integers(0, 300),
    ),
    max_size=12,
)


def test_net_support_is_support_minus_oppose_over_all_judged_documents() -> None:
    point = estimate(outlet("a", 20, 5, 5), outlet("b", 4, 5, 11))
    assert point.net_support == pytest.approx(100 * (24 - 16) / 50)
    assert (point.support, point.neutral, point.oppose, point.outlets) == (24, 10, 16, 2)
    assert point.state is State.OK


def test_no_document_is_no_data_and_never_zero() -> None:
    for counts in ((), (outlet("a", 0, 0, 0),)):
        point = estimate(*counts, degraded=True)
        assert point.state is State.NO_DATA
        assert (point.net_support, point.lower, point.upper) == (None, None, None)
        assert (point.n, point.n_eff, point.outlets) == (0, 0.0, 0)


def test_one_document_has_a_figure_and_an_interval_that_says_next_to_nothing() -> None:
    point = estimate(outlet("a", 1, 0, 0))
    assert point.state is State.INSUFFICIENT
    assert point.net_support == 100.0
    assert point.n_eff == 1.0
    assert point.lower is not None
    assert point.lower < -50
    assert point.upper == 100.0


def test_one_outlet_is_insufficient_however_much_it_writes() -> None:
    point = estimate(outlet("a", 500, 100, 400))
    assert point.n_eff < 20  # its documents are all of one voice
    assert point.state is State.INSUFFICIENT
    assert point.lower is not None
    assert point.upper is not None
    assert point.upper - point.lower > 50


def test_unanimous_days_keep_an_interval() -> None:
    support = estimate(outlet("a", 20, 0, 0), outlet("b", 20, 0, 0))
    neutral = estimate(outlet("a", 0, 20, 0), outlet("b", 0, 20, 0))
    assert support.net_support == support.upper == 100.0
    assert neutral.net_support == 0.0
    assert support.lower is not None
    assert neutral.lower is not None
    assert neutral.upper is not None
    assert 50 < support.lower < 95
    assert -30 < neutral.lower < -3
    assert neutral.upper == pytest.approx(-neutral.lower)


def test_a_day_with_sources_down_is_degraded_however_little_there_is() -> None:
    enough = [outlet(name, 5, 5, 5) for name in "abc"]
    assert estimate(*enough, degraded=True).state is State.DEGRADED
    assert estimate(*enough).state is State.OK
    assert estimate(*enough[:1], degraded=True).state is State.DEGRADED
    assert estimate(*enough[:1]).state is State.INSUFFICIENT


def test_outlets_that_disagree_widen_the_interval() -> None:
    agree = estimate(*(outlet(name, 50, 0, 50) for name in "abcdef"))
    disagree = estimate(
        *(outlet(n, *((90, 0, 10) if n in "abc" else (10, 0, 90))) for n in "abcdef")
    )
    assert agree.net_support == disagree.net_support == 0.0
    assert agree.upper is not None
    assert disagree.upper is not None
    assert disagree.upper > 1.5 * agree.upper


def test_the_same_documents_in_fewer_outlets_are_worth_less() -> None:
    """The design effect by hand: 100 documents as 10 x 10 and as 2 x 50, rho = 0.05 (Kish 1965)."""
    assert estimate(*[outlet(str(k), 10, 0, 0) for k in range(10)]).n_eff == pytest.approx(
        100 / 1.45
    )
    assert estimate(*[outlet(str(k), 50, 0, 0) for k in range(2)]).n_eff == pytest.approx(
        100 / 3.45
    )


def test_whether_a_day_may_be_used_depends_on_volume_alone() -> None:
    for support in range(0, 11, 5):
        counts = [outlet(name, support, 0, 10 - support) for name in "ab"]
        assert estimate(*counts).n_eff == pytest.approx(20 / 1.45)
        assert estimate(*counts).state is State.INSUFFICIENT


def test_a_negative_count_is_refused_by_outlet() -> None:
    with pytest.raises(ValueError, match="'b' has a negative count"):
        estimate(outlet("a", 1, 1, 1), outlet("b", 3, -1, 2))


@given(outlet_counts)
def test_the_figure_lies_in_its_interval_and_the_interval_on_the_scale(
    counts: list[StanceCount],
) -> None:
    point = estimate(*counts)
    assert point.n == sum(c.n for c in counts)
    if point.n == 0:
        assert point.net_support is None
        return
    assert point.lower is not None
    assert point.net_support is not None
    assert point.upper is not None
    assert -100 <= point.lower <= point.net_support <= point.upper <= 100
    assert point.lower < point.upper
    assert 0 < point.n_eff <= point.n
    if point.state is State.OK:
        assert point.n_eff >= MIN_N_EFF
        assert point.outlets >= 2


@given(outlet_counts, st.randoms(use_true_random=False))
def test_neither_order_nor_splitting_of_rows_matters(counts: list[StanceCount], random) -> None:  # type: ignore[no-untyped-def]  # hypothesis gives no public type
    split = [outlet(c.outlet, c.support, 0, 0) for c in counts]
    split += [outlet(c.outlet, 0, c.neutral, c.oppose) for c in counts]
    random.shuffle(split)
    assert estimate(*split) == estimate(*counts)


@given(outlet_counts)
def test_support_and_opposition_are_mirror_images(counts: list[StanceCount]) -> None:
    point = estimate(*counts)
    mirror = estimate(*(outlet(c.outlet, c.oppose, c.neutral, c.support) for c in counts))
    if point.net_support is not None:
        assert mirror.net_support == pytest.approx(-point.net_support)
        assert mirror.lower == pytest.approx(-(point.upper or 0))
        assert mirror.state == point.state


@pytest.mark.parametrize("documents", [30, 200, 1400])
def test_nineteen_of_twenty_intervals_hold_the_truth(documents: int) -> None:
    """Outlets are a sample: their mean misses the true +10 by chance, and the interval must know it."""
    rng = np.random.default_rng(1)
    held = 0
    for seed in range(300):
        share = np.random.default_rng(seed).uniform(1.0, 3.0, 6)
        miss = 13.0 * float(np.sqrt((share**2).sum()) / share.sum()) * float(rng.normal())
        (point,) = simulated_series(
            seed, days=1, documents=documents, level=10 + miss, outlet_sd=13.0
        ).points
        assert point.lower is not None
        assert point.upper is not None
        held += point.lower <= 10 <= point.upper
    assert held / 300 >= 0.93


def test_missing_days_are_points_without_data() -> None:
    counts = {DAY: [outlet("a", 9, 9, 9), outlet("b", 9, 9, 9)]}
    counts[DAY + timedelta(3)] = counts[DAY]
    points = points_for_days("XA", "regular", counts, degraded=[DAY + timedelta(3)])
    assert [p.day for p in points] == [DAY + timedelta(i) for i in range(4)]
    assert [p.state.value for p in points] == ["ok", "no_data", "no_data", "degraded"]


def test_silence_up_to_a_given_day_shows_as_missing_days() -> None:
    counts = {DAY: [outlet("a", 9, 9, 9)]}
    last = DAY + timedelta(2)
    assert len(points_for_days("XA", "regular", counts, last=last)) == 3
    assert points_for_days("XA", "regular", {}) == ()
    assert points_for_days("XA", "regular", {}, last=last) == ()
    assert points_for_days("XA", "regular", counts, first=last, last=DAY) == ()


@given(st.lists(outlet_counts, max_size=7))
def test_a_week_holds_the_documents_of_its_days(days: list[list[StanceCount]]) -> None:
    week = add_by_outlet(c for day in days for c in day)
    assert sum(c.n for c in week) == sum(c.n for day in days for c in day)
    assert sum(c.support for c in week) == sum(c.support for day in days for c in day)
    assert len({c.outlet for c in week}) == len(week)


def test_a_change_is_known_better_than_its_levels_where_outlets_are_the_same() -> None:
    before = [outlet(name, 50 + 8 * k, 20, 70 - 8 * k) for k, name in enumerate("abcdef")]
    after = [outlet(name, 35 + 8 * k, 20, 85 - 8 * k) for k, name in enumerate("abcdef")]
    change = change_between(before, after)
    assert change is not None
    old, new = estimate(*before), estimate(*after)
    assert old.net_support is not None
    assert new.net_support is not None
    assert new.lower is not None
    assert change.change == pytest.approx(new.net_support - old.net_support)
    assert change.upper < 0  # the levels' intervals overlap, the change is beyond doubt
    assert old.lower is not None
    assert new.upper is not None
    assert new.upper > old.lower
    assert change.change - change.lower < new.net_support - new.lower


def test_there_is_no_change_without_two_weeks() -> None:
    assert change_between([], [outlet("a", 1, 1, 1)]) is None
    assert change_between([outlet("a", 0, 0, 0)], [outlet("a", 1, 1, 1)]) is None


@pytest.mark.parametrize("documents", [30, 400])
def test_the_interval_of_a_change_holds_the_true_change(documents: int) -> None:
    held = 0
    for seed in range(200):
        series = simulated_series(seed, days=14, documents=documents, fall=10, falls_after=7)
        days = list(series.counts.values())
        change = change_between(
            [c for day in days[:7] for c in day], [c for day in days[7:] for c in day]
        )
        assert change is not None
        held += change.lower <= -10 <= change.upper
    assert held / 200 >= 0.93


@pytest.mark.parametrize(
    ("df", "tabled"), [(3, 3.182), (4, 2.776), (5, 2.571), (10, 2.228), (30, 2.042), (1e9, 1.960)]
)
def test_t_quantiles_are_those_of_the_tables(df: float, tabled: float) -> None:
    assert t95(df) == pytest.approx(tabled, rel=0.01)


def test_a_t_quantile_below_three_degrees_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 3"):
        t95(2)
