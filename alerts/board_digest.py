"""A digest's plain text as blocks of a page: paragraphs that flow, headings, and tables that keep their columns."""

from __future__ import annotations

import re

from alerts.harmless_text import cut

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
            found += _block(block)
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
    """Lines that were broken at 78 columns joined again. A new entry is indented less than the line before it,
    or as its first line was.
    """
    entries: list[str] = []
    indent = len(lines[0]) - len(lines[0].lstrip())
    for line in lines:
        depth = len(line) - len(line.lstrip())
        if not entries or (indent and depth <= indent):
            entries.append(line.strip())
        else:
            entries[-1] += f" {line.strip()}"
    return entries
