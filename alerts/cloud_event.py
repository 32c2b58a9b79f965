"""A message as a CloudEvents 1.0 record in structured JSON, small enough that whatever forwards it must take it.

Figures travel with the event. Text that may be long does not: `text` says where it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from alerts.fall_facts import FallFacts
from alerts.harmless_text import harmless_line
from alerts.message import Message

MAX_BYTES = 65_536
"""What every intermediary has to forward (CloudEvents 1.0, size limits)."""

CONTENT_TYPE = "application/cloudevents+json; charset=UTF-8"

TYPES: Mapping[str, str] = {
    "digest": "barometer.digest.written.v1",
    "operator": "barometer.operator.noticed.v1",
}
"""Types of what is no incident; an incident is barometer.incident.KIND.v1."""


class Fall(msgspec.Struct, frozen=True, kw_only=True):
    """One fall of an event: figures in points of net support, and what moved most."""

    incident: str
    society: str
    """Its code."""
    society_name: str
    """What people were told that it is called; empty where it has no name."""
    target: str
    kind: str
    severity: str
    drop_day: str
    detected_on: str
    opened_at: str
    resolved_at: str | None
    baseline: float
    net_support: float
    change: float
    lower: float
    upper: float
    n: int
    n_eff: float
    within: float | None
    mix: float | None
    entry_exit: float | None
    reason: str
    spillover: str
    floor: str
    model: str


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """Where the text of a message stands: a row of a table of the database."""

    table: str
    id: str


class Data(msgspec.Struct, frozen=True, kw_only=True):
    """What an event carries."""

    kind: str
    severity: str
    society: str
    title: str
    reason: str
    falls: list[Fall]
    truncated: int
    """Falls that are not in `falls`."""
    text: Text


class CloudEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Attributes and data, as they stand in the JSON."""

    specversion: str = "1.0"
    id: str
    source: str
    type: str
    time: str
    subject: str
    datacontenttype: str = "application/json"
    data: Data


def event_key(message: Message) -> str:
    """What keeps the events of one incident in order: its id, or the message's own where there is none."""
    return _name(message.incident or message.id)


def cloud_event(message: Message, *, source: str) -> bytes:
    """JSON of at most MAX_BYTES; falls that do not fit are counted in `truncated`, the least bad ones first.

    `id` is the message's: with `source` it tells one event from another, and the same event when it comes again.
    """
    falls = [_fall(each) for each in message.falls]
    while True:
        event = CloudEvent(
            id=_name(message.id),
            source=source,
            type=TYPES.get(message.kind, f"barometer.incident.{message.kind}.v1"),
            time=_time(message.created_at),
            subject=event_key(message),
            data=Data(
                kind=message.kind,
                severity=message.severity,
                society=_line(message.society, 50),
                title=_line(message.title, 300),
                reason=_line(message.reason, 1000),
                falls=falls,
                truncated=message.truncated + len(message.falls) - len(falls),
                text=Text(table="messages", id=_name(message.id)),
            ),
        )
        encoded = msgspec.json.encode(event)
        if len(encoded) <= MAX_BYTES or not falls:
            return encoded
        falls = falls[:-1]


def _fall(fall: FallFacts) -> Fall:
    incident = fall.incident
    return Fall(
        incident=_line(incident.id, 300),
        society=_line(incident.society, 50),
        society_name=_line(fall.society_name, 80),
        target=_line(incident.target, 300),
        kind=fall.kind.value,
        severity=incident.severity,
        drop_day=incident.drop_day.isoformat(),
        detected_on=incident.detected_on.isoformat(),
        opened_at=_time(incident.opened_at),
        resolved_at=_time(incident.resolved_at) if incident.resolved_at else None,
        baseline=incident.baseline,
        net_support=incident.net_support,
        change=incident.change,
        lower=incident.lower,
        upper=incident.upper,
        n=fall.n,
        n_eff=fall.n_eff,
        within=fall.within,
        mix=fall.mix,
        entry_exit=fall.entry_exit,
        reason=_line(fall.reason, 500),
        spillover=_line(fall.spillover, 500),
        floor=_line(fall.floor, 500),
        model=_line(fall.model, 100),
    )


def _name(text: str) -> str:
    """An id on one line; two that differ still do."""
    line = harmless_line(text, 300)
    if line == text:
        return line
    digest = hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()
    return f"{line[:250]}-{digest[:16]}"


def _line(text: str, limit: int) -> str:
    return harmless_line(text, limit)


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
