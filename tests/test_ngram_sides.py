from __future__ import annotations

import math

import numpy as np
import pytest

from classify.ngram_sides import (
    LARGEST_VOCABULARY,
    NgramSides,
    ngram_keys,
    packed,
    unpacked,
    word_pieces,
)

VOCABULARY = {"[CLS]": 0, "[SEP]": 1, "let": 2, "them": 3, ",": 4, "stay": 5, "##ing": 6, "!": 7}
IS_WORD = word_pieces(VOCABULARY, ["[CLS]", "[SEP]"])
LET, THEM, COMMA, STAY, ING = 2, 3, 4, 5, 6
NAMES = ("support", "neutral", "oppose", "not_addressed")


def pair(first: int, second: int) -> int:
    return (first + 1) * LARGEST_VOCABULARY + second


def sides(weights: dict[int, float]) -> NgramSides:
    keys = sorted(weights)
    return NgramSides(keys, [weights[key] for key in keys], IS_WORD)


def test_words_and_parts_of_words_count_and_neither_punctuation_nor_special_tokens() -> None:
    assert IS_WORD.tolist() == [False, False, True, True, False, True, True, False]


def test_a_text_is_its_distinct_pieces_and_the_pairs_across_punctuation() -> None:
    ids = [0, LET, THEM, COMMA, STAY, LET, THEM, 1]
    pairs = [pair(LET, THEM), pair(THEM, STAY), pair(STAY, LET)]
    assert ngram_keys(ids, IS_WORD).tolist() == sorted([LET, THEM, STAY, *pairs])


def test_the_lean_is_the_sum_of_weights_over_the_root_of_how_many_keys() -> None:
    ngrams = sides({STAY: 3.0, pair(LET, THEM): 1.5, ING: -9.0})
    assert ngrams.lean([0, LET, THEM, STAY, 1]) == pytest.approx(4.5 / math.sqrt(5))


@pytest.mark.parametrize("ids", [[0, 1], [0, COMMA, 7, 1], [0, LET, 1]])
def test_a_text_without_a_known_word_leans_nowhere(ids: list[int]) -> None:
    assert sides({STAY: 3.0}).lean(ids) == 0.0
    assert NgramSides([], [], IS_WORD).lean(ids) == 0.0


def test_the_lean_is_added_to_every_targets_support_and_taken_from_its_oppose() -> None:
    ngrams = sides({STAY: 4.0})
    logits = np.zeros((2, 3, 4), dtype=np.float32)
    given = ngrams.added(logits, [[0, STAY, 1], [0, LET, 1]], NAMES)
    assert given[0].tolist() == [[2.0, 0.0, -2.0, 0.0]] * 3
    assert not given[1].any()
    assert not logits.any()  # what was given stays as it was


def test_the_order_of_the_stances_is_the_names() -> None:
    given = sides({STAY: 4.0}).added(
        np.zeros((1, 1, 4), dtype=np.float32), [[STAY]], tuple(reversed(NAMES))
    )
    assert given[0, 0].tolist() == [0.0, -2.0, 0.0, 2.0]


def test_the_arrays_keep_keys_exactly_and_weights_to_a_part_in_254_of_the_largest() -> None:
    ngrams = sides({LET: 0.013, STAY: -2.54, pair(LET, THEM): 1.0, pair(STAY, ING): 0.5})
    again = unpacked(packed(ngrams), IS_WORD)
    assert again.keys.tolist() == ngrams.keys.tolist()
    assert np.abs(again.weights - ngrams.weights).max() <= 2.54 / 254 + 1e-6


def test_no_weights_are_arrays_too() -> None:
    assert not len(unpacked(packed(NgramSides([], [], IS_WORD)), IS_WORD).keys)


def test_an_array_that_is_missing_is_named() -> None:
    arrays = packed(sides({STAY: 1.0}))
    del arrays["scale"]
    with pytest.raises(ValueError, match="has no scale"):
        unpacked(arrays, IS_WORD)


@pytest.mark.parametrize(
    ("keys", "weights", "said"),
    [
        ([3, 2], [1.0, 1.0], "in order"),
        ([2, 2], [1.0, 1.0], "in order"),
        ([2, 3], [1.0], "one weight"),
        ([2], [float("nan")], "no number"),
    ],
)
def test_keys_and_weights_must_fit(keys: list[int], weights: list[float], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        NgramSides(keys, weights, IS_WORD)


def test_a_vocabulary_that_pairs_have_no_room_for_is_refused() -> None:
    with pytest.raises(ValueError, match="more than 32,768 tokens"):
        word_pieces({str(n): n for n in range(LARGEST_VOCABULARY + 1)})
