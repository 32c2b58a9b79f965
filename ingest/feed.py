"""A feed's bytes to documents and dead letters.

    bytes -charset-> text -xml_feed | json_feed-> entries -> Arrival | DeadLetter

Pure: the bytes come from ingest/fetch.py or from a file, and the time is given.
"""

from __future__ import annotations

import re
from datetime import datetime
from urllib.parse import urlsplit

import msgspec

from ingest.arrival import Arrival, row_digest
from ingest.canonical_url import canonical_url
from ingest.charset import to_text
from ingest.dead_letter import DeadLetter, dead_letter
from ingest.document import (
    UNKNOWN_LANGUAGE,
    Document,
    InvalidDocument,
    clean,
    document_id,
    story_of,
)
from ingest.feed_entry import Entry, Feed, NotAFeed
from ingest.json_feed import read_json_feed
from ingest.source import Source
from ingest.xml_feed import read_xml_feed

__all__ = ["FeedReading", "NotAFeed", "parse_feed"]

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")


class FeedReading(msgspec.Struct, frozen=True):
    """What one reading of a feed gave: every entry read is in one of the two."""

    documents: tuple[Arrival, ...]
    dead: tuple[DeadLetter, ...]
    unread: int = 0
    """Entries beyond the 2,000 that are read."""


def parse_feed(
    body: bytes,
    *,
    content_type: str,
    source: Source,
    address: str,
    fetched_at: datetime,
) -> FeedReading:
    """The documents and dead letters of the feed in `body`.

    `content_type` is the header as received (its charset counts); `address` is where the body came
    from, for relative links and for the dead letters. Origins are functions of source and entry: an
    entry that is shown again by the next poll is the same row, and counts once.
    Outlet, kind and society come from the source, whatever an entry says of itself. An entry without
    a date gets `fetched_at`; an entry with a date that cannot be read is dead, because a wrong day
    is worse than none. Raises NotAFeed when the bytes are no feed.
    """
    feed = _read(body, content_type, address)
    documents: list[Arrival] = []
    dead: list[DeadLetter] = []
    seen: set[str] = set()
    for number, entry in enumerate(feed.entries, start=1):
        try:
            document = _document(entry, feed, source, fetched_at)
        except InvalidDocument as error:
            content = (
                entry.link,
                entry.own_id,
                entry.title,
                entry.text,
                entry.date_text,
                entry.raw,
            )
            dead.append(
                dead_letter(
                    origin=_origin(f"feed:{source.name}/dead", content, seen),
                    source=source.name,
                    place=f"{address} entry {number}",
                    reason=str(error),
                    payload=entry.raw or _row(entry, source, fetched_at),
                    read_at=fetched_at,
                )
            )
        else:
            # An edited text is still the same entry; one without link and id is its words.
            named = (entry.link, entry.own_id)
            key = named if any(named) else (document.title, document.text)
            documents.append(Arrival(_origin(f"feed:{source.name}", key, seen), document))
    return FeedReading(tuple(documents), tuple(dead), feed.unread)


def _read(body: bytes, content_type: str, address: str) -> Feed:
    text = to_text(body, content_type)
    start = text.lstrip()[:1]
    if not start:
        raise NotAFeed("it is empty")
    return (read_json_feed if start in "{[" else read_xml_feed)(text, address)


def _document(entry: Entry, feed: Feed, source: Source, fetched_at: datetime) -> Document:
    if entry.fault:
        raise InvalidDocument(entry.fault)
    if entry.date_text and entry.published is None:
        raise InvalidDocument(f"the date {entry.date_text[:60]!r} cannot be read")
    title, text = clean(entry.title), clean(entry.text)
    language = entry.language.replace("_", "-")
    return Document(
        id=document_id(
            source=source.name,
            own_id=entry.own_id or f"{title}\n{text}",
            url=entry.link if _is_an_article(entry.link, feed) else "",
        ),
        source=source.name,
        outlet=source.outlet,
        kind=source.kind,
        society=source.society,
        language=_known(language) or source.language,
        url=entry.link if canonical_url(entry.link) else "",
        title=title,
        text=text,
        published_at=entry.published or fetched_at,
        fetched_at=fetched_at,
        story=story_of(title, text),
    )


def _known(language: str) -> str:
    said = _LANGUAGE.fullmatch(language) and language.lower() != UNKNOWN_LANGUAGE
    return language if said else ""


def _is_an_article(link: str, feed: Feed) -> bool:
    """Some feeds link every entry to the site's front page, which is then the address of none of them."""
    address = canonical_url(link)
    parts = urlsplit(address)
    return bool(parts.path.strip("/") or parts.query) and address != canonical_url(feed.home)


def _origin(prefix: str, key: tuple[str, ...], seen: set[str]) -> str:
    """The same on every poll that shows the same entry; a second one like it in the same feed is another row."""
    content = "\x00".join(key)
    digest = row_digest(content)
    origin, copy = f"{prefix}/{digest}", 2
    while origin in seen:
        origin, copy = f"{prefix}/{digest}-{copy}", copy + 1
    seen.add(origin)
    return origin


def _row(entry: Entry, source: Source, fetched_at: datetime) -> str:
    """The entry as one row of an import file (docs/import.md), to be mended and replayed."""
    row = {
        "source_id": source.name,
        "doc_id": entry.own_id,
        "url": entry.link,
        "title": entry.title,
        "text": entry.text,
        "lang": entry.language or source.language,
        "published_at": f"{entry.published:%Y-%m-%dT%H:%M:%SZ}"
        if entry.published
        else entry.date_text,
        "fetched_at": f"{fetched_at:%Y-%m-%dT%H:%M:%SZ}",
        "outlet": source.outlet,
        "society": source.society,
        "kind": source.kind.value,
    }
    return msgspec.json.encode({name: value for name, value in row.items() if value}).decode()
