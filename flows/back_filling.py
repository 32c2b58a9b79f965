"""Back-fill: read the past of a source where it allows that, as often as it takes, resumable.

    span -back_fill-> Answer -> published, then remembered under a name of its own -> more? -> again

The days that it fills are amended, and never alert: what counts is when a document was published (alerts/incident.py).
"""

from __future__ import annotations

import time as clock_time
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta

import msgspec

from flows.article_texts import wants_pages, with_pages
from flows.collecting import memory_of, sift, take_in
from flows.mistake import Mistake
from flows.reading_sources import ask
from flows.surroundings import surroundings_of
from flows.wiring import Edges
from ingest.readers import back_filler_of
from ingest.reading import Memory, Reading, Surroundings
from ingest.source import Source
from storage import source_runs
from storage.source_runs import SourceRun, SourceState

LONGEST_PAUSE = timedelta(minutes=20)
"""A source that asks for more is left, to be gone on with later."""


class BackFill(msgspec.Struct, frozen=True, kw_only=True):
    """What a back-fill brought."""

    runs: tuple[SourceRun, ...]
    finished: bool
    """False where it failed or was asked to stay away: the same command goes on there."""

    @property
    def new(self) -> int:
        """Documents published."""
        return sum(run.new for run in self.runs)


def back_fill(
    edges: Edges,
    source: Source,
    first: date,
    last: date,
    *,
    clock: Callable[[], datetime],
    wait: Callable[[float], None] = clock_time.sleep,
    progress: Callable[[SourceRun], None] = lambda run: None,
) -> BackFill:
    """Publish what `source` published from `first` to `last` (UTC), both included.

    Raises Mistake for a type of source that has no past to read. What was read is remembered as `import:NAME FIRST..LAST`,
    so that it counts neither for the source's health nor as a reading of it.
    """
    filler = back_filler_of(source.type)
    if filler is None:
        raise Mistake(
            f"Sources of type {source.type} show only what is new; {source.name!r} has no past to read. Import a file "
            "instead: barometer import --help."
        )
    since = datetime.combine(first, time(), UTC)
    until = datetime.combine(last, time.max, UTC)
    name = f"import:{source.name} {first}..{last}"
    state = source_runs.states(edges.database).get(name, SourceState(source=name))
    surroundings = surroundings_of(edges.settings, edges.fetcher)

    def read_past(
        source: Source, memory: Memory, surroundings: Surroundings, now: datetime
    ) -> Reading:
        return filler.back_fill(source, since, until, memory, surroundings, now)

    runs: list[SourceRun] = []
    while True:
        now = clock()
        answer = ask(read_past, source, memory_of(state), surroundings, now)
        fresh = sift(edges, answer)
        if fresh.arrivals and wants_pages(source):
            arrivals, note = with_pages(fresh.arrivals, surroundings, now)
            fresh = msgspec.structs.replace(fresh, arrivals=arrivals, note=note)
        run = take_in(edges, source, state, fresh, now)
        runs.append(run)
        progress(run)
        if answer.reading is None or not answer.reading.more:
            return BackFill(runs=tuple(runs), finished=answer.reading is not None)
        pause = answer.retry_after or timedelta(0)
        if pause > LONGEST_PAUSE:
            return BackFill(runs=tuple(runs), finished=False)
        wait(pause.total_seconds())
        state = source_runs.states(edges.database)[name]
