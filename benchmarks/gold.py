"""Simulated gold samples: how often the interval of a labelled week holds the truth, how wide it is, and how often a model that
has not changed is said to have drifted.

    python -m benchmarks.gold [--weeks 500]

A week has 2,000 judged documents, seven in ten of which address the target; a model that is right so often judges them, and errs
toward support where it errs. A sample is drawn as `barometer sample` draws it, people's labels are the truth, and figure and checks
are made as `barometer gold` makes them. All simulated; the seed is fixed.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from datetime import UTC, date, datetime

import numpy as np

from alerts.confusion import Confusion
from alerts.gold_drift import beyond_bound, calibration_drift, confusion_drift
from alerts.gold_sample import Candidate, draw
from alerts.gold_truth import GoldRow, Total, gold_figure, rows_of_week, settle
from alerts.prediction_powered import GoldFigure
from classify.codebook import STANCES
from classify.gold_label import GoldLabel
from classify.stance import Probabilities
from ingest.document import Kind

DOCUMENTS = 2_000
TRUE = (0.20, 0.20, 0.30, 0.30)
"""Shares of stances, in the order of STANCES."""

LEAN = 0.5
"""Share of the mistakes that are support."""

WEEK = "2026-W47"
LABELS = (50, 100, 200, 500)
RIGHT = (0.9, 0.75, 0.6)
SHIPPED_LABELS = 1_500
DAY = date(2026, 11, 17)
NOW = datetime(2026, 11, 30, tzinfo=UTC)


def errors(right: float) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """(4, 4) P(judged | true)."""
    p = np.full((4, 4), (1 - right) * (1 - LEAN) / 3)
    p[:, 0] += (1 - right) * LEAN
    p[np.arange(4), np.arange(4)] = 0.0
    p *= (1 - right) / p.sum(axis=1, keepdims=True)
    p[np.arange(4), np.arange(4)] = right
    return p


class SimulatedWeek:
    """Documents of one week, judged."""

    def __init__(self, rng: np.random.Generator, right: float) -> None:
        self.true = rng.choice(4, DOCUMENTS, p=TRUE)
        odds = errors(right).cumsum(axis=1)[self.true]
        self.judged = (rng.random(DOCUMENTS)[:, None] > odds).sum(axis=1)
        rest = (1 - right) / 3
        self.p = [
            Probabilities(*(right if each == found else rest for each in range(4)))
            for found in self.judged.tolist()
        ]
        addressed = self.true < 3
        score = (self.true == 0).astype(int) - (self.true == 2)
        self.truth = 100 * score.sum() / addressed.sum()
        seen = (self.judged == 0).astype(int) - (self.judged == 2)
        self.naive = 100 * seen.sum() / (self.judged < 3).sum()
        self.candidates = [
            Candidate(
                id=f"{number:032x}",
                society="XA",
                kind=Kind.SOCIAL if number % 3 == 0 else Kind.NEWS,
                day=DAY,
                stances={"regular": STANCES[found]},
            )
            for number, found in enumerate(self.judged.tolist())
        ]

    def labelled(self, size: int, salt: str) -> tuple[GoldFigure | None, list[GoldRow]]:
        """The figure and the rows that a sample of `size` gives."""
        sample = draw(self.candidates, size, week=WEEK, salt=salt)
        labels = [
            GoldLabel(
                document_id=one.document_id,
                annotator="simulated",
                stances={"regular": STANCES[self.true[int(one.document_id, 16)]]},
                labelled_at=NOW,
            )
            for one in sample
        ]
        judged = {(one.document_id, "regular"): self.p[int(one.document_id, 16)] for one in sample}
        rows = rows_of_week(WEEK, sample, settle(labels), judged)
        total = Total(
            documents=DOCUMENTS,
            score=sum(p.support - p.oppose for p in self.p),
            addressed=sum(1 - p.not_addressed for p in self.p),
        )
        return gold_figure(rows, sample, total), rows


def shipped(rng: np.random.Generator, right: float) -> Confusion:
    """A matrix of other labelled text that the model errs on alike."""
    per_stance = SHIPPED_LABELS // 3
    rows = [rng.multinomial(per_stance, row) for row in errors(right)[:3]]
    support, neutral, oppose = (tuple(row[:3].tolist()) for row in rows)
    return Confusion((support, neutral, oppose))


def tried(weeks: int, right: float, size: int, seed: int) -> tuple[float, ...]:
    """Of `weeks`: share held, half width, error of the judgements alone (root mean square), design effect, share of alarms."""
    rng = np.random.default_rng([seed, size, round(100 * right)])
    held, half, alone, effect, alarms = 0, 0.0, 0.0, 0.0, 0
    for number in range(weeks):
        week = SimulatedWeek(rng, right)
        found, rows = week.labelled(size, f"{number}")
        assert found is not None
        held += found.lower <= week.truth <= found.upper
        half += (found.upper - found.lower) / 2
        alone += (week.naive - week.truth) ** 2
        effect += found.design_effect
        checks = [
            confusion_drift("regular", rows, shipped(rng, right)),
            calibration_drift("regular", rows),
        ]
        alarms += bool(beyond_bound([each for each in checks if each is not None]))
    return held / weeks, half / weeks, (alone / weeks) ** 0.5, effect / weeks, alarms / weeks


def rows(weeks: int, seed: int = 1) -> Iterator[tuple[str, ...]]:
    """One for each model and size."""
    for right in RIGHT:
        for size in LABELS:
            held, half, alone, effect, alarms = tried(weeks, right, size, seed)
            yield (
                *(f"{right:.0%}", f"{size}", f"{held:.1%}", f"±{half:.0f}"),
                *(f"{alone:.0f}", f"{effect:.2f}", f"{alarms:.1%}"),
            )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weeks", type=int, default=500, help="of each kind")
    asked = parser.parse_args()
    head = ("model right", "labels", "interval holds", "interval", "judgements alone off by", "design effect", "alarms")  # fmt: skip
    print(" | ".join(head), flush=True)
    for row in rows(asked.weeks):
        print(" | ".join(row), flush=True)


if __name__ == "__main__":
    main()
