"""A manifest for tests: every head at temperature 1, every threshold at one half."""

from __future__ import annotations

from typing import Any

import msgspec

from classify.codebook import FLAGS, STANCES, TOPICS
from classify.manifest import OTHER, Calibration, Manifest
from classify.target import TARGETS


def manifest(**changes: Any) -> Manifest:
    """One that fits; `changes` replace fields."""
    plain = Calibration(temperature=1.0)
    whole = Manifest(
        format=2,
        name="test-1",
        languages=("en",),
        max_tokens=32,
        stances=tuple(STANCES),
        topics=TOPICS,
        flags=FLAGS,
        stance_calibration=dict.fromkeys((*(t.name for t in TARGETS), OTHER), plain),
        document_calibration=dict.fromkeys(("relevance", *TOPICS, *FLAGS), plain),
        thresholds=dict.fromkeys((*TOPICS, *FLAGS), 0.5),
        confusion={target.name: ((1, 0, 0, 0),) * 4 for target in TARGETS},
        trained_on="nothing",
        sha256={},
    )
    return msgspec.structs.replace(whole, **changes)
