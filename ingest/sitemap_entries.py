"""Entries of a sitemap to documents: what a title makes one, what needs its page first, and what is not ours."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime

import msgspec

from ingest.address_words import words_of_address
from ingest.arrival import Arrival, row_digest
from ingest.article_text import Article
from ingest.canonical_url import canonical_url
from ingest.dead_letter import DeadLetter, dead_letter
from ingest.document import Document, InvalidDocument, clean, document_id, story_of
from ingest.sitemap import Place
from ingest.source import Source
from ingest.source_options import SitemapOptions

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")


class Sorted(msgspec.Struct, frozen=True, kw_only=True):
    """Entries by what they need."""

    documents: tuple[Arrival, ...] = ()
    dead: tuple[DeadLetter, ...] = ()
    untitled: tuple[Place, ...] = ()
    """Worth their page: without it they are no documents. By date, the oldest first."""
    passed_over: int = 0
    undated: int = 0
    """Those passed over that do not say when they are from: they may be years old."""


def sort_entries(
    entries: Iterable[Place],
    *,
    wanted: Callable[[datetime], bool],
    is_relevant: Callable[[str], bool],
    source: Source,
    address: str,
    now: datetime,
) -> Sorted:
    """The entries of a file at `address` whose date is `wanted`.

    Of everything that a site publishes, ours is what `include` names, and where it names nothing, what may speak of
    migration by its title (or by the words of its address). An entry of old is not counted at all.
    """
    include = _options(source).include
    documents, dead, untitled = [], [], []
    passed_over = undated = 0
    seen: set[str] = set()
    for entry in entries:
        same = canonical_url(entry.url) or entry.url
        if same in seen:
            continue
        seen.add(same)
        if include not in entry.url:
            passed_over += 1
        elif entry.date is None and not (entry.title and entry.date_text):
            passed_over, undated = passed_over + 1, undated + 1
        elif entry.date is not None and not wanted(entry.date):
            continue
        elif not include and not is_relevant(entry.title or words_of_address(entry.url)):
            passed_over += 1
        elif not entry.title:
            untitled.append(entry)
        else:
            try:
                document = document_of(entry, source, now)
            except InvalidDocument as error:
                dead.append(_dead(entry, str(error), source, address, now))
            else:
                documents.append(Arrival(origin_of(entry, source), document))
    return Sorted(
        documents=tuple(documents),
        dead=tuple(dead),
        untitled=tuple(sorted(untitled, key=lambda each: (each.date, each.url))),
        passed_over=passed_over,
        undated=undated,
    )


def document_of(
    entry: Place, source: Source, now: datetime, article: Article | None = None
) -> Document:
    """The document of an entry, with its page's title and text where it was asked for. Raises InvalidDocument."""
    if entry.date is None:
        raise InvalidDocument(f"the date {entry.date_text[:60]!r} cannot be read")
    title = clean(entry.title)
    text = ""
    if article is not None:
        title, text = title or article.title or words_of_address(entry.url), article.text
    said = entry.language.replace("_", "-")
    return Document(
        id=document_id(source=source.name, own_id=entry.url, url=entry.url),
        source=source.name,
        outlet=source.outlet,
        kind=source.kind,
        society=source.society,
        language=said if _LANGUAGE.fullmatch(said) else source.language,
        url=entry.url if canonical_url(entry.url) else "",
        title=title,
        text=text,
        published_at=entry.date,
        fetched_at=now,
        story=story_of(title, text),
    )


def origin_of(entry: Place, source: Source) -> str:
    """The same whenever the sitemap shows this address."""
    digest = row_digest(entry.url)
    return f"sitemap:{source.name}/{digest}"


def _options(source: Source) -> SitemapOptions:
    return source.options if isinstance(source.options, SitemapOptions) else SitemapOptions()


def _dead(entry: Place, reason: str, source: Source, address: str, now: datetime) -> DeadLetter:
    row = {
        "source_id": source.name,
        "url": entry.url,
        "title": entry.title,
        "lang": entry.language or source.language,
        "published_at": f"{entry.date:%Y-%m-%dT%H:%M:%SZ}" if entry.date else entry.date_text,
        "outlet": source.outlet,
        "society": source.society,
        "kind": source.kind.value,
    }
    return dead_letter(
        origin=origin_of(entry, source).replace("/", "/dead/", 1),
        source=source.name,
        place=f"{address} {entry.url[:300]}",
        reason=reason,
        payload=msgspec.json.encode(row),
        read_at=now,
    )
