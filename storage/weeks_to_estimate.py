"""Weeks that wait to be estimated: those of days that were estimated anew, and the ones after them.

    day estimated -wait-> week over -watch-> figures stored -done-> nothing waits

As with days_to_watch: a week that is marked again meanwhile waits under a newer version, which clearing the older one leaves.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

import msgspec

from storage.database import Database, next_version
from storage.statements import query

_COLUMNS = ["society", "target", "monday", "waiting", "version"]

_WEEK = timedelta(days=7)


class WaitingWeek(msgspec.Struct, frozen=True):
    """One week of one series, and the version under which it waits."""

    society: str
    target: str
    monday: date
    version: int


def wait(database: Database, days: Iterable[tuple[str, str, date]]) -> None:
    """The weeks of these (society, target, day) are to be estimated, and the ones after, which are compared with them."""
    version = next_version()
    weeks = {
        (society, target, day - timedelta(days=day.weekday()) + later)
        for society, target, day in days
        for later in (timedelta(0), _WEEK)
    }
    database.insert("weeks_to_estimate", _COLUMNS, [(*week, 1, version) for week in sorted(weeks)])


def waiting(database: Database, today: date) -> list[WaitingWeek]:
    """Weeks that ended before `today` and wait, the newest first."""
    rows = database.query(query("weeks_to_estimate"), {"before": today - _WEEK + timedelta(days=1)})
    return [WaitingWeek(*row) for row in rows.rows]


def done(database: Database, weeks: Iterable[WaitingWeek]) -> None:
    """These were estimated, as of the version under which they waited."""
    database.insert(
        "weeks_to_estimate",
        _COLUMNS,
        [(one.society, one.target, one.monday, 0, one.version + 1) for one in weeks],
    )
