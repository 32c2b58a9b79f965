"""Quotations in what was told: found again in texts, pages and facts, and taken out when their document is not kept any more.

    “sentence” (outlet, day) + link -gone?-> REMOVED in its place

What surrounds a quotation stays as people were told it: figures, reasons, the other quotations.
"""

from __future__ import annotations

import html as markup
import re
from collections.abc import Callable, Sequence
from datetime import date

import msgspec

from alerts.fall_facts import FallFacts

REMOVED = "[quotation removed: its document is not kept any more]"

MARK = "“"
"""Opens every quotation, and stands nowhere else in what is told."""

RUN = 4
"""Words in a row by which a quotation is told from others."""

ENOUGH = 0.6
"""Share of the runs of a quotation that stand in its document: a shown sentence may have been cut or masked."""


class Quotation(msgspec.Struct, frozen=True, kw_only=True):
    """What is shown of a document."""

    said: str
    """The sentence."""
    day: date | None
    """On which the document was published; None where that cannot be read."""
    link: str = ""


Gone = Callable[[Quotation], bool]
"""Whether the document of a quotation is not kept any more."""

_BEGINS = re.compile(r"( *)((?:for|against|neither way): )“")
_ENTRY = re.compile(r"“(.*)” \(.*?(\d{4}-\d{2}-\d{2})\)$")
_LINK = re.compile(r"https?://\S+")
_BLOCK = re.compile(r"(<blockquote\b[^>]*>)(.*?)(</blockquote>)", re.DOTALL)
_PAGE_ENTRY = re.compile(r"“(.*)”.*?(\d{4}-\d{2}-\d{2})", re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_HREF = re.compile(r'href="([^"]*)"')
_WORD = re.compile(r"\w+")


def text_without(text: str, gone: Gone) -> str:
    """`text` without the quotations that are gone: an entry is a line `against: “…` with the lines indented below it."""
    lines = text.split("\n")
    kept: list[str] = []
    place = 0
    while place < len(lines):
        begins = _BEGINS.match(lines[place])
        if begins is None:
            kept.append(lines[place])
            place += 1
            continue
        end = place + 1
        below = begins[1] + "  "
        while end < len(lines) and lines[end].startswith(below) and lines[end].strip():
            end += 1
        if gone(_of_entry(lines[place:end])):
            kept.append(f"{begins[1]}{begins[2]}{REMOVED}")
        else:
            kept += lines[place:end]
        place = end
    return "\n".join(kept)


def page_without(page: str, gone: Gone) -> str:
    """`page` (of a digest or an alert) without the quotations that are gone."""

    def kept(block: re.Match[str]) -> str:
        if not gone(_of_block(block[2])):
            return block[0]
        return f'{block[1]}<p style="margin:0">{REMOVED}</p>{block[3]}'

    return _BLOCK.sub(kept, page)


def facts_without(falls: Sequence[FallFacts], gone: Gone) -> tuple[FallFacts, ...]:
    """The facts without the excerpts that are gone."""
    return tuple(
        msgspec.structs.replace(
            fall,
            excerpts=tuple(
                one
                for one in fall.excerpts
                if not gone(Quotation(said=one.sentence, day=one.day, link=one.url))
            ),
        )
        for fall in falls
    )


def plain_words(text: str) -> str:
    """The words of `text` with a blank around each, for `is_said_in`."""
    return f" {' '.join(_WORD.findall(text.casefold()))} "


def is_said_in(said: str, words: str) -> bool:
    """Whether the words of a quotation stand in `words` (see `plain_words`), most of them in runs of RUN."""
    ours = _WORD.findall(said.casefold())
    length = min(RUN, len(ours))
    if not length:
        return False
    runs = [" ".join(ours[n : n + length]) for n in range(len(ours) - length + 1)]
    return sum(f" {run} " in words for run in runs) >= ENOUGH * len(runs)


def _of_entry(lines: Sequence[str]) -> Quotation:
    parts = [line.strip() for line in lines]
    link = parts.pop() if len(parts) > 1 and _LINK.fullmatch(parts[-1]) else ""
    said = " ".join(parts)
    found = _ENTRY.search(said)
    return Quotation(
        said=found[1] if found else said, day=_day(found[2]) if found else None, link=link
    )


def _of_block(inside: str) -> Quotation:
    link = _HREF.search(inside)
    text = markup.unescape(_TAG.sub(" ", inside))
    found = _PAGE_ENTRY.search(text)
    return Quotation(
        said=found[1] if found else text,
        day=_day(found[2]) if found else None,
        link=markup.unescape(link[1]) if link else "",
    )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
