"""The lexicon classifier: a baseline that knows words and no grammar. English only.

    text -> words -> cues (lexicon.tsv) -> clauses and the targets that they speak of
         -> per target: addressed or not, and which way the cues of its clauses lean

The cues were chosen by hand for the codebook's definitions. How much each one counts was set on the
part of the sample corpus that is not held out (classify.corpus.held_out), starting from grades given
by hand, by penalised logistic regression, and rounded; a few were then corrected by hand. Quotes
that are rebutted, sarcasm and anything said without its usual words are beyond it.

Columns of lexicon.tsv, in units of 0.2 (log-odds): the four targets (evidence that the text addresses
it); `lean` (above zero: support of what the clause is about, below: opposition) and `lean_…` (added
for one target); `plain` (marks of a report, a rule or a question); the two flags; topics as
`name:weight`. Cues are written as classify.cue_trie says; `<number>` is any number.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

import msgspec

from classify.classifier import Assessment
from classify.cue_trie import CueTrie
from classify.stance import NOT_ADDRESSED, Probabilities
from classify.target import TARGETS, Target

MAX_CHARACTERS = 20_000
"""Only the beginning of a longer text is read: it bounds the time, and news says its point first."""

_UNIT = 0.2
_TARGET_NAMES = tuple(target.name for target in TARGETS)

# Log-odds before any cue, set together with the weights on the part that is not held out.
_ADDRESSED_BIAS = (-1.76, -1.72, -2.46, -2.12)
_STANCE_BIAS = (  # support, neutral, oppose
    (0.60, -0.54, 0.34),
    (0.08, -0.42, 0.66),
    (0.39, -0.42, 0.40),
    (0.35, -0.38, 0.41),
)
_OWN_TARGET_STANCE_BIAS = (0.34, -0.44, 0.48)
_TOPIC_BIAS = {
    "lawful_migration": -2.47,
    "legal_pathways": -2.96,
    "community_support": -2.30,
    "protection": -2.83,
    "return": -2.55,
    "rights_dignity": -2.20,
    "co_development": -3.63,
    "institutions": -2.43,
    "cooperation": -3.32,
    "smuggling_trafficking": -3.78,
    "crime_security": -2.13,
    "welfare_labour": -1.81,
    "information": -3.44,
}
_TOPICS = tuple(_TOPIC_BIAS)
_CONFLATES_BIAS, _DEHUMANISING_BIAS = -3.44, -3.54
_TOPIC_CUT, _CONFLATES_CUT, _DEHUMANISING_CUT = -1.4, -1.4, -2.2

# The best of four stances must not be "not addressed" merely because the other three share the rest.
_SHARPNESS = 1.5

_ELSEWHERE = 0.35
"""Weight of a cue in a clause that speaks of another target."""
_NEGATED = -0.6
"""Weight of the first leaning cue shortly after a negation."""
_NEGATION_REACH = 3  # words

_WORD = re.compile(r"\d+(?:[.,]\d+)*[^\W_]*|[^\W\d_]+(?:'[^\W\d_]+)*\d*|[.!?;:\n–—]")
_CLAUSE_ENDS = frozenset(".!?;:\n–—") | {
    "but",
    "however",
    "whereas",
    "yet",
    "though",
    "although",
}
_NEGATIONS = frozenset(
    "not no never nor neither without hardly barely cannot isn't aren't wasn't weren't don't doesn't "
    "didn't won't wouldn't can't couldn't shouldn't hasn't haven't hadn't ain't stop end instead "
    "against".split(" ")
)
_EMPTY_WORDS = frozenset(
    "a about all an and any are as at be by for from in into is it its new of on or our people "
    "policy policies scheme program programme that the their them they this those to under who "
    "with your".split(" ")
)


class _Cue(msgspec.Struct, frozen=True):
    addressed: tuple[int, int, int, int] | None
    lean: tuple[int, int, int, int, int] | None
    """Any target of the user's own, then the four."""
    plain: int
    conflates: int
    dehumanising: int
    topics: tuple[tuple[int, int], ...]


class _Lexicon(msgspec.Struct, frozen=True):
    trie: CueTrie
    cues: tuple[_Cue, ...]
    number: int
    """Which cue a number is."""


@cache
def _load_lexicon() -> _Lexicon:
    lines = files("classify").joinpath("lexicon.tsv").read_text("utf-8").splitlines()
    header = lines[0].split("\t")
    rows = [dict(zip(header, line.split("\t"), strict=True)) for line in lines[1:]]
    names = [row["cue"] for row in rows]
    return _Lexicon(CueTrie(names), tuple(map(_cue, rows)), names.index("<number>"))


