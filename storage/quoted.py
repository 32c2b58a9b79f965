"""Digests and messages at rest that quote documents: read, and written again without what is gone.

A row that is written again takes the version after its own: where somebody marks it as told at the same moment, that stays,
and the quotation is found by the next look.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

import msgspec

from alerts.fall_facts import FallFacts
from alerts.quotation import MARK, Gone, facts_without, page_without, text_without
from alerts.week import week_of
from storage.database import Database
from storage.statements import query

_MESSAGES_PER_QUERY = 200

_DIGEST = "week title body created_at html told_at version".split()
_MESSAGE = (
    "id incident kind reason title body created_at html society severity falls truncated told_at version"
).split()


def rewrite_digests(database: Database, gone: Gone, first: date, last: date) -> int:
    """Take what is gone out of the digests of the weeks from `first` to `last`; how many changed."""
    asked = {"first": week_of(first), "last": week_of(last), "mark": MARK}
    changed = [
        after
        for row in database.query(query("quoting_digests"), asked).dicts()
        if (after := _rewritten(row, gone)) != row
    ]
    _store(database, "digests", _DIGEST, changed)
    return len(changed)


def rewrite_messages(database: Database, gone: Gone, since: datetime) -> int:
    """Take what is gone out of the messages since then; how many changed."""
    total = 0
    for rows in _pages(database, since):
        changed = [after for row in rows if (after := _message(row, gone)) != row]
        _store(database, "messages", _MESSAGE, changed)
        total += len(changed)
    return total


def _pages(database: Database, since: datetime) -> Iterator[list[dict[str, Any]]]:
    after = ""
    while True:
        asked = {"since": since, "after": after, "mark": MARK, "limit": _MESSAGES_PER_QUERY}
        rows = list(database.query(query("quoting_messages"), asked).dicts())
        if not rows:
            return
        after = rows[-1]["id"]
        yield rows


def _rewritten(row: dict[str, Any], gone: Gone) -> dict[str, Any]:
    return {
        **row,
        "body": text_without(row["body"], gone),
        "html": page_without(row["html"], gone),
    }


def _message(row: dict[str, Any], gone: Gone) -> dict[str, Any]:
    after = _rewritten(row, gone)
    if row["falls"]:
        falls = msgspec.json.decode(row["falls"], type=tuple[FallFacts, ...])
        kept = facts_without(falls, gone)
        if kept != falls:
            after["falls"] = msgspec.json.encode(kept).decode()
    return after


def _store(database: Database, table: str, columns: list[str], rows: list[dict[str, Any]]) -> None:
    database.insert(
        table,
        columns,
        [tuple({**row, "version": row["version"] + 1}[name] for name in columns) for row in rows],
    )
