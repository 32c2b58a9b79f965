"""Whether two texts are copies of one another: agency copy, an edited or shortened reprint, the same post twice.

    words -every 4 in a row-> shingles of the first 160 words -> compared as sets
                                   \\-winnowing-> a fifth of them -> keys, by which copies find each other

Not MinHash, which the literature would take first, for three reasons. What is monitored is short (a post, a feed's
summary, an article's lead), so the shingles themselves fit in the room of a MinHash signature and give Jaccard and
containment exactly instead of within 0.05. A first paragraph beside its whole article has a low Jaccard, which
banding misses, and a containment of 1. And winnowing (Schleimer, Wilkerson and Aiken 2003, the fingerprints of
MOSS) promises what banding makes only likely: two texts that share WINDOW + SHINGLE - 1 = 9 words in a row anywhere
in their first 100 have a key in common, whatever stands before or after.

Numbers are held against a pair: "412 people arrived in six boats" and "389 people arrived in five boats" are the
reports of two days in the same words, so short texts with another number between the same words are two stories.
A text without enough words is told by its title, word by word, without the outlet's name at its end.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections.abc import Sequence

import msgspec

from ingest.document import Document, without_marks

SHINGLE = 4
WINDOW = 6
"""Shingles of which one is a key."""

COMPARED_WORDS = 160
KEYED_WORDS = 100
FEWEST_WORDS = 10
"""A shorter text is compared by all of its words (ingest.document.story_of) or by its title alone."""
FEWEST_TITLE_WORDS = 5

JACCARD = 0.35
"""Shared of all shingles. One word in ten replaced leaves 0.49; different articles on one event rarely reach 0.1."""
CONTAINMENT = 0.6
"""Shared of the shorter text's shingles, for shortened copies."""
FEWEST_SHARED = 6
SHARED_DESPITE_NUMBERS = 40
"""From so many shared shingles on, a number that differs is an update: reports in fixed words are short."""

_CJK = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"[{_CJK}]|[^\W{_CJK}]+")
_DIGIT = re.compile(r"\d")
_READ = 4_000
"""Characters from which the words to compare are taken."""
_SUFFIX = re.compile(r"\s+[-\u2010-\u2015|\u00b7\u2022\u00bb/]+\s+([^|]{2,50})$")


class Signature(msgspec.Struct, frozen=True, kw_only=True):
    """What copies are told by. The words cannot be read back from it."""

    shingles: tuple[int, ...] = ()
    """32-bit hashes of the first words, in their order; empty for a text that is too short."""
    numbers: frozenset[int] = frozenset()
    """Of the shingles with a digit in them: hash without the numbers << 32 | hash of the number."""
    title: int = 0
    """Hash of the title's words; 0 for a title that is too short."""


def signature_of(document: Document) -> Signature:
    """The signature of a document's text and title."""
    words = _words(document.text[:_READ])[:COMPARED_WORDS]
    title = _words(_without_outlet(document.title))
    runs = (
        [words[i : i + SHINGLE] for i in range(len(words) - SHINGLE + 1)]
        if len(words) >= FEWEST_WORDS
        else []
    )
    return Signature(
        shingles=tuple(_hash(" ".join(run)) for run in runs),
        numbers=frozenset(filter(None, map(_number, runs))),
        title=(_hash("\x00" + " ".join(title)) or 1) if len(title) >= FEWEST_TITLE_WORDS else 0,
    )


def keys_of(signature: Signature) -> frozenset[int]:
    """What a signature is found by: two that may be the same story share one (see the promise above)."""
    keys = _winnowed(signature.shingles[: KEYED_WORDS - SHINGLE + 1])
    return frozenset({*keys, signature.title} if signature.title else keys)


def same_story(one: Signature, other: Signature) -> bool:
    """Whether two signatures are of copies. Symmetric; not transitive."""
    if not one.shingles or not other.shingles:
        return bool(one.title) and one.title == other.title
    ours, theirs = set(one.shingles), set(other.shingles)
    shared = len(ours & theirs)
    if shared < FEWEST_SHARED:
        return False
    contained = shared / min(len(ours), len(theirs))
    if _numbers_differ(one, other):
        return shared >= SHARED_DESPITE_NUMBERS and contained >= CONTAINMENT
    return contained >= CONTAINMENT or shared / len(ours | theirs) >= JACCARD


def _numbers_differ(one: Signature, other: Signature) -> bool:
    """Whether the same words stand somewhere around another number."""
    if not one.numbers or not other.numbers:
        return False
    ours, theirs = _numbers_by_words(one), _numbers_by_words(other)
    return any(ours[words].isdisjoint(theirs[words]) for words in ours.keys() & theirs.keys())


def _numbers_by_words(signature: Signature) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    for each in signature.numbers:
        found.setdefault(each >> 32, set()).add(each & 0xFFFFFFFF)
    return found


def _number(run: Sequence[str]) -> int:
    """As in Signature.numbers; 0 for words without a digit, and for nothing but numbers."""
    if not _DIGIT.search(" ".join(run)):
        return 0
    numbers = [word for word in run if _DIGIT.search(word)]
    if len(numbers) == len(run):
        return 0
    words = " ".join("#" if _DIGIT.search(word) else word for word in run)
    return _hash(words) << 32 | _hash(" ".join(numbers))


def _winnowed(shingles: Sequence[int]) -> set[int]:
    """The smallest of every WINDOW shingles in a row."""
    if len(shingles) <= WINDOW:
        return {min(shingles)} if shingles else set()
    return {min(shingles[i : i + WINDOW]) for i in range(len(shingles) - WINDOW + 1)}


def _words(text: str) -> list[str]:
    """Words without case and accents; of scripts without blanks, characters."""
    folded = text.casefold()
    if not folded.isascii():
        folded = without_marks(unicodedata.normalize("NFKD", without_marks(folded)))
    return _WORD.findall(folded)


def _without_outlet(title: str) -> str:
    """`Cap to stay, papers reveal | The Harbour Times` without the name at its end."""
    title = title[:1_000]
    suffix = _SUFFIX.search(title)
    if suffix is None or len(suffix[1].split()) > 5:
        return title
    shorter = title[: suffix.start()]
    return shorter if len(_words(shorter)) >= FEWEST_TITLE_WORDS else title


def _hash(words: str) -> int:
    """32 bits, scattered: CRC alone would pick the same words as the smallest again and again."""
    mixed = zlib.crc32(words.encode("utf-8", "surrogatepass")) * 0x9E3779B97F4A7C15
    return (mixed >> 29) & 0xFFFFFFFF
