from __future__ import annotations

import math

import numpy as np
import pytest

from classify.calibration import (
    assessments,
    class_probabilities,
    document_outputs,
    label_probability,
    stance_calibration,
    stance_probabilities,
)
from classify.classifier import nothing_said
from classify.codebook import FLAGS, TOPICS
from classify.manifest import OTHER, Calibration, Manifest
from classify.stance import NOT_ADDRESSED, Stance
from classify.target import IRREGULAR, REGULAR, TARGETS, Target
from tests.manifests import manifest

PLAIN = Calibration(temperature=1.0)
HOT = Calibration(temperature=2.0)


@pytest.mark.parametrize(
    ("logits", "calibration", "p"),
    [
        ([0.0, 0.0], PLAIN, [1 / 2, 1 / 2]),
        ([math.log(3), 0.0], PLAIN, [3 / 4, 1 / 4]),
        # A temperature of 2 takes the square root of the odds.
        ([math.log(9), 0.0], HOT, [3 / 4, 1 / 4]),
        # The bias comes after the temperature.
        ([math.log(9), 0.0], Calibration(temperature=2.0, bias=(0.0, math.log(3))), [1 / 2, 1 / 2]),
        ([1000.0, -1000.0], PLAIN, [1.0, 0.0]),
        ([-1e30, 1e30], PLAIN, [0.0, 1.0]),
    ],
)
def test_classes_share_one(logits: list[float], calibration: Calibration, p: list[float]) -> None:
    with np.errstate(over="raise", invalid="raise"):
        assert class_probabilities(logits, calibration) == pytest.approx(p)


@pytest.mark.parametrize(
    ("logit", "calibration", "p"),
    [
        (0.0, PLAIN, 1 / 2),
        (math.log(3), PLAIN, 3 / 4),
        (math.log(9), HOT, 3 / 4),
        (0.0, Calibration(temperature=2.0, bias=(math.log(3),)), 3 / 4),
        (1e6, PLAIN, 1.0),
        (-1e6, PLAIN, 0.0),
    ],
)
def test_a_label_stands_alone(logit: float, calibration: Calibration, p: float) -> None:
    with np.errstate(over="raise", invalid="raise"):
        assert label_probability(logit, calibration) == pytest.approx(p)


@pytest.mark.parametrize(
    ("target", "name"),
    [
        (REGULAR, "regular"),
        (IRREGULAR, "irregular"),
        (Target("seasonal", "the seasonal workers scheme"), OTHER),
        # Whoever gives a codebook name other words asks another question.
        (Target("regular", "visas for dogs"), OTHER),
        (Target("lawful", REGULAR.description), OTHER),
    ],
)
def test_only_the_codebooks_own_question_has_its_calibration(target: Target, name: str) -> None:
    own = {key: Calibration(temperature=1.0 + n) for n, key in enumerate(("regular", "irregular"))}
    given = manifest(stance_calibration={**own, OTHER: Calibration(temperature=9.0)})
    assert stance_calibration(given, target) == given.stance_calibration[name]


def assessed(manifest: Manifest, **probabilities: float) -> tuple[tuple[str, ...], bool, bool]:
    """Topics and flags of a text whose document head gives these probabilities, else next to none."""
    p = [probabilities.get(name, 0.01) for name in document_outputs(manifest)]
    logits = np.log(p) - np.log1p(-np.array(p))
    (found,) = assessments(np.zeros((1, 4, 4)), logits[None], manifest, TARGETS)
    return found.topics, found.conflates, found.dehumanising


def test_topics_come_most_probable_first_and_three_at_most() -> None:
    given = {TOPICS[0]: 0.6, TOPICS[3]: 0.9, TOPICS[5]: 0.7, TOPICS[8]: 0.8, TOPICS[9]: 0.49}
    assert assessed(manifest(), **given)[0] == (TOPICS[3], TOPICS[8], TOPICS[5])


def test_each_topic_and_flag_has_a_threshold_of_its_own() -> None:
    low = manifest(thresholds={**manifest().thresholds, TOPICS[1]: 0.2, "dehumanising": 0.1})
    given = {TOPICS[0]: 0.4, TOPICS[1]: 0.25, "conflates": 0.4, "dehumanising": 0.15}
    assert assessed(manifest(), **given) == ((), False, False)
    assert assessed(low, **given) == ((TOPICS[1],), False, True)


def test_a_probability_at_the_threshold_is_given() -> None:
    half = np.zeros((1, 1 + len(TOPICS) + len(FLAGS)))
    (found,) = assessments(np.zeros((1, 4, 4)), half, manifest(), TARGETS)
    assert found.topics == TOPICS[:3]  # of equals the first three
    assert found.conflates
    assert found.dehumanising
    assert found.relevance == 0.5


def test_stances_and_targets_are_read_in_the_manifests_order() -> None:
    turned = manifest(stances=("not_addressed", "oppose", "support", "neutral"))
    logits = np.zeros((2, 2, 4))
    logits[0, 0, 2] = logits[0, 1, 1] = logits[1, 0, 0] = logits[1, 1, 3] = 5.0
    document = np.zeros((2, len(document_outputs(turned))))
    both = assessments(logits, document, turned, (IRREGULAR, REGULAR))
    assert [{name: p.stance for name, p in each.stances.items()} for each in both] == [
        {"irregular": Stance.SUPPORT, "regular": Stance.OPPOSE},
        {"irregular": Stance.NOT_ADDRESSED, "regular": Stance.NEUTRAL},
    ]


def test_no_text_gives_no_assessment_and_no_target_no_stance() -> None:
    width = len(document_outputs(manifest()))
    assert assessments(np.zeros((0, 4, 4)), np.zeros((0, width)), manifest(), TARGETS) == []
    (found,) = assessments(np.zeros((1, 0, 4)), np.zeros((1, width)), manifest(), ())
    assert found.stances == {}


def test_what_says_nothing_addresses_no_target() -> None:
    found = nothing_said(TARGETS)
    assert found.relevance == 0
    assert set(found.stances.values()) == {NOT_ADDRESSED}
    assert list(found.stances) == [target.name for target in TARGETS]


# -- The sides ---------------------------------------------------------------------------------------

NAMES = ("support", "neutral", "oppose", "not_addressed")


def test_support_and_oppose_share_what_they_have_by_a_smaller_lead() -> None:
    logits = [math.log(8), math.log(2), 0.0, math.log(5)]
    p = stance_probabilities(logits, Calibration(temperature=1.0, sides=3.0), NAMES)
    # Together 9 of 16; the odds of 8 : 1 become 2 : 1.
    assert p == pytest.approx([6 / 16, 2 / 16, 3 / 16, 5 / 16])


def test_the_bias_moves_the_place_where_the_sides_part() -> None:
    even = Calibration(temperature=2.0, bias=(-0.5, 0.0, 0.5, 0.0), sides=4.0)
    p = stance_probabilities([2.0, 0.0, 0.0, 0.0], even, NAMES)
    assert p[0] == pytest.approx(p[2])


def test_without_a_divisor_the_sides_are_as_they_were() -> None:
    logits = np.random.default_rng(1).normal(size=(5, 3, 4))
    assert (stance_probabilities(logits, HOT, NAMES) == class_probabilities(logits, HOT)).all()
