"""What each source gave on each attempt, and what the fetcher must remember of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from storage.database import Database, next_version
from storage.statements import query

NEVER = datetime(1970, 1, 1, tzinfo=UTC)


class SourceRun(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt to read a source or a file."""

    run: str
    source: str
    started_at: datetime
    finished_at: datetime
    outcome: str
    """ok, unchanged, failed or interrupted."""
    http_status: int = 0
    entries: int = 0
    """Read: new + known + dead."""
    new: int = 0
    known: int = 0
    dead: int = 0
    error: str = ""
    """Why it failed; of a run that did not, what an operator should know, mostly nothing."""
    passed_over: int = 0
    """Rows that are not ours to keep."""
    removed: int = 0
    """Documents that were deleted at the source."""
    failure: str = ""
    """hard, soft or temporary; empty when it did not fail."""
    gap_since: datetime | None = None
    """A stretch that the source no longer gave …"""
    gap_until: datetime | None = None


class SourceState(msgspec.Struct, frozen=True, kw_only=True):
    """Remembered of a source between runs."""

    source: str
    etag: str = ""
    last_modified: str = ""
    next_due_at: datetime = NEVER
    failures: int = 0
    """In a row."""
    last_success_at: datetime | None = None
    cursor: str = ""
    """Where the next reading begins, in the reader's own words."""
    failure_score: float = 0.0
    """See ingest/failure_score.py; 0 after a success."""


def _row(record: msgspec.Struct) -> tuple[object, ...]:
    return (*msgspec.structs.astuple(record), next_version())


def store_runs(database: Database, runs: Sequence[SourceRun]) -> None:
    """Write these attempts; the same run written again replaces it."""
    database.insert("source_runs", [*SourceRun.__struct_fields__, "version"], list(map(_row, runs)))


def store_states(database: Database, states: Sequence[SourceState]) -> None:
    """Remember this of these sources from now on."""
    columns = [*SourceState.__struct_fields__, "version"]
    database.insert("source_states", columns, list(map(_row, states)))


def store_run(database: Database, run: SourceRun) -> None:
    """Write one attempt."""
    store_runs(database, [run])


def store_state(database: Database, state: SourceState) -> None:
    """Remember this of one source from now on."""
    store_states(database, [state])


def states(database: Database) -> dict[str, SourceState]:
    """What is remembered, by source."""
    rows = database.query(query("source_states")).dicts()
    return {row["source"]: SourceState(**row) for row in rows}


def runs_since(database: Database, since: datetime) -> list[SourceRun]:
    """Attempts started at `since` or later, oldest first."""
    rows = database.query(query("source_runs_since"), {"since": since}).dicts()
    return [SourceRun(**row) for row in rows]
