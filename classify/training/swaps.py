"""What is varied of a training text from epoch to epoch: words of one kind exchanged, tokens left out.

Exchanged are words that say whom or where, not what of them.

In the sample corpus `refugees` stands more often in favourable texts and `asylum seekers` in hostile
ones; a network took that for the stance, and read every forum comment about refugees as support.
With the words of one kind exchanged at random, only the rest of the sentence tells.
"""

from __future__ import annotations

import random
import re

SHARE = 0.5
"""Of the texts in which a kind is exchanged, in each epoch."""

KINDS = (
    ("refugees", "asylum seekers"),
    ("refugee", "asylum seeker"),
    ("immigrants", "migrants", "foreigners", "newcomers"),
    ("immigrant", "migrant"),
    ("immigration", "migration"),
    ("Syrians", "Afghans", "Iraqis", "Somalis", "Eritreans"),
    ("Syrian", "Afghan", "Iraqi", "Somali", "Eritrean", "Sudanese"),
    ("Poles", "Romanians", "Bulgarians", "Lithuanians"),
    ("Polish", "Romanian", "Bulgarian", "Lithuanian"),
    ("Indian", "Nigerian", "Pakistani", "Filipino", "Vietnamese", "Kenyan", "Nepali"),
    tuple(
        "Germany France Sweden Italy Spain Denmark Austria Norway Belgium Ireland Finland Greece "
        "Portugal Poland Hungary".split()
    ),
    tuple("German French Swedish Italian Spanish Danish Austrian Norwegian Greek".split()),
    ("Canada", "Australia", "Britain", "America", "New Zealand"),
    ("London", "Paris", "Berlin", "Stockholm", "Rome", "Madrid", "Vienna", "Dublin", "Brussels"),
)
"""No word stands in two kinds. A status is never exchanged for another: that would change the label."""

_KIND_OF = {word.lower(): kind for kind in KINDS for word in kind}

# The longest first, so that `immigrants` is not read as `immigrant`.
_WORDS = re.compile(
    rf"\b({'|'.join(sorted(map(re.escape, _KIND_OF), key=lambda word: (-len(word), word)))})\b",
    re.IGNORECASE,
)


def with_swaps(text: str, rng: random.Random) -> str:
    """`text` with the words of some kinds exchanged; a word that returns is exchanged for the same."""
    chosen: dict[str, str] = {}
    left: dict[tuple[str, ...], bool] = {}

    def other(match: re.Match[str]) -> str:
        word = match.group()
        kind = _KIND_OF[word.lower()]
        if left.setdefault(kind, rng.random() >= SHARE):
            return word
        if word.lower() not in chosen:
            chosen[word.lower()] = rng.choice(kind)
        return _cased(chosen[word.lower()], word)

    return _WORDS.sub(other, text)


def _cased(word: str, like: str) -> str:
    if like.isupper():
        return word.upper()
    return word[0].upper() + word[1:] if like[0].isupper() else word


def with_gaps(ids: list[int], share: float, rng: random.Random) -> list[int]:
    """Token ids without about `share` of them; the first and the last, which are special, stay."""
    return [ids[0], *(each for each in ids[1:-1] if rng.random() >= share), ids[-1]]
