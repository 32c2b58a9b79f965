"""A page's markup with nothing in it that costs a parser its time, and with one meaning for every parser.

    <P CLASS=a onclick='…' …100,000 more>1 < 2   ->   <p class="a">1 &lt; 2

libxml2 takes minutes over a tag of 100,000 attributes (its time grows with their square). Here each
tag is read once, from left to right, and written anew with a few short attributes; scripts, styles,
comments and declarations (with their entities) are gone, but for structured data about the page.
"""

from __future__ import annotations

import html
import re

MAX_PAGE_CHARACTERS = 5_000_000
MAX_TAGS = 20_000
"""Start tags of a page; those of newspapers have some 2,000."""
MAX_TAMED_CHARACTERS = 1_000_000
"""Of what is left of it."""

_ATTRIBUTES, _VALUE = 24, 400
"""Attributes of a tag that are kept, and characters of each value."""
_ATTRIBUTES_READ = 200
_STRUCTURED_DATA = 200_000

_NAME = re.compile(r"/?[A-Za-z][A-Za-z0-9:-]*+")
_ATTRIBUTE = re.compile(
    r"[\s/]*+([^\s=/>]++)(?:\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s>]*+)))?+"
)
_KEPT_NAME = re.compile(r"[A-Za-z][A-Za-z0-9:_-]{0,39}")
_RAW = {
    name: re.compile(rf"</{name}(?![\w-])[^>]*+>?", re.IGNORECASE)
    for name in ("script", "style", "title", "textarea", "noembed", "xmp", "iframe")
}


class NotTamed(ValueError):
    """The page is too large, or has too many tags; the text says which."""


def tame(markup: str) -> str:
    """The page anew. Takes time in proportion to its length. Raises NotTamed."""
    if len(markup) > MAX_PAGE_CHARACTERS:
        raise NotTamed(f"it has {len(markup):,} characters")
    pieces: list[str] = []
    size = tags = at = 0
    while at < len(markup):
        start = markup.find("<", at)
        piece, at = _text(markup, at, start) if start != at else _tag(markup, at)
        if piece.startswith("<") and not piece.startswith("</"):
            tags += 1
        if tags > MAX_TAGS:
            raise NotTamed(f"it has more than {MAX_TAGS:,} tags")
        pieces.append(piece)
        size += len(piece)
        if size > MAX_TAMED_CHARACTERS:
            raise NotTamed(f"it has more than {MAX_TAMED_CHARACTERS:,} characters of text and tags")
    return "".join(pieces)


def _text(markup: str, at: int, end: int) -> tuple[str, int]:
    end = end if end >= 0 else len(markup)
    return markup[at:end].replace(">", "&gt;"), end


def _tag(markup: str, at: int) -> tuple[str, int]:
    """What stands for the markup that begins with < at `at`, and where it ends."""
    if markup.startswith("<!--", at):
        return "", _after(markup, "-->", at + 4)
    if markup.startswith(("<!", "<?"), at):
        return "", _after(markup, ">", at + 2)
    name = _NAME.match(markup, at + 1)
    if name is None:
        return "&lt;", at + 1
    called = name.group().lower()
    attributes, end = _attributes(markup, name.end())
    if called.startswith("/"):
        return f"<{called}>", end
    if called not in _RAW:
        return f"<{called}{_written(attributes)}>", end
    close = _RAW[called].search(markup, end)
    inside = markup[end : close.start() if close else len(markup)]
    return _raw(called, attributes, inside), close.end() if close else len(markup)


def _attributes(markup: str, at: int) -> tuple[dict[str, str], int]:
    found: dict[str, str] = {}
    for _ in range(_ATTRIBUTES_READ):
        match = _ATTRIBUTE.match(markup, at)
        if match is None:
            break
        at = match.end()
        name = match.group(1).lower()
        if _KEPT_NAME.fullmatch(name) and len(found) < _ATTRIBUTES:
            value = next((each for each in match.groups()[1:] if each is not None), "")
            found.setdefault(name, value[:_VALUE])
    return found, _after(markup, ">", at)


def _written(attributes: dict[str, str]) -> str:
    return "".join(
        f' {name}="{html.escape(html.unescape(value))}"' for name, value in attributes.items()
    )


def _raw(name: str, attributes: dict[str, str], inside: str) -> str:
    """Elements whose content is no markup."""
    if name == "title":
        return f"<title>{html.escape(html.unescape(inside[:2_000]))}</title>"
    kind = attributes.get("type", "").lower()
    if name == "script" and kind == "application/ld+json" and len(inside) <= _STRUCTURED_DATA:
        data = inside.replace("<", "\\u003c")  # the same to JSON, and no markup to anybody
        return f'<script type="application/ld+json">{data}</script>'
    return ""


def _after(markup: str, mark: str, at: int) -> int:
    found = markup.find(mark, at)
    return found + len(mark) if found >= 0 else len(markup)
