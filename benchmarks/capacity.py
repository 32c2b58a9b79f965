"""How many partitions, workers and shards a stream needs, and a simulation of the line that such a choice makes.

    python -m benchmarks.capacity [--about 110] [--elsewhere 3000] [--share 0.05] …

    arrivals (a day's curve, bursts, one story that everybody copies) -key-> partitions -> workers -> database

What one core does is measured by `python -m benchmarks.classify`, `gate` and `scale`; give your own machine's figures.
THE ARRIVALS ARE SIMULATED: seconds of a day, Poisson within each second (Cox 1955: the rate itself varies), with bursts
of twice the rate and one of ten minutes at five times. A story stays on one partition, so the size of stories decides
how even the partitions are: their shares fall off as 1 / (rank + 50) (Zipf 1949, Mandelbrot 1953).
"""

from __future__ import annotations

import argparse
import math

import msgspec
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

Floats = NDArray[np.float64]

DAY = 86_400

HEADROOM = 0.5
"""Of what the workers can do, used at the usual peak of a day: the rest is for bursts, and for going on when one dies."""

DAY_CURVE = 0.5
"""The usual peak of a day lies this share above its mean, and the night as much below."""

BURSTS, BURST_SECONDS, BURST_TIMES = 12, 1_200, 2.0
"""Waves of news in a day, each so long, each so many times the rate of the hour …"""

ALARM_SECONDS, ALARM_TIMES = 600, 5.0
"""… and one after which everybody writes at once."""

BIG_STORY = 0.02
"""Share of the documents of that one wave that are copies of one story, and so lie on one partition."""

DOCUMENTS_A_STORY, STORIES_AT_MOST, EVEN_RANKS = 4, 10**6, 50
"""Documents of a mean story; stories that are told apart here; how flat the head of their sizes is (Mandelbrot)."""

ROWS_PER_INSERT, INSERTS_PER_SECOND = 500, 10
"""Documents of a batch, and batches a second that one shard takes without merges falling behind: ClickHouse asks for
about one insert a second and table; a batch writes to few partitions of eight tables.
"""

PARTITIONS_A_WORKER = 4
"""A multiple of the workers, so that all have as many; and four of them, so that there may be four times the workers
later: another number of partitions puts keys elsewhere.
"""

