"""A silence: a source was not read for two poll periods. It is told once, when it is noticed, and ends with a reading.

silences that last, conditions now -silences_to_store-> those that are new, those that are over
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from alerts.source_condition import Condition, SourceCondition


class Silence(msgspec.Struct, frozen=True, kw_only=True):
    """One source, from when it was noticed."""

    source: str
    noticed_at: datetime
    ended_at: datetime | None = None
    """None while it lasts."""


def silences_to_store(
    lasting: Sequence[Silence], conditions: Mapping[str, SourceCondition], now: datetime
) -> list[Silence]:
    """What changed: new silences as of `now`, and those of `lasting` that end with it: the source was read again, was
    switched off, or is on the list no more.
    """
    silent = {name for name, one in conditions.items() if one.condition is Condition.SILENT}
    known = {one.source for one in lasting}
    over = [
        msgspec.structs.replace(one, ended_at=now) for one in lasting if one.source not in silent
    ]
    return [*over, *(Silence(source=name, noticed_at=now) for name in sorted(silent - known))]


def silence_sentence(silence: Silence, condition: SourceCondition) -> str:
    """What operators are told of one that is new."""
    read = condition.last_success
    since = (
        f"was last read on {read.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if read else "was never read"
    )
    return f"{silence.source} {since}; what it publishes is missing in the figures"
