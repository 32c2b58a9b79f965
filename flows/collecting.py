"""Collect: read every source that is due, publish what is new, and leave a row saying how it went.

    due -ask-> Answer -> new of them -prepare-> [documents] -> what was deleted is removed -> run -> state

One failing source never stops the others: its row says why, and it is asked again later and later.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from hashlib import sha256

import msgspec

from flows.article_texts import wants_pages, with_pages
from flows.clock_ahead import CLOCKS_DIFFER
from flows.counting_work import count_reading
from flows.document_trail import log_published
from flows.forgetting import take_away
from flows.preparing import prepared
from flows.publishing import publish
from flows.reading_sources import Answer, ask, read_of
from flows.surroundings import surroundings_of
from flows.wiring import GROUP, Edges
from ingest.arrival import Arrival
from ingest.bus import DOCUMENTS
from ingest.dead_letter import DeadLetter
from ingest.failure_score import FailureKind, back_off, worse
from ingest.http_words import LONGEST_WAIT
from ingest.reading import Memory, Reading
from ingest.source import Source
from storage import documents, ledger, removals, rows_published, source_runs
from storage.source_runs import SourceRun, SourceState

AT_ONCE = 8
"""Sources read at the same time: reading is waiting, not computing."""

READ_AHEAD = 32
"""Sources that are asked before what they say is published: all that is in between is in memory."""

KEPT_TOGETHER = 50
"""Runs and states written at once: a row of its own for each costs a database more than reading the source did."""

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
    return (
        state is None
        or not now < state.next_due_at <= now + LONGEST_WAIT
        or (state.last_success_at is not None and state.last_success_at > now + CLOCKS_DIFFER)
    )


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
    surroundings = surroundings_of(edges.settings, edges.fetcher)
    runs: list[SourceRun] = []
    unkept: list[Taken] = []

    def done(taken: Taken) -> None:
        runs.append(taken.run)
        count_reading(taken.run)
        progress(taken.run)
        unkept.append(taken)
        if len(unkept) >= KEPT_TOGETHER:
            keep(edges, unkept)
            unkept.clear()

    with ThreadPoolExecutor(AT_ONCE) as pool, ThreadPoolExecutor(AT_ONCE) as pages:

        def asked() -> Iterator[tuple[Source, SourceState, Future[Answer]]]:
            ahead: deque[tuple[Source, SourceState, Future[Answer]]] = deque()
            for source in chosen:
                state = states.get(source.name, SourceState(source=source.name))
                answer = pool.submit(
                    ask, read_of(source), source, memory_of(state), surroundings, now
                )
                ahead.append((source, state, answer))
                if len(ahead) > READ_AHEAD:
                    yield ahead.popleft()
            while ahead:
                yield ahead.popleft()

        waiting = []
        try:
            for source, state, answer in asked():
                fresh = sift(edges, answer.result())
                if fresh.arrivals and wants_pages(source):
                    text = pages.submit(with_pages, fresh.arrivals, surroundings, now)
                    waiting.append((source, state, fresh, text))
                else:
                    done(take(edges, source, state, fresh, now))
            for source, state, fresh, text in waiting:
                arrivals, note = text.result()
                with_text = msgspec.structs.replace(fresh, arrivals=arrivals, note=note)
                done(take(edges, source, state, with_text, now))
            keep(edges, unkept)
        except BaseException:
            # The bus or the database failed, or somebody stops us: those in the queue need not be asked.
            for each in (pool, pages):
                each.shutdown(wait=False, cancel_futures=True)
            raise
    return CollectReport(runs=tuple(runs))


class Fresh(msgspec.Struct, frozen=True, kw_only=True):
    """An answer, and of its rows those that the ledger does not know."""

    answer: Answer
    arrivals: tuple[Arrival, ...] = ()
    dead: tuple[DeadLetter, ...] = ()
    known: int = 0
    gone: int = 0
    """Rows whose documents were deleted or forgotten: they are not read again."""
    note: str = ""
    """What an operator should know of the pages of its articles."""


def sift(edges: Edges, answer: Answer) -> Fresh:
    """What is new in an answer. An edition is a row of its own, with the time of the edit in its origin."""
    reading = answer.reading
    if reading is None:
        return Fresh(answer=answer)
    arrivals = {arrival.origin: arrival for arrival in map(_edition, reading.documents)}
    dead = {letter.origin: letter for letter in reading.dead}
    known = ledger.recorded(edges.database, [*arrivals, *dead])
    new = [one for origin, one in arrivals.items() if origin not in known]
    gone = removals.removed_among(edges.database, [one.document.id for one in new])
    kept = tuple(one for one in new if one.document.id not in gone)
    return Fresh(
        answer=answer,
        arrivals=kept,
        dead=tuple(one for origin, one in dead.items() if origin not in known),
        known=len(known),
        gone=len(new) - len(kept),
    )


def _edition(arrival: Arrival) -> Arrival:
    edited = arrival.document.edited_at
    if edited is None:
        return arrival
    return Arrival(f"{arrival.origin}/edited-{edited:%Y%m%dT%H%M%S}", arrival.document)


def memory_of(state: SourceState) -> Memory:
    """What a reader is told of the readings before."""
    return Memory(cursor=state.cursor, etag=state.etag, last_modified=state.last_modified)


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be written of a source whose news are published."""

    run: SourceRun
    state: SourceState
    published: tuple[tuple[str, str], ...] = ()
    """Origin and source of each row that is on the bus now."""


