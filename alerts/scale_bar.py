"""The scale of net support as a row of coloured cells: a picture that mail programs show without loading anything."""

from __future__ import annotations

from itertools import groupby

import msgspec

CELLS = 200
"""One a point, from -100 to +100."""

MARK_CELLS = 3
"""Width of a mark, so that it is seen on a phone."""


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the row, from left to right."""

    kind: str
    """track (nothing), zero (the middle), span, mark, or faint (a second, weaker mark)."""
    percent: float
    """Of the width; all of them add up to 100."""


def scale_bar(
    lower: float, upper: float, mark: float, faint: float | None = None
) -> tuple[Segment, ...]:
    """The scale with a span from `lower` to `upper`, a mark and perhaps a faint one, all in points; what lies beyond the
    ends of the scale is drawn at the end.
    """
    cells = ["track"] * CELLS
    first, last = sorted((_cell(lower), _cell(upper)))
    cells[first : last + 1] = ["span"] * (last + 1 - first)
    cells[CELLS // 2] = "zero"  # over the span too: whether it holds zero is what people look for
    for place, kind in ((faint, "faint"), (mark, "mark")):
        if place is not None:
            start = min(max(_cell(place) - MARK_CELLS // 2, 0), CELLS - MARK_CELLS)
            cells[start : start + MARK_CELLS] = [kind] * MARK_CELLS
    return tuple(
        Segment(kind=kind, percent=100 * len(list(run)) / CELLS) for kind, run in groupby(cells)
    )


def _cell(points: float) -> int:
    return min(max(round(points) + CELLS // 2, 0), CELLS - 1)
