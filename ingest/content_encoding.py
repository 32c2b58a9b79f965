"""Undoing the compression of an HTTP body, piece by piece and in bounded memory."""

from __future__ import annotations

import zlib
from typing import Protocol


class Decoder(Protocol):
    """Undoes one content encoding."""

    def decode(self, data: bytes, most: int) -> bytes:
        """What `data` becomes, at most `most` bytes of it. Raises zlib.error when it is damaged."""
        ...

    @property
    def complete(self) -> bool:
        """True when nothing is missing at the end."""
        ...


class Identity:
    """No encoding."""

    complete = True

    def decode(self, data: bytes, most: int) -> bytes:
        """`data` itself."""
        return data[:most]


class Inflate:
    """gzip (of one member or several) and deflate, with or without its zlib header."""

    def __init__(self, bits: int) -> None:
        self._bits = bits
        self._inflate = zlib.decompressobj(bits)
        self._started = False

    @property
    def complete(self) -> bool:
        """True at the end of a member, and for an empty body."""
        return self._inflate.eof or not self._started

    def decode(self, data: bytes, most: int) -> bytes:
        """What `data` becomes, at most `most` bytes of it; a caller that gets that many reads no further."""
        made = bytearray()
        while data and len(made) < most:
            if self._inflate.eof:
                if not data.strip(b"\x00"):
                    break  # padding after the end
                self._inflate = zlib.decompressobj(self._bits)
            try:
                made += self._inflate.decompress(data, most - len(made))
            except zlib.error:
                if self._started or self._bits != zlib.MAX_WBITS:
                    raise
                self._bits = -zlib.MAX_WBITS  # deflate without its header, as some servers send it
                self._inflate = zlib.decompressobj(self._bits)
                made += self._inflate.decompress(data, most - len(made))
            self._started = True
            data = self._inflate.unused_data or self._inflate.unconsumed_tail
        return bytes(made)


def decoder_of(encoding: str) -> Decoder | None:
    """The decoder for a Content-Encoding header; None for an encoding that Barometer does not ask for."""
    match encoding.strip().lower():
        case "" | "identity":
            return Identity()
        case "gzip" | "x-gzip":
            return Inflate(zlib.MAX_WBITS | 16)
        case "deflate":
            return Inflate(zlib.MAX_WBITS)
    return None
