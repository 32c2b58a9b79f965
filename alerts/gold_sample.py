"""Which documents of a week people label: a stratified random sample with known chances.

    judged documents -strata-> N_h documents each -square roots-> n_h of them -lowest lots-> drawn with chance n_h / N_h

A stratum is a society, edited texts or posts, and what the model found: the first target that the document addresses, in the
order of TARGETS, with its stance. Shares by the square root of N_h (power allocation, Bankier 1988) lie between two aims:
proportional shares are best for a week's net support, equal ones for a matrix of errors, whose rare rows would else stay
empty. At least two of each, so that every stratum shows how its documents differ.

A lot is a hash of salt, week and document: who has the salt draws the same documents again, and a larger sample of the week
holds the smaller one wherever a stratum keeps its share. The order of labelling is a second lot, over all strata: whoever stops
anywhere has labelled a random part of each.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import date

import msgspec

from classify.stance import Stance
from classify.target import TARGETS
from ingest.document import Kind

LEAST = 2
"""Documents of a stratum, where it has so many."""

_EDITED = (Kind.NEWS, Kind.OFFICIAL)
_ORDER = {target.name: place for place, target in enumerate(TARGETS)}


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """A judged document that may be drawn."""

    id: str
    society: str
    kind: Kind
    day: date
    stances: Mapping[str, Stance]
    """As judged, by target."""


class Drawn(msgspec.Struct, frozen=True, kw_only=True):
    """A document of a sample. Its chance was drawn / population."""

    document_id: str
    society: str
    day: date
    stratum: str
    population: int
    """Documents of the stratum …"""
    drawn: int
    """… and those of them that were drawn."""
    place: int
    """In the order of labelling, from 0."""

    @property
    def chance(self) -> float:
        """Inclusion probability."""
        return self.drawn / self.population


def lead(stances: Mapping[str, Stance]) -> tuple[str, Stance]:
    """The first target that is addressed, and its stance; ("", not_addressed) for none. Own targets follow those of the
    codebook, by name.
    """
    addressed = [name for name, stance in stances.items() if stance is not Stance.NOT_ADDRESSED]
    if not addressed:
        return "", Stance.NOT_ADDRESSED
    first = min(addressed, key=lambda name: (_ORDER.get(name, len(_ORDER)), name))
    return first, stances[first]


def _fine(one: Candidate) -> str:
    target, stance = lead(one.stances)
    return f"{_coarse(one)}/{_kind(one)}/{target or 'none'}:{stance.value}"


def _middle(one: Candidate) -> str:
    return f"{_coarse(one)}/{_kind(one)}/{lead(one.stances)[1].value}"


def _coarse(one: Candidate) -> str:
    return one.society


def _kind(one: Candidate) -> str:
    return "edited" if one.kind in _EDITED else "posts"


LEVELS: tuple[Callable[[Candidate], str], ...] = (_fine, _middle, _coarse)
"""How documents are told apart, the finest first: it is used where it leaves LEAST documents to each stratum."""


def draw(
    candidates: Sequence[Candidate], wanted: int, *, week: str, salt: str
) -> tuple[Drawn, ...]:
    """A sample of `wanted` documents (all where there are fewer), in the order of labelling.

    With more societies than wanted / LEAST it has LEAST of each. Raises ValueError for a `wanted` below 1.
    """
    if wanted < 1:
        raise ValueError(f"a sample has at least one document, not {wanted}")
    strata: dict[str, list[Candidate]] = {}
    for level in LEVELS:
        strata = {}
        for one in candidates:
            strata.setdefault(level(one), []).append(one)
        if LEAST * len(strata) <= wanted:
            break
    sizes = {name: len(members) for name, members in strata.items()}
    shares = allocate(sizes, wanted)
    found = []
    for name, members in strata.items():
        members.sort(key=lambda one: (_lot(salt, week, "draw", one.id), one.id))
        found += [(one, name) for one in members[: shares[name]]]
    found.sort(key=lambda pair: (_lot(salt, week, "order", pair[0].id), pair[0].id))
    return tuple(
        Drawn(
            document_id=one.id,
            society=one.society,
            day=one.day,
            stratum=name,
            population=sizes[name],
            drawn=shares[name],
            place=place,
        )
        for place, (one, name) in enumerate(found)
    )


def allocate(sizes: Mapping[str, int], wanted: int) -> dict[str, int]:
    """How many of each stratum, of `sizes` documents: LEAST, and of the rest in proportion to the square roots of the sizes,
    never more than there are. The sum is `wanted`, unless there are fewer documents or LEAST of each are more.
    """
    shares = {name: min(LEAST, size) for name, size in sizes.items()}
    left = min(wanted, sum(sizes.values())) - sum(shares.values())
    while left > 0:
        open_ = {name: size for name, size in sizes.items() if shares[name] < size}
        roots = {name: math.sqrt(size) for name, size in open_.items()}
        whole = sum(roots.values())
        ideal = {name: left * root / whole for name, root in roots.items()}
        added = {
            name: min(math.floor(part), sizes[name] - shares[name]) for name, part in ideal.items()
        }
        if not any(added.values()):
            # the largest remainders, one each
            for name in sorted(ideal, key=lambda name: (-ideal[name], name))[:left]:
                added[name] = 1
        for name, more in added.items():
            shares[name] += more
        left -= sum(added.values())
    return shares


def _lot(salt: str, week: str, purpose: str, document_id: str) -> bytes:
    text = f"{purpose}\x00{salt}\x00{week}\x00{document_id}"
    return hashlib.blake2b(text.encode(), digest_size=16).digest()
