"""Which version was written last: where a clock ran ahead, what is written after it was put right must still be newest.

Tables replace by key and the highest version wins, which is the time of writing (storage/database.py). A process counts
upward whatever its clock does; one that starts after the clock was put back begins above what is there.
"""

from __future__ import annotations

from storage.database import Database
from storage.statements import query


def newest_version(database: Database) -> int:
    """Microseconds since 1970 by the clock of whoever wrote it; 0 in a database without rows."""
    return int(database.query(query("newest_version")).rows[0][0])
