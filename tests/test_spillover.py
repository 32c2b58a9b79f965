"""Spillover: leads of known size are found, and nothing is found where nothing leads."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence

import numpy as np
import pytest

from alerts.many_pairs import benjamini_yekutieli
from alerts.spillover import MIN_DAYS, Spillover, Verdict, spillover_test
from benchmarks.spillover import (
    POINTS,
    WITH_A_LEAD,
    WITHOUT_A_LEAD,
    World,
    news_reaches_x_first,
    series,
    verdicts,
)

LEADS = (Verdict.LEADS_IN_TIME, Verdict.LEADS_ROBUST_TO_NOISE)

Days = Sequence[float | None]


def drawn(world: World, seed: int, days: int = 180) -> tuple[list[float], list[float]]:
    x, y = world(np.random.default_rng(seed), days)
    return (POINTS * x).tolist(), (POINTS * y).tolist()


def noise(seed: int, days: int = 180) -> list[float]:
    return list(np.random.default_rng(seed).normal(0, 5, days).tolist())


def delayed(values: list[float], by: int) -> list[float]:
    return values[:1] * by + values[: len(values) - by]


def test_a_lead_of_three_days_is_found_with_its_lag() -> None:
    found = [spillover_test(*drawn(news_reaches_x_first, seed)) for seed in range(60)]
    leads = [each for each in found if each.verdict in LEADS]
    assert len(leads) >= 57  # 99 % in the benchmark; three standard errors below it
    robust = sum(each.verdict is Verdict.LEADS_ROBUST_TO_NOISE for each in found)
    assert robust >= 43  # 85 % in the benchmark; three standard errors below it
    near = [each for each in leads if each.lag is not None and abs(each.lag - 3) <= 1]
    assert len(near) >= 0.9 * len(leads)
    assert all(each.effect is not None and each.effect < 0 for each in leads)


@pytest.mark.parametrize("lag", [2, 3, 5])
def test_the_lag_without_noise_is_the_true_one(lag: int) -> None:
    x = (POINTS * series(np.random.default_rng(lag), 240, 0.6)).tolist()
    found = spillover_test(x, delayed(x, lag))
    assert found.verdict is Verdict.LEADS_ROBUST_TO_NOISE
    assert found.lag == lag


def test_the_effect_of_a_ten_point_fall_is_in_its_interval() -> None:
    """y takes up half of x after 2 days and x has no memory: 0.5 / 7 of a fall reach the next 7 days' mean."""
    held = 0
    for seed in range(60):
        x = noise(seed, 240)
        own = noise(1000 + seed, 240)
        y = [0.5 * a + b for a, b in zip(delayed(x, 2), own, strict=True)]
        found = spillover_test(x, y)
        assert found.lower is not None
        assert found.upper is not None
        held += found.lower <= -10 * 0.5 / 7 <= found.upper
    assert held >= 52  # 95 % of 60 less three standard errors


@pytest.mark.parametrize(
    "world", ["common driver + noise", "independent, AR .98", "hardest: shocks + noise"]
)
def test_a_lead_is_seldom_found_where_nothing_leads(world: str) -> None:
    found = verdicts(WITHOUT_A_LEAD[world], 180, 60, seed=7)
    # at 5 %, more than 7 of 60 have a probability of 1.5 %
    assert found.count(Verdict.LEADS_ROBUST_TO_NOISE) <= 7


def test_a_follower_is_never_told_as_a_leader() -> None:
    assert not {*verdicts(WITHOUT_A_LEAD["y leads x"], 180, 40, seed=7)} & {*LEADS}


def test_shared_news_moves_together_and_claims_no_lead() -> None:
    found = verdicts(WITHOUT_A_LEAD["common driver + noise"], 180, 40, seed=8)
    assert found.count(Verdict.MOVES_TOGETHER) >= 24
    assert (
        verdicts(WITHOUT_A_LEAD["independent, AR .9"], 180, 40, seed=8).count(
            Verdict.MOVES_TOGETHER
        )
        <= 6  # at 5 %, more have a probability of 0.3 %
    )


def test_the_same_series_twice_moves_together_with_its_reason() -> None:
    found = spillover_test(noise(1), noise(1))
    assert found.verdict is Verdict.MOVES_TOGETHER
    assert found.reason
    assert found.correlation == pytest.approx(1)
    assert found.p is None


