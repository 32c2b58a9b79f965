"""Collect: read every source that is due, publish what is new, and leave a row saying how it went.

One failing source never stops the others: its row says why, and it is asked again later and later.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from hashlib import sha256

import msgspec

from flows.publishing import publish
from flows.wiring import Edges
from ingest.feed import FeedReading, NotAFeed, parse_feed
from ingest.fetch import Fetched, FetchFailed
from ingest.source import Source
from storage import ledger, source_runs
from storage.source_runs import SourceRun, SourceState

AT_ONCE = 8
"""Sources fetched at the same time: reading feeds is waiting, not computing."""

LONGEST_BACK_OFF = timedelta(days=1)


class CollectReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a round of collecting brought."""

    runs: tuple[SourceRun, ...]

    @property
    def new(self) -> int:
        """Documents published."""
        return sum(run.new for run in self.runs)

    @property
    def failed(self) -> tuple[SourceRun, ...]:
        """Runs of sources that could not be read."""
        return tuple(run for run in self.runs if run.outcome == "failed")

    def __str__(self) -> str:
        known = sum(run.known for run in self.runs)
        dead = sum(run.dead for run in self.runs)
        return (
            f"{len(self.runs)} sources: {self.new} new, {known} known, {dead} dead,"
            f" {len(self.failed)} sources failed"
        )


def due(sources: Sequence[Source], states: dict[str, SourceState], now: datetime) -> list[Source]:
    """Enabled sources whose time has come, in the order of the list."""
    return [
        source
        for source in sources
        if source.enabled and (source.name not in states or states[source.name].next_due_at <= now)
    ]


def collect(
    edges: Edges,
    *,
    now: datetime,
    only: Sequence[str] = (),
    progress: Callable[[SourceRun], None] = lambda run: None,
) -> CollectReport:
    """Read the sources that are due (or those named, due or not)."""
    states = source_runs.states(edges.database)
    chosen = (
        [source for source in edges.sources if source.name in only]
        if only
        else due(edges.sources, states, now)
    )
    runs = []
    with ThreadPoolExecutor(AT_ONCE) as pool:
        asked = [
            (source, state, pool.submit(_ask, edges, source, state, now))
            for source in chosen
            for state in [states.get(source.name, SourceState(source=source.name))]
        ]
        for source, state, answer in asked:
            run = _take_in(edges, source, state, answer.result(), now)
            runs.append(run)
            progress(run)
    return CollectReport(runs=tuple(runs))


Answer = tuple[Fetched | None, FeedReading | None, FetchFailed | NotAFeed | None]


def _ask(edges: Edges, source: Source, state: SourceState, now: datetime) -> Answer:
    try:
        fetched = edges.fetcher.fetch(
            source.url, etag=state.etag, last_modified=state.last_modified
        )
        if fetched.status == "unchanged":
            return fetched, None, None
        reading = parse_feed(
            fetched.body,
            content_type=fetched.content_type,
            source=source,
            address=fetched.address,
            fetched_at=now,
        )
        return fetched, reading, None
    except (FetchFailed, NotAFeed) as error:
        return None, None, error


def _take_in(
    edges: Edges, source: Source, state: SourceState, answer: Answer, now: datetime
) -> SourceRun:
    """Publish, then write the run, then remember: a crash between them only reads the feed again."""
    fetched, reading, error = answer
    run = SourceRun(
        run=_run_id(source, now),
        source=source.name,
        started_at=now,
        finished_at=now,
        outcome="ok",
        http_status=fetched.http_status if fetched else 0,
    )
    if error is not None:
        reason = str(error) if isinstance(error, FetchFailed) else f"{source.url}: {error}"
        run = msgspec.structs.replace(run, outcome="failed", error=reason)
        if isinstance(error, FetchFailed):
            run = msgspec.structs.replace(run, http_status=error.http_status or 0)
    elif reading is None:
        run = msgspec.structs.replace(run, outcome="unchanged")
    else:
        read_before = ledger.recorded(
            edges.database,
            [arrival.origin for arrival in reading.documents]
            + [letter.origin for letter in reading.dead],
        )
        new = [
            (arrival.origin, arrival.document)
            for arrival in reading.documents
            if arrival.origin not in read_before
        ]
        dead = [letter for letter in reading.dead if letter.origin not in read_before]
        publish(edges.bus, new, dead)
        run = msgspec.structs.replace(
            run,
            entries=len(reading.documents) + len(reading.dead),
            new=len(new),
            known=len(read_before),
            dead=len(dead),
        )
    source_runs.store_run(edges.database, run)
    source_runs.store_state(edges.database, next_state(source, state, fetched, error, now))
    return run


def next_state(
    source: Source,
    state: SourceState,
    fetched: Fetched | None,
    error: Exception | None,
    now: datetime,
) -> SourceState:
    """What to remember: due again after poll_minutes, doubling with every failure in a row up to a day."""
    poll = timedelta(minutes=source.poll_minutes)
    if fetched is not None:
        return SourceState(
            source=source.name,
            etag=fetched.etag or (state.etag if fetched.status == "unchanged" else ""),
            last_modified=fetched.last_modified
            or (state.last_modified if fetched.status == "unchanged" else ""),
            next_due_at=now + poll,
            failures=0,
            last_success_at=now,
        )
    failures = state.failures + 1
    wait = min(poll * 2 ** min(failures, 10), LONGEST_BACK_OFF)
    if isinstance(error, FetchFailed) and error.retry_after is not None:
        wait = max(wait, error.retry_after)
    return msgspec.structs.replace(state, failures=failures, next_due_at=now + wait)


def _run_id(source: Source, now: datetime) -> str:
    return sha256(f"{source.name}\x00{now.isoformat()}".encode()).hexdigest()[:16]
