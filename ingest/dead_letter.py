"""What can never be judged, kept with the place it came from and the reason, so that it can be mended and replayed."""

from __future__ import annotations

from datetime import datetime

import msgspec

from ingest.scrubbing import scrubbed, scrubbed_payload

MAX_PAYLOAD_CHARACTERS = 65_536
"""Longer payloads are cut (the place says where the whole row is): brokers forward 64 KiB everywhere."""

_BEYOND = 1_000


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """One row or message that could not become a document."""

    origin: str
    """Identity of the row that was read, the same on every retry; see ingest/bus.py."""
    source: str
    place: str
    """For people: `posts.jsonl line 17`, `https://… entry 3`."""
    reason: str
    payload: str
    """What was read, scrubbed, invalid bytes escaped, at most MAX_PAYLOAD_CHARACTERS."""
    truncated: bool = False
    read_at: datetime


def dead_letter(
    *, origin: str, source: str, place: str, reason: str, payload: bytes | str, read_at: datetime
) -> DeadLetter:
    """A dead letter whose payload is printable, bounded and scrubbed of people's data, as a document would be."""
    text = payload if isinstance(payload, str) else payload.decode("utf-8", "backslashreplace")
    text = text.encode("utf-8", "backslashreplace").decode("utf-8").replace("\x00", "\\x00")
    return DeadLetter(
        origin=origin,
        source=source,
        place=scrubbed(place),
        reason=scrubbed(reason),
        # Cut after scrubbing: half an address is no pattern, and still somebody's.
        payload=scrubbed_payload(text[: MAX_PAYLOAD_CHARACTERS + _BEYOND])[:MAX_PAYLOAD_CHARACTERS],
        truncated=len(text) > MAX_PAYLOAD_CHARACTERS,
        read_at=read_at,
    )


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(DeadLetter)


def encode_dead_letter(letter: DeadLetter) -> bytes:
    """JSON bytes: what travels on the dead-letter topic."""
    return _encoder.encode(letter)


def decode_dead_letter(value: bytes) -> DeadLetter:
    """The dead letter in `value`. Raises ValueError when there is none."""
    return _decoder.decode(value)
