"""What a Jetstream instance sends, as events: both versions of its messages, reduced to what is needed of them.

    v1  {"did", "time_us", "kind": "commit", "commit": {"operation", "collection", "rkey", "record"}}
    v2  {"$type": "message", "payload": {"$type": "…#commit", "seq", "did", "time", "operation", …}}
        {"$type": "error", "error", "message"}, after which the connection is closed

Pure: the bytes come from ingest/jetstream_socket.py or from a file.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum

import msgspec

from ingest.document import EARLIEST, LATEST_AHEAD, as_utc

TIME_CURSORS_FROM = 10**15
"""A cursor from here on is microseconds since 1970; below, it is a sequence number of v2."""

POSTS = "app.bsky.feed.post"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_GONE = ("deleted", "takendown", "suspended", "deactivated")
"""States of an account whose posts are no longer public; others (throttled, desynchronized) are the network's own."""


class Version(StrEnum):
    """Which of the two protocols an address speaks."""

    V1 = "v1"
    V2 = "v2"


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened."""

    kind: str
    """commit, account, identity, sync, or what is not known yet."""
    position: int
    """Of the instance that sent it: microseconds since 1970 in v1, sequence number in v2."""
    time: datetime
    """When the instance says that it happened."""
    time_us: int
    """When the instance saw it, in microseconds since 1970: what cursors of time are compared with."""
    did: str
    operation: str = ""
    collection: str = ""
    rkey: str = ""
    record: bytes = b""
    """JSON of the record; empty for deletes."""
    gone: bool = False
    """An account that is closed, by its owner or by its host."""


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """What the instance says of the stream itself."""

    name: str
    message: str
    final: bool
    """An error: nothing follows."""


class Unreadable(msgspec.Struct, frozen=True, kw_only=True):
    """A message that is none of ours."""

    reason: str


class _Commit(msgspec.Struct):
    operation: str = ""
    collection: str = ""
    rkey: str = ""
    record: msgspec.Raw = msgspec.Raw()


class _Account(msgspec.Struct):
    active: bool = True
    status: str | None = None


class _MessageOfV1(msgspec.Struct):
    did: str
    time_us: int
    kind: str
    commit: _Commit | None = None
    account: _Account | None = None


class _Payload(_Commit, rename={"type": "$type", "witnessed_at": "witnessedAt"}):
    type: str = ""
    seq: int = 0
    did: str = ""
    time: datetime | None = None
    witnessed_at: datetime | None = None
    account: _Account | None = None
    name: str = ""
    message: str | None = None


class _MessageOfV2(msgspec.Struct, rename={"type": "$type"}):
    type: str = ""
    payload: _Payload | None = None
    error: str = ""
    message: str | None = None


_v1 = msgspec.json.Decoder(_MessageOfV1)
_v2 = msgspec.json.Decoder(_MessageOfV2)


def parse_message(data: bytes, version: Version, now: datetime) -> Event | Notice | Unreadable:
    """What one message says. An event of a time that cannot be (before 2000, a day ahead of `now`) is unreadable,
    because positions are made of times.
    """
    try:
        read = _of_v1(data) if version is Version.V1 else _of_v2(data)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return Unreadable(reason=f"it is no message of Jetstream {version}: {error}"[:300])
    except (OverflowError, ValueError):
        return Unreadable(reason="its time cannot be read")
    if isinstance(read, Event):
        if not EARLIEST <= read.time <= now + LATEST_AHEAD:
            return Unreadable(reason=f"its time {read.time:%Y-%m-%dT%H:%MZ} cannot be")
        if not EARLIEST <= moment(read.time_us) <= now + LATEST_AHEAD:
            return Unreadable(reason="the time at which it was seen cannot be")
        if version is Version.V2 and not 0 <= read.position < TIME_CURSORS_FROM:
            return Unreadable(reason="its sequence number cannot be")
    return read


def moment(time_us: int) -> datetime:
    """Aware UTC of microseconds since 1970. Raises OverflowError beyond the years 1 to 9999."""
    return _EPOCH + timedelta(microseconds=time_us)


def microseconds(time: datetime) -> int:
    """Microseconds since 1970 of an aware time."""
    return (time - _EPOCH) // timedelta(microseconds=1)


def _of_v1(data: bytes) -> Event:
    message = _v1.decode(data)
    commit = message.commit or _Commit()
    return Event(
        kind=message.kind,
        position=message.time_us,
        time=moment(message.time_us),
        time_us=message.time_us,
        did=message.did,
        operation=commit.operation,
        collection=commit.collection,
        rkey=commit.rkey,
        record=bytes(commit.record),
        gone=_gone(message.account),
    )


def _of_v2(data: bytes) -> Event | Notice | Unreadable:
    message = _v2.decode(data)
    if message.type == "error":
        return Notice(name=message.error, message=message.message or "", final=True)
    payload = message.payload
    if payload is None:
        return Unreadable(reason=f"it is of the type {message.type[:60]!r} and has no payload")
    kind = payload.type.rpartition("#")[2]
    if kind == "info":
        return Notice(name=payload.name, message=payload.message or "", final=False)
    if payload.time is None:
        return Unreadable(reason="it has no time")
    time = as_utc(payload.time)
    return Event(
        kind=kind,
        position=payload.seq,
        time=time,
        time_us=microseconds(as_utc(payload.witnessed_at) if payload.witnessed_at else time),
        did=payload.did,
        operation=payload.operation,
        collection=payload.collection,
        rkey=payload.rkey,
        record=bytes(payload.record),
        gone=_gone(payload.account),
    )


def _gone(account: _Account | None) -> bool:
    return account is not None and not account.active and account.status in _GONE
