"""A message as CloudEvents 1.0 records in structured JSON: one for each fall that it tells of, keyed by its series.

    message -cloud_events-> (key, JSON), …      the newest event of a key is how its series stands

Figures travel with the event. Text that may be long does not: `text` says where it is. docs/kafka.md describes the fields.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from alerts.fall_facts import FallFacts
from alerts.harmless_text import harmless_line
from alerts.incident import Rule
from alerts.message import Message

MAX_BYTES = 65_536
"""What every intermediary has to forward (CloudEvents 1.0, size limits); what may be long is cut to far less."""

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
    rule: str
    """What opened it: fall or floor."""
    status: str
    """open or resolved."""
    kind: str
    """What happened: opened, worse, reminder or resolved."""
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
    """Of the message that people got; several events may be of one."""
    reason: str
    fall: Fall | None
    """None where the event is of no incident."""
    truncated: int
    """Falls that the message counts and does not show: there is no event of them."""
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


def cloud_events(message: Message, *, source: str) -> list[tuple[str, bytes]]:
    """Key and JSON (at most MAX_BYTES) of each event, the worst fall first; one without a fall where the message is of no incident.

    `id` is made of the message's: with `source` it tells one event from another, and the same event when it comes again.
    """
    if not message.falls:
        kind = _line(message.kind, 50)
        return [(kind, _event(message, source, _name(message.id), None))]
    return [
        (key, _event(message, source, key, fall))
        for fall in message.falls
        for key in [series_key(fall)]
    ]


def series_key(fall: FallFacts) -> str:
    """`SOCIETY/TARGET` of a fall, `SOCIETY/TARGET/floor` of a level below the floor: both may be open at once."""
    incident = fall.incident
    series = f"{incident.society}/{incident.target}"
    return _name(series if incident.rule is Rule.FALL else f"{series}/{incident.rule.value}")


def _event(message: Message, source: str, subject: str, fall: FallFacts | None) -> bytes:
    kind = message.kind if fall is None else fall.kind.value
    event = CloudEvent(
        id=_name(message.id if fall is None else f"{message.id}/{subject}"),
        source=source,
        type=TYPES.get(kind, f"barometer.incident.{kind}.v1"),
        time=_time(message.created_at),
        subject=subject,
        data=Data(
            kind=kind,
            severity=message.severity if fall is None else fall.incident.severity,
            society=_line(message.society, 50),
            title=_line(message.title, 300),
            reason=_line(message.reason if fall is None else fall.reason, 1000),
            fall=_fall(fall) if fall else None,
            truncated=message.truncated,
            text=Text(table="messages", id=_name(message.id)),
        ),
    )
    return msgspec.json.encode(event)


def _fall(fall: FallFacts) -> Fall:
    incident = fall.incident
    return Fall(
        incident=_line(incident.id, 300),
        society=_line(incident.society, 50),
        society_name=_line(fall.society_name, 80),
        target=_line(incident.target, 300),
        rule=incident.rule.value,
        status=incident.status.value,
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
