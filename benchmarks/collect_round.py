"""What one round of many feeds costs one core, as a share of the quarter of an hour between two rounds.

The feeds are GENERATED and served by another process on this machine; the collector (this process with all its
threads) is pinned to one core and does all that it does in production: conditional requests, parsing, asking the ledger,
preparing, publishing to a bus, writing down. Not in it: TLS, and waiting for far hosts, which costs no processor.
"""

from __future__ import annotations

import multiprocessing
import os
import tempfile
import threading
import time
from collections.abc import Sequence
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import feedparser
import httpx
import msgspec
from rich.table import Table

from benchmarks.ingest_inputs import NOW, rss
from benchmarks.pipeline import InstantClassifier
from flows.collecting import collect
from flows.scoring import drain
from flows.settings import Settings
from flows.wiring import edges
from ingest.document import Kind
from ingest.source import Source

ENTRIES, FRESH = 30, 3
"""Of a feed, and how many of them are new where anything is."""

CHANGED = 0.4
"""Share of the feeds that have something new in a round; the others answer 304."""

POLL = timedelta(minutes=15)


def serve(pipe: Connection, feeds: int) -> None:
    """Serve feeds until the pipe says None; a number is the round that they show from then on."""
    bodies: dict[int, tuple[str, bytes]] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            tag, body = bodies[int(self.path.strip("/"))]
            if self.headers.get("If-None-Match") == tag:
                self.send_response(304)
                self.end_headers()
                return
            self.send_response(200)
            self.send_header("ETag", tag)
            self.send_header("Content-Type", "application/rss+xml; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            return

    for feed in range(feeds):
        bodies[feed] = ('"0"', rss(ENTRIES, seed=feed))
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    pipe.send(server.server_address[1])

    threading.Thread(target=server.serve_forever, daemon=True).start()
    while (number := pipe.recv()) is not None:
        for feed in range(feeds):
            if (feed * 7 + number) % 10 < 10 * CHANGED:
                bodies[feed] = (f'"{number}"', _with_news(bodies[feed][1], feed, number))
        pipe.send("ready")
    server.shutdown()


def _with_news(body: bytes, feed: int, number: int) -> bytes:
    """The newest entries are new, the oldest are gone."""
    fresh = rss(FRESH, seed=1_000_000 + 1_000 * number + feed)
    new = fresh[fresh.index(b"<item>") : fresh.rindex(b"</item>") + 7]
    items = body[body.index(b"<item>") : body.rindex(b"</item>") + 7].split(b"</item>")[
        : ENTRIES - FRESH
    ]
    start = body[: body.index(b"<item>")]
    return start + new + b"</item>".join(items) + b"</item></channel></rss>"


def measure_rounds(feeds: int, rounds: int) -> Table:
    """A table: the first round, in which all is new, then usual ones, then what a script would do."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs, feeds))
    server.start()
    before = os.sched_getaffinity(0)
    try:
        port = ours.recv()
        os.sched_setaffinity(0, {max(before)})
        return _table(ours, [f"http://127.0.0.1:{port}/{n}" for n in range(feeds)], rounds)
    finally:
        os.sched_setaffinity(0, before)
        ours.send(None)
        server.join(10)


def _table(pipe: Connection, addresses: Sequence[str], rounds: int) -> Table:
    share = POLL.total_seconds()
    table = Table(
        title=f"One round of {len(addresses)} GENERATED feeds of {ENTRIES} entries, collector on one core",
        caption=f"share: of the {POLL.total_seconds() / 60:.0f} minutes between two rounds",
    )
    for name in ("round", "unchanged", "new documents", "processor", "share", "wall clock"):
        table.add_column(name, justify="left" if name == "round" else "right")

    def add(name: str, unchanged: int, new: int, cpu: float, wall: float) -> None:
        table.add_row(
            name,
            f"{unchanged:,}",
            f"{new:,}",
            f"{cpu:.1f} s",
            f"{cpu / share:.2%}",
            f"{wall:.1f} s",
        )

    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            bus_url=f"sqlite:///{folder}/bus.db",
            database_url=f"chdb:///{folder}/clickhouse",
            alert_log=Path(folder) / "alerts.log",
            allowed_hosts="127.0.0.1",
            host_pause=0,
        )
        sources = [_source(n, address) for n, address in enumerate(addresses)]
        with edges(settings, create=True, sources=sources) as opened:
            quick = msgspec.structs.replace(opened, classifier=InstantClassifier())
            for number in range(rounds + 1):
                now = NOW + number * POLL
                if number:
                    pipe.send(number)
                    pipe.recv()
                cpu, wall = time.process_time(), time.perf_counter()
                report = collect(quick, now=now)
                cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
                if report.failed or len(report.runs) != len(sources):
                    raise SystemExit(f"{report}: {report.failed[0].error if report.failed else ''}")
                unchanged = sum(run.outcome == "unchanged" for run in report.runs)
                add(
                    "first: all is new" if not number else f"usual {number}",
                    unchanged,
                    report.new,
                    cpu,
                    wall,
                )
                drain(quick, clock=lambda at=now: at)  # type: ignore[misc]
    cpu, wall = time.process_time(), time.perf_counter()
    read = sum(_as_a_script_would(address) for address in addresses)
    add(
        "a script: httpx.get, feedparser.parse",
        0,
        read,
        time.process_time() - cpu,
        time.perf_counter() - wall,
    )
    return table


def _source(number: int, address: str) -> Source:
    values: dict[str, Any] = {
        "name": f"feed-{number}",
        "outlet": f"Outlet {number}",
        "url": address,
    }
    return Source(**values, kind=Kind.NEWS, society="GB", language="en")


def _as_a_script_would(address: str) -> int:
    return len(feedparser.parse(httpx.get(address).content).entries)
