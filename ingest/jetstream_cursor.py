"""Where in a stream a reading begins and ended.

Positions are the instance's own: a sequence number of one means nothing to another. What all understand is the time,
so that a reading of another instance begins at the time of the newest event, less a margin.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlencode, urlsplit, urlunsplit

import msgspec

from ingest.jetstream import POSTS, TIME_CURSORS_FROM, Event, Version, microseconds, moment
from ingest.reading import Gap

REWIND = timedelta(seconds=30)
"""How far before the newest event another instance is begun: each sees events at its own time."""

SILENCE = timedelta(minutes=5)
"""The network is never silent for this long: a stream that goes on later than this after its cursor has a hole.
v1 moves a cursor older than its 36 hours forward and says nothing."""

MAX_MESSAGE_BYTES = 2**20
"""Larger messages are not sent to us: no post has 1 MiB, and one that had would end every reading at the same place."""

_METHOD = "/xrpc/network.bsky.jetstream.subscribeEvents"


class Position(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far a stream was read."""

    instance: str = ""
    position: int = 0
    """Of the instance: the newest event's microseconds (v1) or sequence number (v2); 0 when none was read there."""
    time_us: int = 0
    """Newest time that was read on any instance; 0 before the first reading."""


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """One way to begin."""

    cursor: int | None = None
    """None: at what is said next."""
    since: datetime | None = None
    """What was said until then is known; None before the first reading."""
    position: int = 0
    """How far this instance was read, where the cursor is its own; its numbers may begin anew, so that others are
    not compared with it."""
    reread: int = -1
    """Events up to this position were read before (v2 sends that of the cursor once more)."""


def version_of(address: str) -> Version:
    """v1 is served at /subscribe, v2 at the name of its method."""
    return Version.V1 if urlsplit(address).path.rstrip("/").endswith("/subscribe") else Version.V2


def instance_of(address: str) -> str:
    """Whose positions an address gives."""
    parts = urlsplit(address)
    return f"{parts.netloc.rpartition('@')[2].lower()} {version_of(address)}"[:300]


def starts(known: Position, address: str) -> tuple[Start, ...]:
    """The ways to begin at an address, in the order in which they are tried: an instance may refuse one."""
    if not known.time_us:
        return (Start(),)
    since = moment(known.time_us)
    by_time = Start(cursor=known.time_us - microseconds_of(REWIND), since=since)
    anywhere = Start(since=since)
    if known.position and known.instance == instance_of(address):
        # In v1 several events may share a microsecond, of which not all may have come.
        v2 = version_of(address) is Version.V2
        exact = Start(
            cursor=known.position,
            since=since,
            position=known.position,
            reread=known.position if v2 else -1,
        )
        return (exact, by_time, anywhere)
    return (by_time, anywhere)


def subscription(address: str, start: Start) -> str:
    """The address with our question: posts, and the closing of accounts (which v1 always sends)."""
    parts = urlsplit(address)
    limit = ("maxMessageSizeBytes", str(MAX_MESSAGE_BYTES))
    if version_of(address) is Version.V1:
        path, asked = parts.path, [("wantedCollections", POSTS), limit]
    else:
        path = parts.path if parts.path.strip("/") else _METHOD
        asked = [("kinds", "commit"), ("kinds", "account"), ("collections", POSTS), limit]
    if start.cursor is not None:
        asked.append(("cursor", str(start.cursor)))
    return urlunsplit((parts.scheme, parts.netloc, path, urlencode(asked), ""))


def gap_after(start: Start, first: Event, *, told: bool) -> Gap | None:
    """The stretch that is lost between what was known and the first event; `told`: the instance says that there is one."""
    if start.since is None:
        return None
    begins = moment(first.time_us)
    lost = begins - start.since
    if lost > SILENCE or (told and lost > timedelta(0)):
        return Gap(since=start.since, until=begins)
    return None


def encode_position(position: Position) -> str:
    """For ingest.reading.Memory.cursor."""
    return msgspec.json.encode(position).decode()


def decode_position(cursor: str) -> Position:
    """The position that a cursor stands for; none for a cursor that is not ours."""
    try:
        position = msgspec.json.decode(cursor.encode() or b"{}", type=Position)
        if position.time_us:
            moment(position.time_us - microseconds_of(REWIND))
    except (msgspec.MsgspecError, OverflowError, UnicodeEncodeError):
        return Position()
    return position if position.time_us >= TIME_CURSORS_FROM else Position()


def microseconds_of(span: timedelta) -> int:
    """A span in microseconds."""
    return span // timedelta(microseconds=1)


def begun(now: datetime) -> Position:
    """The position of a first reading in which nothing was said."""
    return Position(time_us=microseconds(now))