def test_weekdays_alone_show_nothing() -> None:
    week = [float(day % 7) for day in range(200)]
    found = spillover_test(week, delayed(week, 3))
    assert found.verdict is Verdict.NOT_DISTINGUISHABLE_FROM_ZERO
    assert "weekdays" in found.reason


def test_a_weekly_rhythm_and_another_level_change_nothing() -> None:
    x, y = drawn(news_reaches_x_first, 5)
    rhythm = [30 + 8 * (day % 7 in (2, 3)) for day in range(180)]
    plain = spillover_test(x, y)
    moved = spillover_test([a + b for a, b in zip(x, rhythm, strict=True)], y)
    assert moved.verdict is plain.verdict
    assert moved.effect == pytest.approx(plain.effect)
    assert moved.p == pytest.approx(plain.p)


def test_points_and_tenths_of_points_give_the_same_verdict() -> None:
    x, y = drawn(news_reaches_x_first, 6)
    plain, small = spillover_test(x, y), spillover_test([v / 10 for v in x], y)
    assert small.p == pytest.approx(plain.p)
    assert plain.effect is not None
    assert small.effect == pytest.approx(10 * plain.effect)


def test_missing_days_are_bridged_and_counted() -> None:
    x, y = drawn(news_reaches_x_first, 9, days=240)
    holes: list[float | None] = list(x)
    for day in (0, 1, 50, 51, 52, 100, 239):
        holes[day] = None if day % 2 else math.nan
    found = spillover_test(holes, y)
    assert (found.days, found.missing) == (237, 4)
    assert found.verdict in LEADS


def test_a_corpus_without_weekends_is_long_enough() -> None:
    x, y = drawn(news_reaches_x_first, 10, days=365)
    weekdays: Days = [value if day % 7 < 5 else None for day, value in enumerate(x)]
    assert spillover_test(weekdays, y).verdict in LEADS


@pytest.mark.parametrize(
    ("x", "y", "reason"),
    [
        ([], [], "0 days in common"),
        ([5.0], [5.0], "1 day in common"),
        (noise(1, MIN_DAYS - 1), noise(2, MIN_DAYS - 1), "at least 120"),
        ([None] * 300, noise(2, 300), "0 days in common"),
        ([math.nan] * 299 + [1.0], noise(2, 300), "1 day in common"),
        (noise(1, 200)[:100] + [None] * 100, [None] * 100 + noise(2, 100), "0 days in common"),
        ([v if k % 2 == 0 else None for k, v in enumerate(noise(1, 300))], noise(2, 300), "149 of"),
    ],
)
def test_too_little_data_is_too_short_with_its_reason(x: Days, y: Days, reason: str) -> None:
    found = spillover_test(x, y)
    assert found.verdict is Verdict.TOO_SHORT
    assert reason in found.reason
    assert reason in found.sentence
    assert found.p is None


spike = [0.0] * 90 + [40.0] + [0.0] * 89


@pytest.mark.parametrize(
    ("x", "y"),
    [
        ([0.0] * 180, [0.0] * 180),
        ([0.0] * 180, noise(1)),
        (noise(1), [7.5] * 180),
        ([1e-300 * v for v in noise(1)], noise(2)),
        (spike, noise(1)),
        (noise(1), spike),
        (spike, spike),
        (spike, delayed(spike, 3)),
        ([float(day) for day in range(180)], noise(1)),
        (noise(1), [-float(day) for day in range(180)]),
        ([float(day) for day in range(180)], [-float(day) for day in range(180)]),
        ([math.sin(day / 5) for day in range(180)], [math.cos(day / 5) for day in range(180)]),
        ([200.0 * (-1) ** day for day in range(180)], noise(1)),
        (noise(1), [-v for v in noise(1)]),
        (noise(1), delayed(noise(1), 3)),
        (noise(1), delayed(noise(1), 1)),
        ([100.0] * 90 + [-100.0] * 90, [100.0] * 90 + [-100.0] * 90),
        ([100.0] * 90 + [-100.0] * 90, [100.0] * 93 + [-100.0] * 87),
        ([v if k % 7 else None for k, v in enumerate(noise(1))], noise(2)),
    ],
)
def test_odd_series_have_a_defined_answer_and_no_warning(x: Days, y: Days) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = spillover_test(x, y)
    assert found.verdict is not Verdict.TOO_SHORT
    figures = (found.effect, found.lower, found.upper, found.p, found.correlation)
    assert all(each is None or math.isfinite(each) for each in figures)
    assert found.p is None or 0 <= found.p <= 1
    assert (found.effect is None) == bool(found.reason)
    assert found.sentence


