"""Agreement of two annotators: Cohen's kappa against figures that others published."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from classify.gold_label import TARGET_NAMES, GoldLabel
from classify.kappa import agreements, kappa
from classify.stance import Stance

NOW = datetime(2026, 11, 30, tzinfo=UTC)


def label(
    number: int, annotator: str, stance: str, *, flags: tuple[str, ...] = (), decides: bool = False
) -> GoldLabel:
    return GoldLabel(
        document_id=f"{number:032x}",
        annotator=annotator,
        stances=dict.fromkeys(TARGET_NAMES, Stance(stance)),
        flags=flags,
        decides=decides,
        labelled_at=NOW,
    )


def test_kappa_and_its_error_are_those_of_the_example_of_fleiss_cohen_and_everitt() -> None:
    # Their table of 200 cases by two clinicians; kappa 0.429, standard error 0.0536 (psych::cohen.kappa, irr).
    counts = np.array([[106, 10, 4], [22, 28, 10], [2, 12, 6]])
    value, error = kappa(counts)
    assert value == pytest.approx(0.429, abs=5e-4)
    assert error == pytest.approx(0.0536, abs=3e-3)


def test_kappa_s_interval_holds_the_truth_nineteen_times_in_twenty() -> None:
    rng = np.random.default_rng(5)
    true = np.array([[0.30, 0.06, 0.02], [0.05, 0.22, 0.04], [0.03, 0.05, 0.23]])
    chance = float(true.sum(1) @ true.sum(0))
    truth = (np.trace(true) - chance) / (1 - chance)
    held = 0
    for _ in range(800):
        value, error = kappa(rng.multinomial(150, true.ravel()).reshape(3, 3))
        assert value is not None
        held += abs(value - truth) <= 1.96 * error
    assert 0.925 < held / 800 < 0.975


def test_without_disagreement_or_variety_there_is_no_kappa_to_tell() -> None:
    assert kappa(np.array([[7, 0], [0, 0]])) == (None, 0.0)
    with pytest.raises(ValueError, match="nothing"):
        kappa(np.zeros((2, 2), dtype=np.int64))


def test_each_pair_is_compared_on_what_both_labelled() -> None:
    labels = [label(n, "ml", "support" if n % 2 else "oppose") for n in range(10)]
    labels += [label(n, "jk", "support" if n % 2 or n == 4 else "oppose") for n in range(3, 10)]
    labels += [label(4, "zz", "oppose", decides=True)]
    found = {one.about: one for one in agreements(labels)}
    regular = found["regular"]
    assert (regular.first, regular.second, regular.n) == ("jk", "ml", 7)
    assert regular.same == pytest.approx(6 / 7)
    assert regular.kappa is not None
    assert regular.lower is not None
    assert regular.lower < regular.kappa < 1
    assert found["conflates"].kappa is None
    assert agreements(labels[:10]) == []
