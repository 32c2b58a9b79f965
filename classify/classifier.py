"""The classifier protocol, and the one place that turns a setting into a classifier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import msgspec

from classify.stance import Probabilities
from classify.target import Target


class Assessment(msgspec.Struct, frozen=True, kw_only=True):
    """What a classifier says of one text."""

    relevance: float
    """Probability that the text is about migration, 0 to 1."""
    topics: tuple[str, ...]
    conflates: bool
    dehumanising: bool
    stances: Mapping[str, Probabilities]
    """By target name; every target asked for is present."""


class ModelError(Exception):
    """The model named in the settings cannot be used; the text says why and what to do."""


class Classifier(Protocol):
    """Judges texts. Deterministic: the same text and targets give the same assessment."""

    @property
    def model(self) -> str:
        """Name and version, stored with every judgement."""
        ...

    @property
    def languages(self) -> frozenset[str]:
        """Primary language subtags that it can judge; empty means any."""
        ...

    def assess(self, texts: Sequence[str], targets: Sequence[Target]) -> list[Assessment]:
        """One assessment per text, in order. Never raises for a text's content."""
        ...


def load_classifier(name: str) -> Classifier:
    """The classifier that BAROMETER_MODEL names. Raises ModelError when there is none."""
    if name == "lexicon":
        from classify.lexicon import LexiconClassifier

        return LexiconClassifier()
    raise ModelError(f"BAROMETER_MODEL is {name!r}; this version knows only 'lexicon'")
