"""What a model says of a document: one Reading of the whole, one Judgement per target."""

from __future__ import annotations

import msgspec

from classify.stance import Probabilities, Stance


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What the model says of a document as a whole."""

    document_id: str
    relevance: float
    """Probability that the document is about migration at all, 0 to 1."""
    topics: tuple[str, ...]
    """Codebook topics, the most central first, three at most."""
    conflates: bool
    dehumanising: bool
    model: str
    """Name and version of the model."""


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """One document, one target. Key (target, document_id): newest wins."""

    document_id: str
    target: str
    p: Probabilities
    model: str

    @property
    def stance(self) -> Stance:
        """The most probable stance."""
        return self.p.stance
