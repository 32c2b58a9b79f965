"""Stances from a model of textual entailment that was never trained on stances (Yin et al. 2019)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence

import msgspec

from classify.classifier import Assessment
from classify.excerpt import kept_tokens
from classify.hypotheses import Hypotheses, hypotheses_of
from classify.stance import NOT_ADDRESSED, Probabilities
from classify.target import Target

Entailed = Callable[[Sequence[tuple[str, str]]], Sequence[float]]
"""The probability that each pair's text entails its hypothesis, 0 to 1, in order."""

RULE = 1
"""Version of the rule and of the default hypotheses, part of the model's name: raise it when either changes."""

SIDES_ASKED_FROM = 0.05
"""Where the text addresses the target with less probability than this, the sides are not asked for."""


class ZeroShotClassifier(msgspec.Struct, frozen=True, kw_only=True):
    """Satisfies classify.classifier.Classifier; gives no topics and no flags.

    texts -> addressed? per target -> sides, where it may be -> probabilities
    """

    model: str
    languages: frozenset[str]
    hypotheses: Mapping[str, Hypotheses]
    """By target name; what is missing has defaults."""
    entailed: Entailed
    read: Callable[[str], str]
    """What of a text the model is given; empty when it holds no word."""

    def assess(self, texts: Sequence[str], targets: Sequence[Target]) -> list[Assessment]:
        """As Classifier says. Relevance is the largest probability that one of `targets` is addressed."""
        premises = [self.read(text) for text in texts]
        asked = {target.name: hypotheses_of(target, self.hypotheses) for target in targets}
        cells = [(i, name) for i, premise in enumerate(premises) if premise for name in asked]
        addressed = dict(
            zip(
                cells,
                self.entailed([(premises[i], asked[name].addressed) for i, name in cells]),
                strict=True,
            )
        )
        open_cells = [cell for cell in cells if addressed[cell] >= SIDES_ASKED_FROM]
        sides = iter(
            self.entailed(
                [
                    (premises[i], sentence)
                    for i, name in open_cells
                    for sentence in (asked[name].support, asked[name].oppose, asked[name].neutral)
                ]
            )
        )
        stances = {cell: addressed_alone(p) for cell, p in addressed.items()}
        for cell in open_cells:
            stances[cell] = stance_probabilities(
                addressed[cell], next(sides), next(sides), next(sides)
            )
        return [
            Assessment(
                relevance=max((addressed.get((i, name), 0.0) for name in asked), default=0.0),
                topics=(),
                conflates=False,
                dehumanising=False,
                stances={name: stances.get((i, name), NOT_ADDRESSED) for name in asked},
            )
            for i in range(len(texts))
        ]


class NoEntailment(ValueError):
    """No label of the model is `entailment`."""


def kept_text(text: str, offsets: Sequence[tuple[int, int]], budget: int) -> str:
    """What of `text` is read where only `budget` of its tokens fit; `offsets` as classify.excerpt takes them."""
    if len(offsets) <= budget:
        return text
    spans: list[tuple[int, int]] = []
    last = -2
    for token in kept_tokens(text, offsets, budget):
        start, end = offsets[token]
        if token == last + 1:
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
        last = token
    return " ".join(text[start:end] for start, end in spans)


def entailment_label(labels: Mapping[int, str]) -> int:
    """The index of the label `entailment`, however it is written. Raises NoEntailment."""
    found = [
        index for index, label in labels.items() if _letters(label) in ("entailment", "entail")
    ]
    if len(found) != 1:
        raise NoEntailment(", ".join(str(label) for label in labels.values()))
    return found[0]


def stance_probabilities(
    addressed: float, support: float, oppose: float, neutral: float
) -> Probabilities:
    """From the probabilities that a text entails the four hypotheses of a target, each from 0 to 1.

    not addressed = 1 - addressed; the rest is shared among support : oppose : n in proportion, where
    n = max(neutral, 1 - max(support, oppose)): a text that entails neither side takes none.
    """
    plain = max(neutral, 1.0 - max(support, oppose))
    whole = support + oppose + plain
    share = addressed / whole
    return Probabilities(support * share, plain * share, oppose * share, 1.0 - addressed)


def addressed_alone(addressed: float) -> Probabilities:
    """The same where the sides were not asked for: what little is addressed is neutral."""
    return Probabilities(0.0, addressed, 0.0, 1.0 - addressed)


def method(given: Mapping[str, Hypotheses]) -> str:
    """The rule and the hypotheses as part of a model's name: other hypotheses are another judge."""
    name = f"zero-shot-{RULE}"
    if not given:
        return name
    content = msgspec.json.encode(sorted(given.items()))
    return f"{name}-{hashlib.sha256(content).hexdigest()[:8]}"


def _letters(label: object) -> str:
    return "".join(character for character in str(label).lower() if character.isalpha())
