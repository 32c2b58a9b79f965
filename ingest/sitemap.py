"""A sitemap's bytes to its entries: sitemap.xml, news sitemaps, indexes, each of them gzipped or not.

    bytes -gunzip, charset-> text -expat, from the root on-> Sitemap(entries | children)

Pure. Before the root stand only declarations: without them there are no entities to expand, and a
DOCTYPE further down is a fault in the XML.
"""

from __future__ import annotations

import re
import zlib
from datetime import datetime
from xml.parsers import expat

import msgspec

from ingest.charset import to_text
from ingest.content_encoding import Inflate
from ingest.feed_date import from_parsed
from ingest.feed_entry import NotAFeed
from ingest.plain_text import tidy
from ingest.rfc3339 import parse_time
from ingest.xml_references import mend_ampersands, mend_references

MAX_BYTES = 15 * 1024 * 1024
"""Of a sitemap that is gzipped as a file (.xml.gz), after decompression."""
MAX_ENTRIES = 50_000
"""What the protocol allows in one file."""
MAX_TAGS = 1_000_000
MAX_REFERENCES = 500_000
MAX_DEPTH = 12

_CHARACTERS = 4_096
_ROOT = re.compile(r"<(?:[A-Za-z_][\w.-]{0,40}:)?(?:urlset|sitemapindex)[\s>]", re.IGNORECASE)
_HTML = re.compile(r"\s*(?:<!--.{0,5000}?-->\s*){0,5}<(?:!doctype\s+html|html)[\s>]", re.I | re.S)
_ENTRY = {"url", "sitemap"}
_WANTED = {
    ("loc",): "url",
    ("lastmod",): "lastmod",
    ("news", "title"): "title",
    ("news", "publication_date"): "published",
    ("news", "publication", "language"): "language",
}


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """One address in a sitemap: a page's, or another sitemap's."""

    url: str
    date: datetime | None
    """Aware UTC: when it was published (news), else when it was changed. None: it does not say, or nobody can read it."""
    date_text: str = ""
    title: str = ""
    language: str = ""


class Sitemap(msgspec.Struct, frozen=True, kw_only=True):
    """What one file holds; either of the two is empty."""

    entries: tuple[Place, ...] = ()
    children: tuple[Place, ...] = ()
    unread: int = 0
    """Beyond MAX_ENTRIES."""
    broken: bool = False
    """It ends where its XML is at fault."""


def parse_sitemap(data: bytes, content_type: str = "") -> Sitemap:
    """The entries of a sitemap. Raises NotAFeed when the bytes are none."""
    text = to_text(_gunzipped(data), content_type)
    if not text.strip():
        raise NotAFeed("it is empty")
    if _HTML.match(text):
        raise NotAFeed("it is an HTML page instead of a sitemap")
    root = _ROOT.search(text)
    if root is None:
        raise NotAFeed("it is no sitemap: there is no <urlset> or <sitemapindex> element")
    text = text[root.start() :]
    if text.count("&") > MAX_REFERENCES:
        raise NotAFeed(f"it has more than {MAX_REFERENCES:,} references")
    found = _Handlers()
    broken = False
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartElementHandler = found.start
    parser.EndElementHandler = found.end
    parser.CharacterDataHandler = found.characters
    try:
        parser.Parse(mend_ampersands(mend_references(text)).encode("utf-8", "replace"), True)
    except expat.ExpatError as error:
        if not found.places:
            raise NotAFeed(f"it cannot be read as XML: {error}") from error
        broken = True
    entries = tuple(place for kind, place in found.places if kind == "url")
    children = tuple(place for kind, place in found.places if kind == "sitemap")
    return Sitemap(entries=entries, children=children, unread=found.unread, broken=broken)


def _gunzipped(data: bytes) -> bytes:
    if not data.startswith(b"\x1f\x8b"):
        return data
    inflate = Inflate(zlib.MAX_WBITS | 16)
    try:
        made = inflate.decode(data, MAX_BYTES + 1)
    except zlib.error as error:
        raise NotAFeed(f"it is compressed, and damaged: {error}") from error
    if len(made) > MAX_BYTES:
        raise NotAFeed(f"it has more than {MAX_BYTES // 2**20} MiB after decompression")
    if not inflate.complete:
        raise NotAFeed("it is compressed, and cut off")
    return made


class _Handlers:
    """What expat tells, as places."""

    def __init__(self) -> None:
        self.places: list[tuple[str, Place]] = []
        self.unread = 0
        self._path: list[str] = []
        self._tags = 0
        self._fields: dict[str, str] = {}
        self._text: list[str] = []

    def start(self, name: str, attributes: object) -> None:
        self._path.append(name.rpartition(":")[2].lower())
        self._tags += 1
        self._text = []
        if len(self._path) > MAX_DEPTH:
            raise NotAFeed(f"its elements are more than {MAX_DEPTH} deep")
        if self._tags > MAX_TAGS:
            raise NotAFeed(f"it has more than {MAX_TAGS:,} tags")
        if len(self._path) == 2:
            self._fields = {}

    def characters(self, text: str) -> None:
        if len(self._text) < _CHARACTERS:
            self._text.append(text[:_CHARACTERS])

    def end(self, name: str) -> None:
        path, text = tuple(self._path), self._text
        self._path.pop()
        self._text = []
        field = _WANTED.get(path[2:]) if len(path) > 2 and path[1] in _ENTRY else None
        if field is not None:
            self._fields.setdefault(field, tidy("".join(text)[:_CHARACTERS]).replace("\n", " "))
        if len(path) == 2 and path[1] in _ENTRY and self._fields.get("url"):
            if len(self.places) < MAX_ENTRIES:
                self.places.append((path[1], _place(self._fields)))
            else:
                self.unread += 1


def _place(fields: dict[str, str]) -> Place:
    said = fields.get("published") or fields.get("lastmod") or ""
    return Place(
        url=fields["url"],
        date=_moment(fields.get("published", "")) or _moment(fields.get("lastmod", "")),
        date_text=said,
        title=fields.get("title", ""),
        language=fields.get("language", ""),
    )


def _moment(written: str) -> datetime | None:
    try:
        return parse_time(written)
    except ValueError:
        return from_parsed(None, written) if written else None
