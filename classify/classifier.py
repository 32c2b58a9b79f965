"""The classifier protocol, and the one place that turns a setting into a classifier."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import msgspec

from classify.stance import NOT_ADDRESSED, Probabilities
from classify.target import Target

if TYPE_CHECKING:
    from classify.hypotheses import Hypotheses
    from classify.manifest import Manifest


class Assessment(msgspec.Struct, frozen=True, kw_only=True):
    """What a classifier says of one text."""

    relevance: float
    """Probability that the text is about migration, 0 to 1."""
    topics: tuple[str, ...]
    conflates: bool
    dehumanising: bool
    stances: Mapping[str, Probabilities]
    """By target name; every target asked for is present."""


def nothing_said(targets: Sequence[Target]) -> Assessment:
    """The assessment of a text that has nothing to read."""
    return Assessment(
        relevance=0.0,
        topics=(),
        conflates=False,
        dehumanising=False,
        stances={target.name: NOT_ADDRESSED for target in targets},
    )


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


@runtime_checkable
class KnowsItsErrors(Protocol):
    """A classifier with a manifest: its errors on labelled text are known."""

    @property
    def manifest(self) -> Manifest:
        """What stands beside the weights, the confusion matrices among it."""
        ...


def load_classifier(
    name: str,
    *,
    device: str = "auto",
    hypotheses: Mapping[str, Hypotheses] | None = None,
    languages: Collection[str] = (),
) -> Classifier:
    """The classifier that BAROMETER_MODEL names. Raises ModelError when there is none.

    `bundled`, `lexicon`, a model folder, a transformers model's folder or its name on the hub. What
    follows `name` is for transformers models; the two that ship with Barometer run on the CPU.
    """
    if name == "lexicon":
        from classify.lexicon import LexiconClassifier

        return LexiconClassifier()
    from classify.onnx_model import is_onnx_folder, load_bundled, load_onnx_classifier

    if name == "bundled":
        return load_bundled()
    if device in ("auto", "cpu") and is_onnx_folder(name):
        return load_onnx_classifier(name)
    from classify.hf_model import load_hf_classifier

    return load_hf_classifier(name, device=device, hypotheses=hypotheses, languages=languages)
