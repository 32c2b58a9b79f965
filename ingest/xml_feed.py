"""RSS 2.0, RSS 1.0 (RDF) and Atom to entries, by feedparser's two parsers.

The pieces of feedparser.parse are put together here for four reasons: it opens files and addresses
that it is given as text; it stops at nothing (a feed of a million entries takes gigabytes); two of
its handlers take quadratic time (authors, categories), and neither is wanted; and its sanitiser
costs most of its time, while all markup is dropped here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from xml.sax import SAXException
from xml.sax.expatreader import ExpatParser
from xml.sax.handler import feature_external_ges

from feedparser.api import LooseFeedParser, StrictFeedParser

from ingest.feed_date import from_parsed
from ingest.feed_entry import MAX_ENTRIES, Entry, Feed, NotAFeed
from ingest.plain_text import plain_text, tidy
from ingest.xml_references import mend_references

MAX_TAGS = 300_000
"""Tags outside CDATA in one feed: feedparser reads some 50,000 a second."""

_HTML = re.compile(
    r"\s*(?:<\?xml[^>]{0,200}>\s*)?(?:<!--.{0,5000}?-->\s*){0,5}<(?:!doctype\s+html|html)[\s>]",
    re.IGNORECASE | re.DOTALL,
)
_ROOT = re.compile(r"<(?:[A-Za-z_][\w.-]{0,40}:)?(?:rss|feed|rdf)[\s>]", re.IGNORECASE)
_ENTRY = re.compile(r"<(?:[A-Za-z_][\w.-]{0,40}:)?(?:item|entry)[\s/>]", re.IGNORECASE)
_ENTRY_END = re.compile(r"</(?:[A-Za-z_][\w.-]{0,40}:)?(?:item|entry)\s{0,40}>", re.IGNORECASE)

# What feedparser's handlers raise over markup that they did not expect. Seen in fuzzing and in its
# issues; anything else is a fault of ours and must be seen.
_PARSER_FAULTS = (
    SAXException,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)


def _no_author(*_: object, **__: object) -> None:
    """Stands in for feedparser's work on names and addresses of authors."""


def _last_tag(parser: Any, term: object, scheme: object, label: object) -> None:
    """Stands in for feedparser's list of categories, which it searches for each new one."""
    parser._get_context()["tags"] = [{"term": term, "scheme": scheme, "label": label}]


_NOT_WANTED = {"_sync_author_detail": _no_author, "_add_tag": _last_tag}
_Strict = type("_Strict", (StrictFeedParser,), _NOT_WANTED)
_Loose = type("_Loose", (LooseFeedParser,), _NOT_WANTED)


def read_xml_feed(text: str, address: str) -> Feed:
    """The entries of the feed in `text`; relative links are resolved against `address`.

    Well-formed XML goes through the strict parser, all else through the forgiving one. Raises
    NotAFeed for a page of HTML, for text without a feed's root element, and for broken XML in which
    no entry can be read.
    """
    if _HTML.match(text):
        raise NotAFeed("it is an HTML page instead of a feed")
    root = _ROOT.search(text)
    if root is None:
        raise NotAFeed("it is no feed: there is no <rss>, <feed> or <rdf:RDF> element")
    # Before the root stand only declarations. Without them there are no entities to expand, and a
    # DOCTYPE further down is a syntax error to the strict parser and nothing to the forgiving one.
    text = mend_references(text[root.start() :])
    bare = _without_cdata(text)
    starts = [match.start() for match in _ENTRY.finditer(bare)]
    if len(starts) > MAX_ENTRIES:
        text, bare = text[: starts[MAX_ENTRIES]], bare[: starts[MAX_ENTRIES]]
    if bare.count("<") > MAX_TAGS:
        raise NotAFeed(f"it has more than {MAX_TAGS:,} tags")
    parsed, well_formed = _parse(text, address)
    unfinished = not well_formed and len(starts) <= MAX_ENTRIES and _ends_inside_an_entry(bare)
    found: list[Mapping[str, Any]] = parsed.entries[:MAX_ENTRIES]
    if not found and not well_formed:
        raise NotAFeed("it is broken or cut off before the first entry")
    language = str(parsed.feeddata.get("language") or "")
    return Feed(
        home=str(parsed.feeddata.get("link") or ""),
        entries=tuple(
            _entry(entry, language, cut_off=unfinished and number == len(found))
            for number, entry in enumerate(found, start=1)
        ),
        unread=max(0, len(starts) - MAX_ENTRIES),
    )