def _cue(row: dict[str, str]) -> _Cue:
    def weight(column: str) -> int:
        return int(row[column] or 0)

    a, b, c, d = (weight(name) for name in _TARGET_NAMES)
    every = weight("lean")
    e, f, g, h = (every + weight(f"lean_{name}") for name in _TARGET_NAMES)
    plain = weight("plain")
    topics = (item.split(":") for item in row["topics"].split())
    return _Cue(
        addressed=(a, b, c, d) if a or b or c or d else None,
        lean=(every, e, f, g, h) if every or e or f or g or h or plain else None,
        plain=plain,
        conflates=weight("conflates"),
        dehumanising=weight("dehumanising"),
        topics=tuple((_TOPICS.index(name), int(number)) for name, number in topics),
    )


class _Found(msgspec.Struct):
    """What was found in one text. Clauses are numbered from 0."""

    words: list[str]
    clause_of: list[int]
    counts: dict[int, int]
    """Times that each cue occurs, up to 2."""
    leaning: dict[tuple[int, bool], int]
    """(cue, negated) -> the clauses that it is in, as bits."""
    spoken_of: list[int]
    """Per built-in target, the clauses that speak of it, as bits."""


class LexiconClassifier:
    """Satisfies classify.classifier.Classifier. Reads at most MAX_CHARACTERS of each text."""

    def __init__(self) -> None:
        self._lexicon = _load_lexicon()

    @property
    def model(self) -> str:
        """Name and version, stored with every judgement."""
        return "lexicon-1"

    @property
    def languages(self) -> frozenset[str]:
        """English only."""
        return frozenset({"en"})

    def assess(self, texts: Sequence[str], targets: Sequence[Target]) -> list[Assessment]:
        """One assessment per text, in order. Never raises for a text's content.

        A target whose name is not one of the codebook's four is found by the content words of its
        name and description.
        """
        own = {t.name: _content_stems(t) for t in targets if t.name not in _TARGET_NAMES}
        return [self._assess(text, targets, own) for text in texts]

    def _assess(
        self, text: str, targets: Sequence[Target], own: dict[str, frozenset[str]]
    ) -> Assessment:
        words = _WORD.findall(text[:MAX_CHARACTERS].lower().replace("’", "'"))
        found = self._find(words)
        addressed = [_sigmoid(_SHARPNESS * z) for z in self._addressed(found)]
        stances: dict[str, Probabilities] = {}
        chances = list(addressed)
        for target in targets:
            if not words:
                stances[target.name] = NOT_ADDRESSED
            elif target.name in _TARGET_NAMES:
                q = _TARGET_NAMES.index(target.name)
                stances[target.name] = self._stance(
                    found, q + 1, found.spoken_of[q], _STANCE_BIAS[q], addressed[q]
                )
            else:
                chance, clauses = _own_target(found, own[target.name])
                chances.append(chance)
                stances[target.name] = self._stance(
                    found, 0, clauses, _OWN_TARGET_STANCE_BIAS, chance
                )
        topics, conflates, dehumanising = self._characteristics(found)
        relevance = 1.0 - math.prod(1.0 - chance for chance in chances) if words else 0.0
        return Assessment(
            relevance=relevance,
            topics=topics if relevance >= 0.5 else (),
            conflates=conflates and relevance >= 0.5,
            dehumanising=dehumanising and relevance >= 0.5,
            stances=stances,
        )

    def _find(self, words: list[str]) -> _Found:
        cues, number = self._lexicon.cues, self._lexicon.number
        clause_of: list[int] = []
        negation: list[int] = []
        clause, last_negation = 0, -_NEGATION_REACH - 1
        numbers = 0
        for position, word in enumerate(words):
            if word in _CLAUSE_ENDS:
                clause += 1
                last_negation = -_NEGATION_REACH - 1
            clause_of.append(clause)
            negation.append(last_negation)
            if word in _NEGATIONS:
                last_negation = position
            elif word[0].isdigit():
                numbers |= 1 << clause
        counts: dict[int, int] = {}
        leaning: dict[tuple[int, bool], int] = {}
        evidence: dict[int, list[int]] = {}
        spent = -1
        for cue, start, end in self._lexicon.trie.find(words):
            meaning = cues[cue]
            here = clause_of[start]
            counts[cue] = 2 if cue in counts else 1
            if meaning.addressed is not None:
                sums = evidence.setdefault(here, [0, 0, 0, 0])
                for q, weight in enumerate(meaning.addressed):
                    if weight > 0:
                        sums[q] += weight
            if meaning.lean is not None:
                before = negation[start]
                key = (cue, start - before <= _NEGATION_REACH and before > spent)
                if end - start > 1 or words[start] not in _NEGATIONS:
                    spent = end - 1
                leaning[key] = leaning.get(key, 0) | 1 << here
        if numbers:
            leaning[number, False] = numbers
        return _Found(words, clause_of, counts, leaning, _bind(evidence, clause + 1))

    def _addressed(self, found: _Found) -> list[float]:
        """Log-odds that the text addresses each of the four targets."""
        cues = self._lexicon.cues
        sums, size = [0, 0, 0, 0], 0
        for cue, count in found.counts.items():
            weights = cues[cue].addressed
            if weights is not None:
                size += count
                for q in range(4):
                    sums[q] += count * weights[q]
        scale = 3 * _UNIT / math.sqrt(size + 6)
        return [bias + scale * total for bias, total in zip(_ADDRESSED_BIAS, sums, strict=True)]

    def _stance(
        self,
        found: _Found,
        column: int,
        clauses: int,
        bias: tuple[float, float, float],
        addressed: float,
    ) -> Probabilities:
        """Probabilities for one target; `column` is its place in a cue's lean."""
        cues = self._lexicon.cues
        lean = plain = 0.0
        sizes: dict[int, float] = {}
        for (cue, negated), places in found.leaning.items():
            meaning = cues[cue]
            assert meaning.lean is not None
            weight = 1.0 if not clauses or places & clauses else _ELSEWHERE
            lean += meaning.lean[column] * weight * (_NEGATED if negated else 1.0)
            if weight > sizes.get(cue, 0.0):
                plain += meaning.plain * (weight - sizes.get(cue, 0.0))
                sizes[cue] = weight
        scale = 3 * _UNIT / math.sqrt(sum(sizes.values()) + 4)
        logits = (bias[0] + scale * lean, bias[1] + scale * plain, bias[2] - scale * lean)
        top = max(logits)
        odds = [math.exp(_SHARPNESS * (logit - top)) for logit in logits]
        share = addressed / sum(odds)
        return Probabilities(share * odds[0], share * odds[1], share * odds[2], 1.0 - addressed)

    def _characteristics(self, found: _Found) -> tuple[tuple[str, ...], bool, bool]:
        cues = self._lexicon.cues
        scores = [0] * len(_TOPICS)
        conflates = dehumanising = size = 0
        for cue, count in found.counts.items():
            meaning = cues[cue]
            for topic, weight in meaning.topics:
                scores[topic] += count * weight
            conflates += count * meaning.conflates
            dehumanising += count * meaning.dehumanising
            if meaning.topics or meaning.conflates or meaning.dehumanising:
                size += count
        scale = 3 * _UNIT / math.sqrt(size + 6)
        ranked = sorted(
            ((_TOPIC_BIAS[name] + scale * scores[i], -i) for i, name in enumerate(_TOPICS)),
            reverse=True,
        )
        topics = tuple(_TOPICS[-i] for score, i in ranked[:3] if score > _TOPIC_CUT)
        return (
            topics,
            _CONFLATES_BIAS + scale * conflates > _CONFLATES_CUT,
            _DEHUMANISING_BIAS + scale * dehumanising > _DEHUMANISING_CUT,
        )


