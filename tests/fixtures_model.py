"""The bundled model for tests: loaded once in a process, and a text is judged once."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

import flows.wiring
from classify.classifier import Classifier, load_classifier


@cache
def _bundled() -> Classifier:
    return load_classifier("bundled")


def _load(name: str, **more: Any) -> Classifier:
    return _bundled() if name == "bundled" else load_classifier(name, **more)


@pytest.fixture(scope="session", autouse=True)
def one_bundled_model() -> Iterator[None]:
    """Edges that are opened in this process share one bundled classifier and what it remembers.

    A classifier is deterministic (classify.classifier.Classifier), so no figure depends on it.
    Processes that tests start load their own, and so does who asks classify.classifier for one.
    """
    with pytest.MonkeyPatch.context() as here:
        here.setattr(flows.wiring, "load_classifier", _load)
        yield
