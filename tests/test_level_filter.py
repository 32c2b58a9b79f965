"""The level behind daily figures: how near the truth, how sure, and what missing and odd days do."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from datetime import date, timedelta

import msgspec
import numpy as np
import numpy.typing as npt
import pytest

from alerts.level_filter import (
    PRIOR_Q,
    Level,
    Observation,
    filter_levels,
    process_variance,
    process_variances,
    smooth_levels,
)

FIRST = date(2024, 1, 1)
Truth = npt.NDArray[np.float64]


def observed(figures: Sequence[float | None], variance: float = 81.0) -> list[Observation]:
    return [
        Observation(day=FIRST + timedelta(days=i), net_support=y, variance=variance)
        for i, y in enumerate(figures)
    ]


def walk(
    seed: int, q: float, sd: float, days: int = 728, missing: float = 0.1
) -> tuple[Truth, list[Observation]]:
    """A level that walks by q a day, and what was measured of it."""
    rng = np.random.default_rng(seed)
    truth = np.cumsum(rng.normal(0.0, math.sqrt(q), days))
    measured = truth + rng.normal(0.0, sd, days)
    gone = rng.random(days) < missing
    figures = [None if lost else float(y) for y, lost in zip(measured, gone, strict=True)]
    return truth, observed(figures, sd**2)


def errors(levels: tuple[Level, ...], truth: Truth) -> Truth:
    """Distance to the truth in the standard deviations that the levels claim."""
    return np.array(
        [
            (level.mean - truth[(level.day - FIRST).days]) / math.sqrt(level.variance)
            for level in levels
        ]
    )


def test_the_filter_is_the_posterior_of_a_gaussian_walk() -> None:
    """Against the joint normal distribution of all days, solved at once: another way to the same numbers."""
    q, v = 0.7, 20.0
    figures = [3.0, None, -4.0, 8.0, None, None, 1.0]
    levels = filter_levels(observed(figures, v), q)
    smoothed = smooth_levels(levels, q)
    # precision matrix of a walk with a flat start, plus that of the measurements
    n = len(figures)
    steps = np.diff(np.eye(n), axis=0)
    known = np.array([y is not None for y in figures])
    y = np.array([0.0 if f is None else f for f in figures])

    def posterior(days: int) -> tuple[Truth, Truth]:
        s = steps[: days - 1, :days]
        precision = s.T @ s / q + np.diag(known[:days] / v)
        covariance = np.linalg.inv(precision)
        return covariance @ (y[:days] * known[:days] / v), np.diag(covariance)

    for i, level in enumerate(levels):
        mean, variance = posterior(i + 1)
        assert level.mean == pytest.approx(mean[-1])
        assert level.variance == pytest.approx(variance[-1])
        assert level.observed == known[i]
    mean, variance = posterior(n)
    assert [s.mean for s in smoothed] == pytest.approx(list(mean))
    assert [s.variance for s in smoothed] == pytest.approx(list(variance))


@pytest.mark.parametrize(("q", "sd"), [(0.5, 9.0), (0.5, 4.0), (2.0, 9.0)])
def test_the_claimed_interval_holds_the_true_level(q: float, sd: float) -> None:
    """95 % with q known. q is estimated here from a year or two and shrunk: 91 to 95 % were measured."""
    filtered, smoothed = [], []
    for seed in range(20):
        truth, days = walk(seed, q, sd)
        shown = process_variance(days)
        levels = filter_levels(days, shown)
        filtered.append(np.mean(np.abs(errors(levels, truth)) < 1.96))
        smoothed.append(np.mean(np.abs(errors(smooth_levels(levels, shown), truth)) < 1.96))
    assert 0.89 <= np.mean(filtered) <= 0.98
    assert 0.88 <= np.mean(smoothed) <= 0.98


def test_the_filter_is_nearer_to_the_truth_than_days_and_weeks_and_the_smoother_nearer_still() -> (
    None
):
    truth, days = walk(1, 0.5, 9.0, missing=0.0)
    q = process_variance(days)
    levels = filter_levels(days, q)
    y = np.array([d.net_support for d in days], dtype=float)
    week = np.convolve(y, np.ones(7) / 7)[6 : len(y)]

    def rmse(estimates: Truth, of: Truth) -> float:
        return float(np.sqrt(np.mean((estimates - of) ** 2)))

    of_filter = rmse(np.array([level.mean for level in levels]), truth)
    of_smoother = rmse(np.array([level.mean for level in smooth_levels(levels, q)]), truth)
    assert of_smoother < of_filter < rmse(week, truth[6:]) < rmse(y, truth)


@pytest.mark.parametrize(
    ("q", "low", "high"), [(0.05, 0.05, 0.35), (0.5, 0.35, 0.65), (2.0, 1.0, 2.2)]
)
def test_q_is_found_from_two_years_and_leans_on_the_prior(
    q: float, low: float, high: float
) -> None:
    """51 differences against 20 of the prior: the mean of many is near 0.72 q + 0.28 x 0.5."""
    found = [process_variance(walk(seed, q, 4.0)[1]) for seed in range(30)]
    assert low < np.mean(found) < high
    assert all(0.1 < each < 4 for each in found)


def test_one_slide_is_not_how_the_level_moves_all_year() -> None:
    """A step of 40 points would add 1600 / 51 / 9.3 = 3.4 to q if its square counted in full."""
    _, days = walk(2, 0.5, 4.0)
    slid = [
        d
        if d.net_support is None or (d.day - FIRST).days < 364
        else msgspec.structs.replace(d, net_support=d.net_support - 40)
        for d in days
    ]
    assert process_variance(slid) < process_variance(days) + 0.6


def test_without_blocks_to_compare_q_is_that_of_the_prior() -> None:
    assert process_variance([]) == PRIOR_Q
    assert process_variance(observed([1.0] * 3)) == PRIOR_Q
    assert process_variance(observed([None] * 100)) == PRIOR_Q


def test_a_day_without_a_figure_changes_only_how_sure_one_may_be() -> None:
    levels = filter_levels(observed([5.0, 7.0, None, None]), 0.5)
    assert [level.mean for level in levels[1:]] == [levels[1].mean] * 3
    assert levels[3].variance == pytest.approx(levels[1].variance + 2 * 0.5)
    assert [level.observed for level in levels] == [True, True, False, False]


def test_a_day_that_is_left_out_is_a_day_without_a_figure() -> None:
    days = observed([5.0, 7.0, None, None, 2.0, 3.0])
    there = filter_levels(days, 0.5)
    gone = filter_levels([d for d in days if d.net_support is not None], 0.5)
    assert gone == tuple(level for level in there if level.observed)
    assert [s.mean for s in smooth_levels(gone, 0.5)] == pytest.approx(
        [s.mean for s in smooth_levels(there, 0.5) if s.observed]
    )


def test_the_level_begins_with_the_first_figure() -> None:
    assert filter_levels([], 0.5) == ()
    assert filter_levels(observed([None, None]), 0.5) == ()
    assert smooth_levels((), 0.5) == ()
    (first,) = filter_levels(observed([None, 4.0]), 0.5)
    assert (first.day, first.mean, first.variance) == (FIRST + timedelta(days=1), 4.0, 81.0)


def test_a_single_odd_day_moves_a_filter_that_cuts_surprises_by_two_points_at_most() -> None:
    """0.075 x 3 x sqrt(6.6 + 81) = 2.1 at most; unbounded it follows by 0.075 x 90 = 6.8."""
    days = observed([10.0] * 60 + [-80.0])
    followed = filter_levels(days, 0.5)[-1].mean
    cut = filter_levels(days, 0.5, shock_sds=3.0)[-1].mean
    assert followed < 4
    assert 7.8 < cut < 10


def test_what_was_known_of_q_on_a_day_does_not_depend_on_later_days() -> None:
    _, days = walk(3, 1.0, 6.0, days=200)
    whole = process_variances(days)
    assert process_variances(days[:120]) == whole[:120]
    assert whole[0] == PRIOR_Q
    levels = filter_levels(days, whole, shock_sds=3.0)
    assert filter_levels(days[:120], whole[:120], shock_sds=3.0) == levels[: len(levels) - 80]


def test_a_longer_past_does_not_move_the_blocks() -> None:
    """The same blocks of the calendar, whatever day the history begins on: q moves little, not at random."""
    _, days = walk(4, 0.5, 6.0)
    found = [process_variance(days[start:]) for start in range(14)]
    assert max(found) - min(found) < 0.1


def test_p_below_is_that_of_the_normal_distribution() -> None:
    level = Level(day=FIRST, mean=3.0, variance=4.0, observed=True)
    assert level.below(3.0) == pytest.approx(0.5)
    assert level.below(3.0 + 2 * 1.6449) == pytest.approx(0.95, abs=1e-4)
    assert level.below(-100.0) == pytest.approx(0.0, abs=1e-12)


def day(number: int, net_support: float | None = 1.0, variance: float = 81.0) -> Observation:
    return Observation(
        day=FIRST + timedelta(days=number), net_support=net_support, variance=variance
    )


@pytest.mark.parametrize(
    ("days", "says"),
    [
        ([day(1), day(0)], "2024-01-01 comes after 2024-01-02; days must be in order"),
        (
            [day(0), day(0)],
            "2024-01-01 comes after 2024-01-01; days must be in order and each come",
        ),
        ([day(0, math.nan)], "net support of 2024-01-01 is nan; pass None for no figure"),
        ([day(0, math.inf)], "net support of 2024-01-01 is inf"),
        (
            [day(0, variance=0.0)],
            "2024-01-01 has a figure with the variance 0.0; it must be above 0",
        ),
        ([day(0, variance=math.nan)], "2024-01-01 has a figure with the variance nan"),
        ([day(0, variance=-1.0)], "2024-01-01 has a figure with the variance -1.0"),
    ],
)
@pytest.mark.parametrize(
    "function", [lambda days: filter_levels(days, 0.5), process_variance, process_variances]
)
def test_days_that_cannot_be_filtered_are_refused_by_name(
    days: list[Observation], says: str, function: Callable[[list[Observation]], object]
) -> None:
    with pytest.raises(ValueError, match=says):
        function(days)
