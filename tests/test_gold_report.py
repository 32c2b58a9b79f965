"""What labels say of the model: its matrix in spite of strata, drift with the false-alarm rate that is stated, the report."""

from __future__ import annotations

from datetime import UTC, date, datetime

import numpy as np
import pytest

from alerts.confusion import NONE, Confusion
from alerts.gold_drift import ALPHA, FEWEST, beyond_bound, calibration_drift, confusion_drift
from alerts.gold_matrix import gold_confusion, pooled, weighted_counts
from alerts.gold_sample import Candidate, draw
from alerts.gold_truth import GoldRow, Total, gold_figure, rows_of_week, settle
from classify.codebook import STANCES
from classify.gold_label import TARGET_NAMES, GoldLabel
from classify.stance import Probabilities, Stance
from ingest.document import Kind

NOW = datetime(2026, 11, 30, tzinfo=UTC)
WEEK = "2026-W47"
DOCUMENTS = 1_500
ORDER = (Stance.SUPPORT, Stance.NEUTRAL, Stance.OPPOSE)
ERRORS = np.array([[0.80, 0.15, 0.05], [0.10, 0.80, 0.10], [0.05, 0.10, 0.85]])
SHIPPED = Confusion(((400, 75, 25), (40, 320, 40), (30, 60, 510)))


def label(number: int, annotator: str, stance: str, **more: bool) -> GoldLabel:
    return GoldLabel(
        document_id=f"{number:032x}",
        annotator=annotator,
        stances={"regular": Stance(stance)},
        labelled_at=NOW,
        **more,  # type: ignore[arg-type]  # decides
    )


def sure(stance: Stance, confidence: float) -> Probabilities:
    rest = (1 - confidence) / 3
    return Probabilities(*(confidence if each is stance else rest for each in STANCES))


class Corpus:
    """A week of documents whose judgements err by `errors` and are as sure as `confidence` says."""

    def __init__(
        self, seed: int, errors: np.ndarray = ERRORS, confidence: float | None = None
    ) -> None:
        rng = np.random.default_rng(seed)
        self.true = rng.choice(3, DOCUMENTS, p=[0.30, 0.25, 0.45])
        passed = rng.random(DOCUMENTS)[:, None] > errors.cumsum(axis=1)[self.true]
        judged = passed.sum(axis=1)
        self.p: dict[tuple[str, str], Probabilities] = {}
        candidates = []
        right = float(np.mean([errors[i, i] for i in self.true]))
        for number, found in enumerate(judged.tolist()):
            name = f"{number:032x}"
            self.p[name, "regular"] = sure(ORDER[found], confidence or right)
            candidates.append(
                Candidate(
                    id=name,
                    society="XA",
                    kind=Kind.NEWS,
                    day=date(2026, 11, 17),
                    stances={"regular": ORDER[found]},
                )
            )
        self.sample = draw(candidates, 240, week=WEEK, salt=str(seed))

    def rows(self) -> list[GoldRow]:
        return rows_of_week(WEEK, self.sample, settle(self.labels(240)), self.p)

    def labels(self, most: int) -> list[GoldLabel]:
        numbers = [int(one.document_id, 16) for one in self.sample[:most]]
        return [label(number, "ml", ORDER[self.true[number]].value) for number in numbers]


def test_one_label_or_a_majority_is_the_stance_and_a_tie_is_open_until_it_is_settled() -> None:
    said = [label(1, "a", "support"), label(2, "a", "support"), label(2, "b", "oppose")]
    said += [
        label(3, each, stance)
        for each, stance in (("a", "oppose"), ("b", "oppose"), ("c", "neutral"))
    ]
    found = settle(said)
    of = {number: found[f"{number:032x}", "regular"] for number in (1, 2, 3)}
    assert (of[1].stance, of[2].stance, of[3].stance) == (Stance.SUPPORT, None, Stance.OPPOSE)
    assert of[2].score == 0.0
    assert of[3].score == pytest.approx(-2 / 3)
    settled = settle([*said, label(2, "c", "oppose", decides=True)])[f"{2:032x}", "regular"]
    assert (settled.stance, settled.score) == (Stance.OPPOSE, -1.0)


