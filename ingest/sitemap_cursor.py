"""What is remembered of a sitemap between two readings: a day before which all was read, and what was read since.

The newest are read by day, and within it by digest: entries appear late, and often name no more than a day. The
past is read in a fixed order, of which the place is remembered: a back-fill may have any number of files and pages.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import msgspec

LATE = timedelta(days=1)
"""An entry may appear this long after the time that it names, which may be that of another zone."""

_REMEMBERED = 180
"""Digests of files, and as many of pages: a cursor has 4 KiB."""


class Cursor(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a reading begins."""

    since: datetime
    until: datetime | None = None
    """End of what a back-fill reads; None for the newest."""
    files: tuple[str, ...] = ()
    """Keys of files that were read. In a back-fill: the way to the last one."""
    pages: tuple[str, ...] = ()
    """Digests of addresses whose pages were asked for. In a back-fill: of those from the moment `at`."""
    at: datetime | None = None
    """In a back-fill, how far the file after `files` was read."""
    pending: bool = False
    """The round is not over: the sitemap is read whether it changed or not."""

    def encoded(self) -> str:
        """For Memory."""
        return msgspec.json.encode(self).decode()


def decoded(cursor: str) -> Cursor | None:
    """The cursor in `cursor`; None when there is none that can be read."""
    try:
        return msgspec.json.decode(cursor, type=Cursor) if cursor else None
    except msgspec.DecodeError:
        return None


def first_cursor(now: datetime, back: timedelta) -> Cursor:
    """For the first reading: from the beginning of the day that was `back` ago."""
    return Cursor(since=_day(now - back))


def goes_on(cursor: Cursor, files: list[str], pages: list[str]) -> tuple[Cursor, bool]:
    """While something of the round is left: the next cursor, and whether it holds all that it should."""
    known, asked = [*cursor.files, *files], [*cursor.pages, *pages]
    following = msgspec.structs.replace(
        cursor,
        files=tuple(known[-_REMEMBERED:]),
        pages=tuple(asked[-_REMEMBERED:]),
        pending=True,
    )
    return following, max(len(known), len(asked)) <= _REMEMBERED


def moves_on(
    cursor: Cursor, files: list[str], pages: list[str], dated: set[str], newest: datetime
) -> Cursor:
    """At the end of a round. `dated` are the keys of files that say when they were changed: the others are read anew."""
    following, _ = goes_on(cursor, files, pages)
    return msgspec.structs.replace(
        following,
        since=max(cursor.since, _day(newest - LATE)),
        files=tuple(key for key in following.files if key in dated),
        pending=False,
    )


def _day(moment: datetime) -> datetime:
    return datetime.combine(moment.date(), time(0), UTC)
