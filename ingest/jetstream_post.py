"""One post of Bluesky (a record of app.bsky.feed.post): what it says, whether it is ours to keep, and its document."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from ingest.document import Document, InvalidDocument, clean, document_id, story_of
from ingest.jetstream import Event
from ingest.plain_text import tidy
from ingest.rfc3339 import parse_time
from ingest.source import Source
from ingest.source_options import JetstreamOptions

MAX_TEXT_BYTES = 3_000
"""What the lexicon allows a post; more is no post."""

MAX_TITLE_CHARACTERS = 300
"""A link's card is written by the page that is linked; more of its title is cut."""

_NOT_FOR_STRANGERS = "!no-unauthenticated"
"""A label by which people ask that only members see what they say."""

_BOT = "bot"
_OLDEST = timedelta(days=1)
_DID = re.compile(r"did:[a-z]{1,32}:[A-Za-z0-9._:%-]{1,500}")
_RKEY = re.compile(r"[A-Za-z0-9._:~-]{1,512}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")


class Post(msgspec.Struct, frozen=True, kw_only=True):
    """A record, reduced to what is needed of it."""

    text: str
    title: str
    """Title of the page that the post links, where it shows one as a card."""
    created_at: str
    """As its author's program says, which may say anything."""
    languages: tuple[str, ...]
    labels: frozenset[str]
    """What its author calls it."""


class _Label(msgspec.Struct):
    val: str = ""


class _Labels(msgspec.Struct):
    values: list[_Label] = []


class _External(msgspec.Struct):
    title: str = ""


class _Media(msgspec.Struct):
    external: _External | None = None


class _Embed(_Media):
    media: _Media | None = None


class _Record(msgspec.Struct, rename={"created_at": "createdAt"}):
    text: str
    created_at: str = ""
    langs: list[str] | None = None
    labels: _Labels | None = None
    embed: _Embed | None = None


_decoder = msgspec.json.Decoder(_Record)


def at_uri(event: Event) -> str:
    """The record's own id on the network. Raises InvalidDocument when its parts are none."""
    if not _DID.fullmatch(event.did):
        raise InvalidDocument("the repository has no valid id")
    if not _RKEY.fullmatch(event.rkey):
        raise InvalidDocument("the record has no valid key")
    return f"at://{event.did}/{event.collection}/{event.rkey}"


def post_id(event: Event, source: Source) -> str:
    """The document's id. Of the address at bsky.app nothing is kept: it names the author."""
    return document_id(source=source.name, own_id=at_uri(event), url="")


def read_post(record: bytes) -> Post:
    """The post in a record's JSON. Raises InvalidDocument."""
    try:
        read = _decoder.decode(record)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidDocument(f"the record is no post: {error}"[:300]) from error
    if len(read.text.encode("utf-8", "surrogatepass")) > MAX_TEXT_BYTES:
        raise InvalidDocument(f"the text is longer than {MAX_TEXT_BYTES:,} bytes, which a post has")
    embed = read.embed or _Embed()
    card = embed.external or (embed.media.external if embed.media else None) or _External()
    return Post(
        text=tidy(clean(read.text)),
        title=tidy(clean(card.title[:MAX_TITLE_CHARACTERS])).replace("\n", " "),
        created_at=read.created_at,
        languages=tuple(tag for tag in (read.langs or [])[:3] if _LANGUAGE.fullmatch(tag)),
        labels=frozenset(label.val for label in (read.labels or _Labels()).values),
    )


def is_ours(post: Post, options: JetstreamOptions, is_relevant: Callable[[str], bool]) -> bool:
    """Whether a post is to be kept: not when its author asks for members only or is a program, when it is in another
    language, or when it has no word of migration.
    """
    if _NOT_FOR_STRANGERS in post.labels or (_BOT in post.labels and not options.keep_bots):
        return False
    if options.languages and not _wanted(post, options):
        return False
    words = f"{post.title}\n{post.text}".strip()
    return bool(words) and is_relevant(words)


def post_document(
    event: Event,
    post: Post,
    source: Source,
    options: JetstreamOptions,
    author_key: Callable[[str, datetime], str],
    now: datetime,
) -> Document:
    """The document of a post. Raises InvalidDocument."""
    published = _published(post, event)
    said = _wanted(post, options) or post.languages
    return Document(
        id=post_id(event, source),
        source=source.name,
        outlet=source.outlet,
        kind=source.kind,
        society=source.society,
        language=said[0] if said else source.language,
        url="",
        title=post.title,
        text=post.text,
        published_at=published,
        fetched_at=now,
        author_key=author_key(event.did, published),
        story=story_of(post.title, post.text),
        edited_at=event.time if event.operation == "update" else None,
    )


def _wanted(post: Post, options: JetstreamOptions) -> tuple[str, ...]:
    """Those of the post's languages that are among the wanted ones, whatever the region."""
    wanted = {tag.partition("-")[0].lower() for tag in options.languages}
    return tuple(tag for tag in post.languages if tag.partition("-")[0].lower() in wanted)


def _published(post: Post, event: Event) -> datetime:
    """When the post says that it was written, if that was in the day before the network saw it: imports of old posts
    and wrong clocks would otherwise move opinion to other days.
    """
    try:
        said = parse_time(post.created_at)
    except ValueError:
        return event.time
    return said if event.time - _OLDEST <= said <= event.time else event.time
