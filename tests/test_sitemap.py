"""Sitemaps as bytes: what each form gives, and that no bytes take long or break anything."""

from __future__ import annotations

import gzip
import time
import tracemalloc
import zlib
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.feed_entry import NotAFeed
from ingest.sitemap import MAX_ENTRIES, parse_sitemap

NEWS = (Path(__file__).parent / "data/sitemap/news.xml").read_bytes()
OPEN = "<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>"


def at(*numbers: int) -> datetime:
    return datetime(*numbers, tzinfo=UTC)  # type: ignore[arg-type, misc]


def entry(body: str) -> bytes:
    return f"{OPEN}<url>{body}</url></urlset>".encode()


def test_a_news_sitemap_gives_title_address_time_and_language() -> None:
    first, second, *_ = parse_sitemap(NEWS).entries
    assert first.url == "https://courier.example/2026/11/23/nursing-school?a=1&b=2"
    assert (
        first.title == "Harbour town opens its nursing school to migrant workers & their families"
    )
    assert (first.date, first.language) == (at(2026, 11, 23, 8, 30), "en")
    assert (second.url, second.date) == (
        "https://courier.example/2026/11/22/asyl",
        at(2026, 11, 22),
    )
    assert second.title == "Neue Regeln für Asyl und Zuwanderung"


@pytest.mark.parametrize(
    ("written", "date"),
    [
        ("2026-11-23", at(2026, 11, 23)),
        ("2026-11-23T09:30+01:00", at(2026, 11, 23, 8, 30)),
        (" 2026-11-23T09:30:15.123Z\n", at(2026, 11, 23, 9, 30, 15)),
        ("Mon, 23 Nov 2026 09:30:00 GMT", at(2026, 11, 23, 9, 30)),
        ("2026", None),
        ("soon", None),
        ("", None),
    ],
)
def test_a_date_in_its_forms(written: str, date: datetime | None) -> None:
    (place,) = parse_sitemap(
        entry(f"<loc>https://a.example/1</loc><lastmod>{written}</lastmod>")
    ).entries
    assert (place.date.replace(microsecond=0) if place.date else None) == date


def test_an_index_gives_children() -> None:
    index = (
        b"<?xml version='1.0'?><sm:sitemapindex xmlns:sm='x'><sm:sitemap><sm:loc>https://a.example/1.xml.gz</sm:loc>"
        b"<sm:lastmod>2026-11-23</sm:lastmod></sm:sitemap><sm:sitemap><sm:loc>https://a.example/2.xml</sm:loc>"
        b"</sm:sitemap><sm:sitemap></sm:sitemap></sm:sitemapindex>"
    )
    found = parse_sitemap(index)
    assert found.entries == ()
    assert [(each.url, each.date) for each in found.children] == [
        ("https://a.example/1.xml.gz", at(2026, 11, 23)),
        ("https://a.example/2.xml", None),
    ]


def test_a_gzipped_file_is_read_and_a_damaged_one_named() -> None:
    assert parse_sitemap(gzip.compress(NEWS)) == parse_sitemap(NEWS)
    with pytest.raises(NotAFeed, match="cut off"):
        parse_sitemap(gzip.compress(NEWS)[:-20])
    with pytest.raises(NotAFeed, match="damaged"):
        parse_sitemap(gzip.compress(NEWS)[:12] + b"\xff" * 40)


def test_what_people_write_by_hand_is_mended() -> None:
    (place,) = parse_sitemap(entry("<loc>https://a.example/1?a=1&b=2&nbsp;&#1;</loc>")).entries
    assert place.url.startswith("https://a.example/1?a=1&b=2&nbsp;")


def test_a_file_that_is_broken_off_keeps_what_came_before() -> None:
    found = parse_sitemap(NEWS[:-300])
    assert found.broken
    assert len(found.entries) == 3


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "it is empty"),
        (b"<!doctype html><html><body>Hi</body></html>", "it is an HTML page"),
        (b"<rss><channel/></rss>", "it is no sitemap"),
        (b"User-agent: *", "it is no sitemap"),
        (b"<urlset><url", "it cannot be read as XML"),
    ],
)
def test_what_is_no_sitemap_says_what_it_is(data: bytes, says: str) -> None:
    with pytest.raises(NotAFeed, match=says):
        parse_sitemap(data)


def test_entries_beyond_the_most_are_counted() -> None:
    found = parse_sitemap(
        f"{OPEN}{'<url><loc>https://a.example/</loc></url>' * (MAX_ENTRIES + 7)}</urlset>".encode()
    )
    assert (len(found.entries), found.unread) == (MAX_ENTRIES, 7)


LAUGHS = "<!DOCTYPE urlset [<!ENTITY a 'ha'>" + "".join(
    f"<!ENTITY {chr(98 + n)} '{f'&{chr(97 + n)};' * 10}'>" for n in range(9)
)
_PACKER = zlib.compressobj(9, wbits=-15)
_EIGHT_MIB = _PACKER.compress(bytes(2**23)) + _PACKER.flush(zlib.Z_FULL_FLUSH)
HOSTILE = {
    "billion laughs": f"<?xml version='1.0'?>{LAUGHS}]>{OPEN}<url><loc>&j;</loc></url></urlset>".encode(),
    "laughs after the root": f"{OPEN}{LAUGHS}]><url><loc>&j;</loc></url></urlset>".encode(),
    "a file of ours": (
        b"<!DOCTYPE urlset [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><urlset><url><loc>&x;</loc></url></urlset>"
    ),
    "deep": (OPEN + "<a>" * 2_000_000).encode(),
    "many tags": (OPEN + "<url/>" * 2_000_000 + "</urlset>").encode(),
    "one long text": entry("<loc>" + "x" * 14_000_000 + "</loc>"),
    "many attributes": entry("<loc " + " ".join(f"a{n}=''" for n in range(300_000)) + ">x</loc>"),
    "many references": entry("<loc>" + "&#0;" * 3_000_000 + "</loc>"),
    "many ampersands": entry("<loc>" + "&" * 10_000_000 + "</loc>"),
    "a gzip bomb": gzip.compress(b"")[:10] + _EIGHT_MIB * 128,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_bytes_take_seconds_at_most(name: str) -> None:
    started = time.monotonic()
    with suppress(NotAFeed):
        for place in parse_sitemap(HOSTILE[name]).entries:
            assert "root:" not in place.url
            assert len(place.url) <= 4_096
    assert time.monotonic() - started < 15


def test_a_gzip_bomb_takes_little_memory() -> None:
    tracemalloc.start()
    try:
        with pytest.raises(NotAFeed, match="15 MiB after decompression"):
            parse_sitemap(HOSTILE["a gzip bomb"])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 48 * 2**20


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=300)
    | st.lists(
        st.sampled_from(
            ["<url>", "</url>", "<loc>", "</loc>", "https://a.example/", "<news:title>", "]]>", "<![CDATA[", "&", "<", "\x00"]
        )
    ).map(lambda parts: (OPEN + "".join(parts)).encode())
)  # fmt: skip
def test_no_bytes_are_too_odd(data: bytes) -> None:
    with suppress(NotAFeed):
        parse_sitemap(data)
