"""Evidence: the sentence of a document that carries its stance toward a target. Made on demand.

    text -> sentences -classifier, all claims in one call-> the one most like the document's stance

Judging a sentence alone loses its context, so this explains a judgement and never makes one.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from classify.classifier import Assessment, Classifier
from classify.sentences import Span, sentence_spans
from classify.stance import Stance
from classify.target import Target

MAX_CHARACTERS = 20_000
"""Only the beginning of a longer text is looked at: it bounds the time that an alert waits."""

SHORT = 40
"""Characters; a shorter sentence ("Shameful.") is shown with its neighbours."""

LEAST = 0.25
"""Probability that one of four stances has by chance: what is below it carries nothing."""

_STANCES = (Stance.SUPPORT, Stance.NEUTRAL, Stance.OPPOSE)


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """What a document was judged to express, and is to be shown with its evidence."""

    text: str
    """As the classifier read it (classify.judge.text_of)."""
    target: Target
    stance: Stance


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """Where a text says it."""

    sentence: str
    """text[start:end]: the sentence, with neighbours where it is short."""
    start: int
    end: int
    probability: float
    """Of the claim's stance, in the sentence alone."""


def find_evidence(claims: Sequence[Claim], classifier: Classifier) -> list[Evidence | None]:
    """The evidence of each claim, in order; None where no sentence carries its stance.

    A sentence carries a stance when its probability is at least LEAST and that of no other of support, neutral
    and oppose is larger. Of several the likeliest is chosen, of equals the first. `not addressed` has no
    evidence. The classifier is asked once for all sentences.
    """
    spans = [
        [] if claim.stance is Stance.NOT_ADDRESSED else sentence_spans(claim.text[:MAX_CHARACTERS])
        for claim in claims
    ]
    sentences = [
        claim.text[start:end]
        for claim, own in zip(claims, spans, strict=True)
        for start, end in own
    ]
    if not sentences:
        return [None] * len(claims)
    targets = list({claim.target.name: claim.target for claim in claims}.values())
    assessments = iter(classifier.assess(sentences, targets))
    return [
        _best(claim, own, [next(assessments) for _ in own])
        for claim, own in zip(claims, spans, strict=True)
    ]


def _best(
    claim: Claim, spans: Sequence[Span], assessments: Sequence[Assessment]
) -> Evidence | None:
    best, probability = -1, 0.0
    for i, assessment in enumerate(assessments):
        p = assessment.stances[claim.target.name]
        likely: float = getattr(p, claim.stance.value)
        carries = likely >= max(LEAST, *(getattr(p, stance.value) for stance in _STANCES))
        if carries and likely > probability:
            best, probability = i, likely
    if best < 0:
        return None
    start, end = _with_neighbours(spans, best)
    return Evidence(sentence=claim.text[start:end], start=start, end=end, probability=probability)


def _with_neighbours(spans: Sequence[Span], chosen: int) -> Span:
    """The span of a sentence; with the sentence before it and then the one after it while it is short."""
    start, end = spans[chosen]
    if end - start < SHORT and chosen > 0:
        start = spans[chosen - 1][0]
    if end - start < SHORT and chosen + 1 < len(spans):
        end = spans[chosen + 1][1]
    return start, end
