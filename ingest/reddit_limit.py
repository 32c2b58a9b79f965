"""Reddit's limits in its headers: 100 requests a minute for a client, counted over ten minutes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import timedelta

RESERVE = 2.0
"""Requests that are left unused."""

WINDOW = timedelta(minutes=10)


def wait_after(headers: Mapping[str, str]) -> timedelta | None:
    """How long to stay away, when what is left of the limit is no more than RESERVE; None while we may go on."""
    left = _number(headers.get("x-ratelimit-remaining", ""))
    return None if left is None or left > RESERVE else until_reset(headers)


def until_reset(headers: Mapping[str, str]) -> timedelta:
    """Time until the limit begins anew; the whole window when the headers do not say."""
    seconds = _number(headers.get("x-ratelimit-reset", ""))
    if seconds is None:
        return WINDOW
    return min(max(timedelta(seconds=1), timedelta(seconds=min(seconds, 1e6))), WINDOW)


def _number(text: str) -> float | None:
    """Both headers are decimal numbers, such as 593.0."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None
