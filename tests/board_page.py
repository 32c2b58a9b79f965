"""A page of the board as a browser takes it: parsed strictly, with what tests ask of it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from posixpath import dirname, join, normpath
from urllib.parse import unquote, urlsplit
from xml.etree import ElementTree

import html5lib

HTML = "{http://www.w3.org/1999/xhtml}"
SVG = "{http://www.w3.org/2000/svg}"

_APART = frozenset("td th tr dt dd div p li small b br h1 h2 h3 text title desc option".split())

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")


@cache
def parsed(page: bytes) -> ElementTree.Element:
    """The tree of a page. Raises html5lib.html5parser.ParseError where it is no correct HTML5."""
    parser = html5lib.HTMLParser(strict=True)
    tree: ElementTree.Element = parser.parse(page.decode("utf-8"))
    return tree


def elements(page: bytes, *names: str) -> Iterator[ElementTree.Element]:
    """Elements of these names, HTML or SVG; all of them without a name. In the order of the page."""
    for element in parsed(page).iter():
        if not names or name_of(element) in names:
            yield element


def name_of(element: ElementTree.Element) -> str:
    """Its name without a namespace."""
    return str(element.tag).rpartition("}")[2]


def text_of(element: ElementTree.Element) -> str:
    """All text within it, on one line; cells and blocks are words apart."""
    return " ".join("".join(_texts(element)).split())


def _texts(element: ElementTree.Element) -> Iterator[str]:
    apart = " " if name_of(element) in _APART else ""
    yield apart + (element.text or "")
    for child in element:
        yield from _texts(child)
        yield child.tail or ""
    yield apart


def visible_text(page: bytes) -> str:
    """What the body says, without style."""
    (body,) = elements(page, "body")
    return text_of(body)


def ids(page: bytes) -> list[str]:
    """Every id, in order."""
    return [element.get("id", "") for element in elements(page) if element.get("id")]


def classes(element: ElementTree.Element) -> set[str]:
    """Its classes."""
    return set(element.get("class", "").split())


def link_target(path: str, href: str) -> tuple[str, str]:
    """Path in the folder, and the fragment, that a relative link on the page at `path` leads to."""
    parts = urlsplit(href)
    place = normpath(join(dirname(path), unquote(parts.path))) if parts.path else path
    return place, unquote(parts.fragment)
