"""Moments as GDELT writes them: `20261123181500` and `20261123T181500Z`, always UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_WRITTEN = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})T?([0-9]{2})([0-9]{2})([0-9]{2})Z?")


def moment_of(written: str) -> datetime | None:
    """The moment, aware; None for what is none."""
    found = _WRITTEN.fullmatch(written.strip())
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(part) for part in found.groups())
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None


def stamp_of(moment: datetime) -> str:
    """`20261123181500`."""
    return f"{moment.astimezone(UTC):%Y%m%d%H%M%S}"
