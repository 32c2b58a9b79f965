"""Publish what was read: documents on one topic, dead letters on the other, every row as one message."""

from __future__ import annotations

from collections.abc import Sequence

from flows.scoring import letter_record
from ingest.bus import DEAD_LETTERS, DOCUMENTS, ORIGIN, Bus, Record
from ingest.dead_letter import DeadLetter, dead_letter
from ingest.document import Document, encode_document
from ingest.publishable import MAX_RECORD_BYTES, record_bytes


def document_record(origin: str, document: Document) -> Record:
    """A document as it travels. The key is its id, so that two arrivals of one document stay in order."""
    return Record(document.id, encode_document(document), {ORIGIN: origin})


def publish(
    bus: Bus, arrivals: Sequence[tuple[str, Document]], letters: Sequence[DeadLetter]
) -> int:
    """Durable when this returns. How many documents went to the dead letters, too large for a message."""
    records = [document_record(origin, document) for origin, document in arrivals]
    too_large = [
        _too_large(origin, document, record)
        for (origin, document), record in zip(arrivals, records, strict=True)
        if record_bytes(record) > MAX_RECORD_BYTES
    ]
    if fitting := [record for record in records if record_bytes(record) <= MAX_RECORD_BYTES]:
        bus.publish(DOCUMENTS, fitting)
    if dead := [letter_record(letter) for letter in [*letters, *too_large]]:
        bus.publish(DEAD_LETTERS, dead)
    return len(too_large)


def _too_large(origin: str, document: Document, record: Record) -> DeadLetter:
    """Half a megabyte of quotation marks is a valid text, and twice as long in JSON."""
    return dead_letter(
        origin=origin,
        source=document.source,
        place=f"{document.url or document.source} ({origin})",
        reason=f"as a message it has {record_bytes(record):,} bytes; the limit is {MAX_RECORD_BYTES:,}",
        payload=record.value,
        read_at=document.fetched_at,
    )