@pytest.mark.parametrize(
    ("x", "y", "horizon", "remedy"),
    [
        (noise(1), noise(2)[:-1], 7, "give both the same days"),
        ([*noise(1)[:-1], math.inf], noise(2), 7, r"x\[179\] is inf.*give a missing day as nan"),
        (noise(1), [-math.inf, *noise(2)[1:]], 7, r"y\[0\] is -inf"),
        (noise(1), [1e9, *noise(2)[1:]], 7, r"y\[0\] is 1e\+09"),
        (noise(1), noise(2), 1, "choose 2 to 14"),
        (noise(1), noise(2), 15, "choose 2 to 14"),
    ],
)
def test_bad_input_is_refused_with_its_remedy(x: Days, y: Days, horizon: int, remedy: str) -> None:
    with pytest.raises(ValueError, match=remedy):
        spillover_test(x, y, horizon=horizon)


@pytest.mark.parametrize("horizon", [2, 14])
def test_the_shortest_and_longest_horizon_work_on_the_shortest_series(horizon: int) -> None:
    found = spillover_test(*drawn(news_reaches_x_first, 1, days=MIN_DAYS), horizon=horizon)
    assert found.p is not None
    assert found.horizon == horizon


def answer(verdict: Verdict) -> Spillover:
    return Spillover(
        verdict=verdict,
        reason="",
        days=200,
        missing=0,
        horizon=7,
        lag=3 if verdict in LEADS else None,
        effect=-1.84,
        lower=-2.9,
        upper=-0.7,
        correlation=0.42,
    )


def test_no_sentence_says_what_brings_about_what() -> None:
    real = [spillover_test(*drawn(w, 1)) for w in (WITHOUT_A_LEAD | WITH_A_LEAD).values()]
    for each in [*real, *(answer(verdict) for verdict in Verdict), spillover_test([], [])]:
        assert "cause" not in each.sentence.lower()
        assert "in the monitored corpus" in each.sentence.lower()


def test_a_lead_is_told_with_lag_effect_interval_and_what_distorts_it() -> None:
    for verdict in LEADS:
        text = answer(verdict).sentence
        assert "about 3 days before support for regular programmes" in text
        assert "changed by −1.8 points (95 % interval −2.9 to −0.7)" in text
        assert "Noise in the first series shrinks this figure" in text
    assert "could not be confirmed" in answer(Verdict.LEADS_IN_TIME).sentence


def test_without_a_lead_the_sentence_says_so_and_gives_no_effect() -> None:
    for verdict in (Verdict.MOVES_TOGETHER, Verdict.NOT_DISTINGUISHABLE_FROM_ZERO):
        text = answer(verdict).sentence
        assert "can be told apart from zero" in text
        assert "10 points" not in text
    assert "correlation +0.42" in answer(Verdict.MOVES_TOGETHER).sentence


def test_of_many_pairs_those_are_kept_that_benjamini_and_yekutieli_keep() -> None:
    """By hand: m = 4, c = 25/12, so p(k) is held against 0.006 k."""
    assert benjamini_yekutieli([0.5, 0.0119, 0.0001, 0.03]) == (False, True, True, False)
    assert benjamini_yekutieli([0.0239, 0.0239, 0.0239, 0.0239]) == (True,) * 4
    assert benjamini_yekutieli([0.5, None, 0.049]) == (False, False, False)
    assert benjamini_yekutieli([None, 0.049]) == (False, True)
    assert benjamini_yekutieli([]) == benjamini_yekutieli(()) == ()


@pytest.mark.parametrize("wrong", [math.nan, -0.1, 1.1, math.inf])
def test_what_is_no_p_value_is_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match="is no p value; give None"):
        benjamini_yekutieli([0.5, wrong])


@pytest.mark.parametrize("rate", [0.0, 1.0, math.nan])
def test_a_rate_of_false_finds_that_is_none_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="choose one between 0 and 1"):
        benjamini_yekutieli([0.5], rate=rate)


def test_the_joint_p_value_agrees_with_the_verdict() -> None:
    for seed in range(20):
        found = spillover_test(*drawn(news_reaches_x_first, seed, days=120))
        assert found.p is not None
        assert (found.p < 0.05) == (found.verdict is Verdict.LEADS_ROBUST_TO_NOISE)
