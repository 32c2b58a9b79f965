"""Feeds and article pages of the simulated outlets: RSS 2.0, Atom, RDF (RSS 1.0), JSON Feed and HTML.

Pure: items in, text out. Dates of RSS carry the society's own offset, texts are escaped HTML as most
feeds have them, and items in another language say so the way that each format provides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from html import escape

import msgspec

from flows.demo.world import FeedFormat, Item, Outlet, Society

CONTENT_TYPES: Mapping[FeedFormat, str] = {
    FeedFormat.RSS: "application/rss+xml; charset=utf-8",
    FeedFormat.ATOM: "application/atom+xml; charset=utf-8",
    FeedFormat.RDF: "application/rdf+xml; charset=utf-8",
    FeedFormat.JSON: "application/feed+json; charset=utf-8",
}

_NOTE = "Simulated for the demo of Barometer: nobody published this."
_XML = '<?xml version="1.0" encoding="UTF-8"?>\n'


def feed(outlet: Outlet, society: Society, items: Sequence[Item], base_url: str) -> bytes:
    """The feed of `outlet` with `items` in the order given (newest first, as readers expect)."""
    return _FEEDS[outlet.feed](outlet, society, items, base_url).encode()


def page(outlet: Outlet, item: Item) -> bytes:
    """The article's page."""
    title = escape(item.title or f"Entry {item.number}")
    return (
        f'<!doctype html>\n<html lang="{item.language}">\n<head><meta charset="utf-8">'
        f"<title>{title} - {escape(outlet.title)}</title></head>\n<body>\n"
        f"<p><small>{escape(outlet.title)}. {_NOTE}</small></p>\n"
        f"<h1>{title}</h1>\n{_paragraph(item)}\n"
        f"<p><small>{item.published_at:%Y-%m-%d %H:%M} UTC</small></p>\n</body>\n</html>\n"
    ).encode()


def index(outlets: Sequence[Outlet]) -> bytes:
    """A page that lists the feeds."""
    rows = "\n".join(
        f'<li><a href="{outlet.feed_path}">{escape(outlet.title)}</a> '
        f"({outlet.society}, {outlet.kind})</li>"
        for outlet in outlets
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8">'
        f"<title>Simulated outlets</title></head>\n<body>\n<p>{_NOTE}</p>\n<ul>\n{rows}\n</ul>\n"
        "</body>\n</html>\n"
    ).encode()


def _paragraph(item: Item) -> str:
    return f"<p>{escape(item.text)}</p>" if item.text else ""


def _local(moment: datetime, society: Society) -> datetime:
    return moment.astimezone(timezone(timedelta(hours=society.utc_offset)))


def _rss(outlet: Outlet, society: Society, items: Sequence[Item], base_url: str) -> str:
    entries = "\n".join(
        "<item>"
        + (f"<title>{escape(item.title)}</title>" if item.title else "")
        + f"<link>{escape(base_url + item.path)}</link>"
        f'<guid isPermaLink="false">{escape(item.guid)}</guid>'
        f"<pubDate>{format_datetime(_local(item.published_at, society))}</pubDate>"
        f"<dc:language>{item.language}</dc:language>"
        f"<description>{escape(_paragraph(item))}</description></item>"
        for item in items
    )
    return (
        f'{_XML}<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>\n'
        f"<title>{escape(outlet.title)}</title><link>{base_url}/</link>"
        f"<description>{_NOTE}</description><language>en</language>\n{entries}\n</channel></rss>\n"
    )


def _atom(outlet: Outlet, society: Society, items: Sequence[Item], base_url: str) -> str:
    updated = max((item.appears_at for item in items), default=None)
    entries = "\n".join(
        f'<entry xml:lang="{item.language}"><title>{escape(item.title)}</title>'
        f'<link href="{escape(base_url + item.path)}"/><id>{escape(item.guid)}</id>'
        f"<published>{item.published_at.isoformat()}</published>"
        f"<updated>{item.published_at.isoformat()}</updated>"
        f'<content type="html">{escape(_paragraph(item))}</content></entry>'
        for item in items
    )
    return (
        f'{_XML}<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">\n'
        f"<title>{escape(outlet.title)}</title><subtitle>{_NOTE}</subtitle>"
        f"<id>tag:{outlet.name},simulated</id>"
        f"<updated>{updated.isoformat() if updated else '2000-01-01T00:00:00+00:00'}</updated>"
        f"<author><name>{escape(outlet.title)}</name></author>\n{entries}\n</feed>\n"
    )


def _rdf(outlet: Outlet, society: Society, items: Sequence[Item], base_url: str) -> str:
    addresses = [escape(base_url + item.path) for item in items]
    listed = "".join(f'<rdf:li rdf:resource="{address}"/>' for address in addresses)
    entries = "\n".join(
        f'<item rdf:about="{address}"><title>{escape(item.title)}</title><link>{address}</link>'
        f"<dc:identifier>{escape(item.guid)}</dc:identifier>"
        f"<dc:date>{_local(item.published_at, society).isoformat()}</dc:date>"
        f"<dc:language>{item.language}</dc:language>"
        f"<description>{escape(_paragraph(item))}</description></item>"
        for item, address in zip(items, addresses, strict=True)
    )
    return (
        f'{_XML}<rdf:RDF xmlns="http://purl.org/rss/1.0/"'
        ' xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
        ' xmlns:dc="http://purl.org/dc/elements/1.1/">\n'
        f'<channel rdf:about="{base_url}/"><title>{escape(outlet.title)}</title>'
        f"<link>{base_url}/</link><description>{_NOTE}</description>"
        f"<items><rdf:Seq>{listed}</rdf:Seq></items></channel>\n{entries}\n</rdf:RDF>\n"
    )


def _json(outlet: Outlet, society: Society, items: Sequence[Item], base_url: str) -> str:
    return msgspec.json.encode(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": outlet.title,
            "description": _NOTE,
            "home_page_url": f"{base_url}/",
            "feed_url": base_url + outlet.feed_path,
            "language": "en",
            "items": [
                {
                    "id": item.guid,
                    "url": base_url + item.path,
                    **({"title": item.title} if item.title else {}),
                    "content_html": _paragraph(item),
                    "date_published": _local(item.published_at, society).isoformat(),
                    "language": item.language,
                }
                for item in items
            ],
        }
    ).decode()


_FEEDS: Mapping[FeedFormat, Callable[[Outlet, Society, Sequence[Item], str], str]] = {
    FeedFormat.RSS: _rss,
    FeedFormat.ATOM: _atom,
    FeedFormat.RDF: _rdf,
    FeedFormat.JSON: _json,
}
