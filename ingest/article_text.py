"""A page's article: which documents are worth their page, what stands in a page, and the document with it.

    Document + page -tame, trafilatura-> Article -long enough? about the same?-> Document with the text

Pure: the page comes from ingest/article_page.py. trafilatura reads no address here, only text.
"""

from __future__ import annotations

import logging
import re
from typing import Any

import msgspec
from trafilatura import extract
from trafilatura.metadata import extract_title
from trafilatura.utils import load_html

from ingest.address_words import words_of_address
from ingest.charset import to_text
from ingest.document import Document, InvalidDocument, clean, story_of
from ingest.plain_text import tidy
from ingest.tame_markup import NotTamed, tame

SUMMARY_CHARACTERS = 700
"""A text shorter than this may be a summary; one that is longer is taken for the article."""

LEAST_CHARACTERS = 400
"""Of an article. Less is what stands before a paywall, or a page that asks for consent."""

MAX_CHARACTERS = 100_000
"""Of an article; the rest is cut off."""

_TITLE_CHARACTERS = 500
_WORDS_SHARED = 0.3
"""Part of the words of title and summary that must stand in the page, too: else it is another page."""
_FEW_WORDS = 3
# Their words have no spaces between them, so that none can be looked for.
_UNSPACED = ("zh", "ja", "th", "lo", "km", "my", "yue", "bo")
_META_CHARSET = re.compile(
    rb"<meta[^>]{0,200}?charset\s{0,9}=\s{0,9}[\"']?\s{0,9}([\w.:-]{1,40})", re.I
)
_PAGE_OF_HTML = re.compile(r"<(?:!doctype\s+html|html|head|body|article|p|div)[\s>]", re.IGNORECASE)

# It warns of every page without an article.
logging.getLogger("trafilatura").setLevel(logging.ERROR)


class NoArticle(ValueError):
    """A page has no article that can be used; the text says why, the page being the subject."""


class Article(msgspec.Struct, frozen=True):
    """What stands in a page, as plain text."""

    title: str
    """Empty when the page has none."""
    text: str


def may_need_page(document: Document) -> bool:
    """Whether a document carries no more than a summary, and has an address where the rest may be."""
    has_address = document.url.startswith(("http://", "https://"))
    return has_address and len(document.text) < SUMMARY_CHARACTERS


def parse_article(data: bytes, content_type: str = "") -> Article:
    """The article in a page of HTML: text without comments, tables and menus. Raises NoArticle."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind and kind not in ("text/html", "application/xhtml+xml", "text/plain"):
        raise NoArticle(f"is {kind[:60]}, not HTML")
    declared = _META_CHARSET.search(data[:4_096])
    if "charset" not in content_type.lower() and declared:
        content_type = f"text/html; charset={declared.group(1).decode('ascii', 'replace')}"
    markup = to_text(data, content_type)
    if not _PAGE_OF_HTML.search(markup[:20_000]):
        raise NoArticle("is no HTML")
    try:
        tree = load_html(tame(markup).replace("\x00", ""))
        title = _title(tree) if tree is not None else ""
        found = (
            extract(tree, include_comments=False, include_tables=False, fast=True)
            if tree is not None
            else None
        )
    except NotTamed as error:
        raise NoArticle(f"is too large: {error}") from error
    except Exception as error:  # whatever lxml and trafilatura make of broken markup
        raise NoArticle(f"cannot be read as HTML ({type(error).__name__})") from error
    text = clean(tidy(found or ""))[:MAX_CHARACTERS]
    if len(text) < LEAST_CHARACTERS:
        raise NoArticle("holds no article")
    return Article(title, text)


def with_article(document: Document, article: Article) -> Document:
    """The document with the text of its page, and the page's title where it had none but the words of its address.

    Raises NoArticle where the page says less than the summary, or speaks of something else.
    """
    if len(article.text) <= len(document.text):
        raise NoArticle("says less than the summary")
    if not _is_about(document, article):
        raise NoArticle("speaks of something else than the summary")
    title = document.title.strip()
    if not title or title == words_of_address(document.url):
        title = article.title or title
    try:
        return msgspec.structs.replace(
            document, title=title, text=article.text, story=story_of(title, article.text)
        )
    except InvalidDocument as error:
        raise NoArticle(f"cannot be a document: {error}") from error


def _title(tree: Any) -> str:
    said = tree.xpath("string(//meta[@property='og:title']/@content)") or extract_title(tree) or ""
    return clean(tidy(str(said)).replace("\n", " "))[:_TITLE_CHARACTERS]


def _is_about(document: Document, article: Article) -> bool:
    """A page that asks for consent or for a password answers in place of many an article."""
    if document.language.split("-")[0].lower() in _UNSPACED:
        return True
    words = _words(f"{document.title} {document.text}")
    if len(words) < _FEW_WORDS:
        return True
    return len(words & _words(f"{article.title} {article.text}")) >= _WORDS_SHARED * len(words)


def _words(text: str) -> set[str]:
    return {word for word in re.findall(r"\w+", text.casefold()) if len(word) > 3}
