"""How much the gate lets through: of labelled text, of general news, and how fast.

    python -m benchmarks.gate [--real FOLDER] [--drafts FILE…] [--curve] [--fit]

Recall is the share let through of the texts that address a target: of the sample corpus (held-out
passages apart), of each source of real labelled text in FOLDER that is mapped directly and mentions
migration, and of drafts in the form `R I A G | topics | flags | genre | CC | text`. The general news
sample (tests/data/README.md) says what share of ordinary news passes; its tuning part was seen while
terms were chosen, its held-out part was not. --curve shows both for other values of ENOUGH. --fit
prints gate_terms.tsv with new points and the voice steps, from a logistic regression on what is not
held out, each point held to its sign and drawn to the value that stands in the file.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from classify import gate
from classify.corpus import held_out, load_corpus
from classify.gate import Term, evidence, may_be_about_migration

NEWS = Path(__file__).parents[1] / "tests" / "data" / "general_news.jsonl"

POINTS_PER_LOGIT = 7.7
"""20 points, which are enough, stand for odds of e^2.6 against the prior ones."""

PULL = 0.15
"""How strongly a fitted point is drawn to the value in the file."""

ROUNDS = 40
NEWS_WEIGHT = 3.0
"""A news item counts as so many passages."""

Evidence = tuple[bool, int, list[Term]]


def corpus_texts() -> dict[str, list[str]]:
    """Passages that address a target."""
    groups: dict[str, list[str]] = {"authored, held out": [], "authored, the rest": []}
    for passage in load_corpus():
        if passage.relevant:
            part = "authored, held out" if held_out(passage) else "authored, the rest"
            groups[part].append(passage.text)
    return groups


def real_texts(folder: Path) -> dict[str, list[str]]:
    """By source: rows labelled directly for a target that mention migration."""
    groups: dict[str, list[str]] = defaultdict(list)
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            row = json.loads(line)
            if row.get("mapping") == "direct" and row.get("mentions_migration"):
                groups[f"real, {row['source']}"].append(row["text"])
    return groups


def draft_texts(paths: Iterable[Path]) -> dict[str, list[str]]:
    """By file: drafts that address a target."""
    groups: dict[str, list[str]] = defaultdict(list)
    for path in paths:
        for line in path.read_text("utf-8").splitlines():
            fields = line.split("|", 5)
            if len(fields) == 6 and re.search(r"[+0-]", fields[0]):
                groups[f"draft, {path.stem}"].append(fields[5].strip())
    return groups


def general_news(part: str = "") -> list[tuple[str, str]]:
    """(language, text) of items that are not about migration, of one part or of both."""
    rows = [json.loads(line) for line in NEWS.read_text("utf-8").splitlines()]
    return [
        (row["language"], row["text"])
        for row in rows
        if not row["about_migration"] and part in ("", row["part"])
    ]


def share(texts: Sequence[str]) -> float:
    """Share of `texts` let through."""
    return sum(map(may_be_about_migration, texts)) / len(texts) if texts else float("nan")


def line(name: str, texts: Sequence[str]) -> None:
    """How many of `texts` are let through."""
    passed = sum(map(may_be_about_migration, texts))
    print(f"  {name:36} {passed:5} of {len(texts):5}  {share(texts):.4f}")


def report(groups: dict[str, list[str]]) -> None:
    """Recall by group, and news by part and language."""
    print("recall")
    for name, texts in groups.items():
        line(name, texts)
    print("general news let through (items about migration left out)")
    for part in ("held_out", "tuning"):
        line(part, [text for _, text in general_news(part)])
    by_language: dict[str, list[str]] = defaultdict(list)
    for language, text in general_news():
        by_language[language].append(text)
    for language, texts in sorted(by_language.items(), key=lambda item: -len(item[1])):
        line(language, texts)


def curve() -> None:
    """Recall and news for other values of ENOUGH."""
    groups = {name: [evidence(text) for text in texts] for name, texts in corpus_texts().items()}
    for part in ("held_out", "tuning"):
        groups[f"news, {part}"] = [evidence(text) for _, text in general_news(part)]
    print("ENOUGH  " + "  ".join(f"{name:>18}" for name in groups))
    for enough in (*range(4, 41, 2), 999):
        shares = [np.mean([s or p >= enough for s, p, _ in rows]) for rows in groups.values()]
        print(f"{enough:6}  " + "  ".join(f"{value:18.4f}" for value in shares))


def fit() -> None:
    """New points, from what is not held out."""
    rows: list[tuple[Evidence, int, float]] = [
        (evidence(text), 1, 1.0) for text in corpus_texts()["authored, the rest"]
    ]
    rows += [(evidence(text), 0, NEWS_WEIGHT) for _, text in general_news("tuning")]
    rows = [row for row in rows if not row[0][0]]
    terms = [term for term in gate.load_terms() if term.kind in ("clue", "against")]
    number = {term: i for i, term in enumerate(terms)}
    steps = len(gate.VOICE) - 1
    prior = np.array([term.points for term in terms] + list(np.diff(gate.VOICE)), dtype=float)
    prior /= POINTS_PER_LOGIT
    sign = np.array([1.0 if term.kind == "clue" else -1.0 for term in terms] + [1.0] * steps)
    weights, bias = prior.copy(), -2.6
    features = []
    for (_, _, found), label, weight in rows:
        voices = min(steps, sum(term.kind == "voice" for term in found))
        index = [number[term] for term in found if term in number]
        index += [len(terms) + i for i in range(voices)]
        features.append((np.array(index, dtype=int), label, weight))
    chance = np.random.default_rng(seed=7)
    for turn in range(ROUNDS):
        rate = 0.1 / (1 + 0.2 * turn)
        for i in chance.permutation(len(features)):
            index, label, weight = features[i]
            p = 1 / (1 + np.exp(-bias - weights[index].sum()))
            step = rate * ((p - label) * weight + PULL * (weights[index] - prior[index]))
            weights[index] = sign[index] * np.maximum(0, sign[index] * (weights[index] - step))
            bias -= 0.3 * rate * (p - label) * weight
    points = np.rint(weights * POINTS_PER_LOGIT).astype(int)
    fitted = dict(zip(terms, points, strict=False))  # the voice steps follow the terms'
    voice = np.concatenate([[0], np.cumsum(points[len(terms) :])])
    print(f"# bias {bias:.2f}, VOICE = {tuple(int(v) for v in voice)}")
    written = (Path(gate.__file__).parent / "gate_terms.tsv").read_text("utf-8").splitlines()
    print(written[0])
    for line, term in zip(written[1:], gate.load_terms(), strict=True):
        fields = line.split("\t")
        fields[3] = str(fitted[term]) if term in fitted else ""
        print("\t".join(fields))


def alternation() -> re.Pattern[str]:
    """The same terms as one regular expression."""
    parts = sorted(
        {
            ("" if not term.starts else r"\b") + re.escape(term.text) + (r"\b" if term.ends else "")
            for term in gate.load_terms()
        },
        key=lambda part: (-len(part), part),
    )
    return re.compile("|".join(parts))


def speed() -> None:
    """Megabytes a second of the automaton and of the alternation, on general news in one run."""
    texts = [text for _, text in general_news()]
    size = sum(len(text.encode()) for text in texts) / 1e6
    pattern = alternation()
    may_be_about_migration(texts[0])
    pattern.search("")

    def seconds(times: int, decide: object) -> float:
        start = time.process_time()
        for _ in range(times):
            for text in texts:
                decide(text)  # type: ignore[operator]
        return (time.process_time() - start) / times

    ours = seconds(10, may_be_about_migration)
    theirs = seconds(1, lambda text: pattern.search(text.lower()))
    print(
        f"speed: {size / ours:.2f} MB/s, alternation of the same {len(gate.load_terms()):,} terms "
        f"{size / theirs:.3f} MB/s, ratio {theirs / ours:.0f}"
    )


def main() -> None:
    """Print what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--real", type=Path, default=Path("../shared/data/real"))
    parser.add_argument("--drafts", type=Path, nargs="*", default=[])
    parser.add_argument("--curve", action="store_true")
    parser.add_argument("--fit", action="store_true")
    arguments = parser.parse_args()
    if arguments.fit:
        fit()
        return
    report(corpus_texts() | real_texts(arguments.real) | draft_texts(arguments.drafts))
    if arguments.curve:
        curve()
    speed()


if __name__ == "__main__":
    main()
