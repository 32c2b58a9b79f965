"""The correction for the errors of the classifier in use: which confusion matrix belongs to which target."""

from __future__ import annotations

from collections.abc import Collection

from alerts.confusion import NONE, Confusion, confusion_of_manifest
from classify.classifier import Classifier, KnowsItsErrors


def confusion_of(classifier: Classifier, target: str) -> Confusion:
    """The matrix of `target`; NONE for a model whose errors nobody has counted (a word list, a model of the hub)."""
    if isinstance(classifier, KnowsItsErrors):
        return confusion_of_manifest(classifier.manifest, target)
    return NONE


def confusions_of(classifier: Classifier, targets: Collection[str]) -> dict[str, Confusion]:
    """The matrix of each of these targets, made once."""
    return {target: confusion_of(classifier, target) for target in targets}