def _parse(text: str, address: str) -> tuple[Any, bool]:
    """feedparser's parser after its work, and whether the text was well-formed XML."""
    data = b"<?xml version='1.0' encoding='utf-8'?>" + text.encode("utf-8", "replace")
    parser = _Strict(address, None, "utf-8")
    parser.resolve_relative_uris = parser.sanitize_html = False
    sax = ExpatParser(namespaceHandling=1)
    sax.setFeature(feature_external_ges, False)
    sax.setContentHandler(parser)
    sax.setErrorHandler(parser)
    try:
        sax.feed(data)
        sax.close()
    except _PARSER_FAULTS:
        parser = _Loose(address, None, "utf-8", {})
        parser.resolve_relative_uris = parser.sanitize_html = False
        try:
            parser.feed(text)
        except _PARSER_FAULTS as error:
            raise NotAFeed(f"it cannot be read as XML: {error}") from error
        return parser, False
    return parser, True


def _ends_inside_an_entry(text: str) -> bool:
    starts = [match.start() for match in _ENTRY.finditer(text)]
    ends = [match.start() for match in _ENTRY_END.finditer(text)]
    return bool(starts) and (not ends or ends[-1] < starts[-1])


def _entry(entry: Mapping[str, Any], feed_language: str, *, cut_off: bool) -> Entry:
    title_detail = entry.get("title_detail") or {}
    bodies = [*(entry.get("content") or ()), entry.get("summary_detail") or {}]
    if not any(body.get("value") for body in bodies):
        bodies = [{"value": entry.get("summary") or "", "type": "text/html"}]
    fault = "the feed is cut off inside this entry" if cut_off else ""
    try:
        title = _plain(title_detail.get("value") or entry.get("title"), title_detail.get("type"))
        text = max((_plain(b.get("value"), b.get("type")) for b in bodies), key=len)
    except ValueError as error:
        title, text, fault = "", "", str(error)
    raw = (
        "\n".join(str(body.get("value") or "") for body in (title_detail, *bodies)) if fault else ""
    )
    published, date_text = _date(entry)
    languages = (entry.get("language"), *(d.get("language") for d in (title_detail, *bodies)))
    return Entry(
        link=str(entry.get("link") or "").strip(),
        own_id=str(entry.get("id") or "").strip(),
        title=title.replace("\n", " "),
        text=text,
        published=published,
        date_text=date_text,
        language=next((str(code) for code in languages if code), feed_language),
        fault=fault,
        raw=raw,
    )


def _plain(value: object, media_type: object) -> str:
    """Plain text of one construct: Atom's `text` and plain RSS titles are literal, the rest is markup."""
    if not isinstance(value, str):
        return ""
    kind = str(media_type or "text/html")
    if kind == "text/plain":
        return tidy(value)
    if kind.startswith("text/") or kind.endswith(("xml", "html")):
        return plain_text(value)
    return ""  # base64 of a picture or a sound


def _date(entry: Mapping[str, Any]) -> tuple[datetime | None, str]:
    """When the entry was published: the first of published, updated and created that can be read."""
    written = ""
    for name in ("published", "updated", "created"):
        # dict.get, because feedparser's own gives `published` for a missing `updated`.
        value = str(dict.get(entry, name) or "").strip()  # type: ignore[call-overload]
        if value:
            parsed: Sequence[int] | None = dict.get(entry, f"{name}_parsed")  # type: ignore[call-overload]
            moment = from_parsed(parsed, value)
            if moment is not None:
                return moment, value
            written = written or value
    return None, written


def _without_cdata(text: str) -> str:
    """`text`, as long as before, with blanks in place of CDATA sections."""
    pieces, done = [], 0
    while (start := text.find("<![CDATA[", done)) >= 0 and (end := text.find("]]>", start)) >= 0:
        pieces += [text[done:start], " " * (end + 3 - start)]
        done = end + 3
    return "".join((*pieces, text[done:]))
