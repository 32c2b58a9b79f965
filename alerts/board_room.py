"""How much room a page of the board has, and what it leaves out where it has not enough."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

MAX_BYTES = 300_000
"""Of a page: it opens at once on a phone, and an archive of a year stays small."""


class Detail(msgspec.Struct, frozen=True, kw_only=True):
    """How much a page shows."""

    days: int
    """Of a chart."""
    rows: int
    """Of a table of days, or of all series."""
    entries: int
    """Of any other list."""
    blocks: int
    """Societies of the overview, series of a society."""


def fitted(make: Callable[[Detail], bytes], details: Sequence[Detail]) -> bytes:
    """The page with the most detail that has room; the last one where none has. `details`: the most first."""
    made = b""
    for detail in details:
        made = make(detail)
        if len(made) <= MAX_BYTES:
            break
    return made
