"""How right a classifier is on labelled text: per source and target, never pooled.

For one source and target, over the texts that are labelled for it:

  judged   the four stances as the program counts them: a support judged neutral is a miss
  side     support against oppose by the larger of the two probabilities, over the texts labelled
           one of them: the figure that published work on two-sided stance reports
  net      net support of the judgements against that of the labels, in points
  bags     the same error where prevalence shifts: bags of 200 drawn from the labelled texts with 10
           to 90 % of support among the two sides, judged labels counted, no correction
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from classify.agreement import confusion_counts, expected_calibration_error, f1_by_class, macro_f1
from classify.classifier import Assessment, Classifier
from classify.codebook import FLAGS, STANCES, TOPICS
from classify.labelled import Labelled
from classify.stance import Probabilities, Stance
from classify.target import TARGETS, Target

SUPPORT, NEUTRAL, OPPOSE, NOT_ADDRESSED = range(len(STANCES))

ASSESSED_TOGETHER = 256

ALL = "all"
"""Stands for a target where the labels of all targets of a source are taken together."""

BAG = 200
BAGS = 20
SHARES = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Support's share of the two sides in a bag."""

FEWEST_OF_A_SIDE = 10
"""Labelled texts of each side below which bags would repeat the same few."""


class TargetReport(msgspec.Struct, frozen=True, kw_only=True):
    """Agreement on one target in one source. Rates are 0 to 1, net support -100 to 100 points."""

    source: str
    target: str
    n: int
    """Texts labelled for this target, not addressed included."""
    addressed: int
    addressed_accuracy: float | None
    """Of addressed or not; None where every text is labelled as addressing it."""
    accuracy: float
    """Of the four stances."""
    macro_f1: float
    """Of the stances that are labelled, not addressed apart, over the addressed texts."""
    side_macro_f1: float | None
    """Of support and oppose; None where one of them is not labelled."""
    calibration_error: float
    """Of the four stances."""
    side_calibration_error: float | None
    """Of the side, given that there is one; None as for `side_macro_f1`."""
    labelled_net: float | None
    judged_net: float | None
    bag_error: float | None
    """Mean absolute error of net support over the bags, in points."""
    confusion: tuple[tuple[int, ...], ...]
    """Labelled x judged, in the order of the codebook's stances."""


class LabelReport(msgspec.Struct, frozen=True, kw_only=True):
    """Agreement on topics and flags in one source."""

    source: str
    n: int
    topics_micro_f1: float | None
    flags_f1: dict[str, float]
    """By flag, and `all` for both counted together; empty where no text is labelled for flags."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What `barometer evaluate` says."""

    model: str
    targets: tuple[TargetReport, ...]
    labels: tuple[LabelReport, ...]


def evaluate(
    labelled: Sequence[Labelled],
    classifier: Classifier,
    seed: int = 1,
    told: Callable[[int], None] = lambda count: None,
) -> Report:
    """Judge every text and compare; sources in the order in which they appear.

    `told` hears after each batch how many texts were judged in it.
    """
    targets = _targets(labelled)
    assessments: list[Assessment] = []
    for first in range(0, len(labelled), ASSESSED_TOGETHER):
        texts = [each.text for each in labelled[first : first + ASSESSED_TOGETHER]]
        assessments += classifier.assess(texts, targets)
        told(len(texts))
    pairs = list(zip(labelled, assessments, strict=True))
    by_source: dict[str, list[tuple[Labelled, Assessment]]] = {}
    for each, assessment in pairs:
        by_source.setdefault(each.source, []).append((each, assessment))
    return Report(
        model=classifier.model,
        targets=tuple(
            report
            for source, rows in by_source.items()
            for report in _target_reports(source, [target.name for target in targets], rows, seed)
        ),
        labels=tuple(
            report
            for source, rows in by_source.items()
            if (report := _label_report(source, rows)) is not None
        ),
    )


def net_support(stances: NDArray[np.int64]) -> float | None:
    """(support - oppose) / addressed, in points; None where nothing addresses the target."""
    addressed = int((stances != NOT_ADDRESSED).sum())
    if not addressed:
        return None
    return 100.0 * int((stances == SUPPORT).sum() - (stances == OPPOSE).sum()) / addressed


def bag_error(labelled: NDArray[np.int64], judged: NDArray[np.int64], seed: int) -> float | None:
    """Mean absolute error of judged net support over bags of shifted prevalence, in points.

    `labelled` and `judged` (N,) are stances by index. None where a side is too rare to draw from.
    """
    sides = [np.flatnonzero(labelled == side) for side in (SUPPORT, OPPOSE)]
    rest = np.flatnonzero((labelled != SUPPORT) & (labelled != OPPOSE))
    if min(len(side) for side in sides) < FEWEST_OF_A_SIDE:
        return None
    rng = np.random.default_rng(seed)
    errors = []
    of_rest = round(BAG * len(rest) / len(labelled))
    for share in SHARES:
        supporting = round((BAG - of_rest) * share)
        for _ in range(BAGS):
            drawn = [
                rng.choice(sides[0], supporting),
                rng.choice(sides[1], BAG - of_rest - supporting),
            ]
            bag = np.concatenate([*drawn, rng.choice(rest, of_rest)] if of_rest else drawn)
            true, seen = net_support(labelled[bag]), net_support(judged[bag])
            errors.append(abs((true or 0.0) - (seen or 0.0)))
    return float(np.mean(errors))


