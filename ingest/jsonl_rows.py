"""JSON Lines: one object a line."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from ingest.bounded_lines import MAX_LINE_BYTES, BoundedLines, Line
from ingest.field_mapping import ImportRefused
from ingest.json_kind import json_kind
from ingest.raw_row import RawRow


def jsonl_rows(lines: BoundedLines, name: str) -> Iterator[RawRow]:
    """The rows of a JSON Lines file; blank lines are none. Raises ImportRefused for a JSON array."""
    first = True
    for line in lines:
        if line.blank:
            continue
        if first and line.content.strip() == b"[":
            raise ImportRefused(
                f"{name} is a JSON array; write one object a line, without brackets and commas"
            )
        first = False
        yield _row(line)


def _row(line: Line) -> RawRow:
    content = line.content.rstrip(b"\r\n")
    if line.too_long:
        return RawRow(
            line.number, content, None, f"the line is longer than {MAX_LINE_BYTES:,} bytes"
        )
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        byte = content[error.start]
        fault = f"invalid UTF-8: byte 0x{byte:02x} at position {error.start + 1}"
        return RawRow(line.number, content, None, fault)
    if b"\x00" in content:
        return RawRow(line.number, content, None, "the line contains a NUL byte")
    try:
        values = msgspec.json.decode(content)
    except (msgspec.DecodeError, RecursionError) as error:
        return RawRow(line.number, content, None, f"broken JSON: {error}")
    if not isinstance(values, dict):
        return RawRow(
            line.number, content, None, f"the line is {json_kind(values)} instead of an object"
        )
    return RawRow(line.number, content, values)
