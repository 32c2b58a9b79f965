"""An import file to documents and dead letters, row by row, never the whole file in memory.

    lines -jsonl_rows | csv_rows-> RawRow -row-> Arrival | DeadLetter

Every row gives exactly one of the two; blank lines and a CSV file's header are no rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Literal

import msgspec

from ingest.arrival import Arrival
from ingest.bounded_lines import BoundedLines, ByteStream
from ingest.csv_rows import csv_rows
from ingest.dead_letter import DeadLetter, dead_letter
from ingest.document import InvalidDocument
from ingest.field_mapping import FieldMapping, ImportRefused
from ingest.jsonl_rows import jsonl_rows
from ingest.kept_row import kept_values
from ingest.raw_row import RawRow
from ingest.row import document_from_row

Format = Literal["jsonl", "csv"]

_FORMATS: dict[str, Format] = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".csv": "csv",
}

PLAIN = FieldMapping()


def format_of(name: str) -> Format:
    """The format that a file's name says. Raises ImportRefused for a name that says none."""
    for ending, found in _FORMATS.items():
        if name.lower().endswith(ending):
            return found
    raise ImportRefused(
        f"{name} is neither .jsonl nor .csv; rename it, or say what it is: --format jsonl, csv or feed"
    )


def read_rows(
    stream: ByteStream,
    *,
    name: str,
    run: str,
    read_at: datetime,
    mapping: FieldMapping = PLAIN,
    form: Format | None = None,
) -> Iterator[Arrival | DeadLetter]:
    """The rows of `stream`, a file called `name` (its name without folders, for ids and for people).

    `run` names this reading of this one file: the origins are `import:RUN/LINE`. `form` overrides what
    the name says. Raises ImportRefused, at the first row, for an empty file or a header that cannot
    be right; a bad row never stops the file. A dead letter's payload is the row as a JSON object with
    our field names, which read_rows takes again as JSON Lines; a line of JSON Lines without a mapping that has no
    other fields, and a row that could not be taken apart, stay as they were read. Neither names its author.
    """
    form = form or format_of(name)
    lines = BoundedLines(stream)
    rows = jsonl_rows(lines, name) if form == "jsonl" else csv_rows(lines, name, mapping)
    as_read = form == "jsonl" and mapping == PLAIN
    empty = True
    for row in rows:
        empty = False
        origin = f"import:{run}/{row.line}"
        values = None if row.values is None else mapping.apply(row.values)
        try:
            if values is None:
                raise InvalidDocument(row.fault)
            document = document_from_row(values, mapping=mapping, name=name, read_at=read_at)
        except InvalidDocument as error:
            yield dead_letter(
                origin=origin,
                source=_source(values or {}, name),
                place=f"{name} line {row.line}",
                reason=str(error),
                payload=_kept(row, values, as_read=as_read),
                read_at=read_at,
            )
        else:
            yield Arrival(origin, document)
    if empty and form == "jsonl":
        raise ImportRefused(f"{name} is empty")


def _kept(row: RawRow, values: Mapping[str, object] | None, *, as_read: bool) -> bytes:
    """What is kept of a dead row."""
    if values is None:
        return row.content
    kept = kept_values(values)
    if as_read and kept == row.values:
        return row.content
    return msgspec.json.encode(kept)


def _source(values: Mapping[str, object], name: str) -> str:
    said = values.get("source_id")
    return (
        said.strip() if isinstance(said, str) and 0 < len(said.strip()) <= 200 else f"import:{name}"
    )
