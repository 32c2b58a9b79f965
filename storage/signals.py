"""Signals at rest: one row per kind, series and day; what is seen again replaces it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec

from alerts.signal import Signal, SignalKind
from storage.database import Database, next_version
from storage.statements import query


def store(database: Database, signals: Sequence[Signal]) -> None:
    """Write signals."""
    version = next_version()
    database.insert(
        "signals",
        [*Signal.__struct_fields__, "version"],
        [(*msgspec.structs.astuple(signal), version) for signal in signals],
    )


def signals_between(database: Database, first: date, last: date) -> list[Signal]:
    """Signals seen from `first` to `last`, both included, oldest first."""
    rows = database.query(query("signals_between"), {"first": first, "last": last}).dicts()
    return [Signal(**{**row, "kind": SignalKind(row["kind"])}) for row in rows]
