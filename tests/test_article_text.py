"""Articles out of pages: the text and no more of them, in bounded time, and nothing that is no article."""

from __future__ import annotations

import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.article_text import (
    LEAST_CHARACTERS,
    Article,
    NoArticle,
    may_need_page,
    parse_article,
    with_article,
)
from ingest.document import Document, Kind, document_id, story_of
from ingest.tame_markup import MAX_TAGS, NotTamed, tame
from tests.local_site import article_page

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TITLE = "Harbour town opens its nursing school to newcomers"
SUMMARY = "The council voted on Tuesday to open the nursing school to people with work visas."
TEXT = "\n".join(
    [
        "The council of the harbour town voted on Tuesday evening to open its nursing school to people who hold work "
        "visas, after months in which two wards stood empty for want of staff.",
        "Supporters said that the scheme would bring thirty nurses within a year; an opponent asked who would pay for "
        "the lodgings, and was told that the hospital would.",
        "A first course begins in spring, and the town's employers have offered evening classes in the language to "
        "everybody who comes, free of charge for the first two years.",
    ]
)


def document(**fields: Any) -> Document:
    url = fields.get("url", "https://courier.example/2026/11/nursing-school")
    return Document(
        **{
            "id": document_id(source="courier", own_id="", url=url),
            "source": "courier",
            "outlet": "Courier",
            "kind": Kind.NEWS,
            "society": "XA",
            "language": "en",
            "url": url,
            "title": TITLE,
            "text": SUMMARY,
            "published_at": NOW,
            "fetched_at": NOW,
            "story": story_of(TITLE, SUMMARY),
        }
        | fields
    )


def test_a_page_gives_its_article_and_neither_menu_nor_comments() -> None:
    article = parse_article(article_page(TITLE, TEXT).encode(), "text/html; charset=utf-8")
    assert article.title == TITLE
    for line in TEXT.split("\n"):
        assert line in article.text
    for other in ("Sport", "A reader says", "rights reserved", "<", "var a"):
        assert other not in article.text


def test_a_charset_is_taken_from_the_header_the_page_or_the_bytes() -> None:
    text = TEXT.replace("hospital", "hôpital à l’est")
    page = article_page(TITLE, text)
    for data, content_type in (
        (page.encode(), "text/html"),
        (page.encode("windows-1252"), "text/html; charset=windows-1252"),
        (page.encode("windows-1252"), "text/html; charset=no-such"),
        (page.replace("<head>", '<head><meta charset="windows-1252">').encode("windows-1252"), "text/html"),
        (page.encode("utf-16"), ""),
    ):  # fmt: skip
        assert "hôpital à l’est" in parse_article(data, content_type).text


@pytest.mark.parametrize(
    ("data", "content_type", "says"),
    [
        (b"%PDF-1.7", "application/pdf", "is application/pdf, not HTML"),
        (b"{}", "application/json", "not HTML"),
        (b"", "text/html", "is no HTML"),
        (b"Not found", "text/plain", "is no HTML"),
        (b"\x1f\x8b\x00\x00", "", "is no HTML"),
        (article_page("Log in", "Subscribe to read on.").encode(), "text/html", "holds no article"),
        (b"<html><body></body></html>", "text/html", "holds no article"),
    ],
)
def test_a_page_without_an_article_says_why(data: bytes, content_type: str, says: str) -> None:
    with pytest.raises(NoArticle, match=says):
        parse_article(data, content_type)


def test_only_a_summary_with_an_address_is_worth_a_page() -> None:
    assert may_need_page(document())
    assert may_need_page(document(text=""))
    assert not may_need_page(document(text=TEXT * 3))
    assert not may_need_page(document(url=""))


def test_the_text_replaces_the_summary_and_the_story_follows() -> None:
    made = with_article(document(), Article("Another title", TEXT))
    assert (made.title, made.text, made.story) == (TITLE, TEXT, story_of(TITLE, TEXT))
    assert made.id == document().id


