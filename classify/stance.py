"""The four stances of the codebook."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Stance(StrEnum):
    """What a document expresses toward a target (codebook: the attitude *expressed in the text*)."""

    SUPPORT = "support"
    NEUTRAL = "neutral"
    OPPOSE = "oppose"
    NOT_ADDRESSED = "not_addressed"


class Probabilities(msgspec.Struct, frozen=True):
    """Probabilities of the four stances toward one target; they sum to 1."""

    support: float
    neutral: float
    oppose: float
    not_addressed: float

    @property
    def stance(self) -> Stance:
        """The most probable stance; ties go to the one that claims less."""
        return max(
            (Stance.NOT_ADDRESSED, Stance.NEUTRAL, Stance.SUPPORT, Stance.OPPOSE),
            key=lambda stance: float(getattr(self, stance.value)),
        )


NOT_ADDRESSED = Probabilities(0.0, 0.0, 0.0, 1.0)
