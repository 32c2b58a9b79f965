"""What was published, by origin, told by whoever published it: what the ledger is compared with."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from storage.database import Database, next_version


def record(database: Database, rows: Sequence[tuple[str, str]], now: datetime) -> None:
    """These rows (origin, source) are durable on the bus. Telling it again changes nothing.

    Whoever is killed between publishing and this reads the same again, or, where it does not, the ledger shows the
    rows as told of by nobody.
    """
    version = next_version()
    database.insert(
        "rows_published",
        ["origin", "source", "at", "version"],
        [(origin, source, now, version) for origin, source in rows],
    )
