"""A digest's plain text as blocks of a page: paragraphs that flow, headings, and tables that keep their columns."""

from __future__ import annotations

import re

from alerts.harmless_text import cut
from alerts.message import COLUMNS

MOST_CHARACTERS = 600
"""Of one line."""

_COLUMNS = re.compile(r"\S {2,}\S|^-{20,}$")
_UNDERLINE = re.compile(r"=+|-+")

Block = tuple[str, list[str]]
"""Kind (heading, table or text) and lines."""


def blocks_of(text: str, most: int) -> tuple[list[Block], int]:
    """The blocks of the first `most` lines of `text`, which blank lines part, and how many lines were left out."""
    lines = text.splitlines()
    found: list[Block] = []
    block: list[str] = []
    for line in [*lines[:most], ""]:
        if line.strip():
            block.append(cut(line.rstrip(), MOST_CHARACTERS))
        elif block:
            for kind, part in _block(block):
                if kind == "table" and found and found[-1][0] == "table":
                    found[-1][1].extend(["", *part])  # blank lines part societies
                else:
                    found.append((kind, part))
            block = []
    return found, max(0, len(lines) - most)


def _block(lines: list[str]) -> list[Block]:
    if any(_COLUMNS.search(line.strip()) for line in lines):
        return [("table", lines)]
    if len(lines) > 1 and _UNDERLINE.fullmatch(lines[1]):
        # the title, which the page has as its own
        return [("text", _flowing(lines[2:]))] if lines[2:] else []
    if len(lines) > 1 and not lines[0].startswith(" ") and lines[1].startswith(" "):
        return [("heading", lines[:1]), ("text", _flowing(lines[1:]))]
    return [("text", _flowing(lines))]


def _flowing(lines: list[str]) -> list[str]:
    """Lines that were broken at 78 columns joined again. A line belongs to the one before it where it is indented more,
    or where its first word had no room there; any other begins a new entry.
    """
    entries: list[str] = []
    before = ""
    for line in lines:
        words = line.split(maxsplit=1)
        broken = len(before) + 1 + len(words[0] if words else "") > COLUMNS
        if entries and (_indent(line) > _indent(lines[0]) or broken):
            entries[-1] += f" {line.strip()}"
        else:
            entries.append(line.strip())
        before = line
    return entries


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
