"""The parsers of all that comes from outside, as functions of bytes, with samples and with what each may refuse.

What a parser gives must also travel: every document is encoded and read again, every dead letter is encoded.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from flows.preparing import prepared
from ingest.arrival import Arrival
from ingest.article_text import NoArticle, parse_article
from ingest.dead_letter import DeadLetter, encode_dead_letter
from ingest.document import (
    Document,
    InvalidDocument,
    Kind,
    decode_document,
    encode_document,
)
from ingest.feed import parse_feed
from ingest.feed_entry import NotAFeed
from ingest.field_mapping import ImportRefused
from ingest.gdelt_doc import DocRefused, parse_doc
from ingest.gdelt_gkg import parse_gkg
from ingest.gdelt_gkg_zip import GkgRefused
from ingest.gdelt_timeline import parse_timeline as parse_gdelt_timeline
from ingest.import_rows import read_rows
from ingest.jetstream import Version
from ingest.jetstream_fold import parse_jetstream
from ingest.mastodon import parse_status, parse_timeline
from ingest.mastodon_instance import parse_instance
from ingest.mediacloud import NotStories, parse_stories
from ingest.reddit import parse_listing
from ingest.robots import parse_robots
from ingest.scrubbing import scrubbed_payload
from ingest.sitemap import parse_sitemap
from ingest.source import Source
from ingest.source_options import JetstreamOptions
from ingest.sse import parse_events
from tests.hostile_text import HOSTILE
from tests.local_gdelt import row, zipped
from tests.local_site import article_page

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
_DATA = Path(__file__).parents[1] / "tests" / "data"
_FEEDS = Path(__file__).parents[1] / "tests" / "feeds"
_ADDRESS = "https://fuzz.example/feed"

_SOURCE = Source(
    name="fuzz",
    url=_ADDRESS,
    outlet="Fuzz",
    kind=Kind.NEWS,
    society="unknown",
    language="en",
)


class Parser(msgspec.Struct, frozen=True, kw_only=True):
    """One parser."""

    name: str
    parse: Callable[[bytes], object]
    samples: tuple[bytes, ...]
    words: tuple[bytes, ...] = ()
    """Names and values that the format knows."""
    refusals: tuple[type[Exception], ...] = ()
    """What it may raise: what it says in its docstring."""
    json: bool = False
    """Whether samples hold JSON, of which half of the inputs keep the form."""
    packed: Callable[[bytes], bytes] = lambda data: data
    """Makes of a mutated content the bytes that are parsed."""


def _travels(parts: Iterable[object]) -> int:
    """The number of documents and dead letters; each can be sent, and a document read again."""
    count = 0
    for part in parts:
        count += 1
        if isinstance(part, Arrival):
            decode_document(encode_document(part.document))
        elif isinstance(part, DeadLetter):
            encode_dead_letter(part)
    return count


def _author_key(name: str, moment: datetime) -> str:
    name.encode()  # a name that cannot be written cannot be hashed
    return f"{moment:%Y-%m}"


def _about_migration(text: str) -> bool:
    return "igra" in text or "refugee" in text


def _feed(data: bytes) -> object:
    read = parse_feed(data, content_type="", source=_SOURCE, address=_ADDRESS, fetched_at=NOW)
    return _travels((*read.documents, *read.dead))


def _gkg(data: bytes) -> object:
    read = parse_gkg(data, source=_SOURCE, address=_ADDRESS, fetched_at=NOW)
    return _travels((*read.documents, *read.dead))


def _gdelt_doc(data: bytes) -> object:
    read = parse_doc(data, source=_SOURCE, address=_ADDRESS, fetched_at=NOW)
    return _travels((*read.documents, *read.dead))


def _timeline(data: bytes) -> object:
    page = parse_timeline(
        data, source=_SOURCE, address=_ADDRESS, fetched_at=NOW, author_key=_author_key
    )
    return _travels(post.what for post in page.posts)


def _status(data: bytes) -> object:
    post = parse_status(
        data, source=_SOURCE, place=_ADDRESS, fetched_at=NOW, author_key=_author_key
    )
    return _travels([post.what])


def _reddit(data: bytes) -> object:
    page = parse_listing(
        data, source=_SOURCE, address=_ADDRESS, fetched_at=NOW, author_key=_author_key
    )
    return _travels(each.post.what for each in page.posts)


def _jetstream(version: Version) -> Callable[[bytes], object]:
    def parse(data: bytes) -> object:
        read = parse_jetstream(
            data,
            version=version,
            source=_SOURCE,
            options=JetstreamOptions(),
            is_relevant=_about_migration,
            author_key=_author_key,
            now=NOW,
        )
        return _travels((*read.documents, *read.dead))

    return parse


def _mediacloud(data: bytes) -> object:
    page = parse_stories(data, source=_SOURCE, address=_ADDRESS, read_at=NOW)
    return _travels((*page.documents, *page.dead))


def _rows(name: str) -> Callable[[bytes], object]:
    def parse(data: bytes) -> object:
        return _travels(read_rows(io.BytesIO(data), name=name, run="fuzz", read_at=NOW))

    return parse


def _robots(data: bytes) -> object:
    return parse_robots(data).allow("https://fuzz.example/a/b?c=d")


def _events(data: bytes) -> object:
    for event in (events := parse_events(data)):
        if event.name in ("update", "status.update"):
            _status(event.data)
    return len(events)


def _scrubbing(data: bytes) -> object:
    text = data.decode("utf-8", "replace")
    scrubbed_payload(text)
    title, _, body = text.partition("\n")
    try:
        document = Document(
            id="f" * 32,
            source="fuzz",
            outlet="Fuzz",
            kind=Kind.NEWS,
            society="unknown",
            language="und",
            url="https://a.example/" + title.strip()[:200],
            title=title[:2_000],
            text=body,
            published_at=NOW,
            fetched_at=NOW,
            story="s",
        )
    except InvalidDocument:
        return None  # no parser gives such a document
    return encode_document(prepared(document))


def parsers() -> tuple[Parser, ...]:
    """All of them."""
    xml = tuple((_FEEDS / name).read_bytes() for name in _XML)
    mastodon = (_DATA / "mastodon" / "timeline.json").read_bytes()
    statuses = tuple(bytes(one) for one in msgspec.json.decode(mastodon, type=list[msgspec.Raw]))
    gkg = (
        *(path.read_bytes() for path in sorted((_DATA / "gdelt_gkg").iterdir())),
        row(1) + b"\n" + row(2, locations="1#Ruritania#UK#UK##51.5#-0.1#UK;"),
    )
    return (
        Parser(name="RSS, Atom, RDF", parse=_feed, samples=xml, refusals=(NotAFeed,),
               words=(*_tags(*xml), b'encoding="utf-16"', b'encoding="x"', b'encoding="windows-1252"')),
        Parser(name="JSON Feed", parse=_feed, samples=((_FEEDS / "feed.json").read_bytes(),), refusals=(NotAFeed,),
               words=_strings((_FEEDS / "feed.json").read_bytes()), json=True),
        Parser(name="sitemap", parse=parse_sitemap, refusals=(NotAFeed,), samples=_sitemaps(), words=_tags(*_sitemaps())),
        Parser(name="article page", parse=parse_article, refusals=(NoArticle,), samples=_pages(),
               words=(*_tags(*_pages()), b"<meta charset=utf-16>", b'<meta charset="x-user-defined">')),
        Parser(name="robots.txt", parse=_robots, samples=_ROBOTS,
               words=(b"Disallow: ", b"Allow: ", b"*", b"$", b"Crawl-delay: ", b"User-agent: *\n", b"/", b"Sitemap: ")),
        Parser(name="GKG rows", parse=_gkg, samples=gkg, refusals=(GkgRefused,), packed=zipped,
               words=(*_tags(*gkg), b"IMMIGRATION", b"\t", b";", b"#", b"srclc:fra;eng:x", b"REFUGEES,1")),
        Parser(name="GKG zip", parse=_gkg, samples=tuple(map(zipped, gkg)), refusals=(GkgRefused,),
               words=(b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06", b"\x08\x00", b"\xff\xff\xff\xff", b"PK\x06\x06")),
        _json("GDELT DOC", _gdelt_doc, "gdelt_doc", "artlist.json", "artlist_broken.json", refusals=(DocRefused,)),
        _json("GDELT timeline", parse_gdelt_timeline, "gdelt_doc", "timeline_count.json", "timeline_tone.json",
              refusals=(DocRefused,)),
        Parser(name="Mastodon timeline", json=True, parse=_timeline, refusals=(NotAFeed,), words=_strings(mastodon),
               samples=tuple(b"[" + b",".join(statuses[n : n + 2]) + b"]" for n in range(0, len(statuses), 2))),
        Parser(name="Mastodon status", json=True, parse=_status, samples=statuses, words=_strings(mastodon)),
        _json("Mastodon instance", parse_instance, "mastodon", "instance.json"),
        _json("Mastodon stream (SSE)", _events, "mastodon", "stream.txt"),
        _json("Reddit listing", _reddit, "reddit", "new.json", refusals=(NotAFeed,)),
        _json("Jetstream v1", _jetstream(Version.V1), "jetstream", "v1.jsonl"),
        _json("Jetstream v2", _jetstream(Version.V2), "jetstream", "v2.jsonl"),
        _json("Media Cloud", _mediacloud, "mediacloud", "story_list.json", refusals=(NotStories,)),
        Parser(name="JSON Lines", json=True, parse=_rows("x.jsonl"), samples=_JSONL, words=_strings(*_JSONL), refusals=(ImportRefused,)),
        Parser(name="CSV", parse=_rows("x.csv"), samples=_CSV, refusals=(ImportRefused,),
               words=(b",", b'"', b"\n", b"news", b"GB", b"2026-11-20T10:00:00Z", b"text", b"title", b"\r\n")),
        Parser(name="scrubbing", parse=_scrubbing, samples=_TEXTS,
               words=(b"@", b"http://", b"(at)", b"[dot]", b"+1 202 555 0143", b"u/ann", b'"author": "', b"<author>")),
    )  # fmt: skip


def _json(
    name: str,
    parse: Callable[[bytes], object],
    folder: str,
    *files: str,
    refusals: tuple[type[Exception], ...] = (),
) -> Parser:
    samples = tuple((_DATA / folder / file).read_bytes() for file in files)
    lines = tuple(
        line for sample in samples for line in sample.splitlines() if line.startswith(b"{")
    )
    return Parser(
        name=name,
        parse=parse,
        samples=(*samples, *(line for line in lines if line.endswith(b"}"))),
        words=_strings(*samples),
        refusals=refusals,
        json=True,
    )


def _tags(*samples: bytes) -> tuple[bytes, ...]:
    found = {tag for sample in samples for tag in re.findall(rb"<[^<>]{1,200}>", sample)}
    return tuple(sorted(found))


def _strings(*samples: bytes) -> tuple[bytes, ...]:
    found = {word for sample in samples for word in re.findall(rb'"[^"\\]{0,80}"', sample)}
    return (*sorted(found), *(b'"%b":' % word.strip(b'"') for word in sorted(found)[:40]))


def _sitemaps() -> tuple[bytes, ...]:
    import gzip

    news = (_DATA / "sitemap" / "news.xml").read_bytes()
    index = (
        b'<?xml version="1.0"?><sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
        b"<sitemap><loc>https://a.example/s1.xml.gz</loc><lastmod>2026-11-20</lastmod></sitemap></sitemapindex>"
    )
    return news, index, gzip.compress(news, mtime=0)


def _pages() -> tuple[bytes, ...]:
    paragraphs = [
        f"The scheme for seasonal workers was debated again, part {n}. " * 4 for n in range(5)
    ]
    page = article_page("Growers ask for visas", "\n\n".join(paragraphs)).encode()
    plain = b"<html><head><title>T</title></head><body><article><h1>T</h1>" + b"".join(
        b"<p>%b</p>" % text.encode() for text in paragraphs
    )
    return page, plain, (_FEEDS / "page.html").read_bytes()


_XML = (
    *(
        "rss2.xml",
        "atom.xml",
        "rss1.rdf",
        "missing_guid.xml",
        "naive_dates.xml",
        "html_in_title.xml",
        "page.html",
    ),
    *("windows_1252.xml", "wrong_charset.xml", "utf_16.xml", "truncated.xml"),
)

_ROBOTS = (
    b"User-agent: *\nDisallow: /private/\nAllow: /private/open\nCrawl-delay: 5\nSitemap: https://a.example/s.xml\n",
    b"User-agent: Barometer\nUser-agent: other\nDisallow: /*.pdf$\nRequest-rate: 1/10s\nVisit-time: 0600-0845\n",
    b"<!doctype html><html><body>404</body></html>",
)

_ROW = (
    b'{"source_id":"courier","doc_id":"c-1","url":"https://courier.example/1","title":"Council backs visas",'
    b'"text":"The council voted.","lang":"en-GB","published_at":"2026-11-20T10:00:00+01:00",'
    b'"fetched_at":"2026-11-20T12:00:00Z","author_key":"9f86d081884c7d65","outlet":"Courier","society":"GB","kind":"news"}'
)
_JSONL = (
    _ROW,
    _ROW + b"\n" + _ROW.replace(b"c-1", b"c-2") + b"\n",
    b"\xef\xbb\xbf" + _ROW + b"\r\n\r\n",
)
_CSV = (
    b"source_id,doc_id,url,title,text,lang,published_at,outlet,society,kind\n"
    b'courier,c-1,https://courier.example/1,"Council, backs ""visas""","The council\nvoted.",en,2026-11-20T10:00:00Z,Courier,GB,news\n'
    b"courier,c-2,https://courier.example/2,Second,More words.,en,2026-11-21T10:00:00Z,Courier,GB,news\n",
    b"text,lang,published_at,outlet,society,kind\r\nwords,en,2026-11-20T10:00:00Z,Courier,GB,news\r\n",
)  # fmt: skip
_TEXTS = (
    b"Write to ann.b+news@mail.example.org or bob [at] example [dot] org.\nCall +49 30 901820, 020 7946 0958 today.",
    b"By @carl.example.org and u/dora: see https://ann:pw@example.org/p?id=7&token=a, www.example.org/?session=9\n",
    b'{"author": {"name": "Ann", "acct": "ann@b.example"}, "by": "Ben", "title": "x"} <author>Ann</author>',
    "In Deutschland wurden 1,200,000 Menschen gezählt; in London and Paris 3-2.\nMigranten kamen. ".encode(),
    *(text.encode("utf-8", "replace") for text in HOSTILE.values() if len(text) < 3_000),
)
