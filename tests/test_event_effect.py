"""The effect of an event: what holds the truth in simulated series, and what the mix of outlets must not move."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest

from alerts.confusion import NONE, correction
from alerts.event_effect import LEAST_DAYS, event_effect
from alerts.point import StanceCount
from alerts.within_outlet_index import outlet_index
from benchmarks.events import simulated, tried

EVENT = date(2026, 9, 1)


def days(before: int, after: int) -> list[date]:
    return [EVENT + timedelta(days=n) for n in range(-before, after)]


def test_a_step_and_a_bend_without_noise_are_found_as_they_are() -> None:
    t = np.arange(-40, 40)
    y = 3 + 0.1 * t + np.where(t >= 0, -8 + 0.2 * t, 0) + 0.01 * np.cos(9 * t)
    found = event_effect(days(40, 40), y.tolist(), [1.0] * 80, EVENT)
    assert found is not None
    assert found.step.value == pytest.approx(-8, abs=0.05)
    assert found.bend.value == pytest.approx(1.4, abs=0.02)
    assert found.effect.value == pytest.approx(-8 + 0.2 * 19.5, abs=0.05)
    assert found.effect.is_distinct
    assert (found.days_before, found.days_after) == (40, 40)


def test_a_trend_that_goes_on_is_no_effect() -> None:
    rng = np.random.default_rng(1)
    y = 0.4 * np.arange(-50, 50) + rng.normal(0, 2, 100)
    found = event_effect(days(50, 50), y.tolist(), [1.0] * 100, EVENT)
    assert found is not None
    assert not found.effect.is_distinct
    assert y[50:].mean() - y[:50].mean() > 15  # a comparison of means would have called it one


def test_days_of_the_week_are_no_effect_and_no_noise() -> None:
    rng = np.random.default_rng(2)
    all_days = days(56, 56)
    y = [10.0 * (day.weekday() >= 5) + rng.normal(0, 1) for day in all_days]
    found = event_effect(all_days, y, [1.0] * 112, EVENT)
    assert found is not None
    assert found.effect.upper - found.effect.lower < 5


def test_too_few_days_on_a_side_say_nothing() -> None:
    short = days(60, LEAST_DAYS - 1)
    assert event_effect(short, [0.0] * len(short), [1.0] * len(short), EVENT) is None
    with pytest.raises(ValueError, match="noise"):
        event_effect(short, [0.0], [1.0], EVENT)


def test_days_that_are_missing_are_no_zeros() -> None:
    rng = np.random.default_rng(3)
    kept = [day for n, day in enumerate(days(60, 60)) if n % 3]
    y = [20 + rng.normal(0, 1) for _ in kept]
    found = event_effect(kept, y, [1.0] * len(kept), EVENT)
    assert found is not None
    assert abs(found.effect.value) < 2


@pytest.mark.parametrize(("phi", "step"), [(0.0, 0.0), (0.6, 0.0), (0.3, -8.0)])
def test_intervals_hold_the_truth_although_days_resemble_each_other(
    phi: float, step: float
) -> None:
    """A quick look; `python -m benchmarks.events` takes 500 of each."""
    held, distinct, by_newey_west, _ = tried(60, days=28, phi=phi, step=step, bend=0.0, seed=5)
    assert held >= 0.86
    assert held >= by_newey_west
    if not step:
        assert distinct <= 0.14


def test_a_change_of_mix_moves_the_plain_figure_and_not_the_index() -> None:
    """A hostile outlet becomes loud with the event; nobody changes what they say."""
    counts = {
        day: [
            StanceCount(outlet="friend", support=16, neutral=0, oppose=4),
            StanceCount(outlet="foe", support=0, neutral=0, oppose=4 if day < EVENT else 40),
        ]
        for day in days(30, 30)
    }
    index = outlet_index(counts, correction(NONE))
    assert index is not None
    assert index.plain[-1] - index.plain[0] < -30
    assert index.mood[-1] - index.mood[0] == pytest.approx(0, abs=1e-6)
    assert index.outlets == {"friend", "foe"}
    assert index.documents == 30 * 24 + 30 * 60


def test_what_all_outlets_share_is_in_the_index() -> None:
    rng = np.random.default_rng(4)
    counts = simulated(rng, days=30, phi=0.0, step=-20.0, bend=0.0)
    index = outlet_index(counts, correction(NONE))
    assert index is not None
    mood = np.array(index.mood)
    assert mood[30:].mean() - mood[:30].mean() == pytest.approx(-20, abs=6)


def test_an_index_of_nothing_is_none() -> None:
    assert outlet_index({EVENT: []}, correction(NONE)) is None
