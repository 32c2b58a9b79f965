"""Mastodon's JSON to posts: statuses as /api/v1/timelines and the streams give them.

    bytes -parse_timeline-> Timeline of Post(Arrival | DeadLetter | None)

Kept is what was said in public, to everybody, by people who did not ask machines to stay away: no other visibility
(`unlisted` too, which is left out of public timelines), no boosts, no bots, nobody with `noindex` or
`indexable: false`. Pure.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import msgspec

from ingest.arrival import Arrival, row_digest
from ingest.broken_json import BROKEN_JSON
from ingest.dead_letter import dead_letter
from ingest.document import (
    UNKNOWN_LANGUAGE,
    Document,
    InvalidDocument,
    clean,
    document_id,
    story_of,
)
from ingest.feed_entry import NotAFeed
from ingest.gathered_posts import Post
from ingest.plain_text import plain_text, tidy
from ingest.remembered_posts import order
from ingest.rfc3339 import parse_time
from ingest.source import Source

MAX_STATUSES = 200
"""Statuses read of one page; an instance gives 40 at most."""

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
_ID = re.compile(r"[0-9A-Za-z_-]{1,40}", re.ASCII)

LATE = timedelta(minutes=10)
"""So much later than it was written a post from elsewhere may come, and still be found."""

_MILLISECOND = 2**16
"""An id is the time in milliseconds since 1970, times this, plus a part that tells equal times apart."""

AuthorKey = Callable[[str, datetime], str]


class Timeline(msgspec.Struct, frozen=True):
    """One page of a timeline."""

    posts: tuple[Post, ...]
    """In the order of the page, which is newest first."""
    newest: str = ""
    """The newest id on the page; empty when there is none."""
    unread: int = 0


def parse_timeline(
    body: bytes, *, source: Source, address: str, fetched_at: datetime, author_key: AuthorKey
) -> Timeline:
    """The statuses of a page. Raises NotAFeed when the bytes are no list of statuses."""
    try:
        items = msgspec.json.decode(body, type=list[msgspec.Raw])
    except BROKEN_JSON as error:
        raise NotAFeed(_no_list(body, error)) from error
    posts = tuple(
        parse_status(
            bytes(item),
            source=source,
            place=f"{address} status {number}",
            fetched_at=fetched_at,
            author_key=author_key,
        )
        for number, item in enumerate(items[:MAX_STATUSES], start=1)
    )
    return Timeline(
        posts=posts,
        newest=max((post.post_id for post in posts), key=order, default=""),
        unread=max(0, len(items) - MAX_STATUSES),
    )


def parse_status(
    item: bytes, *, source: Source, place: str, fetched_at: datetime, author_key: AuthorKey
) -> Post:
    """One status; `place` says in a dead letter where it stood."""
    try:
        status = msgspec.json.decode(item, type=_Status)
    except BROKEN_JSON as error:
        # Whether we may keep its text is not known, so the dead letter has none of it.
        known = _some(item, "id", "created_at", "language")
        return _dead(known.get("id"), item, known, f"the status is broken: {error}", source, place, fetched_at)  # fmt: skip
    post_id = status.id if _ID.fullmatch(status.id) else ""
    mark = hashlib.sha256(status.edited_at.encode()).hexdigest()[:6] if status.edited_at else ""
    if not _is_ours(status):
        return Post(post_id=post_id, mark=mark, what=None)
    try:
        document = _document(status, source, fetched_at, author_key)
    except (InvalidDocument, ValueError) as error:
        row = _some(item, "id", "uri", "url", "created_at", "language", "spoiler_text", "content")
        return _dead(status.uri or status.id, item, row, str(error), source, place, fetched_at)
    if document is None:
        return Post(post_id=post_id, mark=mark, what=None)
    return Post(
        post_id=post_id,
        mark=mark,
        what=Arrival(_origin(source, status.uri or status.id), document),
    )


def a_while_before(post_id: str) -> str:
    """The id of a post written LATE earlier; `post_id` itself where ids are no times (other software than Mastodon)."""
    earlier = LATE // timedelta(milliseconds=1) * _MILLISECOND
    # Ids from before Mastodon counted so are small.
    known = post_id.isascii() and post_id.isdigit() and int(post_id) > 2 * earlier
    return str(int(post_id) - earlier) if known else post_id


class _Account(msgspec.Struct):
    acct: str = ""
    bot: bool | None = None
    noindex: bool | None = None
    indexable: bool | None = None


class _Status(msgspec.Struct):
    id: str
    created_at: str
    visibility: str
    account: _Account
    uri: str = ""
    url: str | None = None
    content: str | None = None
    spoiler_text: str | None = None
    language: str | None = None
    edited_at: str | None = None
    reblog: object = None


def _is_ours(status: _Status) -> bool:
    account = status.account
    return (
        status.visibility == "public"
        and status.reblog is None
        and not account.bot
        and not account.noindex
        and account.indexable is not False
    )


def _document(
    status: _Status, source: Source, fetched_at: datetime, author_key: AuthorKey
) -> Document | None:
    """None for pictures without a word."""
    title = clean(tidy(status.spoiler_text or "").replace("\n", " "))
    text = clean(plain_text(status.content or ""))
    if not title and not text:
        return None
    published_at = parse_time(status.created_at)
    language = (status.language or "").replace("_", "-")
    said = _LANGUAGE.fullmatch(language) and language.lower() != UNKNOWN_LANGUAGE
    return Document(
        id=document_id(source=source.name, own_id=status.uri or status.id, url=status.url or ""),
        source=source.name,
        outlet=source.outlet,
        kind=source.kind,
        society=source.society,
        language=language if said else source.language,
        url="",  # it names the author
        title=title,
        text=text,
        published_at=published_at,
        fetched_at=fetched_at,
        author_key=author_key(_full_name(status.account.acct, source), published_at),
        story=story_of(title, text),
        edited_at=parse_time(status.edited_at) if status.edited_at else None,
    )


def _full_name(acct: str, source: Source) -> str:
    """user@host: an instance leaves its own host out. Empty where there is no user."""
    host = urlsplit(source.url).hostname or ""
    return acct if "@" in acct or not acct else f"{acct}@{host}"


def _origin(source: Source, own_id: str) -> str:
    digest = row_digest(own_id)
    return f"mastodon:{source.name}/{digest}"


def _dead(
    own_id: object,
    item: bytes,
    row: dict[str, Any],
    reason: str,
    source: Source,
    place: str,
    read_at: datetime,
) -> Post:
    """A dead letter without its author, whose name is kept nowhere."""
    key = own_id if isinstance(own_id, str) and own_id else hashlib.sha256(item).hexdigest()
    letter = dead_letter(
        origin=_origin(source, f"dead\x00{key}"),
        source=source.name,
        place=place,
        reason=reason,
        payload=msgspec.json.encode(row) if row else "",
        read_at=read_at,
    )
    said = row.get("id")
    post_id = said if isinstance(said, str) and _ID.fullmatch(said) else ""
    return Post(post_id=post_id, mark="", what=letter)


def _some(item: bytes, *names: str) -> dict[str, Any]:
    """These fields of a status, as far as it can be read at all and they are text."""
    try:
        whole = msgspec.json.decode(item)
    except BROKEN_JSON:
        return {}
    if not isinstance(whole, dict):
        return {}
    return {name: whole[name] for name in names if isinstance(whole.get(name), str)}


def _no_list(body: bytes, error: Exception) -> str:
    start = body[:200].lstrip().lower()
    if start.startswith((b"<!doctype", b"<html", b"<")):
        return "it is a page of HTML, and no answer of Mastodon's API"
    return f"it is no list of statuses: {error}"
