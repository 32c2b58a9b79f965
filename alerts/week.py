"""ISO 8601 weeks: `2026-W47` runs from a Monday to a Sunday."""

from __future__ import annotations

import re
from datetime import date, timedelta

_WEEK = re.compile(r"(\d{4})-W(\d{2})", re.ASCII)


def days_of_week(week: str) -> tuple[date, date]:
    """Monday and Sunday of `week`. Raises ValueError that says what is wrong with it."""
    match = _WEEK.fullmatch(week)
    if match is None:
        raise ValueError(f"{week[:40]!r} is not a week; write the year and ISO week as 2026-W47")
    year, number = int(match[1]), int(match[2])
    try:
        monday = date.fromisocalendar(year, number, 1)
        return monday, monday + timedelta(days=6)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{week!r} is not a week: the year {year} has no week {number}") from error


def week_of(day: date) -> str:
    """The week that `day` belongs to; around New Year its year can differ from that of the day."""
    year, number, _ = day.isocalendar()
    return f"{year:04d}-W{number:02d}"


def previous_week(week: str, weeks: int = 1) -> str:
    """The week that ended `weeks` weeks before this one ends. ValueError as in days_of_week."""
    monday, _ = days_of_week(week)
    return week_of(monday - timedelta(weeks=weeks))
