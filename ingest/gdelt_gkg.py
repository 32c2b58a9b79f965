"""A GKG 2.1 file to documents and dead letters.

    bytes -unpacked-> lines -split-> 27 fields -themes-> Arrival | DeadLetter | passed over

Pure. Lines end with a newline only; a tab or a newline inside a field gives records with another number
of fields, which nobody can put together again.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import datetime

import msgspec

from ingest.arrival import Arrival, row_digest
from ingest.bounded_lines import BoundedLines, Line
from ingest.dead_letter import DeadLetter, dead_letter
from ingest.document import InvalidDocument
from ingest.gdelt_gkg_row import (
    COLUMNS,
    FROM_THE_WEB,
    GkgRecord,
    document_of,
    page_title,
    record_of,
)
from ingest.gdelt_gkg_zip import GkgRefused, unpacked
from ingest.gdelt_moment import moment_of
from ingest.gdelt_themes import themes_of, wanted
from ingest.source import Source

MAX_LINES = 100_000
"""A busy quarter of an hour has some thousand; more is no GKG file."""

MAX_DEAD = 1_000
"""More than this in one file, and it is no GKG file."""

_SHOWN = 4_096
_AUTHORS = re.compile(rb"<PAGE_AUTHORS>.*?(?:</PAGE_AUTHORS>|$)|^[^\t]*?</PAGE_AUTHORS>", re.DOTALL)


class GkgReading(msgspec.Struct, frozen=True):
    """What one file gave: every line is in one of these."""

    documents: tuple[Arrival, ...]
    dead: tuple[DeadLetter, ...]
    passed_over: int
    """Not about migration, not from the web, or an address that stands there for the second time."""


def parse_gkg(
    body: bytes, *, source: Source, address: str, fetched_at: datetime, themes: Sequence[str] = ()
) -> GkgReading:
    """The records of the zip in `body` that are about migration, or have one of `themes`.

    `address` is where it came from, for people. Raises GkgRefused when it cannot be read.
    """
    documents: list[Arrival] = []
    dead: list[DeadLetter] = []
    seen: set[str] = set()
    passed_over = 0
    with unpacked(body) as stream:
        for line in BoundedLines(stream):
            if line.number > MAX_LINES:
                raise GkgRefused(f"has more than {MAX_LINES:,} lines")
            if line.blank:
                continue
            row = line.content.rstrip(b"\r\n")
            fields = row.split(b"\t", COLUMNS)
            record = record_of(fields) if len(fields) == COLUMNS and not line.too_long else None
            if record and not _ours(record, themes):
                passed_over += 1
                continue
            try:
                if record is None:
                    raise InvalidDocument(_miscounted(row, line))
                document = document_of(record, source, fetched_at)
            except InvalidDocument as error:
                dead.append(_dead(row, record, line, str(error), source, address, fetched_at))
                if len(dead) > MAX_DEAD:
                    raise GkgRefused(
                        f"has more than {MAX_DEAD:,} records that cannot be read, the last: {error}"
                    ) from error
                continue
            origin = f"gdelt-gkg:{source.name}/{row_digest(document.url or record.record_id)}"
            if origin in seen:
                passed_over += 1
                continue
            seen.add(origin)
            documents.append(Arrival(origin, document))
    return GkgReading(tuple(documents), tuple(dead), passed_over)


def _ours(record: GkgRecord, themes: Sequence[str]) -> bool:
    return record.collection == FROM_THE_WEB and wanted(
        themes_of(record.v1_themes, record.v2_themes), themes
    )


def _miscounted(row: bytes, line: Line) -> str:
    if line.too_long:
        return "the record is too long"
    fields = row.count(b"\t") + 1
    return f"the record has {fields:,} instead of {COLUMNS} fields"


def _dead(
    row: bytes,
    record: GkgRecord | None,
    line: Line,
    reason: str,
    source: Source,
    address: str,
    fetched_at: datetime,
) -> DeadLetter:
    # The names of authors are kept nowhere, and the rest of a long record says no more.
    payload = _as_row(record, source, fetched_at) if record else _AUTHORS.sub(b"", row)[:_SHOWN]
    return dead_letter(
        origin=f"gdelt-gkg:{source.name}/dead/{hashlib.sha256(row).hexdigest()[:16]}",
        source=source.name,
        place=f"{address} line {line.number}",
        reason=reason,
        payload=payload,
        read_at=fetched_at,
    )


def _as_row(record: GkgRecord, source: Source, fetched_at: datetime) -> str:
    """The record as one row of an import file (docs/import.md), to be mended and replayed."""
    seen = moment_of(record.date)
    row = {
        "source_id": source.name,
        "doc_id": record.record_id,
        "url": record.url,
        "title": page_title(record.extras),
        "published_at": f"{seen:%Y-%m-%dT%H:%M:%SZ}" if seen else record.date,
        "fetched_at": f"{fetched_at:%Y-%m-%dT%H:%M:%SZ}",
        "outlet": record.outlet,
        "society": source.society,
        "kind": source.kind.value,
    }
    kept = {name: value[:_SHOWN] for name, value in row.items() if value}
    return msgspec.json.encode(
        {name: value.encode("utf-8", "replace").decode() for name, value in kept.items()}
    ).decode()
