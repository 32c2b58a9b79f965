"""Collect: read every source that is due, publish what is new, and leave a row saying how it went.

One failing source never stops the others: its row says why, and it is asked again later and later.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from hashlib import sha256

import msgspec

from flows.publishing import publish
from flows.wiring import Edges
from ingest.feed import FeedReading, NotAFeed, parse_feed
from ingest.fetch import Fetched, FetchFailed
from ingest.http_words import LONGEST_WAIT, shown
from ingest.source import Source
from storage import ledger, source_runs
from storage.source_runs import SourceRun, SourceState

log = logging.getLogger("barometer.collect")

AT_ONCE = 8
"""Sources fetched at the same time: reading feeds is waiting, not computing."""

LONGEST_BACK_OFF = timedelta(days=1)
"""… but a source that is read more seldom than that is asked at its own pace."""

ERROR_CHARACTERS = 500
"""Of a sentence that is stored with a run."""


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
        source for source in sources if source.enabled and _is_due(states.get(source.name), now)
    ]


def _is_due(state: SourceState | None, now: datetime) -> bool:
    # A clock that ran ahead and was put right must not silence a source until that time comes.
    return state is None or not now < state.next_due_at <= now + LONGEST_WAIT


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
        try:
            for source, state, answer in asked:
                run = _take_in(edges, source, state, answer.result(), now)
                runs.append(run)
                progress(run)
        except BaseException:
            # The bus or the database failed, or somebody stops us: those in the queue need not be asked.
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return CollectReport(runs=tuple(runs))


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a source answered: a reading, or that nothing changed, or why it cannot be used."""

    fetched: Fetched | None = None
    reading: FeedReading | None = None
    """None when nothing changed, and when it failed."""
    fault: str = ""
    """One sentence; empty when the source could be read."""
    http_status: int = 0
    """0 when there was no answer."""
    retry_after: timedelta | None = None
    """How long the server asks us to stay away."""


def _ask(edges: Edges, source: Source, state: SourceState, now: datetime) -> Answer:
    """Fetch and parse. Raises nothing: whatever happens to one source, the others are read."""
    fetched: Fetched | None = None
    try:
        fetched = edges.fetcher.fetch(
            source.url, etag=state.etag, last_modified=state.last_modified
        )
        reading = None
        if fetched.status != "unchanged":
            reading = parse_feed(
                fetched.body,
                content_type=fetched.content_type,
                source=source,
                address=fetched.address,
                fetched_at=now,
            )
        return Answer(fetched=fetched, reading=reading, http_status=fetched.http_status)
    except FetchFailed as error:
        return Answer(
            fault=str(error), http_status=error.http_status or 0, retry_after=error.retry_after
        )
    except NotAFeed as error:
        fault = str(error)
    except Exception as error:
        # A fault of ours: said as such, and kept for whoever looks for it.
        log.debug("source %s", source.name, exc_info=True)
        fault = f"reading it failed in an unforeseen way ({type(error).__name__}: {error}); please report it"
    return Answer(
        fault=f"{shown(source.url)}: {fault}", http_status=fetched.http_status if fetched else 0
    )


def _take_in(
    edges: Edges, source: Source, state: SourceState, answer: Answer, now: datetime
) -> SourceRun:
    """Publish, then write the run, then remember: a crash between them only reads the feed again."""
    run = SourceRun(
        run=_run_id(source, now),
        source=source.name,
        started_at=now,
        finished_at=now,
        outcome="failed" if answer.fault else "unchanged",
        http_status=answer.http_status,
        error=_line(answer.fault or _note(answer)),
    )
    if answer.reading is not None:
        run = _publish_new(edges, answer.reading, run)
    source_runs.store_run(edges.database, run)
    source_runs.store_state(edges.database, next_state(source, state, answer, now))
    return run


def _publish_new(edges: Edges, reading: FeedReading, run: SourceRun) -> SourceRun:
    """Publish the entries that the ledger does not know, and count: entries = new + known + dead."""
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
    too_large = publish(edges.bus, new, dead)
    return msgspec.structs.replace(
        run,
        outcome="ok",
        entries=len(reading.documents) + len(reading.dead),
        new=len(new) - too_large,
        known=len(read_before),
        dead=len(dead) + too_large,
    )


def _note(answer: Answer) -> str:
    """What an operator should know of a source that could be read; mostly nothing."""
    notes = []
    if answer.reading is not None and answer.reading.unread:
        notes.append(f"{answer.reading.unread:,} entries more than are read of one feed were left")
    if answer.fetched is not None and answer.fetched.moved:
        notes.append(f"it has moved to {answer.fetched.moved} for good; change sources.toml")
    return "; ".join(notes)


def _line(text: str) -> str:
    """One line that every table takes."""
    plain = " ".join(text.encode("utf-8", "backslashreplace").decode().split())
    return plain if len(plain) <= ERROR_CHARACTERS else plain[: ERROR_CHARACTERS - 1] + "…"


def next_state(source: Source, state: SourceState, answer: Answer, now: datetime) -> SourceState:
    """What to remember: due again after poll_minutes, doubling with every failure in a row up to a day."""
    poll = timedelta(minutes=source.poll_minutes)
    if answer.fetched is not None and not answer.fault:
        unchanged = answer.fetched.status == "unchanged"
        return SourceState(
            source=source.name,
            etag=answer.fetched.etag or (state.etag if unchanged else ""),
            last_modified=answer.fetched.last_modified
            or (state.last_modified if unchanged else ""),
            next_due_at=now + poll,
            failures=0,
            last_success_at=now,
        )
    failures = state.failures + 1
    wait = max(poll, min(poll * 2 ** min(failures, 10), LONGEST_BACK_OFF))
    if answer.retry_after is not None:
        wait = max(wait, answer.retry_after)
    return msgspec.structs.replace(state, failures=failures, next_due_at=now + wait)


def _run_id(source: Source, now: datetime) -> str:
    return sha256(f"{source.name}\x00{now.isoformat()}".encode()).hexdigest()[:16]
