"""The feeds that a page names: <link rel="alternate" type="application/rss+xml" href="…">."""

from __future__ import annotations

from urllib.parse import urljoin

from lxml import html

FEED_TYPES = frozenset(
    {"application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml"}
)

MAX_LINKS = 10
MAX_PAGE_CHARACTERS = 2_000_000


def feed_links(page: str, address: str) -> tuple[str, ...]:
    """Absolute addresses of the feeds that the HTML of `page` names, in its order; `address` is where it came from."""
    if not page.strip():
        return ()
    try:
        root = html.document_fromstring(page[:MAX_PAGE_CHARACTERS].encode("utf-8", "replace"))
    except ValueError:
        return ()
    found = [
        urljoin(address, link.get("href", "").strip())
        for link in root.iter("link")
        if "alternate" in link.get("rel", "").lower().split()
        and link.get("type", "").split(";")[0].strip().lower() in FEED_TYPES
        and link.get("href", "").strip()
    ]
    return tuple(dict.fromkeys(found))[:MAX_LINKS]
