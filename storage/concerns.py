"""What is wrong with Barometer itself, and when somebody last looked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from alerts.concern import Concern, Kind
from storage.database import Database, next_version
from storage.statements import query


class SelfCheck(msgspec.Struct, frozen=True):
    """One check of the self-monitor."""

    at: datetime
    concerns: int
    """That lasted then."""
    backlog: int | None
    """Messages that waited on the bus; None where nobody could ask."""


def lasting(database: Database) -> list[Concern]:
    """Concerns that are not over, the oldest first."""
    rows = database.query(query("concerns_that_last")).dicts()
    return [Concern(**{**row, "kind": Kind(row["kind"])}) for row in rows]


def store(database: Database, concerns: Sequence[Concern]) -> None:
    """Write them; one that was written before, with the same beginning, is replaced."""
    version = next_version()
    database.insert(
        "concerns",
        [*Concern.__struct_fields__, "version"],
        [
            (*({**msgspec.structs.asdict(one), "kind": one.kind.value}).values(), version)
            for one in concerns
        ],
    )


def store_check(database: Database, check: SelfCheck) -> None:
    """Write that a check was made."""
    database.insert(
        "self_checks",
        [*SelfCheck.__struct_fields__, "version"],
        [(*msgspec.structs.astuple(check), next_version())],
    )


def newest_checks(database: Database, limit: int) -> list[SelfCheck]:
    """At most so many, the newest first."""
    return [SelfCheck(*row) for row in database.query(query("self_checks"), {"limit": limit}).rows]
