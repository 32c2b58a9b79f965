"""What the readers of XML and JSON feeds agree on: a feed as its entries, before any of them is a document."""

from __future__ import annotations

from datetime import datetime

import msgspec

MAX_ENTRIES = 2_000
"""Entries read of one feed. Feeds put the newest first; the rest is counted, not read."""


class NotAFeed(ValueError):
    """The bytes are no feed; the text says what they are. It begins with "it", for the address before it."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One entry, reduced to plain text. Authors are not read at all."""

    link: str
    """Absolute address of the article; empty when there is none."""
    own_id: str
    """The feed's own id (guid, atom:id, id); empty when there is none."""
    title: str
    text: str
    published: datetime | None
    """Aware UTC; None when the entry has no date, or one that cannot be read."""
    date_text: str
    """The date as written; empty when the entry has none."""
    language: str
    """As declared in the entry or the feed; empty when neither says."""
    fault: str = ""
    """Why this entry can never become a document; empty when it may."""
    raw: str = ""
    """Where there is a fault: what was read."""


class Feed(msgspec.Struct, frozen=True, kw_only=True):
    """One feed."""

    home: str
    """Address of the site or page that the feed belongs to; empty when it does not say."""
    entries: tuple[Entry, ...]
    unread: int = 0
    """Entries beyond MAX_ENTRIES."""
