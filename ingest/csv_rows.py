"""CSV as in RFC 4180: a header, commas, quotes doubled inside quotes, line breaks allowed inside quotes."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence

from ingest.bounded_lines import MAX_LINE_BYTES, BoundedLines, Line
from ingest.field_mapping import FieldMapping, ImportRefused
from ingest.kept_row import kept_csv_row, unread_columns
from ingest.raw_row import RawRow

MAX_RECORD_LINES = 10_000
"""Lines that one record may span. Where a quote is opened and never closed, this many are looked at, and not lost."""

_FAULTS = (
    ("unexpected end of data", "a quote is opened on this line and not closed"),
    ("new-line character", "there is a carriage return outside quotes; end lines with LF or CRLF"),
    (
        "expected after",
        "a quote is closed in the middle of a cell; double the quotes inside quotes",
    ),
)

# One setting for the whole process; it only ever lets larger cells through to our own limits.
csv.field_size_limit(MAX_LINE_BYTES)


def csv_rows(lines: BoundedLines, name: str, mapping: FieldMapping) -> Iterator[RawRow]:
    """The records after the header; blank lines are none.

    A record that breaks the quoting costs its first line only: what follows is read again. Of one that cannot be taken
    apart, columns that are not read are masked (ingest/kept_row.py). Raises
    ImportRefused for a header that cannot be right: two equal names, another separator, none of the
    columns that every row needs.
    """
    header = _header(lines, name, mapping)
    unread = unread_columns(header, mapping)
    while (record := _record(lines)) is not None:
        pulled, cells, fault = record
        content = b"".join(line.content for line in pulled)[:MAX_LINE_BYTES].rstrip(b"\r\n")
        values = None
        if not fault and len(cells) != len(header):
            fault = f"the row has {len(cells)} cells, the header {len(header)}"
        if not fault:
            fault = _bad_bytes(cells)
        if not fault:
            values = dict(zip(header, cells, strict=True))
        if values is None:
            content = kept_csv_row(content, len(header), unread, split=bool(cells))
        yield RawRow(pulled[0].number, content, values, fault)


def _header(lines: BoundedLines, name: str, mapping: FieldMapping) -> list[str]:
    record = _record(lines)
    if record is None:
        raise ImportRefused(f"{name} is empty")
    pulled, cells, fault = record
    place = f"{name} line {pulled[0].number}"
    fault = fault or _bad_bytes(cells)
    if fault:
        raise ImportRefused(f"{place}: the header cannot be read: {fault}")
    header = [cell.strip() for cell in cells]
    if len(header) == 1:
        for separator, word in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
            if separator in header[0]:
                raise ImportRefused(f"{place}: the columns are separated by {word}; use commas")
    twice = sorted({column for column in header if column and header.count(column) > 1})
    if twice:
        raise ImportRefused(f"{place}: the header names {twice[0]!r} twice")

    def absent(field: str) -> bool:
        return field not in mapping.set and mapping.name_of(field) not in header

    for field in ("outlet", "published_at"):
        if absent(field):
            raise ImportRefused(
                f"{place}: there is no column {mapping.name_of(field)!r}; name the right one with "
                f"--field {field}=COLUMN, or give all rows one value with --set {field}=VALUE"
            )
    if absent("title") and absent("text"):
        raise ImportRefused(
            f"{place}: there is no column {mapping.name_of('title')!r} or {mapping.name_of('text')!r}; "
            "name the right one with --field text=COLUMN"
        )
    return header


def _record(lines: BoundedLines) -> tuple[Sequence[Line], list[str], str] | None:
    """The lines of the next record, its cells, and what is wrong with it; None at the end."""
    pulled: list[Line] = []

    def feed() -> Iterator[str]:
        size = 0
        while len(pulled) < MAX_RECORD_LINES and size <= MAX_LINE_BYTES:
            line = lines.next()
            if line is None:
                return
            if line.blank and not pulled:
                continue
            pulled.append(line)
            size += len(line.content)
            if line.too_long:
                return
            # Invalid bytes pass through as surrogates, to be found in the cell where they are.
            yield line.content.decode("utf-8", "surrogateescape")

    try:
        cells = next(csv.reader(feed(), strict=True), None)
    except csv.Error as error:
        fault = next((ours for theirs, ours in _FAULTS if theirs in str(error)), str(error))
    else:
        fault = ""
    if not pulled:
        return None
    if pulled[0].too_long:
        lines.put_back(pulled[1:])
        return pulled[:1], [], f"the line is longer than {MAX_LINE_BYTES:,} bytes"
    if fault:
        lines.put_back(pulled[1:])
        return pulled[:1], [], fault
    return pulled, cells or [], ""


def _bad_bytes(cells: Sequence[str]) -> str:
    for number, cell in enumerate(cells, start=1):
        if "\x00" in cell:
            return f"cell {number} contains a NUL byte"
        if not cell.isascii() and any("\udc80" <= c <= "\udcff" for c in cell):
            return f"invalid UTF-8 in cell {number}"
    return ""
