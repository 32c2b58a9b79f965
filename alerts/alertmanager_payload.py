"""A message as Alertmanager 4 would post it: one alert for each fall, so that what speaks to Alertmanager speaks to us.

Labels say which alert it is, with the society's code; annotations say it in words, with its name where it has one. Both
are texts only. `estimate` is the change in points of net support, `ci_low` and `ci_high` its 95 % interval; `net_support`
and `baseline` are what it went to and from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from alerts.fall_facts import FallFacts
from alerts.harmless_text import harmless, harmless_line
from alerts.incident import ChangeKind
from alerts.message import Message, about, signed

MAX_BYTES = 20_000
"""A payload is smaller than this (Standard Webhooks: usually smaller than 20 kB)."""

NO_TIME = "0001-01-01T00:00:00Z"
"""Alertmanager's end of what has not ended."""

_LIMITS = (1500, 400, 100)
"""Characters of a text, tried one after the other until all alerts fit."""

_NAMES = {"digest": "WeeklyDigest", "operator": "OperatorNotice"}

# Alertmanager's own words, which receivers know. A fall that gets worse is no new alert in the group, but that
# word makes a receiver tell people; "repeat interval elapsed" makes it keep still.
_REASONS = {"worse": "new alerts added", "reminder": "repeat interval elapsed"}
_FIRST = "first notification"


class _Alert(msgspec.Struct, frozen=True, rename="camel"):
    status: str
    labels: dict[str, str]
    annotations: dict[str, str]
    starts_at: str
    ends_at: str
    generator_url: str = msgspec.field(name="generatorURL")
    fingerprint: str


