"""A second model for tests of judging again: it decides by the text alone, and otherwise than the lexicon."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence

import msgspec

from classify.classifier import Assessment
from classify.stance import NOT_ADDRESSED, Probabilities
from classify.target import Target
from tests.judged_documents import SURE, TOPIC


def by_hash(text: str) -> str:
    """A stance or "off topic", spread evenly over texts."""
    turn = hashlib.sha256(text.encode()).digest()[0] % 5
    return ("support", "neutral", "oppose", "not_addressed", "off topic")[turn]


class SecondModel(msgspec.Struct, frozen=True):
    """Satisfies classify.classifier.Classifier; `decide` gives the stance toward `regular`, or "off topic"."""

    model: str = "second-1"
    languages: frozenset[str] = frozenset()
    decide: Callable[[str], str] = by_hash

    def assess(self, texts: Sequence[str], targets: Sequence[Target]) -> list[Assessment]:
        """As `decide` says; other targets than `regular` are not addressed."""
        return [self._assess(self.decide(text), targets) for text in texts]

    def _assess(self, word: str, targets: Sequence[Target]) -> Assessment:
        stances: dict[str, Probabilities] = {target.name: NOT_ADDRESSED for target in targets}
        if word != "off topic":
            stances[TOPIC] = SURE[word]
        return Assessment(
            relevance=0.1 if word == "off topic" else 0.9,
            topics=("legal_pathways",),
            conflates=False,
            dehumanising=False,
            stances=stances,
        )
