"""Survey anchors and event annotations at rest. What is removed stays as a row that says so."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from alerts.anchor import Anchor
from alerts.event import Event
from storage.database import Database, next_version
from storage.statements import query


def anchors(database: Database) -> list[Anchor]:
    """All that are not removed, by society, target and day."""
    return [Anchor(**row) for row in database.query(query("anchors")).dicts()]


def events(database: Database) -> list[Event]:
    """All that are not removed, by society and day."""
    return [Event(**row) for row in database.query(query("events")).dicts()]


def store_anchors(database: Database, made: Sequence[Anchor], *, removed: bool = False) -> None:
    """Write them; one with the same id is replaced."""
    _store(database, "survey_anchors", Anchor.__struct_fields__, made, removed)


def store_events(database: Database, made: Sequence[Event], *, removed: bool = False) -> None:
    """Write them; one with the same id is replaced."""
    _store(database, "event_annotations", Event.__struct_fields__, made, removed)


def _store(
    database: Database,
    table: str,
    columns: Sequence[str],
    made: Sequence[Anchor] | Sequence[Event],
    removed: bool,
) -> None:
    version = next_version()
    database.insert(
        table,
        [*columns, "removed", "version"],
        [(*msgspec.structs.astuple(one), int(removed), version) for one in made],
    )
