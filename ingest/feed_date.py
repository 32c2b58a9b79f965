"""Dates of feeds: the zones that RFC 822 does not name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from ingest.document import as_utc

# feedparser reads a zone that it does not know as UTC. These are the ones that newsrooms write.
# Abbreviations that stand for zones hours apart (IST) are left out.
_HOURS_AHEAD = {
    "wet": 0, "west": 1, "bst": 1, "cet": 1, "cest": 2, "mez": 1, "mesz": 2, "eet": 2, "eest": 3,
    "msk": 3, "trt": 3, "sast": 2, "eat": 3, "wat": 1, "cat": 2, "pkt": 5, "sgt": 8, "hkt": 8,
    "jst": 9, "kst": 9, "awst": 8, "aest": 10, "aedt": 11, "nzst": 12, "nzdt": 13,
}  # fmt: skip


def from_parsed(parsed: Sequence[int] | None, written: str) -> datetime | None:
    """Aware UTC from feedparser's nine numbers (UTC) and the date as written; None when there is no such day.

    A date without zone is taken to be UTC, as feedparser does.
    """
    if parsed is None:
        return _from_words(written)
    year, month, day, hour, minute, second = tuple(parsed)[:6]
    words = written.lower().split()
    ahead = _HOURS_AHEAD.get(words[-1].strip("()"), 0) if words else 0
    try:
        moment = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
        return moment - timedelta(hours=ahead)
    except (ValueError, OverflowError):
        return None


def _from_words(written: str) -> datetime | None:
    """What feedparser gives up on: RFC 822 with a weekday and no zone."""
    try:
        return as_utc(parsedate_to_datetime(written))
    except (ValueError, OverflowError):
        return None
