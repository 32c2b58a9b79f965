"""Excerpts: the sentences in which documents say it, as people are shown them. Few, short, and harmless."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from datetime import date

import msgspec

from classify.stance import Stance

MAX_CHARACTERS = 240
"""Of an excerpt; a quotation, never the document."""

_STANDS = {Stance.SUPPORT: "for", Stance.OPPOSE: "against", Stance.NEUTRAL: "neither way"}

_E_MAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
_HANDLE = re.compile(r"(?<![\w/])@\w[\w.]{0,63}")
_PHONE = re.compile(r"(?<!\w)(?:\+|\(?0)\d?(?:[ ()./-]{0,3}\d){7,14}(?!\w)")
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


def shown_sentence(sentence: str) -> str:
    """The sentence on one line of at most MAX_CHARACTERS, without control characters and addresses of people."""
    text = "".join(c if c.isprintable() else " " for c in sentence)
    text = _E_MAIL.sub("[e-mail]", " ".join(text.split()))
    text = _PHONE.sub("[number]", _HANDLE.sub("[name]", text))
    if len(text) <= MAX_CHARACTERS:
        return text
    head = text[: MAX_CHARACTERS - 1]
    words = head.rpartition(" ")[0]
    return (words or head).rstrip(" ,;:") + "…"


def excerpt_lines(excerpts: Sequence[Excerpt], width: int, *, indent: str = "  ") -> str:
    """The excerpts as text of `width` columns, each with its link on a line of its own, which is not broken."""
    return "\n".join(line for one in excerpts for line in _lines(one, width, indent))


def _lines(one: Excerpt, width: int, indent: str) -> list[str]:
    outlet = " ".join("".join(c if c.isprintable() else " " for c in one.outlet).split())
    said = f"{_STANDS[one.stance]}: “{shown_sentence(one.sentence)}” ({outlet}, {one.day})"
    lines = textwrap.wrap(said, width, initial_indent=indent, subsequent_indent=indent + "  ")
    # What is no plain web address is not shown: nobody should be led to open it.
    return lines + ([f"{indent}  {one.url}"] if _LINK.fullmatch(one.url) else [])
