"""Whether the parts of a model folder fit each other, so that nothing has to be doubted while judging.

Each function gives the first thing that does not fit, as the predicate of a sentence; None if all is well.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from classify.calibration import document_outputs
from classify.codebook import FLAGS, STANCES, TOPICS
from classify.manifest import OTHER, Calibration, Manifest
from classify.target import TARGETS

FEWEST_TOKENS = 8
"""Below this there is no text to judge between the two special tokens."""

INPUTS = {
    "input_ids": ("tensor(int64)", 2),
    "attention_mask": ("tensor(int64)", 2),
    "queries": ("tensor(float)", 2),
}
OUTPUTS = {
    "stances": ("tensor(float)", 3),
    "document": ("tensor(float)", 2),
    "embedding": ("tensor(float)", 2),
}
"""Of the network: element type and rank, by name."""


class Node(Protocol):
    """An input or output of a network, as ONNX Runtime describes it."""

    name: str
    type: str
    shape: Sequence[int | str | None] | None


def manifest_fault(manifest: Manifest) -> str | None:
    """What a manifest must have beyond its types."""
    return next(_manifest_faults(manifest), None)


def graph_fault(inputs: Iterable[Node], outputs: Iterable[Node]) -> str | None:
    """Whether the network takes and gives what is expected, by name, type and rank."""
    for said, nodes, wanted in (("takes", inputs, INPUTS), ("gives", outputs, OUTPUTS)):
        found = {node.name: (node.type, len(node.shape or ())) for node in nodes}
        if found != wanted:
            return (
                f"is a model of another architecture: it {said} {_signature(found)}, "
                f"not {_signature(wanted)}"
            )
    return None


def results_fault(manifest: Manifest, results: Sequence[NDArray[np.float32]]) -> str | None:
    """Whether OUTPUTS of one text asked about one target are as wide as the manifest's names."""
    stances, document, embedding = results
    for name, result, width in (
        ("stances", stances, len(manifest.stances)),
        ("document", document, len(document_outputs(manifest))),
        ("embedding", embedding, embedding.shape[-1]),
    ):
        if result.shape[-1] != width:
            return f"gives {result.shape[-1]} logits of {name}, its manifest names {width}"
        if not np.isfinite(result).all():
            return f"gives {name} that are no numbers"
    return None


def _signature(nodes: Mapping[str, tuple[str, int]]) -> str:
    return ", ".join(f"{name} ({kind}, rank {rank})" for name, (kind, rank) in nodes.items())


def _manifest_faults(manifest: Manifest) -> Iterator[str]:
    if not manifest.name.strip() or not manifest.name.isprintable():
        yield "has no name that can be printed"
    if manifest.max_tokens < FEWEST_TOKENS:
        yield f"sets max_tokens to {manifest.max_tokens}, at least {FEWEST_TOKENS} are needed"
    if sorted(manifest.stances) != sorted(STANCES):
        yield f"names other stances than {', '.join(STANCES)}"
    for field, known in (("topics", TOPICS), ("flags", FLAGS)):
        given: Sequence[str] = getattr(manifest, field)
        unknown = [name for name in given if name not in known]
        if unknown:
            yield f"names {unknown[0]!r} among the {field}, which the codebook does not know"
        if len(set(given)) < len(given):
            yield f"names one of the {field} twice"
    for name in (*(target.name for target in TARGETS), OTHER):
        yield from _calibration_faults(
            "stance_calibration", name, manifest.stance_calibration.get(name), len(STANCES)
        )
    outputs = document_outputs(manifest)
    for name in outputs:
        yield from _calibration_faults(
            "document_calibration", name, manifest.document_calibration.get(name), 1
        )
    for name in outputs[1:]:
        if name not in manifest.thresholds:
            yield f"has no threshold for {name!r}"
    for name, threshold in manifest.thresholds.items():
        if name not in outputs[1:]:
            yield f"has a threshold for {name!r}, which is none of its topics and flags"
        if not 0 <= threshold <= 1:
            yield f"sets the threshold of {name!r} to {threshold}, not a probability"
    for name, rows in manifest.confusion.items():
        if len(rows) != len(STANCES) or any(len(row) != len(STANCES) for row in rows):
            yield f"has a confusion matrix for {name!r} that is not {len(STANCES)} by {len(STANCES)}"
        if any(count < 0 for row in rows for count in row):
            yield f"has a negative count in the confusion matrix for {name!r}"


def _calibration_faults(
    field: str, name: str, calibration: Calibration | None, outputs: int
) -> Iterator[str]:
    if calibration is None:
        yield f"has no {field} for {name!r}"
        return
    if not (math.isfinite(calibration.temperature) and calibration.temperature > 0):
        yield f"sets the temperature of {name!r} to {calibration.temperature}, not above zero"
    if not 0 < calibration.sides < math.inf:
        yield f"divides the sides of {name!r} by {calibration.sides}, not by a number above zero"
    if calibration.bias and len(calibration.bias) != outputs:
        yield f"gives {name!r} {len(calibration.bias)} biases in {field}, not {outputs}"
    if not all(map(math.isfinite, calibration.bias)):
        yield f"gives {name!r} a bias that is no number"
