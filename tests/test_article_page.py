"""Articles fetched from a site on this machine: politely, within a budget, and never worse than the summary."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

import msgspec
import pytest

from ingest.article_page import APART, ArticlePages, WithTexts
from ingest.document import Document
from ingest.fetch import Fetcher
from tests.local_site import HERE, Site, article_page, local_site
from tests.test_article_text import NOW, TEXT, TITLE, document


@pytest.fixture
def site() -> Iterator[Site]:
    with local_site() as opened:
        yield opened


@pytest.fixture
def fetcher() -> Iterator[Fetcher]:
    with Fetcher(pause=0, total=5, allowed_hosts=HERE) as one:
        yield one


def with_texts(
    fetcher: Fetcher,
    *documents: Document,
    apart: float = 0.0,
    pages: int = 50,
    seconds: float = 20.0,
) -> WithTexts:
    made = ArticlePages(apart=apart).with_article_text(
        documents,
        fetcher=fetcher,
        is_relevant=lambda text: "nothing of ours" not in text,
        now=NOW,
        pages=pages,
        seconds=seconds,
    )
    assert len(made.documents) == len(documents)
    assert made.worth == made.found + sum(made.without.values()) + made.left
    assert [each.id for each in made.documents] == [each.id for each in documents]
    return made


def test_a_summary_gets_the_text_of_its_page(site: Site, fetcher: Fetcher) -> None:
    url = site.put("/nurses", article_page(TITLE, TEXT), Content_Type="text/html")
    whole = document(url=site.url("/whole"), text=TEXT * 3)
    other = document(url=site.url("/other"), title="nothing of ours")
    made = with_texts(fetcher, whole, document(url=url), other)
    assert (made.worth, made.found, made.left) == (1, 1, 0)
    assert made.documents[0] == whole
    assert "lodgings" in made.documents[1].text
    assert made.documents[2] == other
    assert site.asked == ["/robots.txt", "/nurses"]


def test_two_pages_of_a_host_are_five_seconds_apart() -> None:
    assert APART >= 5


def test_pages_of_a_host_are_apart_and_hosts_do_not_wait_for_each_other() -> None:
    with local_site() as one, local_site() as two:
        urls = [
            site.put(f"/{n}", article_page(TITLE, f"{TEXT} {n}"), Content_Type="text/html")
            for site in (one, two)
            for n in range(3)
        ]
        # Two hosts to us, although the fetcher takes turns by name: 127.0.0.1 is one of them.
        urls = [
            url.replace("127.0.0.1", "localhost") if n > 2 else url for n, url in enumerate(urls)
        ]
        with Fetcher(pause=0, allowed_hosts=HERE | {"localhost"}) as both:
            started = time.monotonic()
            made = with_texts(both, *(document(url=url) for url in urls), apart=1.0)
            took = time.monotonic() - started
    assert made.found == 6
    assert took < 4.5  # one after the other they would take five seconds
    for site in (one, two):
        pages = site.moments[1:]
        assert all(later - before >= 0.8 for before, later in pairwise(pages))


def test_a_page_that_robots_may_not_have_is_not_asked_for(site: Site, fetcher: Fetcher) -> None:
    site.put("/robots.txt", "User-agent: *\nDisallow: /private\nCrawl-delay: 0.1")
    url = site.put("/private/1", article_page(TITLE, TEXT))
    given = document(url=url)
    made = with_texts(fetcher, given)
    assert made.documents == (given,)
    assert made.without == {"is not for robots": 1}
    assert site.asked == ["/robots.txt"]


def test_the_summary_stays_whatever_the_page_is(site: Site, fetcher: Fetcher) -> None:
    urls = [
        site.put("/short", article_page(TITLE, "Subscribe to read on."), Content_Type="text/html"),
        site.put("/pdf", b"%PDF", Content_Type="application/pdf"),
        site.put("/large", b"<p>" + b"x" * (6 * 2**20), Content_Type="text/html"),
        site.put(
            "/consent",
            article_page("Before you go on", "Our partners store cookies. " * 30),
            Content_Type="text/html",
        ),
        site.url("/gone"),
    ]
    given = [document(url=url) for url in urls]
    made = with_texts(fetcher, *given)
    assert list(made.documents) == given
    assert made.found == 0
    assert made.without == {
        "holds no article": 1,
        "is application/pdf, not HTML": 1,
        "answered 200": 1,
        "speaks of something else than the summary": 1,
        "answered 404": 1,
    }


def test_a_host_that_fails_again_and_again_or_asks_for_a_pause_is_left(
    site: Site, fetcher: Fetcher
) -> None:
    made = with_texts(fetcher, *(document(url=site.url(f"/{n}")) for n in range(9)))
    assert (made.without, made.left) == ({"answered 404": 3}, 6)
    site.put("/busy", "", 429, Retry_After="60")
    made = with_texts(fetcher, *(document(url=site.url("/busy")) for _ in range(3)))
    assert (made.without, made.left) == ({"answered 429": 1}, 2)


def test_a_run_ends_with_its_budget(site: Site, fetcher: Fetcher) -> None:
    urls = [
        site.put(f"/{n}", article_page(TITLE, TEXT), Content_Type="text/html") for n in range(6)
    ]
    given = [document(url=url) for url in urls]
    assert with_texts(fetcher, *given, pages=2).left == 4
    started = time.monotonic()
    made = with_texts(fetcher, *given, apart=0.4, seconds=1.0)
    assert time.monotonic() - started < 1.9
    assert made.found + made.left == 6
    assert made.left >= 3
    assert with_texts(fetcher, *given, seconds=0.0).left == 6


def test_a_page_that_redirects_to_where_robots_may_not_go_is_not_used(
    site: Site, fetcher: Fetcher
) -> None:
    site.put("/robots.txt", "User-agent: *\nDisallow: /login")
    url = site.put("/1", "", 302, Location="/login")
    site.put("/login", article_page(TITLE, TEXT), Content_Type="text/html")
    made = with_texts(fetcher, document(url=url))
    assert made.without == {"redirects to a page that is not for robots": 1}


def test_a_page_inside_is_never_asked_for(site: Site) -> None:
    url = site.put("/nurses", article_page(TITLE, TEXT))
    with Fetcher(pause=0) as fetcher:
        made = with_texts(fetcher, document(url=url))
    assert made.found == 0
    assert site.asked == []


def test_late_documents_keep_their_times(site: Site, fetcher: Fetcher) -> None:
    url = site.put("/nurses", article_page(TITLE, TEXT), Content_Type="text/html")
    given = msgspec.structs.replace(document(url=url), published_at=NOW - timedelta(days=3))
    (made,) = with_texts(fetcher, given).documents
    assert made.published_at == given.published_at
    assert made.story != given.story