LAG_SECONDS = 300.0
"""Wanted of 99 % of a day's documents: minutes do not matter to a figure of a day."""


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """What one core and one document cost, as measured."""

    about: float
    """Documents about migration that a core judges in a second."""
    elsewhere: float
    """Other documents that a core passes in a second: decode, gate, ledger."""
    bytes_about: float
    """At rest, of a document about migration, over all tables."""
    bytes_elsewhere: float
    """At rest, of any other, whose text is not kept."""

    def per_second(self, share: float) -> float:
        """Documents a second and core where `share` of them are about migration."""
        return 1 / (share / self.about + (1 - share) / self.elsewhere)


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a stream needs."""

    documents: float
    """A second, mean of a day."""
    workers: int
    partitions: int
    shards: int
    gigabytes_a_year: float


def plan(documents: float, share: float, machine: Machine, seed: int) -> Plan:
    """Workers for the usual peak with HEADROOM, and more of them until the simulated lag is what is wanted; partitions
    that they share evenly; shards for their batches.
    """
    peak = documents * (1 + DAY_CURVE)
    speed = machine.per_second(share)
    workers = max(2, math.ceil(peak / (speed * HEADROOM)))
    while (
        simulated(documents, workers, PARTITIONS_A_WORKER * workers, speed, seed).ninety_nine
        > LAG_SECONDS
    ):
        workers += max(1, workers // 10)
    size = share * machine.bytes_about + (1 - share) * machine.bytes_elsewhere
    return Plan(
        documents=documents,
        workers=workers,
        partitions=PARTITIONS_A_WORKER * workers,
        shards=max(1, math.ceil(peak / ROWS_PER_INSERT / INSERTS_PER_SECOND)),
        gigabytes_a_year=documents * size * DAY * 365 / 1e9,
    )


def rates(documents: float, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Documents a second over a day, and how many of them are copies of the one big story; both (86,400,)."""
    second = np.arange(DAY)
    usual = documents * (1 - DAY_CURVE * np.cos(2 * np.pi * second / DAY))
    times = np.ones(DAY)
    for start in rng.integers(0, DAY - BURST_SECONDS, BURSTS):
        times[start : start + BURST_SECONDS] = BURST_TIMES
    start = int(rng.integers(DAY // 3, DAY * 2 // 3))
    copies = np.zeros(DAY)
    times[start : start + ALARM_SECONDS] = ALARM_TIMES
    whole = usual * times
    copies[start : start + ALARM_SECONDS] = BIG_STORY * whole[start : start + ALARM_SECONDS]
    return whole - copies, copies


def shares(documents: float, partitions: int, rng: np.random.Generator) -> Floats:
    """Of the documents of a day, by partition: stories of Zipf's sizes, each where its key puts it."""
    stories = int(min(STORIES_AT_MOST, max(1, documents * DAY / DOCUMENTS_A_STORY)))
    sizes = 1 / (EVEN_RANKS + np.arange(1, stories + 1))
    place = rng.integers(0, partitions, stories)
    found = np.bincount(place, weights=sizes, minlength=partitions)
    return found / found.sum()


class Lags(msgspec.Struct, frozen=True):
    """Seconds from arrival to judgement over a day, of documents."""

    median: float
    ninety_nine: float
    worst: float
    left: float
    """Documents that still waited when the day was over."""


def simulated(
    documents: float, workers: int, partitions: int, per_second: float, seed: int = 1
) -> Lags:
    """A day of the line. A worker has the partitions p with p mod workers = its number, and serves the oldest first:
    its documents wait as in one queue with a server of constant speed (Lindley 1952, in steps of a second).
    """
    rng = np.random.default_rng(seed)
    spread, copies = rates(documents, rng)
    weights = shares(documents, partitions, rng)
    by_worker = np.bincount(np.arange(partitions) % workers, weights=weights, minlength=workers)
    hot = int(rng.integers(0, partitions)) % workers
    waits: list[Floats] = []
    counts: list[Floats] = []
    left = 0.0
    for number in range(workers):
        mean = spread * by_worker[number] + (copies if number == hot else 0.0)
        arrived = rng.poisson(mean).astype(np.float64)
        backlog = backlog_of(arrived, per_second)
        waits.append(backlog / per_second)
        counts.append(arrived)
        left += float(backlog[-1])
    wait, count = np.concatenate(waits), np.concatenate(counts)
    order = np.argsort(wait)
    below = np.cumsum(count[order]) / max(1.0, count.sum())
    sorted_waits = wait[order]
    return Lags(
        median=float(sorted_waits[np.searchsorted(below, 0.5)]),
        ninety_nine=float(sorted_waits[min(int(np.searchsorted(below, 0.99)), len(wait) - 1)]),
        worst=float(wait[count > 0].max(initial=0.0)),
        left=left,
    )


def backlog_of(arrived: Floats, per_second: float) -> Floats:
    """Documents that wait at the end of each second: b(t) = max(0, b(t-1) + a(t) - served)."""
    walk = np.cumsum(arrived - per_second)
    return walk - np.minimum(0.0, np.minimum.accumulate(walk))


def table(machine: Machine, share: float, streams: tuple[float, ...], seed: int) -> Table:
    """Each stream with its plan, the lag that it gives, the lag after half of the workers died, and with too few."""
    found = Table(
        title=f"SIMULATED days; {machine.per_second(share):,.0f} documents a second and core,"
        f" {share:.0%} about migration"
    )
    for name in ("documents/s", "workers", "partitions", "shards", "GB a year"):
        found.add_column(name, justify="right")
    for name in ("lag: median", "99 %", "worst", "99 % with half the workers", "99 % at the mean"):
        found.add_column(name, justify="right")
    for documents in streams:
        chosen = plan(documents, share, machine, seed)
        speed = machine.per_second(share)
        bare = max(1, math.ceil(documents / speed))
        lags, half, scant = (
            simulated(documents, workers, max(chosen.partitions, workers), speed, seed)
            for workers in (chosen.workers, max(1, chosen.workers // 2), bare)
        )
        found.add_row(
            f"{documents:,g}",
            f"{chosen.workers:,}",
            f"{chosen.partitions:,}",
            str(chosen.shards),
            f"{chosen.gigabytes_a_year:,.0f}",
            f"{lags.median:,.1f} s",
            f"{lags.ninety_nine:,.0f} s",
            f"{lags.worst:,.0f} s",
            f"{half.ninety_nine:,.0f} s",
            f"{scant.ninety_nine:,.0f} s",
        )
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--about", type=float, default=110.0, help="documents about migration a second and core")  # fmt: skip
    parser.add_argument("--elsewhere", type=float, default=3000.0, help="other documents a second and core")  # fmt: skip
    parser.add_argument("--bytes-about", type=float, default=1000.0, help="at rest, a document about migration")  # fmt: skip
    parser.add_argument("--bytes-elsewhere", type=float, default=150.0, help="at rest, any other")
    parser.add_argument("--share", type=float, default=0.05, help="of documents that are about migration")  # fmt: skip
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    machine = Machine(
        about=options.about,
        elsewhere=options.elsewhere,
        bytes_about=options.bytes_about,
        bytes_elsewhere=options.bytes_elsewhere,
    )
    Console(width=130).print(table(machine, options.share, (1.0, 100.0, 10_000.0), options.seed))


if __name__ == "__main__":
    main()
