"""A GKG file as it comes, one CSV in a zip, as a stream of bounded size: bombs are refused while they unfold."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import IO

MAX_UNPACKED = 256 * 1024 * 1024
"""Bytes of one file when unpacked; the largest known ones have 150 MB."""

MAX_RATIO = 60
"""Unpacked to packed. Real files have 3 to 6; what deflate can do is 1,032."""

FREE_OF_RATIO = 1024 * 1024
"""A file this small when unpacked may have any ratio."""

_MOST_ENTRIES = 16
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENTRY = b"PK\x01\x02"
_ZIP = b"PK\x03\x04"
_DAMAGE = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    OverflowError,
    IndexError,
    NotImplementedError,
    RuntimeError,
)


class GkgRefused(ValueError):
    """These bytes are no GKG file, or not one that can be read; the text says why, without subject."""


class Unpacked:
    """The lines of the CSV. Reading beyond the limits raises GkgRefused."""

    def __init__(self, stream: IO[bytes], limit: int) -> None:
        self._stream = stream
        self._limit = limit
        self._read = 0

    def readline(self, size: int = -1, /) -> bytes:
        """At most `size` bytes, up to and with the next newline; empty at the end."""
        room = self._limit + 1 - self._read
        try:
            line = self._stream.readline(room if size < 0 else min(size, room))
        except _DAMAGE as error:
            raise GkgRefused(f"is a damaged zip ({error})") from error
        if self._read == 0 and line.startswith(_ZIP):
            raise GkgRefused("is a zip in a zip")
        self._read += len(line)
        if self._read > self._limit:
            raise GkgRefused(f"unfolds to more than {self._limit / 2**20:,.3g} MiB")
        return line


@contextmanager
def unpacked(body: bytes) -> Iterator[Unpacked]:
    """The one member of the zip in `body`. Raises GkgRefused, in the block too."""
    if not body.startswith(_ZIP):
        raise GkgRefused("is not a zip")
    # Before zipfile makes an object of each of them.
    if body.count(_ENTRY) > _MOST_ENTRIES:
        raise GkgRefused("has more than one file in it")
    try:
        archive = zipfile.ZipFile(BytesIO(body))
        members = archive.infolist()
    except _DAMAGE as error:
        raise GkgRefused(f"is a damaged zip ({error})") from error
    with archive:
        if len(members) != 1:
            raise GkgRefused(f"has {len(members)} files in it instead of one")
        member = members[0]
        fault = _fault(member)
        if fault:
            raise GkgRefused(fault)
        limit = min(MAX_UNPACKED, max(FREE_OF_RATIO, MAX_RATIO * len(body)))
        if member.file_size > limit:
            raise GkgRefused(
                f"unfolds to {member.file_size / 2**20:,.3g} MiB from {len(body):,} bytes"
            )
        try:
            stream = archive.open(member)
        except _DAMAGE as error:
            raise GkgRefused(f"is a damaged zip ({error})") from error
        with stream:
            yield Unpacked(stream, limit)


def _fault(member: zipfile.ZipInfo) -> str:
    if member.flag_bits & 0x1:
        return "is encrypted"
    if member.compress_type not in _METHODS:
        return f"is compressed in an unknown way ({member.compress_type})"
    if not member.filename.lower().endswith(".csv"):
        return "holds no CSV"
    return ""
