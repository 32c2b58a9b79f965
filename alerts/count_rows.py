"""The CSV of the stable interfaces `barometer estimate` and `barometer detect`: rows of counts in, series out.

[series,]day,outlet,support,neutral,oppose[,story]       day: 2026-11-02, or a whole number (all of one kind)
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta

import msgspec

from alerts.point import StanceCount
from alerts.week import week_of
from alerts.weighting import MOST

NEEDED = ("day", "outlet", "support", "neutral", "oppose")
OPTIONAL = ("series", "story")

LONGEST_SPAN = 40_000
"""Days between the first and the last; more is a mistyped day, and would be as many rows of nothing."""

_DAY_ZERO = date(2000, 1, 3)
"""Day number 0: a Monday, so that weeks of numbered days begin at multiples of seven."""

_STANCES = ("support", "neutral", "oppose")


class BadCounts(ValueError):
    """The rows cannot be used; the text says which line, why and what to write."""


class CountRows(msgspec.Struct, frozen=True, kw_only=True):
    """Counts by series and day, in the order in which the series came first."""

    series: Mapping[str, Mapping[date, list[StanceCount]]]
    named: bool
    """Whether there was a column `series`; without one there is a single series named ''."""
    numbered: bool
    """Whether days were whole numbers."""
    ignored: tuple[str, ...]
    """Columns that mean nothing here."""

    def day_text(self, day: date) -> str:
        """The day as it was written."""
        return str((day - _DAY_ZERO).days) if self.numbered else day.isoformat()

    def week_text(self, day: date) -> str:
        """The week of a day: 2026-W47, or the number of its first day."""
        if self.numbered:
            return str((day - _DAY_ZERO).days // 7 * 7)
        return week_of(day)


def read_counts(lines: Iterable[str]) -> CountRows:
    """All rows; rows of one series, day, outlet and story are added up when they are used.

    Raises BadCounts at the first bad line: counts must be whole numbers of at least 0.
    """
    reader = csv.reader(_without_mark(lines), strict=True)
    try:
        header = next(reader, None)
        if not header:
            raise BadCounts(f"there is no header; the first line must be {','.join(NEEDED)}")
        column = _columns(header)
        series: dict[str, dict[date, list[StanceCount]]] = {}
        kinds: set[bool] = set()
        first, last = date.max, date.min
        for row in reader:
            if not row:
                continue
            if len(row) != len(header):
                raise BadCounts(
                    f"line {reader.line_num} has {len(row)} fields and the header {len(header)}"
                )
            day, numbered = _day(row[column["day"]], reader.line_num)
            kinds.add(numbered)
            if len(kinds) > 1:
                raise BadCounts(
                    f"line {reader.line_num}: days are dates in some lines and numbers in others; write one kind"
                )
            first, last = min(first, day), max(last, day)
            if (last - first).days > LONGEST_SPAN:
                raise BadCounts(
                    f"line {reader.line_num}: the days span more than {LONGEST_SPAN:,}; mend the mistyped day"
                )
            name = row[column["series"]] if "series" in column else ""
            series.setdefault(name, {}).setdefault(day, []).append(
                _count(row, column, reader.line_num)
            )
    except csv.Error as error:
        raise BadCounts(f"line {reader.line_num} is no CSV ({error})") from error
    return CountRows(
        series=series,
        named="series" in column,
        numbered=True in kinds,
        ignored=tuple(each for each in header if each.strip().casefold() not in NEEDED + OPTIONAL),
    )


def _without_mark(lines: Iterable[str]) -> Iterator[str]:
    """Without the byte order mark that spreadsheets put first."""
    for number, line in enumerate(lines):
        yield line.removeprefix("\ufeff") if number == 0 else line


def _columns(header: list[str]) -> dict[str, int]:
    names = [each.strip().casefold() for each in header]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise BadCounts(f"the header has the column {twice[:40]!r} twice; leave one")
    missing = [name for name in NEEDED if name not in names]
    if missing:
        raise BadCounts(
            f"the header has no column {missing[0]!r}; the first line must be {','.join(NEEDED)}, with series "
            "and story where there are some"
        )
    return {name: place for place, name in enumerate(names)}


def _day(text: str, line: int) -> tuple[date, bool]:
    text = text.strip()
    try:
        number = int(text)
    except ValueError:
        try:
            return date.fromisoformat(text), False
        except ValueError:
            raise BadCounts(
                f"line {line}: {text[:40]!r} is no day; write it as 2026-11-02 or as a whole number"
            ) from None
    try:
        return _DAY_ZERO + timedelta(days=number), True
    except OverflowError:
        raise BadCounts(f"line {line}: the day number {text[:40]} is out of reach") from None


def _count(row: list[str], column: Mapping[str, int], line: int) -> StanceCount:
    outlet = row[column["outlet"]]
    if not outlet.strip():
        raise BadCounts(f"line {line} names no outlet; write who published the documents")
    support, neutral, oppose = (_whole(row[column[name]], name, line) for name in _STANCES)
    story = row[column["story"]] if "story" in column else ""
    return StanceCount(
        outlet=outlet, support=support, neutral=neutral, oppose=oppose, story=story or None
    )


def _whole(text: str, name: str, line: int) -> int:
    try:
        value = float(text)
        number = int(value)
    except (ValueError, OverflowError):
        number, value = -1, 0.5
    if number != value or not 0 <= number < MOST:
        raise BadCounts(
            f"line {line}: {text[:40]!r} is no count of {name}; write a whole number of at least 0"
        )
    return number