def test_a_sample_that_is_stratified_by_judgements_gives_the_matrix_of_all_documents() -> None:
    """Counted plainly the rare judgements would have too many of every row."""
    weighted, plain = np.zeros((3, 3)), np.zeros((3, 3))
    for seed in range(12):
        rows = Corpus(seed).rows()
        weighted += weighted_counts(rows)
        for row in rows:
            assert row.settled.stance is not None
            plain[ORDER.index(row.settled.stance), ORDER.index(row.p.stance)] += 1
    share = weighted / weighted.sum(axis=1, keepdims=True)
    assert np.abs(share - ERRORS).max() < 0.035
    found = gold_confusion(rows)
    assert sum(map(sum, found.counts)) == pytest.approx(weighted_counts(rows).sum(), abs=2)
    assert gold_confusion([]) == NONE


def test_matrices_are_pooled_by_adding_their_counts() -> None:
    assert pooled(SHIPPED, SHIPPED).counts[0] == (800, 150, 50)
    assert pooled(NONE, SHIPPED) == SHIPPED == pooled(SHIPPED, NONE)


def test_a_model_that_has_not_changed_raises_an_alarm_as_rarely_as_is_said() -> None:
    rng = np.random.default_rng(9)
    fifths, alarms, tried = 0, 0, 60
    for seed in range(tried):
        shipped = Confusion(tuple(tuple(rng.multinomial(450, row).tolist()) for row in ERRORS))
        corpus = Corpus(1_000 + seed)
        drift = confusion_drift("regular", corpus.rows(), shipped)
        sureness = calibration_drift("regular", corpus.rows())
        assert drift is not None
        assert sureness is not None
        fifths += drift.p_value < 0.2
        alarms += bool(beyond_bound([drift, sureness]))
    assert alarms <= 4  # 0.6 are expected of 60
    assert 0.05 < fifths / tried < 0.37


def test_a_model_that_errs_otherwise_and_one_that_is_too_sure_are_found() -> None:
    worse = np.array([[0.5, 0.2, 0.3], [0.1, 0.6, 0.3], [0.02, 0.03, 0.95]])
    drift = confusion_drift("regular", Corpus(1, worse).rows(), SHIPPED)
    assert drift is not None
    assert drift.p_value < ALPHA / 2
    assert drift.upper < drift.shipped_right + 0.05
    too_sure = calibration_drift("regular", Corpus(2, confidence=0.99).rows())
    assert too_sure is not None
    assert too_sure.p_value < ALPHA / 2
    assert 0.1 < too_sure.lower < too_sure.confidence - too_sure.right < too_sure.upper < 0.26
    assert too_sure.error > too_sure.error_by_chance
    assert {type(one) for one in beyond_bound([drift, too_sure])} == {type(drift), type(too_sure)}


def test_few_labels_are_not_checked() -> None:
    rows = Corpus(3).rows()[: FEWEST - 1]
    assert confusion_drift("regular", rows, SHIPPED) is None
    assert calibration_drift("regular", rows) is None
    assert confusion_drift("regular", Corpus(3).rows(), NONE) is None


def test_the_figure_of_a_week_holds_the_truth_though_judgements_lean() -> None:
    leaning = np.array([[0.95, 0.04, 0.01], [0.40, 0.58, 0.02], [0.30, 0.20, 0.50]])
    held = 0
    for seed in range(40):
        corpus = Corpus(2_000 + seed, leaning)
        total = Total(
            documents=DOCUMENTS,
            score=sum(p.support - p.oppose for p in corpus.p.values()),
            addressed=sum(1 - p.not_addressed for p in corpus.p.values()),
        )
        found = gold_figure(corpus.rows(), corpus.sample, total)
        assert found is not None
        truth = 100 * float((corpus.true == 0).mean() - (corpus.true == 2).mean())
        held += found.lower <= truth <= found.upper
    assert held >= 34


def test_documents_that_nobody_labelled_are_stood_for_by_those_of_their_stratum() -> None:
    corpus = Corpus(4)
    rows = rows_of_week(WEEK, corpus.sample, settle(corpus.labels(120)), corpus.p)
    assert len(rows) == 120
    assert sum(row.weight for row in rows) == pytest.approx(DOCUMENTS)


def test_every_target_of_the_codebook_can_be_labelled() -> None:
    assert TARGET_NAMES == ("regular", "irregular", "asylum", "general")
