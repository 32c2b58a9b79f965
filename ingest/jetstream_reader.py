"""Reads Bluesky's posts from a Jetstream instance: what was said since the last reading, replayed from a cursor.

position -starts-> cursor -Stream-> messages -parse_message-> events -Fold-> Reading
                                                                 `-> position
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Sequence
from datetime import datetime
from typing import cast

import msgspec

from ingest.fetch import FetchFailed
from ingest.http_words import shown
from ingest.jetstream import Event, Notice, Version, microseconds, parse_message
from ingest.jetstream_cursor import (
    Position,
    Start,
    begun,
    decode_position,
    encode_position,
    gap_after,
    instance_of,
    starts,
    subscription,
    version_of,
)
from ingest.jetstream_fold import Fold
from ingest.jetstream_socket import CursorRefused, Stream, StreamEnded, place_of
from ingest.reading import Gap, Memory, Reading, Surroundings
from ingest.source import Source
from ingest.source_options import JetstreamOptions

MAX_EVENTS = 100_000
"""Events of one reading: about half an hour of all posts."""

MAX_BYTES = 128 * 1024 * 1024
"""Bytes of one reading."""

MAX_UNREADABLE = 1_000
"""Messages that cannot be read, before a reading is ended: then the fault is the instance's, or ours."""

_CURSOR_NOTICES = ("CursorTooOld", "FutureCursor")


class JetstreamReader:
    """Tries the addresses of a source in turn. Times are seconds: `opening` for a connection, `quiet` for a silence
    after which all is taken to be read.
    """

    def __init__(
        self,
        *,
        opening: float = 10.0,
        quiet: float = 10.0,
        max_events: int = MAX_EVENTS,
        max_bytes: int = MAX_BYTES,
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._opening = opening
        self._quiet = quiet
        self._max_events = max_events
        self._max_bytes = max_bytes
        self._context = context

    def read(
        self, source: Source, memory: Memory, surroundings: Surroundings, now: datetime
    ) -> Reading:
        """Until it has caught up with `now`, or a limit is reached; the first reading listens to what is said now."""
        options = cast(JetstreamOptions, source.options)
        known = decode_position(memory.cursor)
        failures: list[FetchFailed] = []
        for address in (source.url, *options.fallback):
            try:
                place_of(address)
                stretch = self._read(address, known, source, surroundings, now)
            except FetchFailed as failed:
                failures.append(failed)
            else:
                return stretch.reading([failed.reason for failed in failures])
        raise _none_answers(failures)

    def _read(
        self,
        address: str,
        known: Position,
        source: Source,
        surroundings: Surroundings,
        now: datetime,
    ) -> _Stretch:
        """One instance. Raises FetchFailed when it gave nothing new although it should have."""
        options = cast(JetstreamOptions, source.options)
        fold = Fold(
            source,
            options,
            address=shown(address),
            is_relevant=surroundings.is_relevant,
            author_key=surroundings.author_key,
            now=now,
        )
        stretch = _Stretch(address, known, fold, now)
        deadline = time.monotonic() + options.listen_seconds
        for start in starts(stretch.known, stretch.address):
            stretch.begin(start)
            url = subscription(stretch.address, start)
            try:
                with Stream(
                    url, surroundings.allowed_hosts, opening=self._opening, context=self._context
                ) as stream:
                    self._listen(stream, stretch, deadline)
                return stretch
            except CursorRefused as refused:
                stretch.told = stretch.told or refused.too_old
            except StreamEnded as ended:
                if not stretch.gained:
                    raise FetchFailed(f"{shown(stretch.address)}: {ended}") from ended
                stretch.notes.append(f"{shown(stretch.address)}: {ended}")
                return stretch
        raise FetchFailed(f"{shown(stretch.address)} refuses every cursor, and none")

    def _listen(self, stream: Stream, stretch: _Stretch, deadline: float) -> None:
        """Raises StreamEnded and CursorRefused."""
        while stretch.events < self._max_events and stretch.bytes < self._max_bytes:
            left = deadline - time.monotonic()
            if left <= 0:
                return
            # Who listens to what is said now waits; who catches up has caught up when nothing comes.
            wait = left if stretch.live else min(left, self._quiet)
            data = stream.receive(wait)
            if data is None:
                stretch.caught_up = wait < left
                return
            stretch.take(data)
            if stretch.caught_up or stretch.unreadable >= MAX_UNREADABLE:
                return


class _Stretch:
    """One reading of one instance, as far as it has come."""

    def __init__(self, address: str, known: Position, fold: Fold, now: datetime) -> None:
        self.address = address
        self.known = known
        self.live = not known.time_us
        self.told = False
        self.caught_up = False
        self.gained = False
        self.events = self.bytes = self.unreadable = 0
        self.notes: list[str] = []
        self._fold = fold
        self._now, self._until = now, microseconds(now)
        self._version: Version = version_of(address)
        self._start = Start()
        self._first = True
        self._gap: Gap | None = None
        self._position = 0
        self._time_us = known.time_us

    def begin(self, start: Start) -> None:
        """Nothing came yet; it comes from here."""
        self._start, self._position = start, start.position
        self.told = self.told or start.cursor is None

    def take(self, data: bytes) -> None:
        """One message. Raises StreamEnded after an error of the instance, and CursorRefused."""
        self.events += 1
        self.bytes += len(data)
        message = parse_message(data, self._version, self._now)
        if isinstance(message, Event):
            self._event(message)
        elif isinstance(message, Notice):
            self._notice(message)
        else:
            self.unreadable += 1
            self._fold.add_unreadable(data, message.reason)

    def reading(self, failures: Sequence[str]) -> Reading:
        """What it amounts to; `failures` are those of addresses that were tried before."""
        position = self.known
        if self.gained:
            position = Position(
                instance=instance_of(self.address), position=self._position, time_us=self._time_us
            )
        elif self.live:
            position = begun(self._now)
        read = self._fold.reading()
        return msgspec.structs.replace(
            read,
            memory=Memory(cursor=encode_position(position)),
            more=self.gained and not self.live and not self.caught_up,
            gap=self._gap,
            notes=(*failures, *self.notes, *read.notes),
            http_status=101,
        )

    def _event(self, event: Event) -> None:
        if self._first:
            self._first = False
            self._gap = gap_after(self._start, event, told=self.told)
        if event.position > self._start.reread:
            self._fold.add(event)
        self.gained = self.gained or event.position > self._position
        self._position = max(self._position, event.position)
        self._time_us = max(self._time_us, event.time_us)
        self.caught_up = not self.live and event.time_us >= self._until

    def _notice(self, notice: Notice) -> None:
        words = " ".join(f"{notice.name[:60]} {notice.message[:200]}".split())
        if notice.name in _CURSOR_NOTICES and self._first and self._start.cursor is not None:
            raise CursorRefused(words, too_old=notice.name == "CursorTooOld")
        if notice.final:
            raise StreamEnded(f"it says {words}")
        self.told = self.told or notice.name == "OutdatedCursor"
        self.notes.append(f"{shown(self.address)} says {words}")


def _none_answers(failures: Sequence[FetchFailed]) -> FetchFailed:
    """The failures of all addresses as one."""
    if len(failures) == 1:
        return failures[0]
    waits = [failed.retry_after for failed in failures if failed.retry_after]
    return FetchFailed(
        "; ".join(failed.reason for failed in failures),
        retry_after=min(waits) if len(waits) == len(failures) else None,
        http_status=failures[0].http_status,
        permanent=all(failed.permanent for failed in failures),
    )
