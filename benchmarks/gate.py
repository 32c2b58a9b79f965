"""How much the gate lets through: of labelled text, of general news, and how fast.

    python -m benchmarks.gate [--real FOLDER] [--drafts FILE…] [--curve] [--fit]

Recall is the share let through of the texts that address a target: of the sample corpus (held-out
passages apart), of each source of real labelled text in FOLDER that is mapped directly and mentions
migration, and of drafts in the form `R I A G | topics | flags | genre | CC | text`. The general news
sample (tests/data/README.md) says what share of ordinary news passes; its tuning part was seen while
terms were chosen, its held-out part was not. --curve shows both for other values of ENOUGH.

--fit (needs scipy, of the train extra) writes gate_terms.tsv anew; --curve then shows what ENOUGH costs:

    words and pairs of the leads of passages that are not held out and of tuning news, and the clues and
    words against that stand in the file -> logistic regression -> the MOST that decide most -> again
    -> points

Strong terms, other senses and other languages' clues stay as they are.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from classify import gate
from classify.corpus import held_out, load_corpus
from classify.gate import (
    ENOUGH,
    ENOUGH_IN_NEWS,
    LEAD,
    Matcher,
    evidence,
    fold,
    may_be_about_migration,
)

NEWS = Path(__file__).parents[1] / "tests" / "data" / "general_news.jsonl"

POINTS_PER_LOGIT = 40.0
FEWEST_TEXTS = 4
"""In which a word or pair must stand to be tried."""
MOST = 12_000
"""Terms with points that are kept."""
PENALTY = 4.0
"""Of half the squared weights, against the summed loss of the texts."""
NEWS_WEIGHT = 3.0
"""A news item counts as so many passages."""
Evidence = tuple[bool, int, list[gate.Term]]

WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?|[!?]")

Texts = list[tuple[str, int]]
"""Texts, and how many points are enough for one of its kind."""


def corpus_texts() -> dict[str, Texts]:
    """Passages that address a target."""
    groups: dict[str, Texts] = {"authored, held out": [], "authored, the rest": []}
    for passage in load_corpus():
        if passage.relevant:
            part = "authored, held out" if held_out(passage) else "authored, the rest"
            groups[part].append((passage.text, enough_for(passage.genre)))
    return groups


def enough_for(genre: str) -> int:
    """As a document of this genre would be gated."""
    return ENOUGH_IN_NEWS if genre in ("news", "headline") else ENOUGH


def real_texts(folder: Path) -> dict[str, Texts]:
    """By source: rows labelled directly for a target that mention migration."""
    groups: dict[str, Texts] = defaultdict(list)
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            row = json.loads(line)
            if row.get("mapping") == "direct" and row.get("mentions_migration"):
                groups[f"real, {row['source']}"].append((row["text"], ENOUGH))
    return groups


def draft_texts(paths: Iterable[Path]) -> dict[str, Texts]:
    """By file: drafts that address a target."""
    groups: dict[str, Texts] = defaultdict(list)
    for path in paths:
        for line in path.read_text("utf-8").splitlines():
            fields = line.split("|", 5)
            if len(fields) == 6 and re.search(r"[+0-]", fields[0]):
                groups[f"draft, {path.stem}"].append(
                    (fields[5].strip(), enough_for(fields[3].strip()))
                )
    return groups


def general_news(part: str = "", sample: str = "") -> list[tuple[str, str]]:
    """(language, text) of items that are not about migration, of one part and sample or of all."""
    rows = [json.loads(line) for line in NEWS.read_text("utf-8").splitlines()]
    return [
        (row["language"], row["text"])
        for row in rows
        if not row["about_migration"]
        and part in ("", row["part"])
        and sample in ("", row["sample"])
    ]


def line(name: str, texts: Texts) -> None:
    """How many of `texts` are let through."""
    passed = sum(may_be_about_migration(text, enough) for text, enough in texts)
    share = passed / len(texts) if texts else float("nan")
    print(f"  {name:36} {passed:5} of {len(texts):5}  {share:.4f}")


def report(groups: dict[str, Texts]) -> None:
    """Recall by group, and news by part and language."""
    print("recall")
    for name, texts in groups.items():
        line(name, texts)
    print("general news let through (items about migration left out)")
    for part in ("held_out", "tuning"):
        line(part, news(part))
    for sample in ("fair", "near_miss", "wire", "first"):
        line(f"held out, {sample}", news("held_out", sample))
    by_language: dict[str, Texts] = defaultdict(list)
    for language, text in general_news():
        by_language[language].append((text, ENOUGH_IN_NEWS))
    for language, texts in sorted(by_language.items(), key=lambda item: -len(item[1])):
        line(language, texts)


def news(part: str, sample: str = "") -> Texts:
    """General news as it would be gated."""
    return [(text, ENOUGH_IN_NEWS) for _, text in general_news(part, sample)]


def curve() -> None:
    """Recall and news for other values of ENOUGH and ENOUGH_IN_NEWS."""
    held = [each for each in load_corpus() if each.relevant and held_out(each)]
    groups: dict[str, list[Evidence]] = {"held out, news": [], "held out, others": []}
    for each in held:
        kind = "news" if enough_for(each.genre) == ENOUGH_IN_NEWS else "others"
        groups[f"held out, {kind}"].append(evidence(each.text))
    for part in ("held_out", "tuning"):
        groups[f"news, {part}"] = [evidence(text) for _, text in general_news(part)]
    groups["news, fair"] = [evidence(text) for _, text in general_news("held_out", "fair")]
    print("ENOUGH  " + "  ".join(f"{name:>18}" for name in groups))
    for enough in (*range(0, 121, 4), 999):
        shares = [np.mean([s or p >= enough for s, p, _ in rows]) for rows in groups.values()]
        print(f"{enough:6}  " + "  ".join(f"{value:18.4f}" for value in shares))


def fit() -> None:
    """Write gate_terms.tsv with new English clues, words against, and points."""
    path = Path(gate.__file__).parent / "gate_terms.tsv"
    written = [line.split("\t") for line in path.read_text("utf-8").splitlines()]
    fixed = [row for row in written[1:] if row[2] not in ("clue", "against") or row[0] != "en"]
    mine = {row[1] for row in written[1:] if row[2] in ("clue", "against") and row[0] == "en"}
    texts = [(text, 1, 1.0) for text, _ in corpus_texts()["authored, the rest"]]
    texts += [(text, 0, 1.0) for text in off_topic()]
    texts += [(text, 0, NEWS_WEIGHT) for _, text in general_news("tuning")]
    met = Counter(phrase for text, _, _ in texts for phrase in set(phrases(text)))
    names = sorted(mine | {phrase for phrase, count in met.items() if count >= FEWEST_TEXTS})
    taken = {term[1:4] for term in gate.read_terms(["", *("\t".join(row) for row in fixed)])}
    names = [name for name in names if key(name) not in taken]
    weights, _ = logistic(texts, fixed, names)
    chosen = sorted(np.argsort(-np.abs(weights))[:MOST])
    names = [names[place] for place in chosen]
    weights, start = logistic(texts, fixed, names)
    points = np.rint(weights * POINTS_PER_LOGIT).astype(int)
    rows = [
        ["en", name, "clue" if n > 0 else "against", str(n)]
        for name, n in zip(names, points, strict=True)
        if n
    ]
    lines = ["\t".join(row) for row in [written[0], *sorted(fixed + rows)]]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    even = round(-start * POINTS_PER_LOGIT)
    print(
        f"{len(rows):,} of {len(met):,} words and pairs; odds are even at {even} points, see --curve"
    )


def key(name: str) -> tuple[str, bool, bool]:
    """What makes a term another one: its folded text, and whether it begins and ends a word."""
    (term,) = gate.read_terms(["", f"en\t{name}\tclue\t"])
    return term[1:4]


def phrases(text: str) -> list[str]:
    """Words of a lead, folded, and pairs of them with one blank between."""
    folded = fold(text[: 2 * LEAD])[0][:LEAD]
    words = [(m.group(), m.start(), m.end()) for m in WORD.finditer(folded)]
    pairs = [f"{a} {b}" for (a, _, end), (b, start, _) in pairwise(words) if start == end + 1]
    return [word if word.isalnum() or "'" in word else f"*{word}*" for word, _, _ in words] + pairs


def off_topic() -> list[str]:
    """Passages that address no target and are not held out."""
    return [each.text for each in load_corpus() if not each.relevant and not held_out(each)]


def logistic(
    texts: Sequence[tuple[str, int, float]],
    fixed: Sequence[Sequence[str]],
    names: Sequence[str],
) -> tuple[np.ndarray[Any, Any], float]:
    """Weights of the terms `names` and the intercept; both kinds of text are counted alike."""
    from scipy.optimize import minimize
    from scipy.sparse import csr_matrix
    from scipy.special import expit, log_expit

    header = "language\tterm\tkind\tpoints"
    others = ["\t".join(row) for row in fixed if row[2] == "other"]
    tried = [f"en\t{name}\tclue\t{place}" for place, name in enumerate(names)]
    matcher = Matcher(gate.read_terms([header, *others, *tried]))
    # Points stand for the place here.
    found = [sorted({term.points for term in evidence(text, matcher)[2]}) for text, _, _ in texts]
    starts = np.concatenate([[0], np.cumsum([len(each) for each in found])])
    columns = np.concatenate([np.array(each, dtype=int) for each in found])
    features = csr_matrix((np.ones(len(columns)), columns, starts), shape=(len(texts), len(names)))
    about = np.array([label for _, label, _ in texts])
    share = np.array([weight for _, _, weight in texts])
    for label in (0, 1):
        share[about == label] *= len(texts) / 2 / share[about == label].sum()
    lead = 2.0 * about - 1

    def loss(x: np.ndarray[Any, Any]) -> tuple[float, np.ndarray[Any, Any]]:
        said = lead * (features @ x[:-1] + x[-1])
        slope = -share * lead * expit(-said)
        value = -(share * log_expit(said)).sum() + PENALTY / 2 * (x[:-1] ** 2).sum()
        return float(value), np.append(features.T @ slope + PENALTY * x[:-1], slope.sum())

    x = minimize(
        loss, np.zeros(len(names) + 1), jac=True, method="L-BFGS-B", options={"maxiter": 200}
    ).x
    return x[:-1], float(x[-1])


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
