"""GENERATED input of realistic size for each format that is read: what one answer, file or page of it holds.

Texts are pseudo-words of a fixed seed, about as long as those of the real sources; one GKG record in twenty and one
post of a stream in a hundred speaks of migration.
"""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from tests.local_gdelt import zipped

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)

_SYLLABLES = "ba co da el fi gra ho in ka lo mi nor pe ra sto tu va wen yl zo".split()
_ABOUT = "Migrants with a work visa are debated again."


class Writer:
    """Words and dates, from a seed."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)

    def words(self, count: int) -> str:
        """So many pseudo-words."""
        chance = self._chance
        return " ".join(
            "".join(chance.choices(_SYLLABLES, k=chance.choice((1, 2, 2, 3)))) for _ in range(count)
        )

    def times(self, count: int) -> Iterator[datetime]:
        """So many times in the hours before NOW, newest first."""
        return (NOW - timedelta(minutes=5 + 7 * n) for n in range(count))


def rss(entries: int, seed: int = 0) -> bytes:
    """RSS 2.0 with summaries in HTML."""
    w = Writer(seed)
    items = "".join(
        f"<item><title>{w.words(9)}</title><link>https://courier.example/{seed}/{n}</link>"
        f'<guid isPermaLink="false">c-{seed}-{n}</guid><dc:creator>{w.words(2)}</dc:creator>'
        f"<category>{w.words(1)}</category><pubDate>{format_datetime(at, usegmt=True)}</pubDate>"
        f"<description><![CDATA[<p>{_ABOUT} {w.words(70)}</p><p><a href='https://courier.example/{n}'>More</a></p>]]>"
        "</description></item>"
        for n, at in enumerate(w.times(entries))
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<channel><title>Courier</title><link>https://courier.example/</link>{items}</channel></rss>"
    ).encode()


def atom(entries: int) -> bytes:
    """Atom with whole articles."""
    w = Writer(1)
    items = "".join(
        f"<entry><title>{w.words(9)}</title><id>tag:herald.example,2026:{n}</id>"
        f'<link rel="alternate" href="https://herald.example/{n}"/><updated>{at:%Y-%m-%dT%H:%M:%SZ}</updated>'
        f"<published>{at:%Y-%m-%dT%H:%M:%SZ}</published><author><name>{w.words(2)}</name></author>"
        f'<content type="html">&lt;p&gt;{_ABOUT} {w.words(450)}&lt;/p&gt;</content></entry>'
        for n, at in enumerate(w.times(entries))
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Herald</title>'
        f'<id>https://herald.example/</id><link href="https://herald.example/"/>{items}</feed>'
    ).encode()


def json_feed(entries: int) -> bytes:
    """JSON Feed 1.1 with whole articles."""
    w = Writer(2)
    return json.dumps(
        {
            "version": "https://jsonfeed.org/version/1.1",
            "title": "Post",
            "home_page_url": "https://post.example/",
            "items": [
                {
                    "id": f"p-{n}",
                    "url": f"https://post.example/{n}",
                    "title": w.words(9),
                    "content_html": f"<p>{_ABOUT} {w.words(450)}</p>",
                    "date_published": f"{at:%Y-%m-%dT%H:%M:%SZ}",
                }
                for n, at in enumerate(w.times(entries))
            ],
        }
    ).encode()


def gkg(records: int) -> bytes:
    """A zip of records of about 5 KB each, as a quarter of an hour of the world's news gives them."""
    w = Writer(3)
    lines = []
    for n in range(records):
        themes = [f"WB_{n % 900}_{word.upper()}" for word in w.words(40).split()]
        if n % 20 == 0:
            themes[3:3] = ["IMMIGRATION", "REFUGEES"]
        cells = [""] * 27
        cells[0:5] = [
            f"20261124114500-{n}",
            "20261124114500",
            "1",
            f"outlet-{n % 300}.example",
            f"https://outlet-{n % 300}.example/2026/11/24/{'-'.join(w.words(8).split())}",
        ]
        cells[7] = ";".join(themes) + ";"
        cells[8] = ";".join(f"{theme},{100 * place}" for place, theme in enumerate(themes)) + ";"
        cells[10] = ";".join(
            f"4#{w.words(2)}, {w.words(1)}#UK#UKH3#40086#53.8#-1.58#-26018{place}#{place * 211}"
            for place in range(6)
        )
        cells[15] = "1.2,3.4,2.2,5.6,20.1,1.1,612"
        cells[17] = ",".join(f"c{code}.{code % 7}:{code % 90}" for code in range(160))
        cells[23] = "|".join(f"{place * 90}|{w.words(3)}" for place in range(14))
        cells[26] = (
            f"<PAGE_LINKS>{';'.join(f'https://outlet.example/{k}' for k in range(8))}</PAGE_LINKS>"
            f"<PAGE_PRECISEPUBTIMESTAMP>20261124113000</PAGE_PRECISEPUBTIMESTAMP><PAGE_TITLE>{w.words(10)}</PAGE_TITLE>"
        )
        lines.append("\t".join(cells))
    return zipped("\n".join(lines).encode(), name="20261124114500.gkg.csv")


