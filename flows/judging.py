"""Judge a batch so that no document of it can stop the others.

    judge all -raises-> does the model judge anything? -no-> the fault is the model's: stop
                                                       -yes-> halves, and halves of these, down to the one that does it

A document that ends the process (the system may kill it for its memory) can't be caught here: what is judged is kept in
the table `in_hand` meanwhile, and flows/scoring.py judges by itself what workers ended with.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from classify.classifier import ModelError
from classify.judge import Judged, judge
from flows.wiring import Edges
from ingest.document import Document

PLAIN_TEXT = "We should welcome more seasonal workers: the work visa scheme is fair."
"""A model that fails on this one fails on any."""

REASON_CHARACTERS = 300
"""Of an error that becomes the reason of a dead letter."""


class ModelFails(Exception):
    """The model judges nothing at all; nothing of the batch was stored or committed."""


class Poison(msgspec.Struct, frozen=True):
    """A document that cannot be judged, and why."""

    document: Document
    reason: str


def judge_each(edges: Edges, documents: Sequence[Document]) -> tuple[list[Judged], list[Poison]]:
    """The documents judged, in order, and those that make the judging fail. Raises ModelFails or ModelError where the
    model is at fault.
    """
    try:
        return judge(documents, edges.classifier, edges.targets), []
    except ModelError:
        raise
    except Exception as error:
        check_model(edges)
        if len(documents) == 1:
            return [], [Poison(documents[0], _reason(error))]
    half = len(documents) // 2
    judged, poison = judge_each(edges, documents[:half])
    more_judged, more_poison = judge_each(edges, documents[half:])
    return judged + more_judged, poison + more_poison


def check_model(edges: Edges) -> None:
    """Judge a plain sentence. Raises ModelFails where that is too much, and ModelError."""
    try:
        edges.classifier.assess([PLAIN_TEXT], edges.targets)
    except ModelError:
        raise
    except Exception as error:
        raise ModelFails(
            f"the model {edges.classifier.model} cannot judge anything ({_words(error)}); nothing was stored."
            " Check BAROMETER_MODEL and the memory of this machine, then start again."
        ) from error


def _reason(error: Exception) -> str:
    return f"judging it failed ({_words(error)})"


def _words(error: Exception) -> str:
    """The error in one line, without what a long one quotes."""
    words = " ".join(f"{type(error).__name__}: {error}".split()).removesuffix(":")
    return words if len(words) <= REASON_CHARACTERS else words[: REASON_CHARACTERS - 1] + "…"
