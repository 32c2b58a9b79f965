"""Posts that were read in the last days, remembered in a cursor so that their deletion and editing are noticed."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from datetime import date, timedelta

import msgspec

from ingest.broken_json import BROKEN_JSON

MOST = 60
"""Posts remembered of one source: with what else a cursor holds they stay within its 4 KiB."""

MAX_CURSOR_BYTES = 4_096

LONGEST = timedelta(days=7)
"""An older post is remembered no longer."""

_POST_ID = re.compile(r"[0-9A-Za-z_-]{1,40}", re.ASCII)
_MARK = re.compile(r"[0-9A-Za-z]{0,12}", re.ASCII)


class Remembered(msgspec.Struct, frozen=True):
    """One post that became a document."""

    post_id: str
    """The service's own id."""
    document_id: str
    """32 hex digits."""
    mark: str
    """Stands for the last edit that was read; empty when the post was never edited."""
    day: date
    """Published then."""


def order(post_id: str) -> tuple[int, str]:
    """Sorts ids of one service by age: they are numbers, or texts of one length, that grow."""
    return len(post_id), post_id


def newest(posts: Iterable[Remembered], today: date) -> tuple[Remembered, ...]:
    """The MOST newest of `posts` that are not too old, newest first; of two with one id, the later in the list."""
    last = {
        post.post_id: post
        for post in posts
        if today - post.day <= LONGEST
        and _POST_ID.fullmatch(post.post_id)
        and _MARK.fullmatch(post.mark)
    }
    return tuple(last[each] for each in sorted(last, key=order, reverse=True)[:MOST])


def to_cursor(since: Mapping[str, object], posts: Iterable[Remembered], today: date) -> str:
    """`since` and as many of the newest `posts` as fit into a cursor."""
    kept = [_written(post) for post in newest(posts, today)]
    while True:
        cursor = msgspec.json.encode({"since": since, "posts": kept})
        if len(cursor) <= MAX_CURSOR_BYTES or not kept:
            return cursor.decode()
        kept.pop()


def from_cursor(cursor: str) -> tuple[dict[str, object], tuple[Remembered, ...]]:
    """What `to_cursor` wrote; nothing of what cannot be read."""
    try:
        written = msgspec.json.decode(cursor or "{}", type=_Cursor)
    except BROKEN_JSON:
        return {}, ()
    return written.since, tuple(post for each in written.posts if (post := _read(each)) is not None)


class _Cursor(msgspec.Struct):
    since: dict[str, object] = {}
    posts: list[str] = []


def _written(post: Remembered) -> str:
    short = base64.urlsafe_b64encode(bytes.fromhex(post.document_id)).rstrip(b"=").decode()
    return f"{post.post_id}|{short}|{post.mark}|{post.day.toordinal()}"


def _read(written: str) -> Remembered | None:
    try:
        post_id, short, mark, day = written.split("|")
        id = base64.urlsafe_b64decode(short + "==").hex()
        post = Remembered(post_id, id, mark, date.fromordinal(int(day)))
    except (ValueError, OverflowError, binascii.Error):
        return None
    return post if len(id) == 32 else None
