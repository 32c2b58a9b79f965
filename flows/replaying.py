"""Replay dead letters after a fix: what is a document now goes back on the bus under its old origin.

The ledger counts the row once: `dead` is replaced by what becomes of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from flows.publishing import publish
from flows.wiring import Edges
from ingest.dead_letter import DeadLetter
from ingest.document import Document, InvalidDocument, decode_document
from ingest.import_rows import PLAIN
from ingest.row import document_from_row
from storage import dead_letters
from storage.database import next_version

CHUNK = 200
"""Letters in memory at a time: each may have 64 KiB."""


class ReplayReport(msgspec.Struct, frozen=True, kw_only=True):
    """How many letters were tried and what became of them."""

    tried: int
    replayed: int

    def __str__(self) -> str:
        return f"{self.tried} dead letters tried: {self.replayed} replayed, {self.tried - self.replayed} still dead"


def replay(
    edges: Edges, *, reason: str = "", origins: Sequence[str] = (), now: datetime
) -> ReplayReport:
    """Publish every dead letter that decodes now, then mark it replayed; with `origins`, those of these rows alone.

    A crash between the two publishes it again under the same origin, which changes no figure. One that dies again,
    while it is judged, is dead once more: the mark is older than that.
    """
    chosen = dead_letters.origins(edges.database, reason=reason)
    if origins:
        wanted = set(origins)
        chosen = [origin for origin in chosen if origin in wanted]
    tried = replayed = 0
    for start in range(0, len(chosen), CHUNK):
        letters = [
            one.letter
            for one in dead_letters.of_origins(edges.database, chosen[start : start + CHUNK])
            if one.status == "dead"
        ]
        tried += len(letters)
        replayed += _replay(edges, letters, now)
    return ReplayReport(tried=tried, replayed=replayed)


def _replay(edges: Edges, letters: Sequence[DeadLetter], now: datetime) -> int:
    mended: list[tuple[str, Document]] = []
    again: list[DeadLetter] = []
    for letter in letters:
        try:
            mended.append((letter.origin, _document(letter, now)))
        except InvalidDocument:
            continue
        again.append(letter)
    version = next_version()
    publish(edges.bus, mended, [])
    dead_letters.store(edges.database, again, version, status="replayed")
    return len(again)


def _document(letter: DeadLetter, now: datetime) -> Document:
    """A document, or a row with our field names (as imports and feeds write them). Raises InvalidDocument."""
    if letter.truncated:
        raise InvalidDocument("only its beginning was kept")
    try:
        return decode_document(letter.payload.encode())
    except InvalidDocument:
        row = _row(letter)
    name = letter.source.removeprefix("import:")
    if row.get("fetched_at") == f"{letter.read_at:%Y-%m-%dT%H:%M:%SZ}":
        # Written by our feed reader. It is read again now: a date that lay ahead then, of the source
        # or because our own clock was wrong, may be over.
        del row["fetched_at"]
    return document_from_row(row, mapping=PLAIN, name=name, read_at=now)


def _row(letter: DeadLetter) -> dict[str, object]:
    try:
        return msgspec.json.decode(letter.payload.encode(), type=dict[str, object])
    except (msgspec.DecodeError, ValueError) as error:
        raise InvalidDocument(f"not a row: {error}") from error
