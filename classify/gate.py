"""The first gate: what cannot be about migration never reaches a classifier.

    text -> folded, character by character -> one pass of an Aho-Corasick automaton (Aho and
    Corasick 1975) -> hits at word boundaries -> decision

The terms stand in gate_terms.tsv, one a line: language, term, kind, points. A term is a whole word
or phrase (`visa`), the beginning of one (`refugee*`), its end (`*flüchtling`) or any part
(`*移民*`, for scripts without blanks and languages that compound). What a hit says, by kind:

- `strong`: enough alone, wherever it stands ("asylum", "deported", "let them stay").
- `clue`: a word or a pair of words that migration shares with other subjects ("border", "permit",
  "Syrians", "these people"). Its points count once, however often it is met.
- `against`: one of another desk ("goalkeeper", "dividend", "said on"); points below zero.
- `other`: another sense ("data migration", "Visa card", "pitch invasion"); what begins in it
  is no hit.

A text may be about migration if it has a strong hit in its first MAX_CHARACTERS, or if the points
of its first LEAD characters reach ENOUGH (in news ENOUGH_IN_NEWS). A lead names its subject;
further down, the odd border or permit is met in any long text. `benchmarks/gate.py --fit` chooses
the English clues and words against among all words and pairs of the sample corpus and of general
news, and their points, by logistic regression on what is not held out; `--curve` shows how recall
and the share of general news move with ENOUGH.

Folding takes case, diacritics, vowel points and the many blanks, hyphens and apostrophes away, so
that "RÉFUGIÉS", "refugies" and "re\N{SOFT HYPHEN}fugies" are the same; each folded character knows
its place in the text.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

if TYPE_CHECKING:
    from ahocorasick_rs import AhoCorasick

MAX_CHARACTERS = 20_000
"""Only the beginning of a longer text is looked at."""

LEAD = 1_000
"""Characters in which clues, voice and other desks' words count."""

ENOUGH = 20
"""Points from which clues stand for a strong term."""

ENOUGH_IN_NEWS = 48
"""The same in news, which names its subject; people who argue about newcomers often say "them"."""

Kind = Literal["strong", "clue", "against", "other"]


class Term(NamedTuple):
    """One line of gate_terms.tsv."""

    language: str
    """BCP 47; `mul` where several share the word."""
    text: str
    """Folded, without the stars."""
    starts: bool
    """Whether it must begin a word."""
    ends: bool
    """Whether it must end one."""
    kind: Kind
    points: int
    """0 where the kind has none."""


class Hit(NamedTuple):
    """A term met in a text: characters start to end (exclusive) of the folded text."""

    start: int
    end: int
    term: Term


class Matcher:
    """Finds terms in folded text: the automaton, and what its patterns stand for."""

    def __init__(self, terms: Iterable[Term]) -> None:
        from ahocorasick_rs import AhoCorasick

        by_text: dict[str, tuple[Term, ...]] = {}
        for term in terms:
            by_text[term.text] = (*by_text.get(term.text, ()), term)
        self._automaton: AhoCorasick = AhoCorasick(by_text)
        self._by_pattern = list(by_text.values())

    def hits(self, folded: str) -> list[Hit]:
        """Every term met, at the boundaries that it asks for, outside other senses; in order."""
        last = len(folded)
        found = [
            Hit(start, end, term)
            for pattern, start, end in self._automaton.find_matches_as_indexes(
                folded, overlapping=True
            )
            for term in self._by_pattern[pattern]
            if not (term.starts and start and folded[start - 1].isalnum())
            and not (term.ends and end < last and folded[end].isalnum())
        ]
        others = [(hit.start, hit.end) for hit in found if hit.term.kind == "other"]
        if others:
            found = [
                hit
                for hit in found
                if hit.term.kind != "other" and not any(a <= hit.start < z for a, z in others)
            ]
        return sorted(found)


def may_be_about_migration(text: str, enough: int = ENOUGH) -> bool:
    """False only where nothing in `text` names migration, migrants or what they meet."""
    return bool(_counted(_shipped().hits(fold(text[:MAX_CHARACTERS])[0]), enough))


def gate_hits(text: str) -> list[tuple[int, int]]:
    """What in `text` let it through: (start, end) in characters, in order, apart from each other.

    Strong hits; where there is none, the heaviest clues. Empty exactly where the gate stops
    the text (of another kind than news).
    """
    folded, places = fold(text[:MAX_CHARACTERS])
    spans: list[tuple[int, int]] = []
    for hit in _counted(_shipped().hits(folded)):
        start, end = hit.start, hit.end
        if places is not None:
            start, end = places[start], places[end - 1] + 1
        if spans and start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((start, end))
    return spans


