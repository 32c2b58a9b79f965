"""The trail of one document in the log: published -> became what -> its day -> an incident -> a message -> a channel.

    published  document, origin, source
    became     document, origin, source, batch, disposition, and of one that is judged society and day
    estimated  society, target, day
    incident   incident, society, target, first_day, detected_on, change
    message    message_id, incidents
    told       message_id, channel

A document belongs to the incident of its society that began on its day or before, and was not over. Ids only: no author, no title, no text.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import TYPE_CHECKING

from flows.log_lines import TRAIL, bound, ids

if TYPE_CHECKING:
    from alerts.incident import Change
    from alerts.message import Message
    from classify.judge import Judged
    from ingest.arrival import Arrival
    from storage.ledger import Entry

log = logging.getLogger(TRAIL)


@contextmanager
def batch() -> Iterator[str]:
    """What is logged in the block belongs to one batch; its id."""
    name = uuid.uuid4().hex[:12]
    with bound(batch=name):
        yield name


def log_published(arrivals: Iterable[Arrival]) -> None:
    """Documents that are on the bus now."""
    for one in arrivals:
        log.info(
            "published",
            extra=ids(document=one.document.id, origin=one.origin, source=one.document.source),
        )


def log_became(entries: Iterable[Entry], judged: Sequence[Judged] = ()) -> None:
    """Rows that have a disposition now."""
    if not log.isEnabledFor(logging.INFO):
        return
    where = {one.document.id: one.document for one in judged}
    for entry in entries:
        document = where.get(entry.document_id)
        place = {"society": document.society, "day": document.day.isoformat()} if document else {}
        log.info(
            "became",
            extra=ids(
                document=entry.document_id,
                origin=entry.origin,
                source=entry.source,
                disposition=entry.disposition.value,
                **place,
            ),
        )


def log_estimated(days: Iterable[tuple[str, str, date]]) -> None:
    """Days of series that have a new point."""
    for society, target, day in days:
        log.info("estimated", extra=ids(society=society, target=target, day=day.isoformat()))


def log_incidents(changes: Iterable[Change]) -> None:
    """What became of incidents."""
    for change in changes:
        one = change.incident
        log.info(
            "incident",
            extra=ids(
                incident=one.id,
                change=change.kind.value,
                society=one.society,
                target=one.target,
                first_day=one.drop_day.isoformat(),
                detected_on=one.detected_on.isoformat(),
            ),
        )


def log_messages(messages: Iterable[Message]) -> None:
    """What is to be told."""
    for message in messages:
        incidents = [fall.incident.id for fall in message.falls]
        log.info("message", extra=ids(message_id=message.id, incidents=incidents))


def log_told(message: str, channel: str) -> None:
    """A channel took it."""
    log.info("told", extra=ids(message_id=message, channel=channel))
