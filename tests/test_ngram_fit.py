from __future__ import annotations

import random

import numpy as np
import pytest

from classify.codebook import STANCES
from classify.stance import Stance

pytest.importorskip("torch", reason="training needs the train extra")
pytest.importorskip("scipy", reason="training needs the train extra")

from classify.training.ngram_fit import (
    OPPOSE,
    SUPPORT,
    fit_ngrams,
    side_of,
)
from classify.training.tokens import IGNORED, Tokenised

NEUTRAL, NOT_ADDRESSED = STANCES.index(Stance.NEUTRAL), STANCES.index(Stance.NOT_ADDRESSED)
WELCOME, DEPORT, FILLERS = 10, 11, range(20, 40)
IS_WORD = np.ones(50, dtype=bool)


def row(ids: list[int], *stances: int, own: dict[int, int] | None = None) -> Tokenised:
    return Tokenised(ids, list(stances), [IGNORED] * len(stances), [], own or {})


@pytest.mark.parametrize(
    ("stances", "own", "side"),
    [
        ((SUPPORT, NOT_ADDRESSED), {}, SUPPORT),
        ((OPPOSE, OPPOSE), {}, OPPOSE),
        ((OPPOSE, NEUTRAL), {}, OPPOSE),
        ((SUPPORT, OPPOSE), {}, None),
        ((NEUTRAL, NOT_ADDRESSED), {}, None),
        ((IGNORED, IGNORED), {4: SUPPORT}, SUPPORT),
        ((OPPOSE, IGNORED), {4: SUPPORT}, None),
    ],
)
def test_a_text_has_a_side_when_its_targets_agree(
    stances: tuple[int, ...], own: dict[int, int], side: int | None
) -> None:
    assert side_of(row([1], *stances, own=own)) == side


def texts(count: int, seed: int = 1) -> list[Tokenised]:
    """WELCOME supports and DEPORT opposes; the other words say nothing."""
    rng = random.Random(seed)
    made = []
    for _ in range(count):
        side = rng.choice([SUPPORT, OPPOSE])
        ids = [WELCOME if side == SUPPORT else DEPORT, *rng.choices(FILLERS, k=6)]
        rng.shuffle(ids)
        made.append(row(ids, side, NOT_ADDRESSED))
    return made


def test_words_get_the_sign_of_the_side_that_they_stand_on() -> None:
    ngrams = fit_ngrams(texts(300), IS_WORD)
    weights = dict(zip(ngrams.keys.tolist(), ngrams.weights.tolist(), strict=True))
    assert weights[WELCOME] > 0 > weights[DEPORT]
    assert max(abs(weights[word]) for word in FILLERS) < weights[WELCOME] / 3
    others = texts(100, seed=2)
    assert all((ngrams.lean(each.ids) > 0) == (each.stances[0] == SUPPORT) for each in others)


def test_too_few_texts_of_a_side_give_no_weights() -> None:
    few = [each for each in texts(300) if each.stances[0] == SUPPORT] + texts(10)
    assert not len(fit_ngrams(few, IS_WORD).keys)