def evidence(text: str, matcher: Matcher | None = None) -> tuple[bool, int, list[Term]]:
    """Whether there is a strong hit, the points, and the terms that count; of the shipped terms or others."""
    hits = (matcher or _shipped()).hits(fold(text[:MAX_CHARACTERS])[0])
    strong = [hit.term for hit in hits if hit.term.kind == "strong"]
    weak = _weak(hits)
    return bool(strong), sum(term.points for term in weak), sorted({*strong, *weak})


def _counted(hits: list[Hit], enough: int = ENOUGH) -> list[Hit]:
    """The hits that tell most of those that let a text through, in order; none where it is stopped."""
    strong = [hit for hit in hits if hit.term.kind == "strong"]
    if strong:
        return strong
    if sum(term.points for term in _weak(hits)) >= enough:
        clues = [hit for hit in hits if hit.term.kind == "clue" and hit.end <= LEAD]
        # Most words of a text are worth a little; what tells are the heaviest.
        heaviest = max((hit.term.points for hit in clues), default=0)
        return [hit for hit in clues if 2 * hit.term.points >= heaviest]
    return []


def _weak(hits: Iterable[Hit]) -> set[Term]:
    """What a lead has that is not strong."""
    return {hit.term for hit in hits if hit.term.kind != "strong" and hit.end <= LEAD}


@cache
def _shipped() -> Matcher:
    """Built at the first call."""
    return Matcher(load_terms())


@cache
def load_terms() -> tuple[Term, ...]:
    """Every term of gate_terms.tsv.

    Raises ValueError naming the line that is not language, term, kind and points.
    """
    text = files("classify").joinpath("gate_terms.tsv").read_text("utf-8")
    return tuple(read_terms(text.splitlines()))


def read_terms(lines: Iterable[str]) -> Iterator[Term]:
    """The terms of tab-separated lines; the first, with the columns' names, is passed over."""
    for number, line in enumerate(lines, 1):
        if number == 1:
            continue
        fields = line.split("\t")
        where = f"gate_terms.tsv, line {number}"
        if len(fields) != 4 or fields[2] not in get_args(Kind):
            raise ValueError(f"{where}: not language, term, kind, points separated by tabs")
        language, written, kind, points = fields
        text = fold(written.strip("*"))[0]
        if not text.strip() or "*" in text:
            raise ValueError(f"{where}: {written!r} is no term; a star may begin or end one")
        starts, ends = not written.startswith("*"), not written.endswith("*")
        yield Term(language, text, starts, ends, kind, int(points or 0))  # type: ignore[arg-type]


# -- Folding ---------------------------------------------------------------------------------------

_ALONE = str.maketrans("ıøłđŧħßæœðþς", "ioldthsaodtσ")
"""Letters that Unicode does not take apart, one for one so that places keep."""


class _Folding(dict[int, str]):
    """For str.translate: a character's folded form, one character or none, found when first met."""

    def __missing__(self, code: int) -> str:
        self[code] = folded = _folded(chr(code))
        return folded


_FOLDING: Mapping[int, str] = _Folding()


def fold(text: str) -> tuple[str, list[int] | None]:
    """`text` folded, and the place in `text` of each folded character (None: all as they were)."""
    folded = text.translate(_FOLDING)
    if len(folded) == len(text) and "  " not in folded:
        return folded, None
    places: list[int] = []
    kept: list[str] = []
    for place, character in enumerate(text):
        form = _FOLDING[ord(character)]
        if form and not (form == " " and kept and kept[-1] == " "):
            places.append(place)
            kept.append(form)
    return "".join(kept), places


def _folded(character: str) -> str:
    """Lower case without marks; a blank for what parts words; nothing for what is not seen."""
    category = unicodedata.category(character)
    if category == "Cf" or _mark(character) or character == "ـ":
        return ""
    if character.isspace() or category in ("Pd", "Pc"):
        return " "
    if character in "’‘ʼʹ`´＇":
        return "'"
    parts = unicodedata.normalize("NFKD", character)
    if len(parts) > 1 and all(map(_mark, parts[1:])):
        character = parts[0]
    elif len(parts) == 1:
        character = parts
    return character.lower()[0].translate(_ALONE)


def _mark(character: str) -> bool:
    """Accents, Hebrew points and Arabic vowel signs; not the vowels of Indic scripts."""
    code = ord(character)
    return (
        0x300 <= code <= 0x36F
        or 0x591 <= code <= 0x5C7
        or 0x64B <= code <= 0x65F
        or code == 0x670
        or 0xFE00 <= code <= 0xFE0F
    )
