"""A small picture of how many documents each day brought: bars over a line, one for each day; no day is told by colour.

A bar that goes beyond the picture is broken near its end, a day without a successful reading has a dash under the
line, and a tick beside the last bar is what that weekday usually brings.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from statistics import median

import msgspec

STEP = 5
"""Pixels from bar to bar."""

HEIGHT = 28
"""Pixels over the line."""

ROOM = 6
"""Pixels under the line, and on the right of the last bar for its tick."""

TALLEST = 4.0
"""Times a day in the middle: one flood must not flatten all other days."""


class DaysPicture(msgspec.Struct, frozen=True, kw_only=True):
    """Paths of an SVG of `width` times `height`."""

    width: int
    height: int = HEIGHT + ROOM
    bars: str
    unread: str
    usual: str
    """Empty where nothing is usual."""
    title: str
    """What it shows, for those who do not see it."""


def days_picture(news: Sequence[int | None], usual: float | None, last: date) -> DaysPicture:
    """`news` by day, the last of which is `last`; None: no reading succeeded."""
    some = [count for count in news if count]
    top = max(1.0, min(max(some, default=0), TALLEST * median(some or [0])), usual or 0.0)
    return DaysPicture(
        width=STEP * len(news) + ROOM,
        bars="".join(_bar(place, count, top) for place, count in enumerate(news) if count),
        unread="".join(
            f"M{STEP * place + 1} {HEIGHT + 3}h3"
            for place, count in enumerate(news)
            if count is None
        ),
        usual="" if usual is None else f"M{STEP * len(news)} {HEIGHT - HEIGHT * usual / top:.1f}h6",
        title=_said(news, last),
    )


def _bar(place: int, count: int, top: float) -> str:
    start = f"M{STEP * place + 2.5:g} {HEIGHT}"
    if count > top:
        return f"{start}v{6 - HEIGHT}m0-2v-4"
    return f"{start}v{-max(1.0, HEIGHT * count / top):.1f}"


def _said(news: Sequence[int | None], last: date) -> str:
    first = last - timedelta(days=len(news) - 1)
    known = [count for count in news if count is not None]
    period = f"New documents a day, {first} to {last}"
    if not known:
        return f"{period}: no reading succeeded."
    most = max(known)
    day = first + timedelta(days=max(n for n, count in enumerate(news) if count == most))
    said = [f"{median(known):g} in the middle", f"most {most:,} on {day}" if most else "never more"]
    if without := known.count(0):
        said.append(f"none on {_days(without)}")
    if unread := len(news) - len(known):
        said.append(f"not read on {_days(unread)}")
    return f"{period}: {', '.join(said)}."


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"
