"""Stretches of time that a source no longer gives: what was said in them is lost to us."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta

import msgspec


class LostStretch(msgspec.Struct, frozen=True, kw_only=True):
    """From `since` to `until`, both aware."""

    since: datetime
    until: datetime

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return self.until - self.since


def merged(stretches: Iterable[LostStretch]) -> list[LostStretch]:
    """The same time in stretches that neither meet nor overlap, the oldest first; those without length are left out."""
    found: list[LostStretch] = []
    for one in sorted(stretches, key=lambda one: one.since):
        if one.until <= one.since:
            continue
        if found and one.since <= found[-1].until:
            until = max(found[-1].until, one.until)
            found[-1] = LostStretch(since=found[-1].since, until=until)
        else:
            found.append(one)
    return found


def lost_share(stretches: Iterable[LostStretch], day: date) -> float:
    """How much of a day (UTC) lies in them, 0..1."""
    begin = datetime.combine(day, time(), UTC)
    end = begin + timedelta(days=1)
    inside = (
        min(one.until, end) - max(one.since, begin)
        for one in merged(stretches)
        if one.since < end and one.until > begin
    )
    return sum(inside, timedelta(0)) / timedelta(days=1)
