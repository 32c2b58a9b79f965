"""Media Cloud's list of stories to documents: titles and addresses, because texts are not given away.

    {"stories": [{"id", "title", "url", "language", "media_name", "publish_date", "indexed_date"}],
     "pagination_token": … or null}

Pure: the bytes come from ingest/fetch.py or from a file.
"""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta

import msgspec

from ingest.arrival import Arrival, row_digest
from ingest.canonical_url import canonical_url
from ingest.dead_letter import DeadLetter, dead_letter
from ingest.document import (
    LATEST_AHEAD,
    Document,
    InvalidDocument,
    clean,
    document_id,
    story_of,
)
from ingest.plain_text import plain_text
from ingest.rfc3339 import parse_time
from ingest.source import Source

MAX_STORIES = 2_000
"""Stories read of one answer, twice what is asked for; the rest is counted, not read."""

_MIDDAY = timedelta(hours=12)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")


class NotStories(ValueError):
    """The answer is no list of stories; the text says what it is. It begins with "it", for the address before it."""


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """One answer."""

    documents: tuple[Arrival, ...] = ()
    dead: tuple[DeadLetter, ...] = ()
    unread: int = 0
    """Stories beyond MAX_STORIES."""
    token: str = ""
    """For the next page; empty on the last."""
    last_indexed: datetime | None = None
    """The newest time at which Media Cloud found a story of this page."""


class _Answer(msgspec.Struct):
    stories: list[msgspec.Raw] | None = None
    pagination_token: str | None = None
    status: str = ""
    note: str | None = None


class _Story(msgspec.Struct):
    id: str | int = ""
    title: str | None = None
    url: str | None = None
    language: str | None = None
    media_name: str | None = None
    publish_date: str | None = None
    indexed_date: str | None = None


_answers = msgspec.json.Decoder(_Answer)
_stories = msgspec.json.Decoder(_Story)


def parse_stories(body: bytes, *, source: Source, address: str, read_at: datetime) -> Page:
    """The documents and dead letters of one answer. Raises NotStories, also for a refusal in words."""
    answer = _answer(body)
    if answer.stories is None:
        said = " ".join((answer.note or answer.status or "nothing").split())[:300]
        raise NotStories(f"it refuses: {said}")
    documents: dict[str, Arrival] = {}
    dead: dict[str, DeadLetter] = {}
    indexed: list[datetime] = []
    for number, raw in enumerate(answer.stories[:MAX_STORIES], start=1):
        row = bytes(raw)
        identity = row
        try:
            story = _story(row)
            identity = _identity(story) or row
            seen = _time(story.indexed_date)
            if seen and seen <= read_at + LATEST_AHEAD:  # one that cannot be would move the cursor
                indexed.append(seen)
            document = _document(story, source, seen, read_at)
        except ValueError as error:
            origin = f"mediacloud:{source.name}/dead/{row_digest(identity)}"
            dead[origin] = dead_letter(
                origin=origin,
                source=source.name,
                place=f"{address} story {number}",
                reason=str(error),
                payload=row,
                read_at=read_at,
            )
        else:
            origin = f"mediacloud:{source.name}/{row_digest(identity)}"
            documents[origin] = Arrival(origin, document)
    return Page(
        documents=tuple(documents.values()),
        dead=tuple(dead.values()),
        unread=max(len(answer.stories) - MAX_STORIES, 0),
        token=answer.pagination_token or "",
        last_indexed=max(indexed, default=None),
    )


def _answer(body: bytes) -> _Answer:
    try:
        return _answers.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        mended = _mended(body)
        if mended is None:
            what = "a page" if body.lstrip()[:1] == b"<" else "no JSON that is known"
            reason = f"it sent {what} instead of a list of stories: {error}"[:300]
            raise NotStories(reason) from error
        return mended


def _mended(body: bytes) -> _Answer | None:
    """The answer where all that is wrong with it is half a character (a lone surrogate) in some title, which would
    otherwise end every reading at the same page.
    """
    try:
        text = json.dumps(json.loads(body), ensure_ascii=False)
        return _answers.decode(text.encode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None


def _story(row: bytes) -> _Story:
    try:
        return _stories.decode(row)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidDocument(f"it is no story: {error}"[:300]) from error


def _document(
    story: _Story, source: Source, indexed: datetime | None, read_at: datetime
) -> Document:
    title = _line(story.title)
    url = (story.url or "").strip()
    url = url if canonical_url(url) else ""
    language = story.language or ""
    return Document(
        id=document_id(source=source.name, own_id=str(story.id) or title, url=url),
        source=source.name,
        outlet=_line(story.media_name) or source.outlet,
        kind=source.kind,
        society=source.society,
        language=language if _LANGUAGE.fullmatch(language) else source.language,
        url=url,
        title=title,
        text="",
        published_at=_published(story, indexed),
        fetched_at=read_at,
        story=story_of(title, ""),
    )


def _line(written: str | None) -> str:
    return clean(plain_text(written or "")).replace("\n", " ")


def _published(story: _Story, indexed: datetime | None) -> datetime:
    """Media Cloud knows the day. Midday of it is a time that is of the same day nearly everywhere; a story that was
    found earlier that day was published before. One without a day has the time at which it was found.
    """
    try:
        said = parse_time(story.publish_date) if story.publish_date else None
    except ValueError as error:
        raise InvalidDocument(f"the date cannot be read: {error}") from error
    if said is None:
        if indexed is None:
            raise InvalidDocument("it has neither publish_date nor indexed_date")
        return indexed
    day = said.replace(hour=0, minute=0, second=0, microsecond=0)
    if said != day:
        return said
    return min(day + _MIDDAY, indexed) if indexed and indexed >= day else day + _MIDDAY


def _time(written: str | None) -> datetime | None:
    """None for one that is missing or cannot be read."""
    try:
        return parse_time(written) if written else None
    except ValueError:
        return None


def _identity(story: _Story) -> bytes:
    """The story's own id, else its address; empty when it has neither."""
    return (str(story.id) or story.url or "").encode("utf-8", "surrogatepass")
