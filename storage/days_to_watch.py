"""Days that wait to be looked at for falls: the watch looks at series that have such days, and at no other.

    estimate -wait-> point stored -watch-> incidents stored -seen-> nothing waits

A day that is estimated again while a watch looks waits under a newer version, which clearing the older one leaves.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import msgspec

from storage.daily_counts import Series
from storage.database import Database, next_version
from storage.statements import query

_COLUMNS = ["society", "target", "day", "waiting", "version"]


class WaitingDay(msgspec.Struct, frozen=True):
    """One day of one series, and the version under which it waits."""

    society: str
    target: str
    day: date
    version: int

    @property
    def series(self) -> Series:
        """Whose day it is."""
        return self.society, self.target


def wait(database: Database, days: Iterable[tuple[str, str, date]]) -> None:
    """These (society, target, day) are to be looked at."""
    version = next_version()
    database.insert("days_to_watch", _COLUMNS, [(*day, 1, version) for day in days])


def waiting(database: Database, today: date) -> list[WaitingDay]:
    """Days before `today` that wait."""
    return [
        WaitingDay(*row) for row in database.query(query("days_to_watch"), {"today": today}).rows
    ]


def seen(database: Database, days: Iterable[WaitingDay]) -> None:
    """These were looked at, as of the version under which they waited."""
    database.insert(
        "days_to_watch",
        _COLUMNS,
        [(one.society, one.target, one.day, 0, one.version + 1) for one in days],
    )
