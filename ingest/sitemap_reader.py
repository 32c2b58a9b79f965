"""Reads a site by its sitemap: what is new in it, its indexes' newer files, and the pages of entries without title.

    sitemap | index -> files since the cursor -> entries since the cursor -> titled: documents
                                                                          -> untitled: page -> document

The cursor (ingest/sitemap_cursor.py) moves on when nothing of a round is left, and nothing failed that may pass.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from ingest.article_page import ArticlePages
from ingest.fetch import Fetched, FetchFailed
from ingest.http_words import shown
from ingest.reading import Memory, Reading, Surroundings
from ingest.sitemap import Place, parse_sitemap
from ingest.sitemap_cursor import Cursor, decoded, first_cursor, goes_on, moves_on
from ingest.sitemap_entries import Sorted, sort_entries
from ingest.sitemap_files import Files, digest_of
from ingest.sitemap_pages import UntitledPages
from ingest.source import Source

FIRST_LOOK = timedelta(days=2)
"""How far back the first reading goes: what a news sitemap holds."""


class SitemapReader:
    """Reader of `type = "sitemap"`. Safe to use from several threads."""

    def __init__(self, pages: ArticlePages | None = None) -> None:
        self._pages = pages or ArticlePages()

    def read(
        self, source: Source, memory: Memory, surroundings: Surroundings, now: datetime
    ) -> Reading:
        """What is new. Raises FetchFailed, and NotAFeed when the address holds no sitemap."""
        before = decoded(memory.cursor)
        cursor = before or first_cursor(now, FIRST_LOOK)
        marks = memory if before and not before.pending else Memory()
        fetched = surroundings.fetcher.fetch(
            source.url, etag=marks.etag, last_modified=marks.last_modified
        )
        if fetched.status == "unchanged":
            return Reading(
                unchanged=True,
                memory=_memory(cursor, fetched),
                moved=fetched.moved,
                http_status=fetched.http_status,
            )
        files, news = self._round(source, cursor, fetched, surroundings, now)
        if not (news.unfinished or files.left or files.left_undated or files.passing):
            newest = min(news.newest or cursor.since, now)
            cursor = moves_on(cursor, news.files, news.pages.asked, files.dated, newest)
            return news.reading(files, fetched, _memory(cursor, fetched), more=False)
        cursor, whole = goes_on(cursor, news.files, news.pages.asked)
        more = bool(news.unfinished or files.left) and whole and not files.passing
        return news.reading(files, fetched, _memory(cursor, None), more=more)

    def back_fill(
        self,
        source: Source,
        first: datetime,
        last: datetime,
        memory: Memory,
        surroundings: Surroundings,
        now: datetime,
    ) -> Reading:
        """What the sitemap still shows of `first` to `last`, by the times that it names; `more` says to go on."""
        cursor = decoded(memory.cursor) or Cursor(since=first, until=last)
        fetched = surroundings.fetcher.fetch(source.url)
        files, news = self._round(source, cursor, fetched, surroundings, now)
        if files.passing and not (news.ways or news.pages.asked):
            raise files.passing[0]
        way = news.ways[-1] if news.ways else cursor.files
        at, pages = news.pages.at, tuple(news.pages.asked)
        if at is not None and at == cursor.at and not news.ways:
            pages = (*cursor.pages, *pages)
        elif at is None and not news.ways:
            at, pages = cursor.at, cursor.pages
        cursor = msgspec.structs.replace(cursor, files=way, at=at, pages=pages)
        more = bool(news.unfinished or files.left or files.left_undated or files.passing)
        return news.reading(files, fetched, _memory(cursor, None), more=more)

    def _round(
        self,
        source: Source,
        cursor: Cursor,
        fetched: Fetched,
        surroundings: Surroundings,
        now: datetime,
    ) -> tuple[Files, _News]:
        back = cursor.until is not None
        files = Files(
            parse_sitemap(fetched.body, fetched.content_type),
            fetched.address,
            surroundings.fetcher,
            since=cursor.since,
            known=() if back else cursor.files,
            after=cursor.files if back else None,
        )
        news = _News(UntitledPages(self._pages, source, surroundings.fetcher, now))
        for file in files:
            if news.pages.full:
                news.unfinished += 1
                break
            entries = sort_entries(
                file.sitemap.entries,
                wanted=_within(cursor),
                is_relevant=surroundings.is_relevant,
                source=source,
                address=file.address,
                now=now,
            )
            news.sorted.append(entries)
            news.unread += file.sitemap.unread
            news.broken += file.sitemap.broken
            dates = [each.date for each in file.sitemap.entries if each.date is not None]
            news.newest = max([*dates, *([news.newest] if news.newest else [])], default=None)
            untitled = _unread(entries.untitled, cursor, first=not news.ways)
            if news.pages.read(untitled):
                news.files.append(file.key)
                news.ways.append(file.way)
                news.pages.next_file(forget=back)
            else:
                news.unfinished += 1
        if files.faults and not (news.sorted or cursor.files):
            if files.passing:
                raise files.passing[0]
            raise FetchFailed(
                f"{shown(source.url)} leads to no file that can be read: {files.faults[0]}"
            )
        return files, news


class _News:
    """What a round has found so far."""

    def __init__(self, pages: UntitledPages) -> None:
        self.pages = pages
        self.sorted: list[Sorted] = []
        self.files: list[str] = []
        """Keys of files of which nothing is left."""
        self.ways: list[tuple[str, ...]] = []
        self.newest: datetime | None = None
        self.unread = self.broken = self.unfinished = 0

    def reading(self, files: Files, fetched: Fetched, memory: Memory, *, more: bool) -> Reading:
        titled = (arrival for each in self.sorted for arrival in each.documents)
        return Reading(
            documents=(*titled, *self.pages.documents),
            dead=tuple(letter for each in self.sorted for letter in each.dead),
            passed_over=sum(each.passed_over for each in self.sorted) + self.pages.passed_over,
            memory=memory,
            unread=self.unread,
            more=more and not self.pages.stopped,
            moved=fetched.moved,
            notes=(*files.faults[:3], *files.skipped[:3], *self.pages.notes(), *self._notes()),
            retry_after=self.pages.retry_after,
            http_status=fetched.http_status,
        )

    def _notes(self) -> list[str]:
        undated = sum(each.undated for each in self.sorted)
        notes = [f"{undated} entries do not say when they are from"] if undated else []
        return notes + (["its XML is at fault, and was read up to there"] if self.broken else [])


def _within(cursor: Cursor) -> Callable[[datetime], bool]:
    return lambda date: cursor.since <= date <= (cursor.until or date)


def _unread(untitled: tuple[Place, ...], cursor: Cursor, *, first: bool) -> list[Place]:
    """The entries whose pages were not asked for before; in a back-fill, that concerns the first file alone."""
    asked = set(cursor.pages)
    if cursor.until is None:
        return [each for each in untitled if digest_of(each.url) not in asked]
    at = cursor.at if first else None
    return [
        each
        for each in untitled
        if at is None
        or (each.date is not None and each.date > at)
        or (each.date == at and digest_of(each.url) not in asked)
    ]


def _memory(cursor: Cursor, fetched: Fetched | None) -> Memory:
    """With what the server wants to be told next time, where a change is all that is waited for."""
    if fetched is None:
        return Memory(cursor=cursor.encoded())
    return Memory(cursor=cursor.encoded(), etag=fetched.etag, last_modified=fetched.last_modified)
