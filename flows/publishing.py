"""Publish what was read: documents on one topic, dead letters on the other, every row as one message."""

from __future__ import annotations

from collections.abc import Sequence

from flows.scoring import letter_record
from ingest.bus import DEAD_LETTERS, DOCUMENTS, ORIGIN, Bus, Record
from ingest.dead_letter import DeadLetter
from ingest.document import Document, encode_document


def document_record(origin: str, document: Document) -> Record:
    """A document as it travels. The key is its id, so that two arrivals of one document stay in order."""
    return Record(document.id, encode_document(document), {ORIGIN: origin})


def publish(
    bus: Bus, arrivals: Sequence[tuple[str, Document]], letters: Sequence[DeadLetter]
) -> None:
    """Durable when this returns."""
    if arrivals:
        bus.publish(DOCUMENTS, [document_record(origin, one) for origin, one in arrivals])
    if letters:
        bus.publish(DEAD_LETTERS, [letter_record(letter) for letter in letters])
