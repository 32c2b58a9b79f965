"""Articles from their pages: asked for politely, host by host, within a budget.

    documents -worth it?-> by host -robots.txt-> fetch, 5 s apart -> article -> documents, in the same order

Hosts are read side by side, the pages of one host one after the other. Whatever goes wrong, the
document stays as it was.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from urllib.parse import urlsplit

import msgspec

from ingest.article_text import Article, NoArticle, may_need_page, parse_article, with_article
from ingest.document import Document
from ingest.fetch import Fetcher, FetchFailed
from ingest.robots import Robots

APART = 5.0
"""Seconds between two pages of one host, at least."""

MAX_PAGE_BYTES = 5 * 1024 * 1024

_HOSTS_AT_ONCE = 8
_GIVES_UP_AFTER = 3
"""Pages of one host that fail one after the other; the others are left for now."""

_HEADERS = {"Accept": "text/html, application/xhtml+xml;q=0.9, */*;q=0.1"}


class WithTexts(msgspec.Struct, frozen=True, kw_only=True):
    """The documents, some of them with the text of their page, and how that went: `worth` is the sum of the rest."""

    documents: tuple[Document, ...]
    """All that were given, in the same order."""
    worth: int = 0
    """Documents that carry only a summary, and may be about migration."""
    found: int = 0
    without: Mapping[str, int] = msgspec.field(default_factory=dict)
    """By reason, how many kept their summary although their page was asked for, or may not be."""
    left: int = 0
    """Pages that the budget did not reach."""


class ArticlePages:
    """Asks for the pages of articles. One for a process: it remembers what hosts want. Safe to use from several threads."""

    def __init__(self, *, apart: float = APART) -> None:
        self._robots = Robots()
        self._apart = apart

    def article(self, url: str, fetcher: Fetcher, now: datetime) -> Article:
        """The article at `url`. Raises NoArticle, and FetchFailed when there is no usable answer."""
        rules = self._robots.rules(url, fetcher, now)
        if not rules.allow(url):
            raise NoArticle("is not for robots")
        fetched = fetcher.fetch(
            url, headers=_HEADERS, apart=max(self._apart, rules.delay), max_bytes=MAX_PAGE_BYTES
        )
        if fetched.address != url and not self._allowed(fetched.address, fetcher, now):
            raise NoArticle("redirects to a page that is not for robots")
        return parse_article(fetched.body, fetched.content_type)

    def apart(self, url: str, fetcher: Fetcher, now: datetime) -> float:
        """Seconds between two pages of the host of `url`."""
        return max(self._apart, self._robots.rules(url, fetcher, now).delay)

    def _allowed(self, address: str, fetcher: Fetcher, now: datetime) -> bool:
        return self._robots.rules(address, fetcher, now).allow(address)

    def with_article_text(
        self,
        documents: Sequence[Document],
        *,
        fetcher: Fetcher,
        is_relevant: Callable[[str], bool],
        now: datetime,
        pages: int = 200,
        seconds: float = 120.0,
    ) -> WithTexts:
        """The documents with the text of their pages, where these can be had.

        At most `pages` pages are asked for, and none after `seconds`; the last ones may take as long
        as one fetch may.
        """
        worth = [
            number
            for number, document in enumerate(documents)
            if may_need_page(document) and is_relevant(f"{document.title}\n{document.text}")
        ]
        hosts: dict[str, list[int]] = {}
        for number in worth[:pages]:
            host = urlsplit(documents[number].url).netloc.rpartition("@")[2].lower()
            hosts.setdefault(host, []).append(number)
        until = time.monotonic() + seconds

        def read(numbers: list[int]) -> dict[int, Document | str]:
            chosen = [(number, documents[number]) for number in numbers]
            return self._read_host(chosen, fetcher, now, until)

        texts: dict[int, Document] = {}
        without: Counter[str] = Counter()
        with ThreadPoolExecutor(_HOSTS_AT_ONCE) as pool:
            for answers in pool.map(read, hosts.values()):
                for number, answer in answers.items():
                    if isinstance(answer, Document):
                        texts[number] = answer
                    else:
                        without[answer] += 1
        return WithTexts(
            documents=tuple(texts.get(number, each) for number, each in enumerate(documents)),
            worth=len(worth),
            found=len(texts),
            without=dict(without),
            left=len(worth) - len(texts) - without.total(),
        )

    def _read_host(
        self,
        documents: Sequence[tuple[int, Document]],
        fetcher: Fetcher,
        now: datetime,
        until: float,
    ) -> dict[int, Document | str]:
        """By number, the document with its text, or why it has none. What is missing was not reached."""
        answers: dict[int, Document | str] = {}
        failed = 0
        for number, document in documents:
            if time.monotonic() >= until or failed == _GIVES_UP_AFTER:
                break
            # The wait for the host's turn would outlast the budget: it lies before each page but the first.
            if answers and time.monotonic() + self.apart(document.url, fetcher, now) > until:
                break
            try:
                answers[number] = with_article(document, self.article(document.url, fetcher, now))
                failed = 0
            except NoArticle as error:
                answers[number] = str(error)
            except FetchFailed as error:
                answers[number] = _kind(error)
                failed += 1
                if error.retry_after is not None:
                    break  # it asks us to stay away
        return answers


def _kind(error: FetchFailed) -> str:
    """What failed, in words that can be counted: without the address."""
    return f"answered {error.http_status}" if error.http_status else "gave no usable answer"
