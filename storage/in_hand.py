"""What each worker is judging at this moment, so that a document that ends the process is found afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

import msgspec

from storage.database import Database, next_version
from storage.statements import query

_ORIGINS_PER_QUERY = 1_000
"""Keeps the statement far below ClickHouse's limit of 256 KiB."""


class Deaths(msgspec.Struct, frozen=True):
    """How many workers ended with a row in hand."""

    any: int = 0
    alone: int = 0
    """… and with nothing else."""


@contextmanager
def held(database: Database, worker: str, origins: Sequence[str], now: datetime) -> Iterator[None]:
    """While the block runs, `worker` has these rows in hand. An error puts them down, too: only the end of the process
    leaves them.
    """
    if not origins:
        yield
        return
    _write(database, worker, origins, now)
    try:
        yield
    finally:
        _write(database, worker, (), now)


def _write(database: Database, worker: str, origins: Sequence[str], now: datetime) -> None:
    columns = ["worker", "origins", "at", "version"]
    database.insert("in_hand", columns, [(worker, list(origins), now, next_version())])


def deaths(database: Database, worker: str, origins: Sequence[str]) -> dict[str, Deaths]:
    """Of those of these rows that other workers have in hand, how many did not put them down."""
    found: dict[str, Deaths] = {}
    for start in range(0, len(origins), _ORIGINS_PER_QUERY):
        chunk = tuple(origins[start : start + _ORIGINS_PER_QUERY])
        rows = database.query(query("deaths_in_hand"), {"worker": worker, "origins": chunk}).rows
        found.update((origin, Deaths(any, alone)) for origin, any, alone in rows)
    return found


def put_down(database: Database, origins: Sequence[str]) -> None:
    """Forget the workers that ended with nothing but one of these rows."""
    if origins:
        database.execute(query("put_down"), {"origins": tuple(origins), "version": next_version()})