def _bind(evidence: dict[int, list[int]], clauses: int) -> list[int]:
    """Per target, the clauses that speak of it; a clause that names none goes on about the last ones."""
    spoken_of = [0, 0, 0, 0]
    last: tuple[int, ...] = ()
    for clause in range(clauses):
        sums = evidence.get(clause)
        if sums is not None and max(sums) * _UNIT >= 1.0:
            last = tuple(q for q in range(4) if sums[q] >= 0.6 * max(sums))
        for q in last or range(4):
            spoken_of[q] |= 1 << clause
    return spoken_of


def _content_stems(target: Target) -> frozenset[str]:
    words = _WORD.findall(f"{target.name} {target.description}".lower().replace("’", "'"))
    return frozenset(_stem(word) for word in words if word[0].isalnum()) - _EMPTY_WORDS


def _stem(word: str) -> str:
    return word if word in _EMPTY_WORDS else word.removesuffix("'s").removesuffix("s")[:7]


def _own_target(found: _Found, stems: frozenset[str]) -> tuple[float, int]:
    """Chance that a target of the user's own is addressed, and the clauses with most of its words."""
    hits: dict[int, set[str]] = {}
    for word, clause in zip(found.words, found.clause_of, strict=True):
        stem = _stem(word)
        if stem in stems:
            hits.setdefault(clause, set()).add(stem)
    most = max(map(len, hits.values()), default=0)
    needed = 1 if len(stems) <= 2 else 2
    clauses = sum(1 << clause for clause, seen in hits.items() if len(seen) == most)
    return _sigmoid(3.0 * (most - needed + 0.5)), clauses


def _sigmoid(z: float) -> float:
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, z))))
