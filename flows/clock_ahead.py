"""A database that was written by a clock that ran ahead: its rows must not win over what is written now."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

from storage.database import Database, write_above
from storage.newest_version import newest_version

log = logging.getLogger("barometer.clock")

CLOCKS_DIFFER = timedelta(minutes=5)
"""Two machines may be apart by this much without a word."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def start_after_what_is_written(database: Database, now: datetime) -> None:
    """Count versions upward from the newest that is there, and say so where that is in the future."""
    newest = newest_version(database)
    write_above(newest)
    written = _EPOCH + timedelta(microseconds=newest)
    if written > now + CLOCKS_DIFFER:
        log.warning(
            "the newest row of %s was written on %s UTC, which is to come: the clock is wrong now, or was then; check"
            " it. What is written now counts as newer all the same",
            database.url,
            f"{written:%Y-%m-%d %H:%M}",
        )
