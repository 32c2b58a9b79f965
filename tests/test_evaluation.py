"""`evaluate` with classifiers whose faults are known: each figure must show the fault that it is for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from classify.classifier import Assessment
from classify.evaluation import bag_error, evaluate, net_support
from classify.labelled import Labelled
from classify.stance import Probabilities, Stance
from classify.target import Target

SURE = {
    Stance.SUPPORT: Probabilities(0.97, 0.01, 0.01, 0.01),
    Stance.NEUTRAL: Probabilities(0.01, 0.97, 0.01, 0.01),
    Stance.OPPOSE: Probabilities(0.01, 0.01, 0.97, 0.01),
    Stance.NOT_ADDRESSED: Probabilities(0.01, 0.01, 0.01, 0.97),
}


class Reader:
    """Judges by a rule on the text."""

    model = "reader-1"
    languages = frozenset[str]()

    def __init__(self, rule: Callable[[str], Probabilities]) -> None:
        self.rule = rule

    def assess(self, texts: Sequence[str], targets: Sequence[Target]) -> list[Assessment]:
        return [
            Assessment(
                relevance=1.0,
                topics=("return",) if "return" in text else (),
                conflates="same" in text,
                dehumanising=False,
                stances={target.name: self.rule(text) for target in targets},
            )
            for text in texts
        ]


def texts(source: str, **counts: int) -> list[Labelled]:
    return [
        Labelled(
            id=f"{source}-{stance}-{n}",
            text=f"{stance} {n}",
            source=source,
            stances={"regular": Stance(stance)},
        )
        for stance, count in counts.items()
        for n in range(count)
    ]


def honest(text: str) -> Probabilities:
    return SURE[Stance(text.split(maxsplit=1)[0])]


def test_a_reader_who_is_always_right_scores_one_everywhere() -> None:
    (report,) = evaluate(
        texts("a", support=30, neutral=10, oppose=30, not_addressed=20), Reader(honest)
    ).targets

    assert (report.n, report.addressed) == (90, 70)
    assert report.accuracy == report.macro_f1 == report.side_macro_f1 == 1.0
    assert report.addressed_accuracy == 1.0
    assert report.calibration_error == pytest.approx(0.03)
    assert report.labelled_net == report.judged_net == 0.0
    assert report.bag_error == 0.0


def test_one_who_calls_half_of_the_support_neutral_keeps_sides_and_loses_f1_and_net() -> None:
    leaning = Probabilities(0.45, 0.5, 0.04, 0.01)

    def timid(text: str) -> Probabilities:
        stance, number = text.split()
        return leaning if stance == "support" and int(number) % 2 else honest(text)

    (report,) = evaluate(texts("a", support=40, oppose=40), Reader(timid)).targets

    assert report.side_macro_f1 == 1.0
    assert report.macro_f1 == pytest.approx((2 / 3 + 1) / 2)
    assert report.labelled_net == 0.0
    assert report.judged_net == -25.0
    assert report.bag_error is not None
    assert 15 < report.bag_error < 35


def test_one_who_says_support_to_all_fails_the_bags_though_net_support_looks_right() -> None:
    """On a source that supports throughout, only shifted prevalence shows that it reads nothing."""
    (report,) = evaluate(
        texts("a", support=190, oppose=10), Reader(lambda _: SURE[Stance.SUPPORT])
    ).targets

    assert report.judged_net == 100.0
    assert report.labelled_net == 90.0
    assert report.bag_error is not None
    assert report.bag_error > 60


def test_sources_are_told_apart() -> None:
    report = evaluate([*texts("a", support=5), *texts("b", oppose=5)], Reader(honest))

    assert [(each.source, each.labelled_net) for each in report.targets] == [
        ("a", 100.0),
        ("b", -100.0),
    ]


def test_an_own_target_is_asked_with_its_own_description() -> None:
    asked: list[Target] = []

    class Noting(Reader):
        def assess(self, texts: Sequence[str], targets: Sequence[Target]) -> list[Assessment]:
            asked.extend(targets)
            return super().assess(texts, targets)

    own = Target("raids", "immigration raids at work")
    labelled = Labelled(id="1", text="oppose", stances={"raids": Stance.OPPOSE}, own_targets=(own,))

    (report,) = evaluate([labelled], Noting(honest)).targets

    assert own in asked
    assert (report.target, report.accuracy) == ("raids", 1.0)


def test_topics_and_flags_are_scored_where_they_are_labelled() -> None:
    labelled = [
        Labelled(
            id=str(n),
            text=f"support {text}",
            stances={"regular": Stance.SUPPORT},
            topics=topics,
            flags=flags,
        )
        for n, (text, topics, flags) in enumerate(
            [
                ("return", ("return",), ()),
                ("return", ("protection",), ()),
                ("same", (), ("conflates",)),
                ("same", (), ()),
            ]
        )
    ]

    (report,) = evaluate(labelled, Reader(honest)).labels

    assert report.topics_micro_f1 == pytest.approx(2 / 4)
    assert report.flags_f1["conflates"] == pytest.approx(2 / 3)
    assert report.flags_f1["dehumanising"] == 0.0


def test_net_support_of_nothing_is_nothing() -> None:
    assert net_support(np.array([3, 3])) is None
    assert net_support(np.array([0, 0, 1, 2, 3])) == pytest.approx(25.0)


def test_bags_need_enough_of_each_side() -> None:
    few = np.array([0] * 9 + [2] * 50)

    assert bag_error(few, few, seed=1) is None


def test_a_source_with_several_targets_has_a_line_for_all_of_them() -> None:
    labelled = [
        Labelled(
            id=str(n),
            text=f"{stance} {n}",
            stances={"regular": Stance(stance), "asylum": Stance(stance)},
        )
        for n, stance in enumerate(["support", "oppose", "oppose"])
    ]

    reports = evaluate(labelled, Reader(honest)).targets

    assert [(each.target, each.n) for each in reports] == [
        ("regular", 3),
        ("asylum", 3),
        ("all", 6),
    ]
    assert reports[-1].labelled_net == pytest.approx(-100 / 3)