class _Payload(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    version: str = "4"
    group_key: str
    truncated_alerts: int
    status: str
    receiver: str
    group_labels: dict[str, str]
    common_labels: dict[str, str]
    common_annotations: dict[str, str]
    external_url: str = msgspec.field(name="externalURL")
    notification_reason: str = msgspec.field(name="notification_reason")
    alerts: list[_Alert]


def alertmanager_payload(message: Message, *, receiver: str, board: str = "") -> bytes:
    """JSON of less than MAX_BYTES. `receiver` is the channel's name, `board` the address that alerts link to.

    Texts are shortened first; falls that still do not fit are left out, the least bad ones, and counted in
    truncatedAlerts with those that the message itself left out.
    """
    body = b""
    for limit in _LIMITS:
        body = _encoded(message, _alerts(message, board, limit), receiver, board)
        if len(body) < MAX_BYTES:
            return body
    alerts = _alerts(message, board, _LIMITS[-1])
    while len(body) >= MAX_BYTES and len(alerts) > 1:
        alerts.pop()
        body = _encoded(message, alerts, receiver, board)
    return body


def _encoded(message: Message, alerts: list[_Alert], receiver: str, board: str) -> bytes:
    firing = any(alert.status == "firing" for alert in alerts)
    group: dict[str, str] = {
        name: alerts[0].labels[name]
        for name in ("alertname", "society")
        if name in alerts[0].labels
    }
    left_out = max(len(message.falls), 1) - len(alerts)
    return msgspec.json.encode(
        _Payload(
            group_key="{}:{" + ", ".join(f"{k}={_quoted(v)}" for k, v in group.items()) + "}",
            truncated_alerts=message.truncated + left_out,
            status="firing" if firing else "resolved",
            receiver=receiver,
            group_labels=group,
            common_labels=_common([alert.labels for alert in alerts]),
            common_annotations=_common([alert.annotations for alert in alerts]),
            external_url=board,
            notification_reason=_reason(message, firing),
            alerts=alerts,
        )
    )


def _alerts(message: Message, board: str, limit: int) -> list[_Alert]:
    if message.falls:
        return [_fall_alert(message, fall, board, limit) for fall in message.falls]
    labels = {"alertname": _NAMES.get(message.kind, "SupportFell")}
    if message.society:
        labels["society"] = harmless_line(message.society, 50)
    labels["severity"] = message.severity or "info"
    annotations = {
        "summary": harmless_line(message.title, 300),
        "description": harmless(message.body, 4 * limit),
        "reason": harmless_line(message.reason, limit),
        "incident": harmless_line(message.incident, 200),
        "dashboard_url": board,
    }
    resolved = message.kind == "resolved"
    return [
        _Alert(
            status="resolved" if resolved else "firing",
            labels=labels,
            annotations=_filled(annotations),
            starts_at=_time(message.created_at),
            ends_at=_time(message.created_at) if resolved else NO_TIME,
            generator_url=board,
            fingerprint=fingerprint(labels),
        )
    ]


def _fall_alert(message: Message, fall: FallFacts, board: str, limit: int) -> _Alert:
    incident = fall.incident
    resolved = fall.kind is ChangeKind.RESOLVED
    labels = {
        "alertname": "SupportFell",
        "society": harmless_line(incident.society, 50),
        "series": harmless_line(incident.target, 100),
        "severity": incident.severity,
    }
    name = harmless_line(fall.society_name, 80)
    what = f"Support for {about(incident.target)} in {name or incident.society}"
    was = f"{signed(incident.net_support)}, was {signed(incident.baseline)}"
    said = (fall.reason, incident.reason, fall.spillover, fall.floor)
    annotations = {
        "title": harmless_line(message.title, 300),
        "summary": harmless_line(f"{what} {'has recovered' if resolved else f'fell: {was}'}", 300),
        "description": harmless("\n".join(dict.fromkeys(filter(None, said))), limit),
        "reason": harmless_line(fall.reason or message.reason, limit),
        "incident": harmless_line(incident.id, 200),
        "society_name": name,
        "since": incident.drop_day.isoformat(),
        "estimate": f"{incident.change:.2f}",
        "ci_low": f"{incident.lower:.2f}",
        "ci_high": f"{incident.upper:.2f}",
        "net_support": f"{incident.net_support:.2f}",
        "baseline": f"{incident.baseline:.2f}",
        "n": str(fall.n) if fall.n else "",
        "n_eff": f"{fall.n_eff:.1f}" if fall.n_eff else "",
        "decomposition": _decomposition(fall),
        "model_version": harmless_line(fall.model, 100),
        "query": harmless_line(fall.sql, limit),
        "dashboard_url": board,
    }
    return _Alert(
        status="resolved" if resolved else "firing",
        labels=labels,
        annotations=_filled(annotations),
        starts_at=_time(incident.opened_at),
        ends_at=_time(incident.resolved_at) if incident.resolved_at else NO_TIME,
        generator_url=board,
        fingerprint=fingerprint(labels),
    )


def fingerprint(labels: Mapping[str, str]) -> str:
    """FNV-1a (Fowler, Noll and Vo 1991) of 64 bits, as Alertmanager hashes labels; without the severity, so that a
    fall that gets worse is still the same alert.
    """
    value = 0xCBF29CE484222325
    pairs = sorted((name, text) for name, text in labels.items() if name != "severity")
    for byte in b"".join(
        f"{name}".encode() + b"\xff" + text.encode() + b"\xff" for name, text in pairs
    ):
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return f"{value:016x}"


def _decomposition(fall: FallFacts) -> str:
    parts = {"within outlets": fall.within, "mix": fall.mix, "entry and exit": fall.entry_exit}
    return ", ".join(
        f"{name} {signed(value, 1)}" for name, value in parts.items() if value is not None
    )


def _reason(message: Message, firing: bool) -> str:
    if message.kind == "resolved":
        return "some alerts resolved" if firing else "all alerts resolved"
    return _REASONS.get(message.kind, _FIRST)


def _common(each: Sequence[Mapping[str, str]]) -> dict[str, str]:
    first, *others = each
    return {k: v for k, v in first.items() if all(other.get(k) == v for other in others)}


def _filled(texts: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in texts.items() if text}


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _quoted(text: str) -> str:
    return msgspec.json.encode(text).decode()