@pytest.mark.parametrize("title", ["", "harbour town opens nursing school"])
def test_a_title_of_the_page_replaces_none_and_the_words_of_an_address(title: str) -> None:
    url = "https://courier.example/2026/harbour-town-opens-nursing-school-4711.html"
    assert with_article(document(title=title, url=url), Article(TITLE, TEXT)).title == TITLE


@pytest.mark.parametrize(
    ("given", "article", "says"),
    [
        (document(text=TEXT), Article("", TEXT[:-50]), "says less"),
        (
            document(),
            Article(
                "Before you go on", "We and our 900 partners store cookies on your device. " * 12
            ),
            "something else",
        ),
        (document(title="", text="A"), Article("", "\ud800" * 500), "cannot be a document"),
    ],
)
def test_a_page_that_is_no_better_is_not_used(given: Document, article: Article, says: str) -> None:
    with pytest.raises(NoArticle, match=says):
        with_article(given, article)


def test_a_language_without_spaces_is_not_asked_for_its_words() -> None:
    made = with_article(
        document(language="ja", title="港町の看護学校", text=""),
        Article("", "就労ビザを持つ人々に" * 60),
    )
    assert made.text.startswith("就労")


HOSTILE = {
    "attributes": "<p " + " ".join(f"a{n}=b" for n in range(100_000)) + ">x</p>",
    "many attributes, many times": ("<p " + " ".join(f"a{n}=b" for n in range(500)) + ">x</p>") * 800,
    "nested div": "<div>" * 19_000 + "x",
    "nested b": "<b>" * 19_000 + "x" * 1000,
    "nested lists": "<ul><li>some words here" * 9_000,
    "nested tables": "<table><tr><td>some words here" * 6_000,
    "links": "<p><a href='x'>some words here</a></p>" * 9_000,
    "lines": "<p>" + "x<br>" * 19_000,
    "entities": "<!DOCTYPE html [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;'>]><p>" + "&b;" * 50_000,
    "open quotes": "<p a='" * 100_000,
    "angle brackets": "<" * 900_000,
    "open comments": "<!--" * 900_000,
    "open scripts": "<script>" * 400_000,
    "structured data": "<script type='application/ld+json'>" + "[" * 190_000 + "</script>",
    "spaces": "<p>a" + " " * 900_000 + "b",
    "too many tags": "<p>x" * 100_000,
    "too long": "<p>" + "word " * 2_000_000,
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_page_takes_seconds_at_most(name: str) -> None:
    started = time.monotonic()
    with suppress(NoArticle):
        parse_article(f"<html><body><article>{HOSTILE[name]}</article></body></html>".encode())
    assert time.monotonic() - started < 20


def test_markup_has_one_meaning_when_it_is_tame() -> None:
    assert tame("<P CLASS=a  Data-X='1 > 2' CLASS=b>1 < 2 > 0<br/>&amp;</P>") == (
        '<p class="a" data-x="1 &gt; 2">1 &lt; 2 &gt; 0<br>&amp;</p>'
    )
    assert (
        tame("a<!-- <p> -->b<!DOCTYPE x><?php ?>c<script>'<p>'</script><style>p{}</style>d")
        == "abcd"
    )
    assert tame("<title>A &amp; <b>B</title>") == "<title>A &amp; &lt;b&gt;B</title>"
    with pytest.raises(NotTamed, match="tags"):
        tame("<p>" * (MAX_TAGS + 1))


@settings(max_examples=60, deadline=None)
@given(
    st.binary(max_size=400)
    | st.lists(st.sampled_from(["<p>", "</p>", "<a ", "'", '"', "=", ">", "<!--", "-->", "<script>", "x y ", "&#0;"]))
    .map(lambda parts: f"<html><body>{''.join(parts)}{'word ' * 100}</body></html>".encode())
)  # fmt: skip
def test_no_page_is_too_odd(data: bytes) -> None:
    try:
        article = parse_article(data, "text/html")
    except NoArticle:
        return
    assert len(article.text) >= LEAST_CHARACTERS
