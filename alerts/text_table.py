"""Tables of plain text: the first column holds names and gives way, the others hold figures under each other."""

from __future__ import annotations

from collections.abc import Sequence

from alerts.harmless_text import harmless_line
from alerts.message import COLUMNS

GAP = 2
"""Spaces between columns."""

Row = Sequence[str]


class TextTable:
    """Rows that are laid out together, in lines of at most `columns`; names that are too long end in "…"."""

    def __init__(self, rows: Sequence[Row], *, columns: int = COLUMNS, indent: int = 0) -> None:
        width = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
        rest = columns - indent - sum(width[1:]) - GAP * (len(width) - 1)
        width[0] = max(1, min(width[0], rest))
        self._width = width
        self._indent = " " * indent

    @property
    def rule(self) -> str:
        """A line of hyphens as wide as the table."""
        return self._indent + "-" * (sum(self._width) + GAP * (len(self._width) - 1))

    def line(self, row: Row, *, inset: int = 0) -> str:
        """One row, its name `inset` spaces further right."""
        name = harmless_line(row[0], max(1, self._width[0] - inset))
        cells = [(" " * inset + name).ljust(self._width[0])]
        cells += [cell.rjust(w) for cell, w in zip(row[1:], self._width[1:], strict=True)]
        return (self._indent + (" " * GAP).join(cells)).rstrip()

    def lines(self, rows: Sequence[Row]) -> str:
        """Some of the rows."""
        return "\n".join(map(self.line, rows))
