"""Sentences of a text, as spans: small rules for many publics, not a parser.

A sentence ends at . ! ? … (and their like in other scripts) before a space, unless an abbreviation, an
initial or a small letter says that it goes on; at a line end, unless the next line begins small; and
after MAX_SENTENCE characters in any case. Quoted speech stays in one piece where that is short enough.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

MAX_SENTENCE = 300
"""Characters; what runs on for longer is cut at a word, or in mid-word where there is none."""

Span = tuple[int, int]
"""First character and the one after the last, in the text."""

# “ and « close in some languages what they open in others; » may stand behind a space.
_CLOSING = r"(?:[\"'’”“»«)\]]|[ \u00a0\u202f]»(?=\s))*"
# Possessive: a row of a hundred thousand full stops is looked at once.
_END = re.compile(rf"(?<![.!?…])[.!?…]++{_CLOSING}+(?=\s)|[。！？।۔؟]++[」』”）]*|\n++")
_LAST_WORD = re.compile(r"[\w.]+$")
_NEXT = re.compile(r"\s*[\"'‘“„«(\[]*(\S?)")

# Written with a full stop, in mid-sentence. What also ends sentences (etc., a.m.) is not among them.
_ABBREVIATIONS = frozenset(
    "mr mrs ms dr prof rev hon st sen rep gov gen col sgt capt lt jr sr fr messrs mme mlle sig dott "
    "vs cf eg ie e.g i.e viz no nos art arts para sec fig vol pp ed eds approx ca dept est max min "
    "jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun "
    "bzw usw ggf inkl nr abs z.b d.h u.a ex".split()
)

_QUOTES = (("“", "”"), ("„", "“"), ("«", "»"), ("»", "«"), ('"', '"'))


def sentence_spans(text: str) -> list[Span]:
    """The sentences of `text` in order, none longer than MAX_SENTENCE, without the space around them.

    What has no letter and no digit (a rule, a row of emoji) is no sentence.
    """
    spans: list[Span] = []
    start = 0
    for end in [*_ends(text), len(text)]:
        spans += _pieces(text, start, end)
        start = end
    return _with_quotes_whole(text, spans)


def _ends(text: str) -> list[int]:
    return [match.end() for match in _END.finditer(text) if _is_end(text, match)]


def _is_end(text: str, match: re.Match[str]) -> bool:
    following = _NEXT.match(text, match.end())
    goes_on = following is not None and following[1].islower()
    mark = match.group()
    if mark.startswith("\n"):
        return not (goes_on and len(mark) == 1)
    if goes_on:
        return False
    if mark != ".":
        return True
    # 60 characters hold every abbreviation; a longer word is none.
    word = _LAST_WORD.search(text, max(0, match.start() - 60), match.start())
    if word is None:
        return True
    last = word.group().casefold()
    initial = len(last) == 1 and last.isalpha() and word.group().isupper()
    if last.isdigit() and len(last) <= 2:  # "am 3. Mai", "2. Housing"
        return False
    # "No." before a number is an abbreviation; "No." alone is an answer.
    numbered = following is not None and following[1].isdigit()
    return not (initial or (last in _ABBREVIATIONS and (last not in ("no", "nos") or numbered)))


def _pieces(text: str, start: int, end: int) -> list[Span]:
    """What stands from `start` to `end`, cut where it runs on, without outer space."""
    found: list[Span] = []
    while True:
        while start < end and text[start].isspace():
            start += 1
        if end - start <= MAX_SENTENCE:
            break
        cut = _last_space(text, start, start + MAX_SENTENCE)
        found += _trimmed(text, start, cut)
        start = cut
    return found + _trimmed(text, start, end)


def _last_space(text: str, start: int, end: int) -> int:
    """Where the last space in these characters is; `end` when they are one word."""
    for place in range(end, start, -1):
        if text[place].isspace():
            return place
    return end


def _trimmed(text: str, start: int, end: int) -> list[Span]:
    while end > start and text[end - 1].isspace():
        end -= 1
    says = any(character.isalnum() for character in text[start:end])
    return [(start, end)] if says else []


def _with_quotes_whole(text: str, spans: Sequence[Span]) -> list[Span]:
    """Neighbours joined while a quotation is open, where they stay within one line and MAX_SENTENCE."""
    joined: list[Span] = []
    i = 0
    while i < len(spans):
        start, end = spans[i]
        last = i
        while _open_quotation(text[start:end]) and last + 1 < len(spans):
            last += 1
            end = spans[last][1]
            if end - start > MAX_SENTENCE or "\n" in text[start:end]:
                break
        if last > i and not _open_quotation(text[start:end]) and end - start <= MAX_SENTENCE:
            joined.append((start, end))
            i = last + 1
        else:
            joined.append(spans[i])
            i += 1
    return joined


def _open_quotation(piece: str) -> bool:
    """Whether a quotation begins in `piece` and does not end in it."""
    first = min(
        (
            (piece.find(opening), opening, closing)
            for opening, closing in _QUOTES
            if opening in piece
        ),
        default=None,
    )
    if first is None:
        return False
    _, opening, closing = first
    if opening == closing:
        return piece.count(opening) % 2 == 1
    return piece.count(opening) > piece.count(closing)