def take_in(
    edges: Edges, source: Source, state: SourceState, fresh: Fresh, now: datetime
) -> SourceRun:
    """Publish, tell what was published, then write the run, then remember: a crash between them only reads the same
    again.
    """
    taken = take(edges, source, state, fresh, now)
    keep(edges, [taken])
    return taken.run


def keep(edges: Edges, taken: Sequence[Taken]) -> None:
    """Write which rows were published, then the runs, then what is remembered."""
    if taken:
        rows = [row for each in taken for row in each.published]
        rows_published.record(edges.database, rows, max(each.run.finished_at for each in taken))
    source_runs.store_runs(edges.database, [each.run for each in taken])
    source_runs.store_states(edges.database, [each.state for each in taken])


def take(edges: Edges, source: Source, state: SourceState, fresh: Fresh, now: datetime) -> Taken:
    """Publish what is new and remove what was deleted."""
    answer, reading = fresh.answer, fresh.answer.reading
    run = SourceRun(
        run=_run_id(state.source, now),
        source=state.source,
        started_at=now,
        finished_at=now,
        outcome="failed" if reading is None else "unchanged" if reading.unchanged else "ok",
        http_status=answer.http_status,
        error=_line(answer.fault if reading is None else _note(reading, fresh.note)),
        failure=answer.failure or "",
    )
    if reading is not None:
        removed = _remove(edges, source, reading, now)  # none of it is in what is published now
        run = msgspec.structs.replace(_publish(edges, reading, fresh, run), removed=removed)
    return Taken(
        run=run,
        state=next_state(source, state, answer, now),
        published=tuple((one.origin, one.document.source) for one in fresh.arrivals)
        + tuple((one.origin, one.source) for one in fresh.dead),
    )


def _publish(edges: Edges, reading: Reading, fresh: Fresh, run: SourceRun) -> SourceRun:
    """Publish what is new, prepared, and count: entries = new + known + dead."""
    arrivals = [(one.origin, prepared(one.document)) for one in fresh.arrivals]
    dead = fresh.dead
    too_large = publish(edges.bus, arrivals, dead)
    log_published(fresh.arrivals)
    return msgspec.structs.replace(
        run,
        entries=len(arrivals) + len(dead) + fresh.known,
        new=len(arrivals) - too_large,
        known=fresh.known,
        dead=len(dead) + too_large,
        passed_over=reading.passed_over + fresh.gone,
        gap_since=reading.gap.since if reading.gap else None,
        gap_until=reading.gap.until if reading.gap else None,
    )


def _remove(edges: Edges, source: Source, reading: Reading, now: datetime) -> int:
    """Take away what was deleted at the source; how many documents of ours that were. A stream of everything tells of
    deletions by the thousand that never concerned us: only what is stored is remembered, or may still be on the bus.
    """
    gone = {
        *reading.removed,
        *removals.of_authors(edges.database, source.name, reading.removed_authors),
    }
    if not gone:
        return 0
    ours = documents.known_origins(edges.database, sorted(gone)).keys()
    on_the_way = edges.bus.backlog([DOCUMENTS], GROUP) > 0
    take_away(edges, source.name, sorted(gone if on_the_way else ours), now)
    return len(ours)


def _note(reading: Reading, of_pages: str) -> str:
    """What an operator should know of a source that could be read; mostly nothing."""
    notes = [*reading.notes, *([of_pages] if of_pages else [])]
    if reading.unread:
        notes.append(f"{reading.unread:,} entries more than are read of one feed were left")
    if reading.gap:
        notes.append(
            f"what was said from {reading.gap.since:%Y-%m-%d %H:%M} to {reading.gap.until:%Y-%m-%d %H:%M} UTC is lost: "
            "the source no longer gave it"
        )
    if reading.moved:
        notes.append(f"it has moved to {reading.moved} for good; change sources.toml")
    return "; ".join(notes)


def _line(text: str) -> str:
    """One line that every table takes."""
    plain = " ".join(text.encode("utf-8", "backslashreplace").decode().split())
    return plain if len(plain) <= ERROR_CHARACTERS else plain[: ERROR_CHARACTERS - 1] + "…"


def next_state(source: Source, state: SourceState, answer: Answer, now: datetime) -> SourceState:
    """What to remember: due again after poll_minutes (at once where there is more), later and later while it fails."""
    poll = timedelta(minutes=source.poll_minutes)
    if answer.reading is not None:
        memory = answer.reading.memory
        wait = timedelta(0) if answer.reading.more else poll
        return SourceState(
            source=state.source,
            etag=memory.etag,
            last_modified=memory.last_modified,
            next_due_at=now + max(wait, answer.retry_after or wait),
            failures=0,
            last_success_at=now,
            cursor=memory.cursor,
        )
    score = worse(state.failure_score, answer.failure or FailureKind.HARD)
    memory = answer.memory or memory_of(state)
    return msgspec.structs.replace(
        state,
        etag=memory.etag,
        last_modified=memory.last_modified,
        cursor=memory.cursor,
        failures=state.failures + 1,
        failure_score=score,
        # A clock that ran ahead must not keep its silence from being noticed until that time.
        last_success_at=min(state.last_success_at, now) if state.last_success_at else None,
        next_due_at=now + back_off(poll, score, answer.retry_after),
    )


def _run_id(source: str, now: datetime) -> str:
    return sha256(f"{source}\x00{now.isoformat()}".encode()).hexdigest()[:16]
