"""Import files: every row becomes a document on the bus or a dead letter with file and line."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from hashlib import sha256
from io import BufferedReader
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Literal

import msgspec

from flows.preparing import prepared
from flows.publishing import publish
from flows.sentence import printable
from flows.wiring import Edges
from ingest.arrival import Arrival
from ingest.dead_letter import DeadLetter
from ingest.document import UNKNOWN_LANGUAGE, UNKNOWN_SOCIETY, InvalidDocument, Kind
from ingest.feed import NotAFeed, parse_feed
from ingest.field_mapping import FieldMapping, ImportRefused
from ingest.import_rows import PLAIN, Format, read_rows
from ingest.row import document_from_row
from ingest.source import Source
from storage import rows_published, source_runs
from storage.source_runs import SourceRun

CHUNK = 500
"""Rows published together; a run that is cut off has published whole chunks."""

STDIN = Path("-")
STDIN_NAME = "stdin"

FEED_ENDINGS = (".xml", ".rss", ".atom", ".rdf")
JSON_FEED = b"jsonfeed.org/version"
"""Near the beginning of every JSON Feed; a `.json` file without it holds JSON lines."""

FileFormat = Format | Literal["feed"]
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
    form: FileFormat | None = None,
    progress: Callable[[ImportReport], None] = lambda report: None,
) -> ImportReport:
    """Publish every row of a JSONL, CSV or feed file (`-`: standard input, called stdin).

    Raises ImportRefused for a file that cannot be one.
    """
    name = STDIN_NAME if path == STDIN else _name(path)
    run = sha256(bytes(path.absolute()) + b"\x00" + now.isoformat().encode()).hexdigest()[:16]
    report = ImportReport(name=name)
    started = SourceRun(
        run=run, source=f"import:{name}", started_at=now, finished_at=now, outcome="ok"
    )
    try:
        with _opened(path, form) as stream:
            rows = (
                _entries(stream, path, name, run, now, mapping)
                if (form or _guess(path, stream)) == "feed"
                else read_rows(
                    stream,
                    name=name,
                    run=run,
                    read_at=now,
                    mapping=mapping,
                    form=None if form == "feed" else form,
                )
            )
            while chunk := list(islice(rows, CHUNK)):
                report = _publish_chunk(edges, chunk, report, now)
                progress(report)
    except BaseException as error:
        _store(edges, started, report, outcome="interrupted")
        if isinstance(error, OSError):
            raise ImportRefused(f"Cannot read {path}: {error.strerror or error}.") from error
        raise
    _store(edges, started, report, outcome="ok")
    return report


def check_constants(mapping: FieldMapping, now: datetime) -> None:
    """Raises ImportRefused when a value of `--set` would make every row a dead letter."""
    row = {"outlet": "any", "title": "any", "published_at": f"{now:%Y-%m-%d}", **mapping.set}
    try:
        document_from_row(row, mapping=PLAIN, name="any", read_at=now)
    except InvalidDocument as error:
        raise ImportRefused(f"--set: {error}") from error


def _guess(path: Path, stream: BinaryIO) -> FileFormat | None:
    """`feed` when name or content says so; None leaves it to the file's name."""
    ending = path.suffix.lower()
    if ending in FEED_ENDINGS:
        return "feed"
    if ending == ".json" and isinstance(stream, BufferedReader) and JSON_FEED in stream.peek(4096):
        return "feed"
    return None


def _opened(path: Path, form: FileFormat | None) -> contextlib.AbstractContextManager[BinaryIO]:
    if path != STDIN:
        return path.open("rb")
    if form is None:
        raise ImportRefused("Say what standard input is: --format jsonl, csv or feed.")
    return contextlib.nullcontext(sys.stdin.buffer)


def _publish_chunk(
    edges: Edges, chunk: list[Arrival | DeadLetter], report: ImportReport, now: datetime
) -> ImportReport:
    arrivals = [(row.origin, prepared(row.document)) for row in chunk if isinstance(row, Arrival)]
    letters = [row for row in chunk if isinstance(row, DeadLetter)]
    too_large = publish(edges.bus, arrivals, letters)
    rows = [(origin, document.source) for origin, document in arrivals]
    rows += [(letter.origin, letter.source) for letter in letters]
    rows_published.record(edges.database, rows, now)
    return ImportReport(
        name=report.name,
        read=report.read + len(chunk),
        published=report.published + len(arrivals) - too_large,
        dead=report.dead + len(letters) + too_large,
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
    stream: BinaryIO, path: Path, name: str, run: str, now: datetime, mapping: FieldMapping
) -> Iterator[Arrival | DeadLetter]:
    """A saved feed. What a feed does not say of itself comes from `--set`."""
    body = stream.read(FEED_BYTES + 1)
    if len(body) > FEED_BYTES:
        raise ImportRefused(f"{name} is larger than {FEED_BYTES >> 20} MiB; split it")
    said = mapping.set
    try:
        source = Source(
            name=said.get("source_id", f"import:{name}"),
            url=path.absolute().as_uri(),
            outlet=said.get("outlet", Path(name).stem),
            kind=Kind(said.get("kind", Kind.NEWS).lower()),
            society=_code(said.get("society", UNKNOWN_SOCIETY)),
            language=said.get("lang", UNKNOWN_LANGUAGE).replace("_", "-"),
        )
        reading = parse_feed(body, content_type="", source=source, address=name, fetched_at=now)
    except NotAFeed as error:
        raise ImportRefused(f"{name}: {error}; save what the address of the feed gives") from error
    if reading.unread:
        raise ImportRefused(
            f"{name} has {reading.unread} entries more than are read of one feed; split it"
        )
    # This file is read on purpose: each reading of it counts its rows, as with any other import.
    for n, arrival in enumerate(reading.documents, start=1):
        yield Arrival(f"import:{run}/{n}", arrival.document)
    for n, letter in enumerate(reading.dead, start=1):
        yield msgspec.structs.replace(letter, origin=f"import:{run}/dead/{n}")


def _name(path: Path) -> str:
    """The file's name; bytes and characters that nobody can read are spelled out or replaced."""
    return printable(path.name.encode("utf-8", "backslashreplace").decode()).replace("\n", " ")


def _code(society: str) -> str:
    """As an import row takes it: in either case."""
    return UNKNOWN_SOCIETY if society.lower() == UNKNOWN_SOCIETY else society.upper()
