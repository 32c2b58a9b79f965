"""Incidents and what people are told of them: saved first, then told, then marked told."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec

from alerts.fall_facts import FallFacts
from alerts.incident import Incident, Rule, Status
from alerts.message import Message
from alerts.severity import Grade
from storage.database import Database, next_version
from storage.statements import query


def store_incidents(database: Database, incidents: Sequence[Incident]) -> None:
    """Write incidents; the newest state of each wins."""
    version = next_version()
    database.insert(
        "incidents",
        [*Incident.__struct_fields__, "version"],
        [(*(msgspec.structs.asdict(one) | _as_text(one)).values(), version) for one in incidents],
    )


def stored_incidents(database: Database, *, status: str = "") -> list[Incident]:
    """Incidents of this status (all when empty), newest first."""
    rows = database.query(query("incidents"), {"status": status}).dicts()
    return [
        Incident(
            **row
            | {
                "status": Status(row["status"]),
                "rule": Rule(row["rule"]),
                "grade": msgspec.json.decode(row["grade"], type=Grade) if row["grade"] else None,
            }
        )
        for row in rows
    ]


def store_messages(
    database: Database, messages: Sequence[Message], told_at: datetime | None = None
) -> None:
    """Write messages, untold or told at this time."""
    version = next_version()
    database.insert(
        "messages",
        [*Message.__struct_fields__, "told_at", "version"],
        [
            (
                *{**msgspec.structs.asdict(message), "falls": _text(message.falls)}.values(),
                told_at,
                version,
            )
            for message in messages
        ],
    )


def messages_by_id(database: Database, ids: Collection[str]) -> list[Message]:
    """These messages, oldest first, but none whose incident was never saved."""
    if not ids:
        return []
    rows = database.query(query("messages_by_id"), {"ids": tuple(sorted(ids))}).dicts()
    return [Message(**{**row, "falls": _falls(row["falls"])}) for row in rows]


def untold_messages(database: Database) -> list[str]:
    """Ids of messages that nobody has accepted yet, oldest first."""
    return [name for (name,) in database.query(query("untold_messages")).rows]


def _as_text(incident: Incident) -> dict[str, str]:
    grade = msgspec.json.encode(incident.grade).decode() if incident.grade else ""
    return {"status": incident.status, "rule": incident.rule, "grade": grade}


def _text(falls: Sequence[FallFacts]) -> str:
    return msgspec.json.encode(falls).decode()


def _falls(text: str) -> tuple[FallFacts, ...]:
    """Empty for messages of before the column."""
    return msgspec.json.decode(text, type=tuple[FallFacts, ...]) if text else ()