def gdelt_doc(articles: int) -> bytes:
    """An answer of the search in ArtList mode."""
    w = Writer(4)
    found = [
        {
            "url": f"https://outlet-{n % 90}.example/2026/11/{'-'.join(w.words(6).split())}-{n}",
            "url_mobile": "",
            "title": f"{w.words(10)} , migrants",
            "seendate": f"{at:%Y%m%dT%H%M%SZ}",
            "socialimage": f"https://outlet-{n % 90}.example/i/{n}.jpg",
            "domain": f"outlet-{n % 90}.example",
            "language": "English",
            "sourcecountry": "United Kingdom",
        }
        for n, at in enumerate(w.times(articles))
    ]
    return json.dumps({"articles": found}).encode()


def repeated(sample: dict[str, Any], count: int, **changed: Any) -> Iterator[dict[str, Any]]:
    """A sample in the documented shape so many times, each with its number (as `{n}`) in some of its fields."""
    for n in range(count):
        filled = {
            name: value.replace("{n}", f"{n:06d}") if isinstance(value, str) else value
            for name, value in changed.items()
        }
        yield sample | filled


def mastodon(sample: dict[str, Any], statuses: int) -> bytes:
    """A page of a timeline; `sample` is one status."""
    w = Writer(5)
    many = repeated(
        sample,
        statuses,
        id="115600000000{n}",
        uri="https://mastodon.example/users/oak/statuses/115600000000{n}",
        url="https://mastodon.example/@oak/115600000000{n}",
        content=f"<p>{_ABOUT} {w.words(50)}</p>",
    )
    return json.dumps(list(many)).encode()


def reddit(sample: dict[str, Any], posts: int) -> bytes:
    """A page of a listing; `sample` is the data of one t3."""
    w = Writer(6)
    many = repeated(
        sample, posts, id="1a{n}", name="t3_1a{n}", title=w.words(10), selftext=f"{_ABOUT} {w.words(120)}"
    )  # fmt: skip
    children = [{"kind": "t3", "data": one} for one in many]
    return json.dumps(
        {"kind": "Listing", "data": {"after": "t3_zzz", "children": children}}
    ).encode()


def jetstream(messages: int) -> bytes:
    """Lines as Jetstream v2 sends them: posts, one in a hundred about migration."""
    w = Writer(7)
    lines = []
    for n in range(messages):
        at = f"{NOW - timedelta(seconds=messages - n):%Y-%m-%dT%H:%M:%S.000001Z}"
        text = f"{_ABOUT if n % 100 == 0 else w.words(6)} {w.words(24)}"
        record = {
            "$type": "app.bsky.feed.post",
            "text": text,
            "createdAt": at,
            "langs": ["en"],
            "reply": {"root": {"uri": f"at://did:plc:x/app.bsky.feed.post/{n}", "cid": "b" * 59}},
        }
        payload = {
            "$type": "network.bsky.jetstream.subscribeEvents#commit",
            "seq": 9_000 + n,
            "did": f"did:plc:{n % 999:03d}a2222bbbb3333cccc4444",
            "time": at,
            "witnessedAt": at,
            "rev": f"3lb{n:07d}",
            "operation": "create",
            "collection": "app.bsky.feed.post",
            "rkey": f"3lbx{n:07d}",
            "record": record,
        }
        lines.append(json.dumps({"$type": "message", "payload": payload}))
    return "\n".join(lines).encode()


def mediacloud(stories: int) -> bytes:
    """A page of the search's list of stories."""
    w = Writer(8)
    found = [
        {
            "id": f"{n:064x}",
            "media_name": f"outlet-{n % 90}.example",
            "media_url": f"outlet-{n % 90}.example",
            "title": f"{w.words(9)} refugees",
            "publish_date": f"{at:%Y-%m-%d}",
            "url": f"https://outlet-{n % 90}.example/{n}",
            "language": "en",
            "indexed_date": f"{at:%Y-%m-%dT%H:%M:%S}.015926",
        }
        for n, at in enumerate(w.times(stories))
    ]
    return json.dumps({"stories": found, "pagination_token": "x"}).encode()


def sitemap(entries: int) -> bytes:
    """A news sitemap."""
    w = Writer(9)
    urls = "".join(
        f"<url><loc>https://courier.example/2026/11/{'-'.join(w.words(7).split())}-{n}</loc><news:news>"
        "<news:publication><news:name>Courier</news:name><news:language>en</news:language></news:publication>"
        f"<news:publication_date>{at:%Y-%m-%dT%H:%M:%SZ}</news:publication_date><news:title>{w.words(10)}</news:title>"
        "</news:news></url>"
        for n, at in enumerate(w.times(entries))
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" '
        f'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">{urls}</urlset>'
    ).encode()


def rows(count: int) -> list[dict[str, str]]:
    """Rows of an import file, of about a kilobyte and a half each."""
    w = Writer(10)
    return [
        {
            "source_id": "archive",
            "doc_id": f"a-{n}",
            "url": f"https://archive.example/{n}",
            "title": w.words(9),
            "text": f'{_ABOUT} "{w.words(240)}"',
            "lang": "en",
            "published_at": f"{at:%Y-%m-%dT%H:%M:%SZ}",
            "outlet": "Archive",
            "society": "GB",
            "kind": "news",
        }
        for n, at in enumerate(w.times(count))
    ]


def jsonl(count: int) -> bytes:
    """The rows as JSON Lines."""
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows(count))


def as_csv(count: int) -> bytes:
    """The rows as CSV."""
    written = io.StringIO()
    table = csv.DictWriter(written, list(rows(1)[0]))
    table.writeheader()
    table.writerows(rows(count))
    return written.getvalue().encode()
