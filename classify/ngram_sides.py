"""Which side the words of a text lean to, whoever they speak of: the wide half of "wide and deep" (Cheng et al. 2016).

token ids -> word pieces (punctuation left out) -> distinct pieces and neighbouring pairs
          -> sum of their weights / sqrt(how many) -> added to every target's support, taken from its oppose

The network reads sentences and is led astray by manners of speaking that it never met; a count of
words and pairs does not read, and errs elsewhere. docs/model-card.md has what each does alone and both together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Ids = NDArray[np.int64]
Floats = NDArray[np.float32]

LARGEST_VOCABULARY = 1 << 15
"""A pair is one number: first x this + second."""


class NgramSides:
    """Weights of word pieces and pairs; positive ones speak for support."""

    def __init__(self, keys: ArrayLike, weights: ArrayLike, is_word: ArrayLike) -> None:
        """`keys` (K,), ascending, as in `ngram_keys`; `weights` (K,); `is_word` (V,): see `word_pieces`.

        Raises ValueError where these do not fit each other.
        """
        self.keys: Ids = np.asarray(keys, dtype=np.int64)
        self.weights: Floats = np.asarray(weights, dtype=np.float32)
        self.is_word = np.asarray(is_word, dtype=bool)
        if self.keys.ndim != 1 or self.keys.shape != self.weights.shape:
            raise ValueError("has not one weight for each pair of words")
        if len(self.keys) and (np.diff(self.keys) <= 0).any():
            raise ValueError("does not name its pairs of words in order")
        if not np.isfinite(self.weights).all():
            raise ValueError("has a weight that is no number")

    def lean(self, ids: ArrayLike) -> float:
        """How far one text, token ids (L,), leans to support; 0 where it has no word that counts."""
        keys = ngram_keys(ids, self.is_word)
        if not len(keys) or not len(self.keys):
            return 0.0
        places = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        found = self.weights[places[self.keys[places] == keys]]
        return float(found.sum() / np.sqrt(len(keys)))

    def added(self, stances: Floats, texts: Sequence[ArrayLike], names: Sequence[str]) -> Floats:
        """Stance logits (N, T, 4), in the order of `names`, with the lean of each of N texts (L,)."""
        lean = np.array([self.lean(ids) for ids in texts], dtype=np.float32)[:, None] / 2
        stances = stances.copy()
        stances[..., names.index("support")] += lean
        stances[..., names.index("oppose")] -= lean
        return stances


def ngram_keys(ids: ArrayLike, is_word: NDArray[np.bool_]) -> Ids:
    """Distinct keys of a text's word pieces, and of each pair of them with at most punctuation between."""
    ids = np.asarray(ids, dtype=np.int64)
    words = ids[is_word[ids]]
    pairs = (words[:-1] + 1) * LARGEST_VOCABULARY + words[1:]
    return np.unique(np.concatenate([words, pairs]))


def word_pieces(vocabulary: Mapping[str, int], special: Sequence[str] = ()) -> NDArray[np.bool_]:
    """(V,): which token ids are words or parts of words, not punctuation nor `special` tokens.

    Raises ValueError for more tokens than a pair has room for.
    """
    if len(vocabulary) > LARGEST_VOCABULARY:
        raise ValueError(f"has more than {LARGEST_VOCABULARY:,} tokens")
    is_word = np.zeros(max(vocabulary.values(), default=-1) + 1, dtype=bool)
    for token, place in vocabulary.items():
        is_word[place] = token[-1:].isalnum() and token not in special
    return is_word


# -- As arrays -------------------------------------------------------------------------------------


def packed(ngrams: NgramSides) -> dict[str, NDArray[Any]]:
    """The arrays of a model folder's `ngrams.npz`: keys as differences, weights in 8 bits."""
    largest = float(np.abs(ngrams.weights).max()) if len(ngrams.weights) else 0.0
    scale = largest / 127 or 1.0
    return {
        "steps": np.diff(ngrams.keys, prepend=0).astype(np.uint32),
        "weights": np.rint(ngrams.weights / scale).astype(np.int8),
        "scale": np.array(scale, dtype=np.float32),
    }


def unpacked(arrays: Mapping[str, NDArray[Any]], is_word: NDArray[np.bool_]) -> NgramSides:
    """What `packed` gave. Raises ValueError where an array is missing or does not fit the others."""
    missing = {"steps", "weights", "scale"} - set(arrays)
    if missing:
        raise ValueError(f"has no {min(missing)}")
    keys = np.cumsum(arrays["steps"].astype(np.int64))
    return NgramSides(keys, arrays["weights"] * arrays["scale"], is_word)
