"""Which society a text in English concerns, where the source does not say; unknown unless one clearly dominates.

The society is the public whose attitudes are measured: "Germany limits asylum for Syrians" concerns Germany. Texts
about migration name two countries as a rule, and the one that people come from more often, so counting names would
be wrong half the time. What counts is what a name does in its sentence:

    4  an institution of its own (Home Office), or a name with a word of government or public ("German voters")
    3  subject: opens a title or a sentence before a verb ("Berlin plans", "Danes want")
    2  where it happens or where they come to: in, into, to, across, reach, enter
    1  any other mention
    0  where people come from or are sent back to: "Syrian refugees", "Afghans", "from Mali", "deported to Iraq"

A text concerns the society with the highest sum if that has a mention of 3 or more (or two of 2), the next has no
more than half of it, and no mention of 3 or more. Only the title and the first sentences are read: further down
others are quoted and compared. Posts are not read at all: on the sample corpus (benchmarks/society_of.py) two in three
of them were right, because people argue by comparing countries, against nineteen in twenty of news and officials. A wrong society spoils two series, a missing one costs a document of one: so when in
doubt it is unknown, and counted as that.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from ingest.document import UNKNOWN_SOCIETY, Document, Kind
from ingest.place_names import Place, Sort, longest, places

LEAD = 500
"""Characters of the text that are read after the title."""

_TOKEN = re.compile(r"(?:[A-Z]\.){2,}|[^\W_][\w'’-]*|[.!?;:,|\n–—\"“”()]")
_POSSESSIVE = re.compile(r"['’]s?$")

_PUBLIC = frozenset(
    "government governments parliament minister ministers ministry president premier chancellor cabinet court courts judge "
    "judges police authorities officials voters voter public residents mayor mayors council councils senate "
    "congress lawmakers mps election elections referendum party parties opposition coalition citizens taxpayers society "
    "coastguard navy army interior immigration asylum migration visa home prime foreign farmers employers unions towns "
    "villages cities poll polls survey pm state federal supreme high constitutional far-right law laws bill labour "
    "industry hospitals schools economy".split()
)
_BORDER = frozenset("guard guards police agency agents force patrol officials officers".split())
_COMERS = frozenset(
    "migrants migrant refugees refugee asylum-seeker asylum-seekers seekers immigrants immigrant workers worker students "
    "nurses nationals national families family children woman women man men boy girl community diaspora origin passport "
    "passports teenager youths smugglers smuggler gangs arrivals deportees returnees interpreters evacuees".split()
)
_AWAY = frozenset("from flee fleeing fled leaving left escaping escape escaped of".split())
_INTO = frozenset(
    "in into to across reach reaching reached enter entering entered near inside".split()
)
_SENT = re.compile(
    r"deport|return|remov|repatriat|expel|flight|sen[dt]\b|back|extradit|flown|relocat|offshore"
)
_AUXILIARY = frozenset(
    "to will must has have may could should would can wants is are was were had did does plans".split()
)
_OPINION = frozenset(
    "say says want think back support oppose vote voted fear believe reject favour favor are have feel prefer expect".split()
)


KINDS = frozenset({Kind.NEWS, Kind.OFFICIAL})
"""What is told by its words."""


def society_of_document(document: Document) -> str:
    """The document's own society, or for an unknown one what its words say."""
    known = document.society != UNKNOWN_SOCIETY
    if known or document.kind not in KINDS or document.language.split("-")[0] not in ("en", "und"):
        return document.society
    return society_of(document.title, document.text)


def society_of(title: str, text: str) -> str:
    """ISO 3166-1 code, or `unknown`."""
    sums: defaultdict[str, int] = defaultdict(int)
    strongest: defaultdict[str, list[int]] = defaultdict(list)
    parts = [title, "" if title and text.startswith(title) else text[:LEAD]]
    if title and text.startswith(title):
        parts[1] = text[len(title) : len(title) + LEAD]
    for part in parts:
        for society, weight in _mentions(part):
            sums[society] += weight
            strongest[society].append(weight)
    ranked = sorted(sums, key=lambda each: (-sums[each], each))
    if not ranked:
        return UNKNOWN_SOCIETY
    first, others = ranked[0], ranked[1:]
    enough = max(strongest[first]) >= 3 or strongest[first].count(2) >= 2
    clear = all(2 * sums[each] <= sums[first] and max(strongest[each]) < 3 for each in others)
    return first if enough and clear else UNKNOWN_SOCIETY


def _mentions(text: str) -> Iterator[tuple[str, int]]:
    words = _TOKEN.findall(text)
    if text.isupper():
        return  # US and us are the same, and so are many others
    table, most = places(), longest()
    at = 0
    while at < len(words):
        if not words[at][0].isupper():
            at += 1
            continue
        for size in range(min(most, len(words) - at), 0, -1):
            last = words[at + size - 1]
            bare = _POSSESSIVE.sub("", last)
            place = table.get((*words[at : at + size - 1], last)) or table.get(
                (*words[at : at + size - 1], bare)
            )
            if place is not None:
                if place.society:
                    yield place.society, _weight(place, words, at, at + size, bare != last)
                at += size
                break
        else:
            at += 1


def _weight(place: Place, words: Sequence[str], at: int, end: int, possessive: bool) -> int:
    before = [word.lower() for word in words[max(0, at - 6) : at]]
    if before and before[-1] == "the":
        before.pop()
    after = _clause(words, end)
    follows = after[0] if after else ""
    opens = not before or not (before[-1][0].isalnum() or before[-1] in ",()")
    public = any(word in _PUBLIC for word in after[:3]) and not any(w in _COMERS for w in after[:2])
    if follows in ("border", "borders"):  # a neighbour's, as often as not
        public = after[1:2] != [] and after[1] in _BORDER
    if place.sort is Sort.INSTITUTION:
        return 4
    if place.sort is Sort.PEOPLE:
        return 3 if opens and follows in _OPINION else 0
    if follows == "asylum" and "seekers" in after[1:2]:
        return 0 if place.sort is Sort.ADJECTIVE else 1
    if place.sort is Sort.ADJECTIVE:
        if follows in _COMERS or (after[1:2] and after[1] in _COMERS):
            return 0
        return 4 if public else (0 if place.ambiguous else 1)
    if before and before[-1] in _AWAY:
        return 0
    if before and before[-1] in _INTO:
        return 0 if any(_SENT.match(word) for word in before[:-1]) else 2
    if public and (possessive or after[0] in _PUBLIC):
        return 4
    if opens and not possessive and not place.ambiguous and _is_verb(follows):
        return 3
    return 0 if place.ambiguous or follows in _COMERS else 1


def _clause(words: Sequence[str], end: int) -> list[str]:
    """The next words up to a mark."""
    found = []
    for word in words[end : end + 4]:
        if not word[0].isalnum():
            break
        found.append(word.lower())
    return found


def _is_verb(word: str) -> bool:
    """As headlines have them: "limits", "to cut", "will"."""
    if word in _COMERS or word in _PUBLIC:
        return False
    return word in _AUXILIARY or (len(word) > 3 and word.endswith("s") and not word.endswith("ss"))
