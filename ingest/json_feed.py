"""JSON Feed 1 and 1.1 to entries (feedparser reads XML only)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin

import msgspec

from ingest.feed_entry import MAX_ENTRIES, Entry, Feed, NotAFeed
from ingest.json_kind import json_kind
from ingest.plain_text import plain_text, tidy
from ingest.rfc3339 import parse_time

_VERSION = "https://jsonfeed.org/version/"


def read_json_feed(text: str, address: str) -> Feed:
    """The entries of the JSON Feed in `text`; relative links are resolved against `address`.

    Raises NotAFeed for JSON that is broken or is no JSON Feed. An item that breaks the format
    becomes an entry with its fault.
    """
    try:
        feed = msgspec.json.decode(text.encode("utf-8", "replace"))
    except (msgspec.DecodeError, RecursionError) as error:
        raise NotAFeed(f"it is broken JSON: {error}") from error
    if not isinstance(feed, dict):
        raise NotAFeed("it is JSON, and no JSON Feed")
    items = feed.get("items")
    version = feed.get("version")
    if not isinstance(items, list) or not (isinstance(version, str) and _VERSION in version):
        raise NotAFeed(f"it is JSON, and no JSON Feed: `version` is not {_VERSION}1.1 with `items`")
    language = _text(feed.get("language"))
    return Feed(
        home=_text(feed.get("home_page_url")),
        entries=tuple(_entry(item, language, address) for item in items[:MAX_ENTRIES]),
        unread=max(0, len(items) - MAX_ENTRIES),
    )


def _entry(item: Any, feed_language: str, address: str) -> Entry:
    if not isinstance(item, dict):
        return _faulty(f"the item is {json_kind(item)} instead of an object", item)
    for name in ("title", "content_html", "content_text", "summary", "url", "date_published"):
        if not isinstance(item.get(name), str | None):
            return _faulty(f"{name} is {json_kind(item[name])} instead of text", item)
    try:
        html = plain_text(item.get("content_html") or "")
    except ValueError as error:
        return _faulty(str(error), item)
    date_text = item.get("date_published") or _text(item.get("date_modified"))
    try:
        published = parse_time(date_text) if date_text else None
    except ValueError:
        published = None
    link = item.get("url") or ""
    try:
        link = urljoin(address, link) if link else ""
    except ValueError:
        link = ""
    texts = (html, tidy(item.get("content_text") or ""), tidy(item.get("summary") or ""))
    return Entry(
        link=link,
        own_id=_text(item.get("id")),
        title=tidy(item.get("title") or "").replace("\n", " "),
        text=max(texts, key=len),
        published=published,
        date_text=date_text,
        language=_text(item.get("language")) or feed_language,
    )


def _faulty(fault: str, item: Any) -> Entry:
    return Entry(
        link="",
        own_id=_text(item.get("id")) if isinstance(item, dict) else "",
        title="",
        text="",
        published=None,
        date_text="",
        language="",
        fault=fault,
        raw=msgspec.json.encode(item).decode(),
    )


def _text(value: object) -> str:
    """Ids are text; JSON Feed asks readers to take numbers too."""
    if isinstance(value, str):
        return value.strip()
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""
