"""Reddit's listings to posts.

    bytes -parse_listing-> Listing of RedditPost(Post, …)

Links and text posts (t3), as title and text; comments are not read. Left out are what is pinned or promoted, what is in
quarantine, what the site's own bot writes, and what was deleted or removed, even where its title still stands. Pure.
"""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import msgspec

from ingest.arrival import Arrival, row_digest
from ingest.broken_json import BROKEN_JSON
from ingest.dead_letter import dead_letter
from ingest.document import Document, InvalidDocument, clean, document_id, story_of
from ingest.feed_entry import NotAFeed
from ingest.gathered_posts import Post
from ingest.plain_text import tidy
from ingest.remembered_posts import order
from ingest.source import Source

MAX_POSTS = 200
"""Posts read of one page; Reddit gives 100 at most."""

PAGES = "https://www.reddit.com"
"""Where a permalink leads people."""

_POST_ID = re.compile(r"[0-9a-z]{1,13}", re.ASCII)
_GONE = ("[deleted]", "[removed]")
_BOTS = ("automoderator",)
_INVISIBLE = re.compile("[\u200b\ufeff]")

AuthorKey = Callable[[str, datetime], str]


class RedditPost(msgspec.Struct, frozen=True):
    """One post, and its place in time."""

    post: Post
    created: datetime | None
    """None when it cannot be read."""


class Listing(msgspec.Struct, frozen=True):
    """One page of a listing, newest first."""

    posts: tuple[RedditPost, ...]
    after: str = ""
    """Fullname after which the next page begins; empty at the end of the listing."""
    unread: int = 0

    @property
    def newest(self) -> RedditPost | None:
        """The newest post whose id and time can be read."""
        return max(self._placed, key=lambda each: order(each.post.post_id), default=None)

    @property
    def oldest(self) -> RedditPost | None:
        """The last of these on the page: one that is pinned to its top is older and says nothing."""
        return self._placed[-1] if self._placed else None

    @property
    def _placed(self) -> list[RedditPost]:
        return [each for each in self.posts if each.post.post_id and each.created is not None]


def parse_listing(
    body: bytes,
    *,
    source: Source,
    address: str,
    fetched_at: datetime,
    author_key: AuthorKey,
    pinned: bool = False,
) -> Listing:
    """The posts of a page, with those that are `pinned` or without. Raises NotAFeed when the bytes are no listing."""
    try:
        data = msgspec.json.decode(body, type=_Listing).data
    except BROKEN_JSON as error:
        start = body[:200].lstrip()
        what = "it is a page of HTML" if start.startswith(b"<") else f"it is broken: {error}"
        raise NotAFeed(f"{what}, and no listing of Reddit's API") from error
    return Listing(
        posts=tuple(
            _post(bytes(item), source, f"{address} post {number}", fetched_at, author_key, pinned)
            for number, item in enumerate(data.children[:MAX_POSTS], start=1)
        ),
        after=data.after if data.after and re.fullmatch(r"t3_[0-9a-z]{1,13}", data.after) else "",
        unread=max(0, len(data.children) - MAX_POSTS),
    )


class _Data(msgspec.Struct):
    children: list[msgspec.Raw]
    after: str | None = None


class _Listing(msgspec.Struct):
    data: _Data


class _Post(msgspec.Struct):
    """The fields of a t3 that count."""

    id: str
    title: str
    permalink: str
    created_utc: float
    selftext: str | None = None
    author: str | None = None
    edited: bool | float = False
    stickied: bool = False
    promoted: bool | None = None
    quarantine: bool = False
    removed_by_category: str | None = None


class _Thing(msgspec.Struct):
    kind: str
    data: msgspec.Raw


