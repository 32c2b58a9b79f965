"""Hypotheses: what a model of textual entailment is asked of a text, per target and stance (Yin et al. 2019).

The text is the premise; four hypotheses per target ask whether it addresses the target and which side
it takes. The defaults are in English, in the codebook's sense of each target; a TOML file replaces any:

    [target.regular]
    support = "Dieser Text ist für die legale Zuwanderung."

    [target.harbour]            # a target of one's own; what is left out is built from its description
    addressed = "This text is about the new harbour."
"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping

import msgspec

from classify.classifier import ModelError
from classify.target import TARGETS, Target

MAX_CHARACTERS = 500
"""Of a hypothesis: models read it together with the text, and were trained on single sentences."""

NAMES = ("addressed", "support", "oppose", "neutral")


class Hypotheses(msgspec.Struct, frozen=True, kw_only=True):
    """Four sentences about a text; an empty one stands for the default."""

    addressed: str = ""
    """True of a text that says anything about the target."""
    support: str = ""
    oppose: str = ""
    neutral: str = ""
    """True of a text that speaks of the target and takes no side."""


DEFAULTS: Mapping[str, Hypotheses] = {
    "regular": Hypotheses(
        addressed="This text is about legal migration: people who come with a visa to work, study or "
        "join their family, and the rules for them.",
        support="This text is in favour of legal migration and of the people who come with a visa.",
        oppose="This text is against legal migration and against the people who come with a visa.",
        neutral="This text informs about legal migration without taking a side.",
    ),
    "irregular": Hypotheses(
        addressed="This text is about illegal migration: people without papers, unauthorised crossings, "
        "smugglers, detention or deportation.",
        support="This text wants to protect, help or legalise migrants without papers.",
        oppose="This text is against illegal migrants and wants to stop, detain or deport them.",
        neutral="This text informs about illegal migration without taking a side.",
    ),
    "asylum": Hypotheses(
        addressed="This text is about refugees or asylum seekers.",
        support="This text is in favour of admitting and protecting refugees and asylum seekers.",
        oppose="This text is against admitting refugees and asylum seekers.",
        neutral="This text informs about refugees or asylum seekers without taking a side.",
    ),
    "general": Hypotheses(
        addressed="This text is about immigration or immigrants in general.",
        support="This text welcomes immigration and sees immigrants as a gain.",
        oppose="This text is against immigration and sees immigrants as a burden or a threat.",
        neutral="This text informs about immigration without taking a side.",
    ),
}
"""Of the codebook's targets."""

_CODEBOOK = {target.name: target for target in TARGETS}


def hypotheses_of(target: Target, given: Mapping[str, Hypotheses]) -> Hypotheses:
    """All four for `target`: those given under its name, else the default, else from its description.

    A target of the user's own that only shares a codebook target's name is not that target.
    """
    own = given.get(target.name, Hypotheses())
    default = DEFAULTS.get(target.name)
    if default is None or _CODEBOOK[target.name] != target:
        default = _described(target.description)
    return Hypotheses(**{name: getattr(own, name) or getattr(default, name) for name in NAMES})


def parse_hypotheses(text: str, place: str) -> dict[str, Hypotheses]:
    """The hypotheses of a TOML file by target name; `place` names the file in errors.

    Raises ModelError for what cannot be used, naming table and key.
    """
    try:
        tables = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ModelError(f"{place} is not TOML: {error}.") from error
    targets = tables.pop("target", {})
    if tables or not isinstance(targets, dict):
        raise ModelError(
            f'{place}: hypotheses stand in tables like [target.regular] (support = "…").'
        )
    return {name: _hypotheses(name, given, place) for name, given in targets.items()}


def _hypotheses(target: str, given: object, place: str) -> Hypotheses:
    table = f"[target.{target}]"
    if not isinstance(given, dict):
        raise ModelError(f'{place}: {table} is no table of hypotheses (support = "…").')
    for name, sentence in given.items():
        if name not in NAMES:
            near = difflib.get_close_matches(name, NAMES, n=1)
            hint = f"did you mean {near[0]}?" if near else f"it knows {', '.join(NAMES)}."
            raise ModelError(f"{place}: {table} sets {name!r}, which is no hypothesis; {hint}")
        if not isinstance(sentence, str) or not sentence.strip():
            raise ModelError(f"{place}: {name} in {table} is not a sentence.")
        if len(sentence) > MAX_CHARACTERS:
            raise ModelError(
                f"{place}: {name} in {table} has {len(sentence):,} characters; "
                f"{MAX_CHARACTERS} are the limit."
            )
    return Hypotheses(**{name: sentence.strip() for name, sentence in given.items()})


def _described(description: str) -> Hypotheses:
    what = " ".join(description.split()).rstrip(".!?;:, ")[: MAX_CHARACTERS // 2]
    return Hypotheses(
        addressed=f"This text is about {what}.",
        support=f"This text is in favour of {what}.",
        oppose=f"This text is against {what}.",
        neutral=f"This text informs about {what} without taking a side.",
    )
