"""Exchanged words: within their kind, the same word for the same, and nothing else touched."""

from __future__ import annotations

import random

from classify.corpus import load_corpus
from classify.training.swaps import KINDS, with_swaps


def test_words_are_exchanged_within_their_kind_only() -> None:
    seen = {with_swaps("No more refugees in Germany", random.Random(seed)) for seed in range(200)}

    assert "No more asylum seekers in Germany" in seen
    assert any(text.startswith("No more refugees in ") and "Germany" not in text for text in seen)
    assert not any("immigrants" in text or "in migrants" in text for text in seen)


def test_a_word_that_returns_is_exchanged_for_the_same() -> None:
    for seed in range(50):
        first, second = with_swaps("refugees and refugees", random.Random(seed)).split(" and ")
        assert first == second


def test_capitals_stay() -> None:
    seen = {with_swaps("Refugees, REFUGEES, refugees", random.Random(seed)) for seed in range(20)}

    assert seen == {
        "Refugees, REFUGEES, refugees",
        "Asylum seekers, ASYLUM SEEKERS, asylum seekers",
    }


def test_parts_of_words_are_left_alone() -> None:
    for seed in range(50):
        text = "Germanys immigrantship, Polished Romeo, undocumented and illegal"
        assert with_swaps(text, random.Random(seed)) == text


def test_no_word_stands_in_two_kinds() -> None:
    words = [word.lower() for kind in KINDS for word in kind]
    assert len(words) == len(set(words))


def test_about_half_of_the_corpus_changes_in_an_epoch() -> None:
    rng = random.Random(1)
    texts = [passage.text for passage in load_corpus()]
    changed = sum(with_swaps(text, rng) != text for text in texts) / len(texts)
    assert 0.2 < changed < 0.7
