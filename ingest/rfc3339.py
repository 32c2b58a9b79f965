"""Times as text: RFC 3339, with the two liberties that exports take (a plain date, no zone)."""

from __future__ import annotations

import re
from datetime import datetime

from ingest.document import as_utc

_TIME = re.compile(
    r"\d{4}-\d\d-\d\d([Tt ]\d\d:\d\d(:\d\d([.,]\d{1,12})?)? ?([Zz]|[+-]\d\d(:?\d\d)?)?)?", re.ASCII
)


def parse_time(text: str) -> datetime:
    """Aware UTC. A time without zone is UTC, a plain date is its midnight in UTC.

    Raises ValueError with a sentence for anything else.
    """
    written = text.strip()
    if _TIME.fullmatch(written):
        try:
            written = written[:11] + written[11:].replace(" ", "")
            return as_utc(datetime.fromisoformat(written.upper()))
        except (ValueError, OverflowError):
            pass
    raise ValueError(
        f"{text[:40]!r} is not a time like 2026-11-20T09:30:00Z or a date like 2026-11-20"
    )
