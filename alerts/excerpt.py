"""Excerpts: the sentences in which documents say it, as people are shown them. Few, short, and harmless."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from datetime import date
from urllib.parse import urlsplit

import msgspec

from classify.stance import Stance
from ingest.scrubbing import scrubbed

MAX_CHARACTERS = 240
"""Of an excerpt; a quotation, never the document."""

_STANDS = {Stance.SUPPORT: "for", Stance.OPPOSE: "against", Stance.NEUTRAL: "neither way"}

_LINK = re.compile(r"https?://[!-~]{1,2000}")


class Excerpt(msgspec.Struct, frozen=True, kw_only=True):
    """One sentence of one document, and where it is from."""

    outlet: str
    day: date
    """Of publication."""
    url: str
    """As published; empty where there is none."""
    stance: Stance
    """Of the document, toward the target in question."""
    sentence: str
    """As it stands in the document; `shown_sentence` makes it fit to be shown."""


class ShownExcerpt(msgspec.Struct, frozen=True, kw_only=True):
    """An excerpt made fit to be shown. A page still escapes it."""

    stands: str
    """for, against or neither way."""
    sentence: str
    outlet: str
    day: date
    link: str
    """Empty where there is none, or what is given is no plain web address: nobody should be led to open it."""
    host: str
    """Of the link: where it leads, whatever it is called."""


def shown_sentence(sentence: str) -> str:
    """The sentence on one line of at most MAX_CHARACTERS, without control characters, and scrubbed as a document is: what
    was stored before scrubbing knew a form of address must not come out now.
    """
    text = "".join(c if c.isprintable() else " " for c in sentence)
    text = scrubbed(" ".join(text.split()))
    if len(text) <= MAX_CHARACTERS:
        return text
    head = text[: MAX_CHARACTERS - 1]
    words = head.rpartition(" ")[0]
    return (words or head).rstrip(" ,;:") + "…"


def excerpt_lines(excerpts: Sequence[Excerpt], width: int, *, indent: str = "  ") -> str:
    """The excerpts as text of `width` columns, each with its link on a line of its own, which is not broken."""
    return "\n".join(line for one in excerpts for line in _lines(one, width, indent))


def shown_excerpt(one: Excerpt) -> ShownExcerpt:
    """The excerpt as it may be shown."""
    link, host = one.url if _LINK.fullmatch(one.url) else "", ""
    try:
        host = urlsplit(link).hostname or ""
    except ValueError:  # brackets that are no address
        link = ""
    return ShownExcerpt(
        stands=_STANDS.get(one.stance, "neither way"),
        sentence=shown_sentence(one.sentence),
        outlet=" ".join("".join(c if c.isprintable() else " " for c in one.outlet).split()),
        day=one.day,
        link=link,
        host=host,
    )


def _lines(one: Excerpt, width: int, indent: str) -> list[str]:
    shown = shown_excerpt(one)
    said = f"{shown.stands}: “{shown.sentence}” ({shown.outlet}, {shown.day})"
    lines = textwrap.wrap(said, width, initial_indent=indent, subsequent_indent=indent + "  ")
    return lines + ([f"{indent}  {shown.link}"] if shown.link else [])
