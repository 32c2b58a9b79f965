"""The reader of sitemaps against a site on this machine: nothing twice that costs a page, nothing lost."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ingest.allowed_hosts import AllowedHosts
from ingest.article_page import ArticlePages
from ingest.document import Kind
from ingest.feed_entry import NotAFeed
from ingest.fetch import Fetcher, FetchFailed
from ingest.reading import Memory, Reading, Surroundings
from ingest.sitemap_files import MOST_FILES
from ingest.sitemap_pages import PAGES
from ingest.sitemap_reader import SitemapReader
from ingest.source import Source
from ingest.source_options import SitemapOptions, SourceType
from tests.local_site import HERE, Site, article_page, local_site

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
NEWS = (Path(__file__).parent / "data/sitemap/news.xml").read_bytes()
TEXT = "\n".join(
    f"The council spoke of migrants and of their work for the {nth} time, and voted to keep the school open to them."
    for nth in ("first", "second", "third", "fourth", "fifth")
)


@pytest.fixture
def site() -> Iterator[Site]:
    with local_site() as opened:
        yield opened


Read = Callable[..., Reading]


@pytest.fixture
def reader() -> SitemapReader:
    return SitemapReader(ArticlePages(apart=0))


@pytest.fixture
def around() -> Iterator[Surroundings]:
    with Fetcher(pause=0, total=5, allowed_hosts=HERE) as fetcher:
        yield Surroundings(
            fetcher=fetcher,
            is_relevant=lambda text: "migra" in text.lower() or "asyl" in text.lower(),
            secret=lambda name: "",
            author_key=lambda name, at: "",
            allowed_hosts=AllowedHosts(["127.0.0.1"]),
        )


def source(site: Site, **options: Any) -> Source:
    return Source(
        name="courier-sitemap",
        url=site.url("/sitemap.xml"),
        outlet="Courier",
        kind=Kind.NEWS,
        society="XA",
        language="en",
        type=SourceType.SITEMAP,
        options=SitemapOptions(**options),
    )


def urlset(*places: tuple[str, str] | tuple[str, str, str]) -> str:
    """Of (address, date) and (address, date, title)."""
    entries = "".join(
        f"<url><loc>{url}</loc><lastmod>{date}</lastmod>"
        + (f"<news:news><news:title>{title[0]}</news:title></news:news>" if title else "")
        + "</url>"
        for url, date, *title in places
    )
    return f"<urlset xmlns='s' xmlns:news='n'>{entries}</urlset>"


def index(*places: tuple[str, str]) -> str:
    children = "".join(
        f"<sitemap><loc>{url}</loc>{f'<lastmod>{date}</lastmod>' if date else ''}</sitemap>"
        for url, date in places
    )
    return f"<sitemapindex xmlns='s'>{children}</sitemapindex>"


def urls(reading: Reading) -> list[str]:
    return [arrival.document.url for arrival in reading.documents]


def put_article(site: Site, path: str) -> str:
    return site.put(path, article_page(f"Migrants and {path}", TEXT), Content_Type="text/html")


def test_a_news_sitemap_gives_documents_and_counts_the_rest(
    site: Site, reader: SitemapReader, around: Surroundings
) -> None:
    site.put("/sitemap.xml", NEWS)
    reading = reader.read(source(site), Memory(), around, NOW)
    first, second = (arrival.document for arrival in reading.documents)
    assert first.title.startswith("Harbour town opens")
    assert (first.outlet, first.society, first.language, first.text) == ("Courier", "XA", "en", "")
    assert (second.language, second.published_at) == ("de", datetime(2026, 11, 22, tzinfo=UTC))
    (dead,) = reading.dead
    assert "the date 'yesterday' cannot be read" in dead.reason
    assert (reading.passed_over, reading.more) == (1, False)
    again = reader.read(source(site), reading.memory, around, NOW + timedelta(minutes=15))
    assert [each.origin for each in again.documents] == [each.origin for each in reading.documents]
    assert again.dead[0].origin == dead.origin
    assert len({*(each.origin for each in reading.documents), dead.origin}) == 3


def test_an_unchanged_sitemap_is_not_read_again(
    site: Site, reader: SitemapReader, around: Surroundings
) -> None:
    site.put("/sitemap.xml", NEWS, ETag='"1"')
    memory = reader.read(source(site), Memory(), around, NOW).memory
    assert memory.etag == '"1"'
    site.put("/sitemap.xml", b"", 304)
    reading = reader.read(source(site), memory, around, NOW)
    assert reading.unchanged
    assert reading.memory == memory


def test_include_takes_what_it_names_and_nothing_else(
    site: Site, reader: SitemapReader, around: Surroundings
) -> None:
    site.put("/sitemap.xml", NEWS)
    reading = reader.read(source(site, include="/match"), Memory(), around, NOW)
    assert urls(reading) == ["https://courier.example/2026/11/23/match"]
    assert reading.passed_over == 3


def test_an_entry_without_title_becomes_its_page(
    site: Site, reader: SitemapReader, around: Surroundings
) -> None:
    there = put_article(site, "/2026/migrants-and-the-school")
    gone = site.url("/2026/migrants-in-another-town")
    other = site.url("/2026/rowers-win-once-more")
    site.put(
        "/sitemap.xml", urlset((there, "2026-11-23"), (gone, "2026-11-23"), (other, "2026-11-23"))
    )
    reading = reader.read(source(site), Memory(), around, NOW)
    (document,) = (arrival.document for arrival in reading.documents)
    assert (document.url, document.title) == (there, "Migrants and /2026/migrants-and-the-school")
    assert "third time" in document.text
    assert (reading.passed_over, reading.dead) == (2, ())
    assert reading.notes == ("1 entries have no title, and the page answered 404",)
    asked = len(site.asked)
    again = reader.read(source(site), reading.memory, around, NOW)
    assert urls(again) == []
    assert site.asked[asked:] == ["/sitemap.xml"]


def test_without_leave_to_ask_for_pages_they_are_passed_over(
    site: Site, reader: SitemapReader, around: Surroundings
) -> None:
    site.put("/sitemap.xml", urlset((site.url("/2026/migrants-and-the-school"), "2026-11-23")))
    reading = reader.read(source(site, article_text=False), Memory(), around, NOW)
    assert (reading.documents, reading.passed_over) == ((), 1)
    assert site.asked == ["/sitemap.xml"]


def test_many_pages_are_read_over_several_readings_and_none_is_lost_or_asked_for_twice(
    site: Site, reader: SitemapReader, around: Surroundings
) -> None:
    places = [
        (put_article(site, f"/migrants-of-the-town/{n:02}"), "2026-11-23")
        for n in range(PAGES * 2 + 3)
    ]
    site.put("/sitemap.xml", urlset(*places), ETag='"1"')
    memory, found, readings = Memory(), [], 0
    while True:
        reading = reader.read(source(site, include="/migrants-"), memory, around, NOW)
        memory, readings = reading.memory, readings + 1
        assert len(memory.cursor) < 4096
        found += urls(reading)
        if not reading.more:
            break
        assert memory.etag == ""
    assert readings == 3
    assert sorted(found) == sorted(url for url, _ in places)
    assert memory.etag == '"1"'


def test_an_entry_that_appears_late_on_the_same_day_is_read(
    site: Site, reader: SitemapReader, around: Surroundings
) -> None:
    first = put_article(site, "/x/migrants-in-the-morning")
    site.put("/sitemap.xml", urlset((first, "2026-11-23")))
    memory = reader.read(source(site), Memory(), around, NOW).memory
    late = put_article(site, "/a/migrants-in-the-evening")
    site.put("/sitemap.xml", urlset((first, "2026-11-23"), (late, "2026-11-23")))
    assert urls(reader.read(source(site), memory, around, NOW)) == [late]


def test_a_date_in_the_future_does_not_hide_the_present(
    site: Site, reader: SitemapReader, around: Surroundings
) -> None:
    url = "https://courier.example/"
    site.put("/sitemap.xml", urlset((url + "1", "2099-01-01", "Migrants of the future")))
    reading = reader.read(source(site), Memory(), around, NOW)
    assert "in the future" in reading.dead[0].reason
    site.put("/sitemap.xml", urlset((url + "2", "2026-11-23", "Migrants of today")))
    assert urls(reader.read(source(site), reading.memory, around, NOW)) == [url + "2"]


# Indexes


def test_of_an_index_only_newer_files_are_read_and_each_once(
    site: Site, reader: SitemapReader, around: Surroundings
) -> None:
    url = "https://courier.example/"
    new = site.put(
        "/new.xml.gz", gzip.compress(urlset((url + "1", "2026-11-23", "Migrants")).encode())
    )
    old = site.put("/old.xml", urlset((url + "2", "2026-11-23", "Migrants")))
    site.put("/sitemap.xml", index((new, "2026-11-23T08:00:00Z"), (old, "2020-01-01")))
    reading = reader.read(source(site), Memory(), around, NOW)
    assert urls(reading) == [url + "1"]
    again = reader.read(source(site), reading.memory, around, NOW)
    assert urls(again) == []
    assert site.asked == ["/sitemap.xml", "/new.xml.gz", "/sitemap.xml"]
    site.put("/new.xml.gz", urlset((url + "3", "2026-11-23", "Migrants")))
    site.put("/sitemap.xml", index((new, "2026-11-23T11:00:00Z"), (old, "2020-01-01")))
    assert urls(reader.read(source(site), again.memory, around, NOW)) == [url + "3"]


def test_an_index_of_many_files_is_read_over_several_readings(
    site: Site, reader: SitemapReader, around: Surroundings
) -> None:
    url = "https://courier.example/"
    number = MOST_FILES * 2 + 5
    for dates, readings in (
        ([f"2026-11-23T0{n % 10}:00:00Z" for n in range(number)], 3),
        ([""] * number, 3),
    ):
        children = [
            (site.put(f"/{n}.xml", urlset((f"{url}{n}", "2026-11-23", "Migrants"))), date)
            for n, date in enumerate(dates)
        ]
        site.put("/sitemap.xml", index(*children))
        memory, found = Memory(), []
        for nth in range(readings):
            reading = reader.read(source(site), memory, around, NOW)
            memory = reading.memory
            found += urls(reading)
            # What does not say when it was changed waits for the next poll.
            assert reading.more is (bool(dates[0]) and nth < readings - 1)
        assert sorted(found) == sorted(f"{url}{n}" for n in range(number))


def test_an_index_leads_two_levels_down_and_to_no_other_host(
    site: Site, reader: SitemapReader, around: Surroundings
) -> None:
    url = "https://courier.example/"
    leaf = site.put("/leaf.xml", urlset((url + "1", "2026-11-23", "Migrants")))
    deepest = site.put("/deepest.xml", index((leaf, "")))
    deeper = site.put("/deeper.xml", index((leaf, ""), (deepest, "")))
    site.put("/sitemap.xml", index((deeper, ""), ("http://169.254.169.254/sitemap.xml", "")))
    reading = reader.read(source(site), Memory(), around, NOW)
    assert urls(reading) == [url + "1"]
    assert any("is an index too deep" in note for note in reading.notes)
    assert any("is on another host" in note for note in reading.notes)


def test_an_index_that_leads_to_itself_ends(
    site: Site, reader: SitemapReader, around: Surroundings
) -> None:
    site.put(
        "/sitemap.xml", index(*((site.url(f"/sitemap.xml?{n}"), "2026-11-23") for n in range(50)))
    )
    for n in range(50):
        site.pages[f"/sitemap.xml?{n}"] = site.pages["/sitemap.xml"]
    reader.read(source(site), Memory(), around, NOW)
    assert len(site.asked) <= MOST_FILES + 1


def test_a_file_that_fails_is_read_again_and_costs_nothing_else(
    site: Site, reader: SitemapReader, around: Surroundings
) -> None:
    url = "https://courier.example/"
    good = site.put("/good.xml", urlset((url + "1", "2026-11-23", "Migrants")))
    bad = site.put("/bad.xml", "", 503)
    page = site.put("/page.xml", "<html><body>Hi</body></html>")
    site.put("/sitemap.xml", index((good, "2026-11-23"), (bad, "2026-11-23"), (page, "2026-11-23")))
    reading = reader.read(source(site), Memory(), around, NOW)
    assert urls(reading) == [url + "1"]
    assert not reading.more
    assert any("answered 503" in note for note in reading.notes)
    assert any("HTML page" in note for note in reading.notes)
    site.put("/bad.xml", urlset((url + "2", "2026-11-21", "Migrants")))
    assert urls(reader.read(source(site), reading.memory, around, NOW + timedelta(days=2))) == [
        url + "2"
    ]


def test_a_host_that_asks_for_a_pause_gets_it_and_the_page_comes_later(
    site: Site, reader: SitemapReader, around: Surroundings
) -> None:
    one, two = (
        put_article(site, "/1/migrants-and-their-work"),
        put_article(site, "/2/migrants-and-their-work"),
    )
    article = site.pages["/2/migrants-and-their-work"]
    site.put("/2/migrants-and-their-work", "", 429, Retry_After="60")
    site.put("/sitemap.xml", urlset((one, "2026-11-23"), (two, "2026-11-23")))
    reading = reader.read(source(site, include="/"), Memory(), around, NOW)
    assert urls(reading) == [one]
    assert (reading.retry_after, reading.more) == (timedelta(seconds=60), False)
    site.pages["/2/migrants-and-their-work"] = article
    assert urls(reader.read(source(site, include="/"), reading.memory, around, NOW)) == [two]


def test_what_is_no_sitemap_fails_and_names_its_fault(
    site: Site, reader: SitemapReader, around: Surroundings
) -> None:
    site.put("/sitemap.xml", "<html><body>Hi</body></html>")
    with pytest.raises(NotAFeed, match="HTML page"):
        reader.read(source(site), Memory(), around, NOW)
    site.put("/sitemap.xml", index((site.url("/gone.xml"), "2026-11-23")))
    with pytest.raises(FetchFailed, match="leads to no file that can be read"):
        reader.read(source(site), Memory(), around, NOW)


# The past


@pytest.mark.parametrize("nested", [False, True])
def test_the_past_is_read_by_range_and_resumes_where_it_ended(
    site: Site, reader: SitemapReader, around: Surroundings, nested: bool
) -> None:
    url = "https://courier.example/"
    number = MOST_FILES + 15
    children = []
    wanted = set()
    for n in range(number):
        titled = f"{url}{n}"
        untitled = put_article(site, f"/migrants-in-the-past/{n}")
        children.append(
            (site.put(f"/{n}.xml", urlset(
                (titled, "2026-03-05", "Migrants"), (f"{url}old/{n}", "2025-01-01", "Migrants"),
                (untitled, f"2026-03-0{n % 9 + 1}"))), "2026-04-01")
        )  # fmt: skip
        wanted |= {titled, untitled}
    stale = site.put("/stale.xml", urlset((url + "stale", "2026-03-05", "Migrants")))
    leaves = [*children, (stale, "2026-01-01")]
    if nested:
        halves = [site.put(f"/half{n}.xml", index(*leaves[n::2])) for n in range(2)]
        site.put("/sitemap.xml", index(*((half, "") for half in halves)))
    else:
        site.put("/sitemap.xml", index(*leaves))
    memory, found, pages = Memory(), set(), 0
    for _ in range(20):
        reading = reader.back_fill(
            source(site),
            datetime(2026, 3, 1, tzinfo=UTC),
            datetime(2026, 3, 31, tzinfo=UTC),
            memory,
            around,
            NOW,
        )
        memory = msgspec.json.decode(msgspec.json.encode(reading.memory), type=Memory)
        assert len(memory.cursor) < 4096
        found |= set(urls(reading))
        if not reading.more:
            break
    assert found == wanted
    pages = sum(path.startswith("/migrants-in-the-past/") for path in site.asked)
    assert pages == number


def test_a_file_with_very_many_pages_is_read_to_its_end(
    site: Site, reader: SitemapReader, around: Surroundings
) -> None:
    places = [
        (put_article(site, f"/migrants-in-the-past/{n}"), f"2026-03-0{n % 2 + 1}")
        for n in range(PAGES * 3 + 4)
    ]
    site.put("/sitemap.xml", urlset(*places))
    memory, found = Memory(), []
    for _ in range(6):
        reading = reader.back_fill(
            source(site),
            datetime(2026, 3, 1, tzinfo=UTC),
            datetime(2026, 3, 31, tzinfo=UTC),
            memory,
            around,
            NOW,
        )
        memory = reading.memory
        found += urls(reading)
        if not reading.more:
            break
    assert not reading.more
    assert sorted(found) == sorted(url for url, _ in places)
