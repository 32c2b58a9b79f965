"""The codebook's words, in the order in which models give them."""

from __future__ import annotations

from classify.stance import Stance

TOPICS = (
    *("lawful_migration", "legal_pathways", "community_support", "protection", "return"),
    *("rights_dignity", "co_development", "institutions", "cooperation"),
    *("smuggling_trafficking", "crime_security", "welfare_labour", "information"),
)
"""Nine characteristics of a working migration system, then four pressures on it (IOM, 2002)."""

FLAGS = ("conflates", "dehumanising")

STANCES = (Stance.SUPPORT, Stance.NEUTRAL, Stance.OPPOSE, Stance.NOT_ADDRESSED)
"""Order of stance logits, and of the rows and columns of a confusion matrix."""
