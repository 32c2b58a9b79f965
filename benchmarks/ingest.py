"""How fast each format is read, beside what a user would write; and what a round of 500 feeds costs one core.

    python -m benchmarks.ingest [--feeds 500] [--rounds 3] [--only formats|feeds]

Input is GENERATED, of realistic size (benchmarks/ingest_inputs.py). Ours gives documents and dead letters: dates and
charsets checked, HTML reduced to text, limits held. The alternative beside it, in the same run, only takes the bytes
apart; so the last column is what all that costs.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import feedparser
import msgspec
from rich.console import Console
from rich.table import Table

from benchmarks import ingest_inputs as inputs
from benchmarks.collect_round import measure_rounds
from classify.gate import may_be_about_migration
from ingest.document import Kind
from ingest.feed import parse_feed
from ingest.gdelt_doc import parse_doc
from ingest.gdelt_gkg import parse_gkg
from ingest.import_rows import read_rows
from ingest.jetstream import Version
from ingest.jetstream_fold import parse_jetstream
from ingest.mastodon import parse_timeline
from ingest.mediacloud import parse_stories
from ingest.reddit import parse_listing
from ingest.sitemap import parse_sitemap
from ingest.source import Source
from ingest.source_options import JetstreamOptions

ADDRESS = "https://bench.example/feed"
SECONDS = 1.0
"""Of processor time for each measurement."""

_DATA = Path(__file__).parents[1] / "tests" / "data"
_SOURCE = Source(
    name="bench", url=ADDRESS, outlet="Bench", kind=Kind.NEWS, society="GB", language="en"
)


class Format(msgspec.Struct, frozen=True, kw_only=True):
    """One format: an input, and two ways to read it."""

    name: str
    data: bytes
    rows: int
    """In the input: entries, records, posts, lines."""
    ours: Callable[[bytes], int]
    """Gives the number of rows that it accounts for."""
    alternative: str
    theirs: Callable[[bytes], object]


def formats() -> list[Format]:
    """All of them."""
    given: dict[str, Any] = {"source": _SOURCE, "address": ADDRESS, "fetched_at": inputs.NOW}
    people = given | {"author_key": lambda name, moment: "k"}

    def feed(data: bytes) -> int:
        read = parse_feed(data, content_type="", **given)
        return len(read.documents) + len(read.dead)

    def gkg(data: bytes) -> int:
        read = parse_gkg(data, **given)
        return len(read.documents) + len(read.dead) + read.passed_over

    def doc(data: bytes) -> int:
        read = parse_doc(data, **given)
        return len(read.documents) + len(read.dead)

    def jetstream(data: bytes) -> int:
        read = parse_jetstream(
            data,
            version=Version.V2,
            source=_SOURCE,
            options=JetstreamOptions(),
            is_relevant=may_be_about_migration,
            author_key=people["author_key"],
            now=inputs.NOW,
        )
        return len(read.documents) + len(read.dead) + read.passed_over

    def mediacloud(data: bytes) -> int:
        page = parse_stories(data, source=_SOURCE, address=ADDRESS, read_at=inputs.NOW)
        return len(page.documents) + len(page.dead)

    def rows(name: str) -> Callable[[bytes], int]:
        return lambda data: sum(
            1 for _ in read_rows(io.BytesIO(data), name=name, run="bench", read_at=inputs.NOW)
        )

    status = json.loads((_DATA / "mastodon" / "timeline.json").read_bytes())[-1]
    post = json.loads((_DATA / "reddit" / "new.json").read_bytes())["data"]["children"][-1]["data"]
    lines = "json.loads of each line"
    return [
        Format(name="RSS, summaries", data=inputs.rss(30), rows=30, ours=feed,
               alternative="feedparser.parse", theirs=_feedparser),
        Format(name="Atom, articles", data=inputs.atom(30), rows=30, ours=feed,
               alternative="feedparser.parse", theirs=_feedparser),
        Format(name="JSON Feed, articles", data=inputs.json_feed(30), rows=30, ours=feed,
               alternative="json.loads", theirs=json.loads),
        Format(name="GDELT GKG (zip)", data=inputs.gkg(1_500), rows=1_500, ours=gkg,
               alternative="zipfile, csv.reader", theirs=_split_zip),
        Format(name="GDELT DOC", data=inputs.gdelt_doc(250), rows=250, ours=doc,
               alternative="json.loads", theirs=json.loads),
        Format(name="Mastodon timeline", data=inputs.mastodon(status, 40), rows=40,
               ours=lambda data: len(parse_timeline(data, **people).posts), alternative="json.loads", theirs=json.loads),
        Format(name="Jetstream v2", data=inputs.jetstream(5_000), rows=5_000, ours=jetstream,
               alternative=lines, theirs=_json_lines),
        Format(name="Media Cloud", data=inputs.mediacloud(1_000), rows=1_000, ours=mediacloud,
               alternative="json.loads", theirs=json.loads),
        Format(name="Reddit listing", data=inputs.reddit(post, 100), rows=100,
               ours=lambda data: len(parse_listing(data, **people).posts), alternative="json.loads", theirs=json.loads),
        Format(name="news sitemap", data=inputs.sitemap(1_000), rows=1_000,
               ours=lambda data: len(parse_sitemap(data).entries), alternative="ElementTree", theirs=ElementTree.fromstring),
        Format(name="JSON Lines", data=inputs.jsonl(2_000), rows=2_000, ours=rows("x.jsonl"),
               alternative=lines, theirs=_json_lines),
        Format(name="CSV", data=inputs.as_csv(2_000), rows=2_000, ours=rows("x.csv"),
               alternative="csv.DictReader", theirs=_csv),
    ]  # fmt: skip


def _feedparser(data: bytes) -> object:
    return feedparser.parse(io.BytesIO(data))


def _json_lines(data: bytes) -> object:
    return [json.loads(line) for line in data.splitlines()]


def _split_zip(data: bytes) -> object:
    with (
        zipfile.ZipFile(io.BytesIO(data)) as archive,
        archive.open(archive.namelist()[0]) as member,
    ):
        text = io.TextIOWrapper(member, "utf-8")
        return list(csv.reader(text, delimiter="\t", quoting=csv.QUOTE_NONE))


def _csv(data: bytes) -> object:
    return list(csv.DictReader(io.StringIO(data.decode())))


def seconds_each(read: Callable[[bytes], object], data: bytes, at_least: float = SECONDS) -> float:
    """The least processor time of one reading, of as many as fit into `at_least` seconds."""
    read(data)
    best, spent = float("inf"), 0.0
    while spent < at_least:
        start = time.process_time()
        read(data)
        took = time.process_time() - start
        best, spent = min(best, took), spent + max(took, 1e-6)
    return best


def table_of_formats(at_least: float = SECONDS) -> Table:
    """Rows read in a second, ours and beside it."""
    table = Table(title="Reading each format: GENERATED input, one core")
    for name in ("format", "rows", "KB", "rows/s", "alternative", "its rows/s", "time over it"):
        table.add_column(name, justify="left" if name in ("format", "alternative") else "right")
    for one in formats():
        if (read := one.ours(one.data)) != one.rows:
            raise SystemExit(f"{one.name}: {read} rows accounted for instead of {one.rows}")
        ours = seconds_each(one.ours, one.data, at_least)
        theirs = seconds_each(one.theirs, one.data, at_least)
        table.add_row(
            one.name,
            f"{one.rows:,}",
            f"{len(one.data) / 1024:,.0f}",
            f"{one.rows / ours:,.0f}",
            one.alternative,
            f"{one.rows / theirs:,.0f}",
            f"{ours / theirs:.1f} x",
        )
    return table


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--feeds", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=("formats", "feeds"))
    asked = parser.parse_args()
    console = Console(width=120)
    if asked.only != "feeds":
        console.print(table_of_formats())
    if asked.only != "formats":
        console.print(measure_rounds(asked.feeds, asked.rounds))


if __name__ == "__main__":
    main()
