"""How well the lexicon judges: on the held-out part of the sample corpus, and on real labelled text.

    python benchmarks/lexicon.py [--real FOLDER]

FOLDER holds JSON lines with text, target, stance and source (one target labelled per line); where it
is missing, that part is left out. Real sources are reported one by one, never pooled. Macro-F1 is the
plain mean of the F1 of support, neutral and oppose (of the classes that occur).
"""

from __future__ import annotations

import argparse
import platform
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import msgspec

from classify.classifier import Assessment
from classify.corpus import Passage, held_out, load_corpus
from classify.gate import may_be_about_migration
from classify.lexicon import LexiconClassifier
from classify.stance import Probabilities, Stance
from classify.target import TARGETS

STANCES = (Stance.SUPPORT, Stance.NEUTRAL, Stance.OPPOSE)
Pairs = list[tuple[Stance, Stance]]
"""True and judged stance."""


class RealRow(msgspec.Struct):
    """One line of real labelled text; other fields are passed over."""

    text: str
    target: str
    stance: Stance
    source: str


def f1(pairs: Pairs, stance: Stance) -> float:
    """F1 of one stance, 0 where it never occurs."""
    hits = sum(true is stance and judged is stance for true, judged in pairs)
    seen = sum((true is stance) + (judged is stance) for true, judged in pairs)
    return 2 * hits / seen if seen else 0.0


def macro_f1(pairs: Pairs) -> float:
    """Mean F1 of the stances that occur among the true ones."""
    present = [s for s in STANCES if any(true is s for true, _ in pairs)]
    return sum(f1(pairs, stance) for stance in present) / len(present) if present else 0.0


def forced(p: Probabilities) -> Stance:
    """The most probable stance if the target is addressed."""
    return max(STANCES, key=lambda stance: float(getattr(p, stance.value)))


def net(p: Probabilities) -> float:
    """Net support of one judgement if the target is addressed, -1 to +1."""
    return (p.support - p.oppose) / (p.support + p.neutral + p.oppose)


def mean(values: Sequence[float]) -> float:
    """The mean, or not-a-number of nothing."""
    return sum(values) / len(values) if values else float("nan")


def report_corpus(passages: Sequence[Passage], assessments: Sequence[Assessment]) -> None:
    """Figures of the held-out part, per target and as a whole."""
    print(f"{'':10} addressed  macro-F1 when addressed     macro-F1    mean net support when truly")
    print(
        f"{'target':10} accuracy   (support neutral oppose)    as judged   support neutral oppose"
    )
    for target in TARGETS:
        both = [
            (passage.stances[target.name], assessment.stances[target.name])
            for passage, assessment in zip(passages, assessments, strict=True)
        ]
        absent = Stance.NOT_ADDRESSED
        right = mean([(true is absent) == (p.stance is absent) for true, p in both])
        given = [(true, forced(p)) for true, p in both if true is not absent]
        parts = " ".join(f"{f1(given, stance):.2f}" for stance in STANCES)
        judged = [(true, p.stance) for true, p in both]
        nets = "  ".join(
            f"{mean([net(p) for true, p in both if true is s and p.stance is not absent]):+.2f}"
            for s in STANCES
        )
        print(
            f"{target.name:10} {right:.3f}      {macro_f1(given):.3f} ({parts})      "
            f"{macro_f1(judged):.3f}       {nets}"
        )
    relevant = [passage.relevant for passage in passages]
    for name, says in (
        ("gate", [may_be_about_migration(passage.text) for passage in passages]),
        ("relevance", [assessment.relevance >= 0.5 for assessment in assessments]),
    ):
        recall = mean([said for said, true in zip(says, relevant, strict=True) if true])
        passed = mean([said for said, true in zip(says, relevant, strict=True) if not true])
        print(f"{name}: recall {recall:.3f}, lets through {passed:.2f} of the irrelevant")
    agreed = sum(
        len(set(a.topics) & set(p.topics)) for a, p in zip(assessments, passages, strict=True)
    )
    named = sum(len(a.topics) + len(p.topics) for a, p in zip(assessments, passages, strict=True))
    print(f"topics: F1 {2 * agreed / named:.2f}")
    for flag in ("conflates", "dehumanising"):
        judged_flags = [bool(getattr(a, flag)) for a in assessments]
        true_flags = [flag in p.flags for p in passages]
        hits = sum(a and b for a, b in zip(judged_flags, true_flags, strict=True))
        print(f"{flag}: F1 {2 * hits / (sum(judged_flags) + sum(true_flags)):.2f}")


def report_real(folder: Path, classifier: LexiconClassifier) -> None:
    """Figures per source and target; the target is known, so the stance is forced."""
    decoder = msgspec.json.Decoder(RealRow)
    rows = [
        row
        for path in sorted(folder.glob("*.jsonl"))
        for row in decoder.decode_lines(path.read_bytes())
    ]
    assessments = classifier.assess([row.text for row in rows], TARGETS)
    groups: dict[tuple[str, str], list[tuple[RealRow, Assessment]]] = defaultdict(list)
    for row, assessment in zip(rows, assessments, strict=True):
        groups[row.source, row.target].append((row, assessment))
    print(
        f"\n{'source':22} {'target':10} {'n':>5}  gate  found  macro-F1  support/oppose  mean net"
    )
    for (source, target), members in sorted(groups.items()):
        ps = [(row.stance, assessment.stances[target]) for row, assessment in members]
        gate = mean([may_be_about_migration(row.text) for row, _ in members])
        found = mean([p.stance is not Stance.NOT_ADDRESSED for _, p in ps])
        sided = [
            (true is Stance.SUPPORT) == (p.support > p.oppose)
            for true, p in ps
            if true in (Stance.SUPPORT, Stance.OPPOSE)
        ]
        nets = [mean([net(p) for true, p in ps if true is stance]) for stance in STANCES]
        print(
            f"{source:22} {target:10} {len(members):5}  {gate:.2f}  {found:.2f}   "
            f"{macro_f1([(true, forced(p)) for true, p in ps]):.3f}     {mean(sided):.3f}          "
            + " ".join(f"{value:+.2f}" for value in nets)
        )


def main() -> None:
    """Print everything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--real", type=Path, default=Path("../shared/data/real"))
    arguments = parser.parse_args()
    classifier = LexiconClassifier()
    passages = [passage for passage in load_corpus() if held_out(passage)]
    texts = [passage.text for passage in passages]
    start = time.process_time()
    assessments = classifier.assess(texts, TARGETS)
    seconds = time.process_time() - start
    start = time.process_time()
    for text in texts:
        may_be_about_migration(text)
    gate_seconds = time.process_time() - start
    print(f"{classifier.model} on {len(passages)} held-out passages (simulated text)")
    print(
        f"{len(texts) / seconds:,.0f} texts a second, gate {len(texts) / gate_seconds:,.0f} "
        f"(mean {mean([len(t) for t in texts]):.0f} characters, CPU time of one core, "
        f"Python {platform.python_version()})\n"
    )
    report_corpus(passages, assessments)
    if arguments.real.is_dir():
        report_real(arguments.real, classifier)
    else:
        print(f"\nno real labelled text at {arguments.real}: that part is left out")


if __name__ == "__main__":
    main()
