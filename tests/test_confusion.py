"""The confusion matrix: how it is written, what it corrects, and when it is refused."""

from __future__ import annotations

import json
from importlib.resources import files

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.confusion import (
    MIN_SINGULAR,
    NONE,
    Confusion,
    confusion_from_counts,
    confusion_from_json,
    confusion_of_manifest,
    correction,
)
from classify.manifest import Manifest

GOOD = [[90, 4, 6], [10, 70, 20], [5, 15, 80]]
AS_OBJECT = {
    "support": {"support": 90, "neutral": 4, "oppose": 6},
    "neutral": {"support": 10, "neutral": 70, "oppose": 20},
    "oppose": {"support": 5, "neutral": 15, "oppose": 80},
}


def shipped() -> Manifest:
    path = files("classify").joinpath("bundled", "model.json")
    return msgspec.json.decode(path.read_bytes(), type=Manifest)


def test_a_list_and_an_object_say_the_same() -> None:
    assert confusion_from_json(json.dumps(GOOD)) == confusion_from_json(json.dumps(AS_OBJECT))
    assert confusion_from_json(json.dumps(GOOD)).counts == ((90, 4, 6), (10, 70, 20), (5, 15, 80))


def test_the_order_in_an_object_does_not_matter() -> None:
    turned = {i: dict(reversed(AS_OBJECT[i].items())) for i in reversed(AS_OBJECT)}
    assert confusion_from_json(json.dumps(turned)) == confusion_from_counts(GOOD)


def test_text_that_does_not_address_the_target_is_dropped() -> None:
    four = [[90, 4, 6, 11], [10, 70, 20, 12], [5, 15, 80, 13], [1, 2, 3, 900]]
    assert confusion_from_json(json.dumps(four)) == confusion_from_counts(GOOD)
    named = {i: {**row, "not_addressed": 9} for i, row in AS_OBJECT.items()}
    named["not_addressed"] = {"support": 1, "not_addressed": 900}
    assert confusion_from_json(json.dumps(named)) == confusion_from_counts(GOOD)


def test_a_judged_stance_that_is_left_out_was_judged_no_time() -> None:
    sparse = {"support": {"support": 9}, "neutral": {"neutral": 8}, "oppose": {"oppose": 7}}
    assert confusion_from_json(json.dumps(sparse)).counts == ((9, 0, 0), (0, 8, 0), (0, 0, 7))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "no JSON"),
        ("{", "no JSON"),
        ("7", "three rows"),
        ("null", "three rows"),
        ('"none"', "three rows"),
        ("[]", "three rows"),
        ("[[1, 2], [3, 4]]", "three rows"),
        ("[[1, 2, 3], [4, 5, 6], [7, 8]]", "three rows"),
        ('["abc", "def", "ghi"]', "three rows"),
        ('{"support": 3}', "every true stance"),
        ('{"support": {"suport": 3}}', "'suport' is no stance"),
        ('{"support": {}, "oppose": {}}', "'neutral' has no row"),
        ("[[1, 2, 3], [4, -5, 6], [7, 8, 9]]", "truly neutral and judged neutral is -5"),
        ("[[0.9, 0.1, 0], [0, 1, 0], [0, 0, 1]]", "no share"),
        ("[[1, 2, NaN], [4, 5, 6], [7, 8, 9]]", "truly support and judged oppose is nan"),
        ("[[1, 2, 3], [4, 5, Infinity], [7, 8, 9]]", "judged oppose is inf"),
        ('[[1, 2, 3], [4, 5, "6"], [7, 8, 9]]', "judged oppose is 6"),
        ("[[1, 2, 3], [4, 5, true], [7, 8, 9]]", "judged oppose is True"),
        ("[" * 100_000, "no JSON"),
    ],
)
def test_a_matrix_that_is_none_is_refused_and_the_message_says_what_to_write(
    text: str, fault: str
) -> None:
    with pytest.raises(ValueError, match=fault) as caught:
        confusion_from_json(text)
    assert "write" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_scores_of_judged_stances_give_back_the_true_net_support() -> None:
    """By hand: judged shares are true shares x M, and their mean score is what truth began with."""
    m = np.array(GOOD) / np.sum(GOOD, axis=1, keepdims=True)
    for true in ([0.5, 0.2, 0.3], [0.05, 0.05, 0.9], [0.0, 1.0, 0.0]):
        judged = np.array(true) @ m
        assert judged @ correction(confusion_from_counts(GOOD)).scores == pytest.approx(
            true[0] - true[2]
        )


