"""Import files: every row becomes a document on the bus or a dead letter with file and line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import msgspec

from flows.publishing import publish
from flows.wiring import Edges
from ingest.arrival import Arrival
from ingest.dead_letter import DeadLetter
from ingest.document import UNKNOWN_LANGUAGE, UNKNOWN_SOCIETY, Kind
from ingest.feed import NotAFeed, parse_feed
from ingest.field_mapping import FieldMapping, ImportRefused
from ingest.import_rows import Format, read_rows
from ingest.source import Source
from storage import source_runs
from storage.source_runs import SourceRun

CHUNK = 500
"""Rows published together; a run that is cut off has published whole chunks."""

FEED_ENDINGS = (".xml", ".rss", ".atom", ".rdf")
FEED_BYTES = 15 * 1024 * 1024
"""The same cap as for a feed that is fetched."""


class ImportReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a file's rows."""

    name: str
    read: int = 0
    published: int = 0
    dead: int = 0

    def __str__(self) -> str:
        return f"{self.name}: {self.read} rows read = {self.published} published + {self.dead} dead"


def import_file(
    edges: Edges,
    path: Path,
    *,
    now: datetime,
    mapping: FieldMapping,
    form: Format | None = None,
    progress: Callable[[ImportReport], None] = lambda report: None,
) -> ImportReport:
    """Publish every row of a JSONL, CSV or feed file. Raises ImportRefused for a file that cannot be one."""
    run = sha256(f"{path.absolute()}\x00{now.isoformat()}".encode()).hexdigest()[:16]
    report = ImportReport(name=path.name)
    started = SourceRun(
        run=run, source=f"import:{path.name}", started_at=now, finished_at=now, outcome="ok"
    )
    try:
        with path.open("rb") as stream:
            if form is None and path.suffix.lower() in FEED_ENDINGS:
                rows = _entries(stream, path, run, now, mapping)
            else:
                rows = read_rows(
                    stream, name=path.name, run=run, read_at=now, mapping=mapping, form=form
                )
            while chunk := list(islice(rows, CHUNK)):
                report = _publish_chunk(edges, chunk, report)
                progress(report)
    except OSError as error:
        raise ImportRefused(f"Cannot read {path}: {error.strerror or error}.") from error
    except BaseException:
        _store(edges, started, report, outcome="interrupted")
        raise
    _store(edges, started, report, outcome="ok")
    return report


def _publish_chunk(
    edges: Edges, chunk: list[Arrival | DeadLetter], report: ImportReport
) -> ImportReport:
    arrivals = [(row.origin, row.document) for row in chunk if isinstance(row, Arrival)]
    letters = [row for row in chunk if isinstance(row, DeadLetter)]
    publish(edges.bus, arrivals, letters)
    return ImportReport(
        name=report.name,
        read=report.read + len(chunk),
        published=report.published + len(arrivals),
        dead=report.dead + len(letters),
    )


def _store(edges: Edges, started: SourceRun, report: ImportReport, *, outcome: str) -> None:
    if outcome == "interrupted" and not report.read:
        return
    source_runs.store_run(
        edges.database,
        msgspec.structs.replace(
            started, outcome=outcome, entries=report.read, new=report.published, dead=report.dead
        ),
    )


def _entries(
    stream: BinaryIO, path: Path, run: str, now: datetime, mapping: FieldMapping
) -> Iterator[Arrival | DeadLetter]:
    """A saved feed. What a feed does not say of itself comes from `--set`."""
    body = stream.read(FEED_BYTES + 1)
    if len(body) > FEED_BYTES:
        raise ImportRefused(f"{path.name} is larger than {FEED_BYTES >> 20} MiB; split it")
    said = mapping.set
    try:
        source = Source(
            name=said.get("source_id", f"import:{path.name}"),
            url=path.absolute().as_uri(),
            outlet=said.get("outlet", path.stem),
            kind=Kind(said.get("kind", Kind.NEWS)),
            society=said.get("society", UNKNOWN_SOCIETY),
            language=said.get("lang", UNKNOWN_LANGUAGE),
        )
        reading = parse_feed(
            body, content_type="", source=source, address=path.name, fetched_at=now
        )
    except NotAFeed as error:
        raise ImportRefused(f"{path.name}: {error}") from error
    except ValueError as error:
        raise ImportRefused(f"--set kind: {error}; use {', '.join(Kind)}") from error
    if reading.unread:
        raise ImportRefused(
            f"{path.name} has {reading.unread} entries more than are read of one feed; split it"
        )
    # This file is read on purpose: each reading of it counts its rows, as with any other import.
    for n, arrival in enumerate(reading.documents, start=1):
        yield Arrival(f"import:{run}/{n}", arrival.document)
    for n, letter in enumerate(reading.dead, start=1):
        yield msgspec.structs.replace(letter, origin=f"import:{run}/dead/{n}")
