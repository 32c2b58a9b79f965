"""F1 and calibration error against counts worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from classify.agreement import (
    confusion_counts,
    expected_calibration_error,
    f1_by_class,
    macro_f1,
)


def test_confusion_has_labels_in_rows_and_judgements_in_columns() -> None:
    counts = confusion_counts(np.array([0, 0, 1, 2]), np.array([0, 1, 1, 1]), 3)

    assert counts.tolist() == [[1, 1, 0], [0, 1, 0], [0, 1, 0]]


def test_f1_is_two_hits_over_labelled_plus_judged() -> None:
    counts = np.array([[3, 1], [2, 4]])

    assert f1_by_class(counts).tolist() == pytest.approx([6 / 9, 8 / 11])


def test_macro_f1_leaves_out_classes_that_nobody_labelled() -> None:
    counts = np.array([[4, 0, 1], [0, 0, 0], [1, 0, 4]])

    assert macro_f1(counts) == pytest.approx(0.8)


def test_a_judgement_outside_the_classes_is_a_miss() -> None:
    """Ten supports, five of them judged not addressed: recall is a half, F1 two thirds."""
    counts = np.array([[5, 5], [0, 10]])

    assert macro_f1(counts, [0]) == pytest.approx(2 / 3)


def test_calibration_error_is_the_distance_from_confidence_to_accuracy() -> None:
    p = np.array([[0.9, 0.1]] * 100)
    labelled = np.array([0] * 60 + [1] * 40)

    assert expected_calibration_error(p, labelled, bins=1) == pytest.approx(0.3)


def test_a_classifier_that_knows_how_often_it_errs_has_no_calibration_error() -> None:
    p = np.array([[0.75, 0.25]] * 400)
    labelled = np.array(([0] * 3 + [1]) * 100)

    assert expected_calibration_error(p, labelled, bins=10) == pytest.approx(0.0, abs=1e-9)


def test_no_judgements_have_no_error() -> None:
    assert expected_calibration_error(np.zeros((0, 4)), np.zeros(0, dtype=np.int64)) == 0.0
