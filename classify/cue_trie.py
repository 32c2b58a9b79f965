"""Finding the cues of a lexicon in words: one pass, the longest cue wins.

A cue is one or more words. `a/b` in one word's place is a choice, a word ending in `*` stands for
every word that starts so, and a word ending in `?` may be missing.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence

LONGEST_WORD = 40
"""Characters; a longer run of letters is not a word that any cue knows."""

CACHED_WORDS = 50_000
"""The memory of words seen is emptied at this size, so that a long run stays small."""


class _Node:
    __slots__ = ("after", "cue")

    def __init__(self) -> None:
        self.after: dict[str, _Node] = {}
        self.cue = -1


_NOWHERE: tuple[tuple[str, ...], tuple[_Node, ...]] = ((), ())


class CueTrie:
    """Cues numbered in the order given; two cues that mean the same words share the later number."""

    def __init__(self, cues: Iterable[str]) -> None:
        self._root = _Node()
        self._words: set[str] = set()
        self._stems: set[str] = set()
        self._seen: dict[str, tuple[tuple[str, ...], tuple[_Node, ...]]] = {}
        for number, cue in enumerate(cues):
            for words in expand(cue):
                node = self._root
                for word in words:
                    (self._stems if word.endswith("*") else self._words).add(word)
                    node = node.after.setdefault(word, _Node())
                node.cue = number
        self._longest_stem = max((len(stem) for stem in self._stems), default=0)

    def find(self, words: Sequence[str]) -> Iterator[tuple[int, int, int]]:
        """(cue, first word, word after the last) of each cue found, left to right, never overlapping."""
        seen = self._seen
        known = [seen.get(word) or self._look_up(word) for word in words]
        position, count = 0, len(known)
        while position < count:
            nodes: Sequence[_Node] = known[position][1]
            if not nodes:
                position += 1
                continue
            cue, end, upto = -1, position + 1, position + 1
            while nodes:
                for node in nodes:
                    if node.cue >= 0:
                        cue, end = node.cue, upto
                        break
                if upto == count:
                    break
                following = known[upto][0]
                nodes = [node.after[w] for node in nodes for w in following if w in node.after]
                upto += 1
            if cue >= 0:
                yield cue, position, end
            position = end

    def _look_up(self, word: str) -> tuple[tuple[str, ...], tuple[_Node, ...]]:
        if len(word) > LONGEST_WORD:
            return _NOWHERE
        patterns: list[str] = []
        for form in (word, word[:-2]) if word.endswith("'s") else (word,):
            if form in self._words:
                patterns.append(form)
            patterns.extend(
                form[:length] + "*"
                for length in range(min(len(form), self._longest_stem), 0, -1)
                if form[:length] + "*" in self._stems
            )
        starts = tuple(self._root.after[p] for p in patterns if p in self._root.after)
        if len(self._seen) >= CACHED_WORDS:
            self._seen.clear()
        known = self._seen[word] = (tuple(patterns), starts)
        return known


def expand(cue: str) -> Iterator[tuple[str, ...]]:
    """The word sequences that `cue` stands for."""
    choices: list[list[str]] = []
    for place in cue.split():
        choice: list[str] = []
        for word in place.split("/"):
            choice.extend((word[:-1], "") if word.endswith("?") else (word,))
        choices.append(choice)
    for words in itertools.product(*choices):
        if any(words):
            yield tuple(word for word in words if word)
