"""Which sources are known to be silent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from alerts.silence import Silence
from storage.database import Database, next_version
from storage.statements import query


def lasting(database: Database, now: datetime) -> list[Silence]:
    """Silences that were noticed until `now` and last, by source."""
    rows = database.query(query("silences_that_last"), {"now": now}).rows
    return [Silence(source=source, noticed_at=noticed_at) for source, noticed_at in rows]


def store(database: Database, silences: Sequence[Silence]) -> None:
    """Write them; one that was written before is replaced."""
    if silences:
        version = next_version()
        database.insert(
            "silences",
            [*Silence.__struct_fields__, "version"],
            [(*msgspec.structs.astuple(one), version) for one in silences],
        )
