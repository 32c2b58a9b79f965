"""Rows that come and whose document is gone: they are counted once in the ledger, as every row, and nothing else is done.

message that was emptied on the bus, document that was erased -> dead, with the reason, and no dead letter
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from classify.disposition import Disposition
from ingest.bus import ERASED, ORIGIN, Message
from ingest.document import Document
from storage import removals
from storage.database import Database
from storage.ledger import Entry


def without_gone(
    database: Database,
    messages: Sequence[Message],
    arrivals: Sequence[tuple[str, Document]],
    now: datetime,
) -> tuple[list[tuple[str, Document]], list[Entry]]:
    """The arrivals (origin, document) that are not gone for good, and an entry for each row that is. What came again is to
    be erased once more, from the bus.
    """
    erased = [
        each
        for each in removals.of_ids(database, [document.id for _, document in arrivals])
        if each.erased_at is not None
    ]
    removals.came_again(database, erased, now)
    gone = {each.document_id: each.why for each in erased}
    entries = [
        _entry(message.origin, message.headers[ERASED] or "bus", "erased before it was judged")
        for message in messages
        if ERASED in message.headers and ORIGIN in message.headers
    ]
    entries += [
        _entry(origin, document.source, f"{gone[document.id]}; it is not read again")
        for origin, document in arrivals
        if document.id in gone
    ]
    kept = [(origin, document) for origin, document in arrivals if document.id not in gone]
    return kept, list({entry.origin: entry for entry in entries}.values())


def _entry(origin: str, source: str, reason: str) -> Entry:
    return Entry(
        origin=origin,
        document_id="",
        source=source,
        disposition=Disposition.DEAD,
        reason=reason,
    )
