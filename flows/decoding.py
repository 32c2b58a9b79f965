"""From messages to arrivals and dead letters: what a batch of the bus says, each row once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from ingest.bus import DEAD_LETTERS, DOCUMENTS, ERASED, Message
from ingest.dead_letter import DeadLetter, dead_letter, decode_dead_letter
from ingest.document import LATEST_AHEAD, Document, InvalidDocument, decode_document
from storage.parameters import FIRST_MOMENT, LAST_MOMENT

Arrived = tuple[str, Document]
"""Origin and document."""


def decoded(
    messages: Sequence[Message], now: datetime
) -> tuple[list[Arrived], list[tuple[DeadLetter, bool]]]:
    """Arrivals (origin, document), and dead letters with whether they are fresh (found dead here).

    Each origin once, as it came first: an entry without a date is dated anew by each reading, and must not
    count on two days.
    """
    arrivals: dict[str, Document] = {}
    letters: dict[str, tuple[DeadLetter, bool]] = {}
    for message in messages:
        if ERASED in message.headers:
            continue  # nothing is left to decode; flows/gone_rows.py counts the row
        try:
            if message.topic == DEAD_LETTERS:
                letter = _letter(message, now)
                letters.setdefault(letter.origin, (letter, False))
            else:
                arrivals.setdefault(message.origin, _document(message, now))
        except (InvalidDocument, ValueError) as error:
            letter = dead_letter(
                origin=message.origin,
                source="bus",
                place=f"{message.topic} partition {message.partition} offset {message.offset}",
                reason=str(error),
                payload=message.value,
                read_at=now,
            )
            letters.setdefault(letter.origin, (letter, message.topic == DOCUMENTS))
    # A row that was dead and then replayed, both in one batch after a restart: it is a document now.
    dead = [letter for origin, letter in letters.items() if origin not in arrivals]
    return list(arrivals.items()), dead


def _document(message: Message, now: datetime) -> Document:
    """The document in a message. Raises InvalidDocument, also for times that the tables cannot hold.

    A publisher whose clock is ahead would count what it reads on days that have not come.
    """
    document = decode_document(message.value)
    for name in ("published_at", "fetched_at"):
        moment: datetime = getattr(document, name)
        if moment > LAST_MOMENT:
            raise InvalidDocument(f"{name} {moment:%Y-%m-%d} is after {LAST_MOMENT.year}")
        if moment > now + LATEST_AHEAD:
            raise InvalidDocument(f"{name} {moment:%Y-%m-%dT%H:%MZ} is over a day in the future")
    return document


def _letter(message: Message, now: datetime) -> DeadLetter:
    """The dead letter in a message. Raises ValueError when there is none."""
    letter = decode_dead_letter(message.value)
    moment = letter.read_at
    known = moment.tzinfo is not None and FIRST_MOMENT <= moment <= LAST_MOMENT
    return msgspec.structs.replace(
        letter, origin=letter.origin or message.origin, read_at=moment if known else now
    )
