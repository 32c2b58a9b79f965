"""Tables for a terminal: as a table where the columns fit, else one row under the other.

natural width -fits?-> table          numbers, dates and times never break, text folds
              -else--> names broken at "_" and narrower gaps, then `column  value` for each row
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import click
import msgspec

from flows.sentence import printable

PIPE_COLUMNS = 120
"""Width where nobody says how wide it is: a pipe, a file."""

LEAST_TEXT = 18
"""A column of text is not folded narrower than this."""

GAPS = (3, 2, 1)
"""Spaces between columns, tried in this order."""


class Layout(msgspec.Struct, frozen=True):
    """How a table can be shown: the width of each column and the spaces between two."""

    widths: tuple[int, ...]
    gap: int
    names: tuple[str, ...]
    """With line ends where a name was broken."""


def table(
    columns: Sequence[str], rows: Sequence[Sequence[Any]], *, title: str | None = None
) -> None:
    """Print rows as wide as the terminal; nothing is cut off."""
    click.echo("\n".join(lines(columns, rows, width=terminal_width(), title=title)))


def terminal_width() -> int:
    """Characters in a line of the terminal."""
    return shutil.get_terminal_size((PIPE_COLUMNS, 24)).columns


def lines(
    columns: Sequence[str], rows: Sequence[Sequence[Any]], *, width: int, title: str | None = None
) -> list[str]:
    """The lines that `table` prints in a terminal of `width` characters."""
    names = [printable(name).replace("\n", " ") for name in columns]
    cells = [[cell_text(value) for value in row] for row in rows]
    fixed = [all(isinstance(row[n], _FIXED) for row in rows) for n in range(len(names))]
    right = [
        bool(rows) and all(isinstance(row[n], _NUMBERS) for row in rows) for n in range(len(names))
    ]
    found = layout(names, cells, fixed, width)
    shown = _side_by_side(found, cells, right) if found else _one_by_one(names, cells, width)
    return [*([title] if title else []), *shown]


def layout(
    names: Sequence[str], cells: Sequence[Sequence[str]], fixed: Sequence[bool], width: int
) -> Layout | None:
    """The first way to fit the columns into `width`; None when there is none."""
    inside = [max((_width(row[n], width) for row in cells), default=0) for n in range(len(names))]
    broken = [_broken(name, most) for name, most in zip(names, inside, strict=True)]
    for headers in (list(names), broken):
        natural = [
            max(most, _width(header, width)) for most, header in zip(inside, headers, strict=True)
        ]
        for gap in GAPS:
            widths = _fitted(natural, fixed, width - gap * (len(names) - 1))
            if widths is not None:
                return Layout(tuple(widths), gap, tuple(headers))
    return None


def cell_text(value: object) -> str:
    """A value as people read it: no control characters, times in ISO 8601, two decimals."""
    if value is None:
        return ""
    if isinstance(value, float):
        return _decimals(value)
    if isinstance(value, datetime):
        seconds = "" if value.second == value.microsecond == 0 else ":%S"
        return f"{value.astimezone(UTC) if value.tzinfo else value:%Y-%m-%d %H:%M{seconds}}" + (
            "Z" if value.tzinfo else ""
        )
    if isinstance(value, list | tuple):
        return ", ".join(map(cell_text, value))
    return printable(str(value))


_NUMBERS = (int, float, Decimal, type(None))
_FIXED = (*_NUMBERS, date, UUID)


def _decimals(value: float) -> str:
    if abs(value) >= 1e6:
        return f"{value:.6g}"
    return f"{value:.2g}" if 0 < abs(value) < 0.01 else f"{value:.2f}"


def _width(text: str, most: int) -> int:
    """Columns that the longest line takes; a line longer than `most` characters counts as that long."""
    from rich.cells import cell_len

    return max((cell_len(line[: most + 1]) for line in text.split("\n")), default=0)


def _broken(name: str, room: int) -> str:
    """`name` broken behind underscores, in lines no longer than `room` where that can be."""
    pieces = [piece + "_" for piece in name.split("_")]
    pieces[-1] = pieces[-1].removesuffix("_")
    room = max(room, *map(len, pieces))
    found = [""]
    for piece in pieces:
        if len(found[-1]) + len(piece) > room:
            found.append("")
        found[-1] += piece
    return "\n".join(found)


def _fitted(natural: Sequence[int], fixed: Sequence[bool], room: int) -> list[int] | None:
    """The natural widths, those of text lowered to one level until all fit; None below LEAST_TEXT."""
    for level in range(max([LEAST_TEXT, *natural]), LEAST_TEXT - 1, -1):
        widths = [
            wide if stiff else min(wide, level) for wide, stiff in zip(natural, fixed, strict=True)
        ]
        if sum(widths) <= room:
            return widths
    return None


def _side_by_side(
    found: Layout, cells: Sequence[Sequence[str]], right: Sequence[bool]
) -> list[str]:
    gap = " " * found.gap

    def printed(row: Sequence[str]) -> list[str]:
        folded = [_folded(text, wide) for text, wide in zip(row, found.widths, strict=True)]
        height = max((len(column) for column in folded), default=0)
        return [
            gap.join(
                _padded(column[n] if n < len(column) else "", wide, to_the_right)
                for column, wide, to_the_right in zip(folded, found.widths, right, strict=True)
            ).rstrip()
            for n in range(height)
        ]

    rule = "─" * (sum(found.widths) + found.gap * (len(found.widths) - 1))
    return [*printed(found.names), rule, *(line for row in cells for line in printed(row))]


def _one_by_one(names: Sequence[str], cells: Sequence[Sequence[str]], width: int) -> list[str]:
    left = min(max((_width(name, width) for name in names), default=0), max(width // 2, 8))
    room = max(width - left - 2, 8)
    printed = []
    for number, row in enumerate(cells, start=1):
        head = f"─ {number} "
        printed.append(head + "─" * max(0, min(width, left + 2 + room) - len(head)))
        for name, text in zip(names, row, strict=True):
            labels, values = _folded(name, left), _folded(text, room)
            for n in range(max(len(labels), len(values))):
                label = labels[n] if n < len(labels) else ""
                value = values[n] if n < len(values) else ""
                printed.append(f"{_padded(label, left, False)}  {value}".rstrip())
    return printed


def _folded(text: str, width: int) -> list[str]:
    """`text` in lines of at most `width` columns, broken between words where that can be."""
    from rich.cells import cell_len, chop_cells

    found: list[str] = []
    for line in text.split("\n"):
        found.append("")
        for word in line.split(" ") if cell_len(line) > width else [line]:
            joined = f"{found[-1]} {word}" if found[-1] else word
            if cell_len(joined) <= width:
                found[-1] = joined
                continue
            pieces = chop_cells(word, width) or [""]
            found[-1:] = [found[-1], *pieces] if found[-1] else pieces
    return found


def _padded(text: str, width: int, to_the_right: bool) -> str:
    from rich.cells import cell_len

    space = " " * (width - cell_len(text))
    return space + text if to_the_right else text + space