def _targets(labelled: Iterable[Labelled]) -> list[Target]:
    """The codebook's and the files' own, each once; an own one of the same name replaces none."""
    targets = {target.name: target for target in TARGETS}
    for each in labelled:
        for target in each.own_targets:
            targets.setdefault(target.name, target)
    return list(targets.values())


def _target_reports(
    source: str, targets: Sequence[str], rows: Sequence[tuple[Labelled, Assessment]], seed: int
) -> list[TargetReport]:
    """One per target that is labelled in the source, and one of all its labels together."""
    cells = {
        target: [
            (each.stances[target], given.stances[target])
            for each, given in rows
            if target in each.stances
        ]
        for target in targets
    }
    reports = [_report(source, target, of, seed) for target, of in cells.items() if of]
    if len(reports) > 1:
        reports.append(_report(source, ALL, [cell for of in cells.values() for cell in of], seed))
    return reports


def _report(
    source: str, target: str, cells: Sequence[tuple[Stance, Probabilities]], seed: int
) -> TargetReport:
    labelled = np.array([STANCES.index(stance) for stance, _ in cells])
    p = np.array([[p.support, p.neutral, p.oppose, p.not_addressed] for _, p in cells])
    judged = np.array([STANCES.index(p.stance) for _, p in cells])
    on = labelled != NOT_ADDRESSED
    counts = confusion_counts(labelled, judged, len(STANCES))
    side_f1, side_error = _sides(labelled, p)
    every = confusion_counts(labelled[on], judged[on], len(STANCES))
    return TargetReport(
        source=source,
        target=target,
        n=len(cells),
        addressed=int(on.sum()),
        addressed_accuracy=None if on.all() else float(((judged != NOT_ADDRESSED) == on).mean()),
        accuracy=float((labelled == judged).mean()),
        macro_f1=macro_f1(every, range(NOT_ADDRESSED)),
        side_macro_f1=side_f1,
        calibration_error=expected_calibration_error(p, labelled),
        side_calibration_error=side_error,
        labelled_net=net_support(labelled),
        judged_net=net_support(judged),
        bag_error=bag_error(labelled, judged, seed),
        confusion=tuple(tuple(int(n) for n in row) for row in counts),
    )


def _sides(
    labelled: NDArray[np.int64], p: NDArray[np.float64]
) -> tuple[float | None, float | None]:
    """Macro-F1 and calibration error of support against oppose, over the texts labelled one of them."""
    on = (labelled == SUPPORT) | (labelled == OPPOSE)
    if len(np.unique(labelled[on])) < 2:
        return None, None
    sides = p[on][:, [SUPPORT, OPPOSE]]
    shares = sides / np.maximum(sides.sum(axis=1, keepdims=True), 1e-12)
    opposes = (labelled[on] == OPPOSE).astype(np.int64)
    judged = (shares[:, 1] >= shares[:, 0]).astype(np.int64)
    return (
        macro_f1(confusion_counts(opposes, judged, 2)),
        expected_calibration_error(shares, opposes),
    )


def _label_report(source: str, rows: Sequence[tuple[Labelled, Assessment]]) -> LabelReport | None:
    topics = [(each.topics, given.topics) for each, given in rows if each.topics is not None]
    flags = [(each.flags, _flags(given)) for each, given in rows if each.flags is not None]
    if not topics and not flags:
        return None
    by_flag = {name: _f1([(name in of, name in given) for of, given in flags]) for name in FLAGS}
    both = _f1([(name in of, name in given) for of, given in flags for name in FLAGS])
    every_topic = [(name in of, name in given) for of, given in topics for name in TOPICS]
    return LabelReport(
        source=source,
        n=len(rows),
        topics_micro_f1=_f1(every_topic) if topics else None,
        flags_f1={**by_flag, "all": both} if flags else {},
    )


def _flags(assessment: Assessment) -> tuple[str, ...]:
    return tuple(name for name in FLAGS if getattr(assessment, name))


def _f1(pairs: Sequence[tuple[bool, bool]]) -> float:
    labelled = np.array([of for of, _ in pairs], dtype=np.int64)
    judged = np.array([given for _, given in pairs], dtype=np.int64)
    return float(f1_by_class(confusion_counts(labelled, judged, 2))[1])


assert STANCES[NOT_ADDRESSED] is Stance.NOT_ADDRESSED