def test_a_symmetric_classifier_by_hand() -> None:
    """80 % right, 10 % to either side: net support is shrunk by 0.7, so scores are 1 / 0.7."""
    found = correction(confusion_from_counts([[80, 10, 10], [10, 80, 10], [10, 10, 80]]))
    assert found.scores == pytest.approx((1 / 0.7, 0.0, -1 / 0.7))
    assert found.smallest_singular_value == pytest.approx(0.7)
    assert found.labelled == (100, 100, 100)


def test_without_a_matrix_scores_are_plain() -> None:
    found = correction(NONE)
    assert found.scores == (1.0, 0.0, -1.0)
    assert found.noise == (0.0, 0.0, 0.0)
    assert not found.refusal
    assert not NONE.corrects


def test_the_noise_is_the_variance_that_simulated_matrices_show() -> None:
    """V_M = sum p_i^2 noise_i / n_i against 4,000 matrices drawn anew (detection.md A.1.5).

    The standard error of a simulated variance is 2.2 % of it; first order leaves a few per cent.
    """
    rng = np.random.default_rng(3)
    m = np.array(GOOD) / np.sum(GOOD, axis=1, keepdims=True)
    true = np.array([0.5, 0.2, 0.3])
    judged = true @ m
    drawn = [
        judged
        @ correction(
            confusion_from_counts([rng.multinomial(200, row).tolist() for row in m])
        ).scores
        for _ in range(4000)
    ]
    found = correction(confusion_from_counts(np.rint(200 * m).astype(int).tolist()))
    expected = sum(p * p * v / 200 for p, v in zip(true, found.noise, strict=True))
    assert np.var(drawn) == pytest.approx(expected, rel=0.12)


def test_a_row_without_a_mistake_is_not_without_error() -> None:
    few = correction(confusion_from_counts([[10, 0, 0], [0, 10, 0], [0, 0, 10]]))
    many = correction(confusion_from_counts([[1000, 0, 0], [0, 1000, 0], [0, 0, 1000]]))
    assert min(few.noise) > 0.03
    assert max(many.noise) < 0.003


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([[1, 1, 1]] * 3, "hardly tells stances apart"),
        ([[50, 50, 0], [50, 50, 0], [0, 0, 100]], "hardly tells stances apart"),
        ([[45, 10, 45], [10, 80, 10], [40, 10, 50]], "hardly tells stances apart"),
        ([[0, 0, 0]] * 3, "no labelled document whose true stance is support"),
        ([[9, 1, 1], [0, 0, 0], [1, 1, 9]], "no labelled document whose true stance is neutral"),
    ],
)
def test_a_matrix_that_cannot_be_used_says_why_and_what_to_do(
    rows: list[list[int]], reason: str
) -> None:
    found = correction(confusion_from_counts(rows))
    assert reason in found.refusal
    assert "correct with" in found.refusal
    assert found.smallest_singular_value < MIN_SINGULAR


counts = st.integers(0, 10**6)


@given(st.tuples(*[st.tuples(counts, counts, counts)] * 3))
def test_no_matrix_of_counts_raises(rows: tuple[tuple[int, int, int], ...]) -> None:
    found = correction(Confusion(rows))
    assert all(map(np.isfinite, (*found.scores, *found.noise)))
    assert max(map(abs, found.scores)) <= np.sqrt(2) / MIN_SINGULAR + 1e-9
    assert min(found.noise) >= 0


def test_the_shipped_matrices_can_be_used() -> None:
    manifest = shipped()
    for target in manifest.confusion:
        own = confusion_of_manifest(manifest, target)
        assert not correction(own).refusal
        assert sum(map(sum, own.counts)) > 500
    assert confusion_of_manifest(manifest, "regular").counts[0] == tuple(
        manifest.confusion["regular"][0][:3]
    )


def test_a_target_of_ones_own_gets_all_matrices_together() -> None:
    manifest = shipped()
    together = confusion_of_manifest(manifest, "school meals")
    assert together.counts[0][0] == sum(m[0][0] for m in manifest.confusion.values())
    bare = msgspec.structs.replace(manifest, confusion={})
    assert confusion_of_manifest(bare, "regular") == NONE


def test_the_manifest_says_in_which_order_its_rows_stand() -> None:
    manifest = shipped()
    turned = msgspec.structs.replace(
        manifest,
        stances=tuple(reversed(manifest.stances)),
        confusion={
            name: tuple(tuple(reversed(row)) for row in reversed(matrix))
            for name, matrix in manifest.confusion.items()
        },
    )
    assert confusion_of_manifest(turned, "asylum") == confusion_of_manifest(manifest, "asylum")
