"""What is kept of an import row that became no document: what Barometer would have read of it, and nothing of its author.

A file may hold names, addresses and ids of authors in columns that are not read (docs/import.md lists those that are).
Documents never have them, so dead letters do not keep them either.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

from ingest.field_mapping import FIELDS, FieldMapping
from ingest.scrubbing import NAME

AUTHOR_KEY = "author_key"

NOT_KEPT = "[not kept: its columns cannot be told apart, and not all of them are read]"

_HASH = re.compile(r"[0-9A-Fa-f]{8,128}")


def is_author_key(value: object) -> bool:
    """Whether it is a hash, and no name."""
    return isinstance(value, str) and _HASH.fullmatch(value) is not None


def kept_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Those of our fields, an author's key only where it is one."""
    return {
        name: value
        for name, value in values.items()
        if name in FIELDS and (name != AUTHOR_KEY or not value or is_author_key(value))
    }


def unread_columns(header: Sequence[str], mapping: FieldMapping) -> list[int]:
    """Places of the columns of a file that are not read, and of the one with the authors' keys, which may hold names."""
    read = {mapping.name_of(field) for field in FIELDS if field not in (*mapping.set, AUTHOR_KEY)}
    return [place for place, name in enumerate(header) if name not in read]


def kept_csv_row(content: bytes, columns: int, unread: Sequence[int], *, split: bool) -> bytes:
    """A CSV record whose cells in `unread` columns are masked, of a file with so many columns.

    A record with too many cells, or too few, has them somewhere around their places, which are all masked. One whose
    quotes cannot be followed (`split` is false) is not kept.
    """
    if not unread:
        return content
    if not split:
        return NOT_KEPT.encode()
    text = content.decode("utf-8", "surrogateescape")
    cells = next(csv.reader(io.StringIO(text, newline="")), [])
    masked = _around(unread, len(cells) - columns, len(cells))
    row = io.StringIO(newline="")
    csv.writer(row, lineterminator="").writerow(
        [
            NAME if hidden and cell and not is_author_key(cell) else cell
            for cell, hidden in zip(cells, masked, strict=True)
        ]
    )
    return row.getvalue().encode("utf-8", "surrogateescape")


def _around(places: Sequence[int], beyond: int, cells: int) -> list[bool]:
    """Of each cell, whether one of `places` lies within `beyond` of it, to the left where that is negative.

    Counted by where stretches begin and end: a header of a thousand columns over a row of one cell is soon made.
    """
    steps = [0] * (cells + 1)
    for place in places:
        first, after = max(place + min(beyond, 0), 0), min(place + max(beyond, 0) + 1, cells)
        if first < after:
            steps[first] += 1
            steps[after] -= 1
    return [open_stretches > 0 for open_stretches in accumulate(steps[:cells])]
