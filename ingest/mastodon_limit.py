"""Mastodon's limits in its headers: 300 requests in 5 minutes to an address, and the same to an account."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from ingest.rfc3339 import parse_time

RESERVE = 2
"""Requests that are left unused: others may ask from our address, too."""

WINDOW = timedelta(minutes=5)
LONGEST = timedelta(hours=3)
"""The longest window (media uploads) is half an hour; a clock that is wrong must not silence a source."""


def wait_after(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """How long to stay away, when what is left of the limit is no more than RESERVE; None while we may go on."""
    left = headers.get("x-ratelimit-remaining", "").strip()
    if not re.fullmatch(r"[0-9]{1,9}", left) or int(left) > RESERVE:
        return None
    return until_reset(headers, now)


def until_reset(headers: Mapping[str, str], now: datetime) -> timedelta:
    """Time until the limit begins anew; without a word of it until the next full five minutes, which is Mastodon's rule."""
    try:
        reset = parse_time(headers["x-ratelimit-reset"])
    except (KeyError, ValueError):
        into = timedelta(seconds=now.astimezone(UTC).timestamp() % WINDOW.total_seconds())
        return WINDOW - into
    return min(max(reset - now, timedelta(seconds=1)), LONGEST)
