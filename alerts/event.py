"""Event annotations: what happened on a day and might have moved a series."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from hashlib import sha256

import msgspec

from alerts.entered_row import day_in, society_in, target_in, text_in, url_in

KINDS = ("campaign", "law", "attack", "election", "court", "other")

COLUMNS = ("society", "day", "kind", "title", "target", "url")
"""Of a file of events; the first four must be there."""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """One event."""

    id: str
    society: str
    target: str
    """Empty: all."""
    day: date
    kind: str
    title: str
    url: str = ""

    def concerns(self, society: str, target: str) -> bool:
        """Whether it is about this series."""
        return self.society == society and self.target in ("", target)


def event_of(row: Mapping[str, str]) -> Event:
    """The event of a row, by COLUMNS. Its id is a function of society, day and title. Raises ValueError that names the column
    and what to write.
    """
    kind = row.get("kind", "").strip().casefold()
    if kind not in KINDS:
        raise ValueError(f"kind is {kind[:40]!r}; write one of {', '.join(KINDS)}")
    made = Event(
        id="",
        society=society_in(row),
        target=target_in(row, optional=True),
        day=day_in(row, "day"),
        kind=kind,
        title=text_in(row, "title"),
        url=url_in(row),
    )
    marks = (made.society, made.target, made.day, made.title)
    mark = sha256("\x00".join(map(str, marks)).encode()).hexdigest()[:6]
    return msgspec.structs.replace(made, id=f"{made.society}-{made.day}-{mark}")
