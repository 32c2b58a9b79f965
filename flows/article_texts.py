"""The text of articles whose source gives only a summary: asked for once a document is known to be new."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache

import msgspec

from ingest.arrival import Arrival
from ingest.article_page import ArticlePages
from ingest.reading import Surroundings
from ingest.source import Source

PAGES, SECONDS = 60, 60.0
"""Of one source in one round: what is left keeps its summary, and the run says so."""


def wants_pages(source: Source) -> bool:
    """Whether the list says that pages of this source are to be read."""
    return bool(getattr(source.options, "article_text", False))


def with_pages(
    arrivals: Sequence[Arrival], surroundings: Surroundings, now: datetime
) -> tuple[tuple[Arrival, ...], str]:
    """The arrivals, those worth it with the text of their pages, and a clause for the run; mostly none."""
    read = _pages().with_article_text(
        [arrival.document for arrival in arrivals],
        fetcher=surroundings.fetcher,
        is_relevant=surroundings.is_relevant,
        now=now,
        pages=PAGES,
        seconds=SECONDS,
    )
    filled = tuple(
        msgspec.structs.replace(arrival, document=document)
        for arrival, document in zip(arrivals, read.documents, strict=True)
    )
    if not read.worth:
        return filled, ""
    missing = [f"{count} {reason}" for reason, count in sorted(read.without.items())]
    if read.left:
        missing.append(f"{read.left} were not reached in time")
    told = f" ({', '.join(missing)})" if missing else ""
    return filled, f"{read.found} of {read.worth} pages of articles were read{told}"


@cache
def _pages() -> ArticlePages:
    """One for the process: it remembers what hosts allow."""
    return ArticlePages()
