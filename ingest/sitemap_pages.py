"""The pages of a sitemap's entries without title: a few in each reading, for they are seconds apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

from ingest.arrival import Arrival
from ingest.article_page import ArticlePages
from ingest.article_text import NoArticle
from ingest.document import InvalidDocument
from ingest.fetch import Fetcher, FetchFailed
from ingest.sitemap import Place
from ingest.sitemap_entries import document_of, origin_of
from ingest.sitemap_files import digest_of
from ingest.source import Source
from ingest.source_options import SitemapOptions

PAGES = 10
"""That one reading asks for."""

_GIVES_UP_AFTER = 3
"""Pages that fail one after the other: the others wait for the next reading."""


class UntitledPages:
    """Makes documents of entries by their pages; an entry whose page cannot be had is passed over, with a note."""

    def __init__(
        self, pages: ArticlePages, source: Source, fetcher: Fetcher, now: datetime
    ) -> None:
        self._pages = pages
        self._source = source
        self._fetcher = fetcher
        self._now = now
        options = source.options
        self._may_ask = not isinstance(options, SitemapOptions) or options.article_text
        self._tried = self._failed = 0
        self._without: Counter[str] = Counter()
        self.documents: list[Arrival] = []
        self.asked: list[str] = []
        """Digests of the addresses that are done with."""
        self.at: datetime | None = None
        """Date of the newest of them in the file that is read."""
        self.stopped = False
        """No more is to be asked for now."""
        self.retry_after: timedelta | None = None

    @property
    def full(self) -> bool:
        """Whether this reading may ask for no page more."""
        return self.stopped or self._tried >= PAGES

    @property
    def passed_over(self) -> int:
        """Entries that became no documents."""
        return self._without.total()

    def notes(self) -> list[str]:
        """Why they did not, the most frequent reasons."""
        return [
            f"{count} entries have no title, and {reason}"
            for reason, count in self._without.most_common(3)
        ]

    def read(self, entries: Sequence[Place]) -> bool:
        """Whether none of the entries, in order of their dates, is left."""
        if not self._may_ask:
            self._without["their pages may not be asked for (article_text)"] += len(entries)
            return True
        for entry in entries:
            if self.full or not self._read(entry):
                return False
            if self.at is None or self.at != entry.date:
                self.at = entry.date
            self.asked.append(digest_of(entry.url))
        return True

    def next_file(self, *, forget: bool) -> None:
        """The file is read to its end; with `forget`, its pages need not be remembered."""
        self.at = None
        if forget:
            self.asked.clear()

    def _read(self, entry: Place) -> bool:
        """Whether the entry is done with, one way or another."""
        self._tried += 1
        try:
            article = self._pages.article(entry.url, self._fetcher, self._now)
            document = document_of(entry, self._source, self._now, article)
        except (NoArticle, InvalidDocument) as error:
            self._without[f"the page {error}"] += 1
        except FetchFailed as error:
            # A host that asks for a pause gets it, and the page its turn afterwards; but for the first of a
            # reading, because one page that always asks for a pause must not hold up the others.
            self._failed += 1
            self.retry_after = error.retry_after
            self.stopped = error.retry_after is not None or self._failed == _GIVES_UP_AFTER
            if error.retry_after is not None and self._tried > 1:
                return False
            status = error.http_status
            self._without[
                f"the page answered {status}" if status else "the page cannot be had"
            ] += 1
        else:
            self._failed = 0
            self.documents.append(Arrival(origin_of(entry, self._source), document))
        return True
