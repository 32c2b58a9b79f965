from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("scipy", reason="training needs the train extra")

from classify.calibration import stance_probabilities
from classify.codebook import STANCES
from classify.manifest import Calibration
from classify.training.calibrate import (
    Sides,
    calibration_of_sides,
    fit_sides,
    found_more,
)

CHANCE = np.random.default_rng(3)
SUPPORTS = CHANCE.random(4_000) < 0.3
TRUTH = np.where(SUPPORTS, 1.0, -1.0)
NOISE = CHANCE.normal(size=(3, 4_000))
ONE_SOURCE = ["forum"] * 4_000


def test_two_witnesses_who_err_as_often_are_worth_the_same_however_loud_they_speak() -> None:
    sides = fit_sides(TRUTH + NOISE[0], (TRUTH + NOISE[1]) / 10, SUPPORTS, ONE_SOURCE)
    assert sides is not None
    assert sides.worth == pytest.approx(10, rel=0.15)
    # Unit noise, unit distance: odds of e^2 a unit; and the prior odds of 3 : 7.
    assert sides.slope == pytest.approx(2, rel=0.15)
    assert sides.start == pytest.approx(np.log(3 / 7), abs=0.15)


@pytest.mark.parametrize("words", [NOISE[2], -TRUTH + NOISE[1], np.zeros(4_000)])
def test_words_that_tell_nothing_or_the_contrary_are_worth_nothing(words: object) -> None:
    sides = fit_sides(TRUTH + NOISE[0], np.asarray(words), SUPPORTS, ONE_SOURCE)
    assert sides is not None
    assert sides.worth == pytest.approx(0, abs=0.05)


def test_a_large_source_counts_no_more_than_a_small_one() -> None:
    # 3,800 texts with three in ten for support, and 200 with all but none against.
    small = np.arange(4_000) >= 3_800
    supports = SUPPORTS | (small & (CHANCE.random(4_000) < 0.9))
    lead = np.where(supports, 1.0, -1.0) + NOISE[0]
    sources = ["small" if each else "large" for each in small]
    sides = fit_sides(lead, NOISE[2], supports, sources)
    pooled = fit_sides(lead, NOISE[2], supports, ONE_SOURCE)
    assert sides is not None
    assert pooled is not None
    assert sides.start > pooled.start + 0.5


def test_too_few_texts_of_a_side_and_a_network_that_errs_more_than_not_give_nothing() -> None:
    few = slice(0, 30)
    assert fit_sides(TRUTH[few], NOISE[1][few], SUPPORTS[few], ONE_SOURCE[few]) is None
    assert fit_sides(-TRUTH + NOISE[0], NOISE[1], SUPPORTS, ONE_SOURCE) is None


def test_the_calibration_says_what_the_sides_say() -> None:
    logits = CHANCE.normal(size=(200, 4))
    labels = logits.argmax(axis=1)
    sides = Sides(worth=0.3, slope=0.5, start=-0.4)
    calibration = calibration_of_sides(logits, labels, sides)
    p = stance_probabilities(logits, calibration, STANCES)
    ahead = logits[:, 0] - logits[:, 2]
    share = p[:, 0] / (p[:, 0] + p[:, 2])
    assert share == pytest.approx(1 / (1 + np.exp(-(0.5 * ahead - 0.4))), abs=1e-3)


def test_without_other_sources_there_is_a_temperature_alone() -> None:
    logits = CHANCE.normal(size=(200, 4))
    calibration = calibration_of_sides(logits, logits.argmax(axis=1), None)
    assert calibration.bias == ()
    assert calibration.sides == 1.0


def test_stances_that_would_be_missed_are_found_where_it_costs_little() -> None:
    # One in ten texts supports, and half of these are a close call for "not addressed".
    labels = np.where(np.arange(1_000) % 10 == 0, 0, 3)
    logits = np.zeros((1_000, 4))
    logits[:, 3] = np.where(labels == 3, 4.0, np.where(np.arange(1_000) % 20 == 0, 0.4, -4.0))

    found = found_more(logits, labels, Calibration(temperature=1.0))

    assert -0.6 < found.bias[3] <= -0.4
    assert (stance_probabilities(logits, found, STANCES).argmax(axis=1) == labels).all()


def test_no_more_are_found_where_as_many_would_be_invented() -> None:
    labels = np.where(np.arange(1_000) % 10 == 0, 0, 3)
    logits = np.zeros((1_000, 4))
    logits[:, 3] = np.where(labels == 0, -4.0, 0.02)

    plain = Calibration(temperature=1.0, bias=(0.1, 0.0, -0.1, 0.0))
    assert found_more(logits, labels, plain) == plain