def _post(
    item: bytes,
    source: Source,
    place: str,
    fetched_at: datetime,
    author_key: AuthorKey,
    pinned: bool,
) -> RedditPost:
    try:
        thing = msgspec.json.decode(item, type=_Thing)
        if thing.kind != "t3":
            return RedditPost(Post(post_id="", mark="", what=None), None)
        said = msgspec.json.decode(thing.data, type=_Post)
        created = datetime.fromtimestamp(said.created_utc, UTC)
    except (*BROKEN_JSON, ValueError, OverflowError, OSError) as error:
        # Whether we may keep its text is not known, so the dead letter has none of it.
        row = _some(item, "id", "name", "subreddit")
        return _dead(row, item, f"the post is broken: {error}", source, place, fetched_at)
    post_id = said.id if _POST_ID.fullmatch(said.id) else ""
    # `edited` is false, or when; some old posts say true.
    mark = "" if said.edited is False else f"{int(said.edited):x}"[:12]
    if not _is_ours(said) or (said.stickied and not pinned):
        return RedditPost(Post(post_id=post_id, mark=mark, what=None), created)
    try:
        document = _document(said, source, created, fetched_at, author_key)
    except InvalidDocument as error:
        row = _some(item, "id", "name", "subreddit", "permalink", "title", "selftext")
        letter = _dead(row, item, str(error), source, place, fetched_at)
        return msgspec.structs.replace(letter, created=created)
    return RedditPost(
        Post(post_id=post_id, mark=mark, what=Arrival(_origin(source, said.id), document)), created
    )


def _is_ours(said: _Post) -> bool:
    """Locked posts and those for adults are kept: they are as public as the others."""
    return not (
        said.promoted
        or said.quarantine
        or said.removed_by_category
        or (said.selftext or "").strip() in _GONE
        or said.title.strip() in _GONE
        or (said.author or "").strip() in ("", *_GONE)
        or (said.author or "").lower() in _BOTS
    )


def _document(
    said: _Post, source: Source, created: datetime, fetched_at: datetime, author_key: AuthorKey
) -> Document:
    title, text = _plain(said.title).replace("\n", " "), _plain(said.selftext or "")
    own_id = f"t3_{said.id}"
    url = f"{PAGES}{quote(said.permalink, safe='/%:_-')}" if said.permalink[:1] == "/" else ""
    return Document(
        id=document_id(source=source.name, own_id=own_id, url=url),
        source=source.name,
        outlet=source.outlet,
        kind=source.kind,
        society=source.society,
        language=source.language,
        url=url,
        title=title,
        text=text,
        published_at=created,
        fetched_at=fetched_at,
        author_key=author_key(f"{said.author}@reddit.com", created),
        story=story_of(title, text),
        edited_at=_edited(said.edited),
    )


def _edited(said: bool | float) -> datetime | None:
    """When; None where it never was, or Reddit only says that it was."""
    if isinstance(said, bool):
        return None
    try:
        return datetime.fromtimestamp(said, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _plain(markdown: str) -> str:
    """Markdown is left as people type it; what its editor writes as entities becomes characters."""
    return clean(tidy(_INVISIBLE.sub("", html.unescape(markdown))))


def _origin(source: Source, own_id: str) -> str:
    digest = row_digest(own_id)
    return f"reddit:{source.name}/{digest}"


def _dead(
    row: dict[str, Any], item: bytes, reason: str, source: Source, place: str, read_at: datetime
) -> RedditPost:
    """A dead letter without its author, whose name is kept nowhere."""
    said = row.get("id", "")
    post_id = said if _POST_ID.fullmatch(said) else ""
    letter = dead_letter(
        origin=_origin(source, f"dead\x00{post_id or hashlib.sha256(item).hexdigest()}"),
        source=source.name,
        place=place,
        reason=reason,
        payload=msgspec.json.encode(row) if row else "",
        read_at=read_at,
    )
    return RedditPost(Post(post_id=post_id, mark="", what=letter), None)


def _some(item: bytes, *names: str) -> dict[str, Any]:
    """These fields of a post, as far as it can be read at all and they are text."""
    try:
        whole = msgspec.json.decode(item)
    except BROKEN_JSON:
        return {}
    data = whole.get("data") if isinstance(whole, dict) else None
    if not isinstance(data, dict):
        return {}
    return {name: data[name] for name in names if isinstance(data.get(name), str)}
