"""Lines of a byte stream, numbered and bounded, with a way to put some back."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Protocol

import msgspec

from ingest.dead_letter import MAX_PAYLOAD_CHARACTERS

MAX_LINE_BYTES = 4 * 1024 * 1024
"""A text of the largest size, with each letter escaped, fits in; a longer line is read and thrown away in pieces."""

_KEPT = MAX_PAYLOAD_CHARACTERS + 1  # so that a dead letter can tell that the line was cut


class ByteStream(Protocol):
    """What an open binary file, io.BytesIO and sys.stdin.buffer have in common."""

    def readline(self, size: int = -1, /) -> bytes:
        """At most `size` bytes, up to and with the next newline; empty at the end."""
        ...


class Line(msgspec.Struct, frozen=True):
    """One line."""

    number: int
    """From 1."""
    content: bytes
    """With its newline; the first 64 KiB of it when it is too long."""
    too_long: bool = False

    @property
    def blank(self) -> bool:
        """True when there is nothing on it."""
        return not self.content.strip()


class BoundedLines:
    """The lines of `stream`; memory stays within one line's limit and what was put back."""

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self._number = 0
        self._back: deque[Line] = deque()

    def __iter__(self) -> Iterator[Line]:
        while (line := self.next()) is not None:
            yield line

    def next(self) -> Line | None:
        """The next line; None at the end."""
        if self._back:
            return self._back.popleft()
        content = self._stream.readline(MAX_LINE_BYTES + 1)
        if not content:
            return None
        self._number += 1
        if self._number == 1:
            content = content.removeprefix(b"\xef\xbb\xbf")
        if len(content) <= MAX_LINE_BYTES:
            return Line(self._number, content)
        rest = content
        while rest and not rest.endswith(b"\n"):
            rest = self._stream.readline(MAX_LINE_BYTES)
        return Line(self._number, content[:_KEPT], too_long=True)

    def put_back(self, lines: Sequence[Line]) -> None:
        """These come next, in this order."""
        self._back.extendleft(reversed(lines))
