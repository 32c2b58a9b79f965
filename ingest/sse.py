"""Server-sent events: the bytes of a stream to events (WHATWG HTML, "Server-sent events").

event: update          name; `message` where it is left out
data: {"id": …}        one line or several
                       a blank line ends the event
:thump                 a comment, to keep the connection open
"""

from __future__ import annotations

import msgspec

MAX_EVENT_BYTES = 1_048_576
"""A longer event is dropped; a status with all that comes with it has some 10 KB."""


class ServerEvent(msgspec.Struct, frozen=True):
    """One event that came whole."""

    name: str
    data: bytes
    """The data lines, joined by newlines. Bytes, because they are JSON for a decoder of bytes."""


class EventParser:
    """Takes the pieces of a stream as they come, cut anywhere, and gives the events that they complete.

    `id` and `retry` are not read: Mastodon sends neither.
    """

    def __init__(self, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._most = max_event_bytes
        self._line = bytearray()
        self._after_return = False
        self._at_start = True
        self._name = b""
        self._data: list[bytes] = []
        self._size = 0
        self._too_long = False
        self.dropped = 0
        """Events that were longer than the limit."""

    @property
    def unfinished(self) -> bool:
        """Whether the stream, if it ended here, would end in the middle of an event."""
        return bool(self._line) or bool(self._data) or bool(self._name) or self._too_long

    def feed(self, piece: bytes) -> list[ServerEvent]:
        """The events that end in `piece`."""
        events: list[ServerEvent] = []
        if self._after_return and piece:
            # A line end of two bytes that the pieces were cut between.
            self._after_return = False
            piece = piece.removeprefix(b"\n")
        if piece.endswith(b"\r"):
            self._after_return = True
        *ended, rest = piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        for line in ended:
            self._add(line)
            event = self._line_ends()
            if event is not None:
                events.append(event)
        self._add(rest)
        return events

    def _add(self, part: bytes) -> None:
        self._size += len(part)
        self._line += part
        if self._size > self._most:
            self._too_long = True
            self._data.clear()
            # All that still counts of an event that is too long is whether a line of it is blank.
            del self._line[1:]

    def _line_ends(self) -> ServerEvent | None:
        line = bytes(self._line)
        self._line.clear()
        if self._at_start:
            self._at_start = False
            line = line.removeprefix(b"\xef\xbb\xbf")
        if not line:
            return self._event_ends()
        if not self._too_long:
            field, _, value = line.partition(b":")
            value = value.removeprefix(b" ")
            if field == b"data":
                self._data.append(value)
            elif field == b"event":
                self._name = value
            elif not field and not self._data and not self._name:
                self._size = 0  # a comment between events belongs to none
        return None

    def _event_ends(self) -> ServerEvent | None:
        name, data, dropped = self._name, self._data, self._too_long
        self._name, self._data, self._size, self._too_long = b"", [], 0, False
        if dropped:
            self.dropped += 1
            return None
        if not data:
            return None
        return ServerEvent(name.decode("utf-8", "replace") or "message", b"\n".join(data))


def parse_events(data: bytes) -> tuple[ServerEvent, ...]:
    """The events of a stream that is there as a whole; what is unfinished at its end is left out."""
    return tuple(EventParser().feed(data))
