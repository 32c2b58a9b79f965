from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from classify.codebook import STANCES, TOPICS
from classify.manifest import OTHER, Calibration
from classify.model_check import INPUTS, OUTPUTS, graph_fault, manifest_fault, results_fault
from tests.manifests import manifest

PLAIN = Calibration(temperature=1.0)


def test_a_manifest_that_fits_has_no_fault() -> None:
    assert manifest_fault(manifest()) is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": " "}, "no name"),
        ({"name": "a\nb"}, "no name that can be printed"),
        ({"max_tokens": 2}, "max_tokens to 2"),
        ({"stances": ("support", "oppose")}, "other stances than support, neutral"),
        ({"stances": (*STANCES, "support")}, "other stances"),
        ({"topics": ("weather",)}, "'weather' among the topics"),
        ({"topics": (*TOPICS, TOPICS[0])}, "twice"),
        ({"flags": ("rude",)}, "'rude' among the flags"),
        ({"stance_calibration": {}}, "no stance_calibration for 'regular'"),
        ({"document_calibration": {}}, "no document_calibration for 'relevance'"),
        ({"thresholds": {}}, f"no threshold for {TOPICS[0]!r}"),
        ({"thresholds": {**manifest().thresholds, "mood": 0.5}}, "a threshold for 'mood'"),
        ({"thresholds": {**manifest().thresholds, "return": 1.5}}, "'return' to 1.5"),
        (
            {"confusion": {"regular": ((1, 0),)}},
            "confusion matrix for 'regular' that is not 4 by 4",
        ),
        ({"confusion": {"regular": ((-1, 0, 0, 0),) * 4}}, "negative count"),
    ],
)
def test_what_does_not_fit_is_named(changes: dict[str, Any], said: str) -> None:
    fault = manifest_fault(manifest(**changes))
    assert fault is not None
    assert said in fault


@pytest.mark.parametrize(
    ("calibration", "said"),
    [
        (Calibration(temperature=0.0), "temperature of 'other' to 0.0"),
        (Calibration(temperature=-1.0), "not above zero"),
        (Calibration(temperature=float("nan")), "not above zero"),
        (Calibration(temperature=1.0, bias=(0.1,)), "gives 'other' 1 biases"),
        (Calibration(temperature=1.0, bias=(0.0, 0.0, 0.0, float("inf"))), "no number"),
    ],
)
def test_a_calibration_that_would_give_no_probabilities_is_named(
    calibration: Calibration, said: str
) -> None:
    calibrations = {**manifest().stance_calibration, OTHER: calibration}
    fault = manifest_fault(manifest(stance_calibration=calibrations))
    assert fault is not None
    assert said in fault


def nodes(kinds: dict[str, tuple[str, int]]) -> list[Any]:
    return [
        SimpleNamespace(name=name, type=kind, shape=["n"] * rank)
        for name, (kind, rank) in kinds.items()
    ]


def test_the_graph_that_is_expected_passes_in_any_order() -> None:
    assert graph_fault(nodes(INPUTS)[::-1], nodes(OUTPUTS)[::-1]) is None


@pytest.mark.parametrize(
    ("inputs", "outputs", "said"),
    [
        ({**INPUTS, "token_type_ids": ("tensor(int64)", 2)}, OUTPUTS, "token_type_ids"),
        ({}, OUTPUTS, "it takes"),
        ({**INPUTS, "queries": ("tensor(float)", 3)}, OUTPUTS, "queries (tensor(float), rank 3)"),
        ({**INPUTS, "input_ids": ("tensor(int32)", 2)}, OUTPUTS, "input_ids (tensor(int32)"),
        (INPUTS, {"logits": ("tensor(float)", 2)}, "it gives logits"),
    ],
)
def test_a_graph_of_another_architecture_is_told_by_its_signature(
    inputs: dict[str, tuple[str, int]], outputs: dict[str, tuple[str, int]], said: str
) -> None:
    fault = graph_fault(nodes(inputs), nodes(outputs))
    assert fault is not None
    assert said in fault


def results(stances: int = 4, document: int = 16, value: float = 0.5) -> list[Any]:
    return [
        np.full(shape, value, dtype=np.float32)
        for shape in ((1, 1, stances), (1, document), (1, 8))
    ]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (results(), None),
        (results(stances=3), "3 logits of stances, its manifest names 4"),
        (results(document=5), "5 logits of document, its manifest names 16"),
        (results(value=float("nan")), "stances that are no numbers"),
    ],
)
def test_results_are_as_wide_as_the_manifest_says(given: list[Any], said: str | None) -> None:
    fault = results_fault(manifest(), given)
    assert (fault is None) if said is None else (fault is not None and said in fault)
