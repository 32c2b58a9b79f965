"""Reads a feed: one conditional request, RSS 2.0, Atom, RDF or JSON Feed."""

from __future__ import annotations

from datetime import datetime

from ingest.feed import parse_feed
from ingest.fetch import Fetched
from ingest.reading import Memory, Reading, Surroundings
from ingest.source import Source


class FeedReader:
    """Reader of `type = "feed"`."""

    def read(
        self, source: Source, memory: Memory, surroundings: Surroundings, now: datetime
    ) -> Reading:
        """The entries that the feed shows. Raises FetchFailed, and NotAFeed naming the address."""
        fetched = surroundings.fetcher.fetch(
            source.url, etag=memory.etag, last_modified=memory.last_modified
        )
        marks = _marks(fetched, memory)
        if fetched.status == "unchanged":
            return Reading(
                unchanged=True, memory=marks, moved=fetched.moved, http_status=fetched.http_status
            )
        feed = parse_feed(
            fetched.body,
            content_type=fetched.content_type,
            source=source,
            address=fetched.address,
            fetched_at=now,
        )
        return Reading(
            documents=feed.documents,
            dead=feed.dead,
            unread=feed.unread,
            memory=marks,
            moved=fetched.moved,
            http_status=fetched.http_status,
        )


def _marks(fetched: Fetched, before: Memory) -> Memory:
    """What the server wants to be told next time; kept while it says that nothing changed."""
    kept = before if fetched.status == "unchanged" else Memory()
    return Memory(
        etag=fetched.etag or kept.etag, last_modified=fetched.last_modified or kept.last_modified
    )
