"""Targets: what an attitude is about. Four come with the codebook; users may add their own by description."""

from __future__ import annotations

import msgspec


class Target(msgspec.Struct, frozen=True):
    """A target is given in words, so that a model can judge one that it was not trained on."""

    name: str
    description: str


REGULAR = Target(
    "regular",
    "lawful migration and the people who use it: work, skilled, seasonal, student and family visas, "
    "labour-migration programmes and quotas, free movement, naturalisation, integration programmes",
)
IRREGULAR = Target(
    "irregular",
    "unauthorised entry, stay or work; undocumented people; crossings arranged by smugglers; and the "
    "policies about them: regularisation, detention, return, enforcement",
)
ASYLUM = Target(
    "asylum",
    "refugees, asylum seekers, resettlement, humanitarian admission, temporary protection",
)
GENERAL = Target(
    "general",
    "migration or migrants with no status named, or immigration as a whole",
)

TARGETS: tuple[Target, ...] = (REGULAR, IRREGULAR, ASYLUM, GENERAL)
