"""What bus and database say for the metrics, asked beside the work and kept until it is asked again.

One that cannot be asked says why; what was known of it before stays, with its time.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from datetime import datetime

import msgspec

from flows.prefect_answers import prefect_fault
from flows.sentence import sentence
from flows.settings import Settings, embedded_prefect_wanted
from flows.source_conditions import conditions
from flows.wiring import GROUP, open_bus, open_database
from ingest.bus import DEAD_LETTERS, DOCUMENTS, Bus, BusError, PartitionBacklog
from ingest.source import Source
from storage import concerns, deliveries, source_runs
from storage.database import Database, DatabaseError, DatabaseHeld
from storage.ledger import totals
from storage.observed_state import Dwell, ObservedState, newest_dwell, observed_state
from storage.source_runs import SourceState

log = logging.getLogger("barometer.metrics")

FREELY = 20.0
"""The next asking is so many times as far away as this one took, at least: it may cost a twentieth of the time."""


SOON = 1.0
"""Seconds to the second asking after the start of a process; the next ones take longer and longer to come."""


class State(msgspec.Struct, frozen=True, kw_only=True):
    """All that was said; empty where nobody could ask yet."""

    at: datetime | None = None
    """When bus and database were last both asked."""
    faults: Mapping[str, str] = {}
    """Why an edge does not answer, by its name; empty for one that does."""
    partitions: Sequence[PartitionBacklog] = ()
    figures: ObservedState | None = None
    ledger: Mapping[str, int] = {}
    dwell: Dwell | None = None
    sources: Mapping[str, SourceState] = {}
    conditions: Mapping[str, int] = {}
    channels: Mapping[str, bool] = {}
    """Whether each is switched on."""
    concerns: Mapping[str, int] = {}

    @property
    def ready(self) -> bool:
        """Whether every edge answers, and was asked."""
        return self.at is not None and not any(self.faults.values())


class StateReader:
    """Asks, and remembers. Used by one thread; `state` may be read by any."""

    def __init__(
        self,
        settings: Settings,
        sources: Sequence[Source],
        channels: Sequence[str],
        *,
        database: Database | None = None,
    ) -> None:
        """`database` belongs to the caller; without one it is opened for each asking."""
        self._settings = settings
        self._sources = sources
        self._channels = channels
        self._database = database
        self._bus: Bus | None = None
        self.state = State()
        self.seconds = 0.0
        """That the last asking took."""

    def read(self, now: datetime) -> None:
        """Ask everything once. Raises nothing that an edge raises."""
        began = time.monotonic()
        before = self.state
        faults = dict.fromkeys(("bus", "database"), "")
        found = before
        try:
            found = msgspec.structs.replace(found, partitions=self._backlog())
        except BusError as error:
            faults["bus"] = sentence(error)
            self.close()
        try:
            found = self._of_database(found, now)
        except DatabaseHeld:
            # It is well: a flow run has it for the moment.
            now = before.at or now
        except DatabaseError as error:
            faults["database"] = sentence(error)
        if not embedded_prefect_wanted():
            faults["prefect"] = prefect_fault()
        asked = not (faults["bus"] or faults["database"])
        self.state = msgspec.structs.replace(found, faults=faults, at=now if asked else before.at)
        self.seconds = time.monotonic() - began

    def close(self) -> None:
        """Close the bus."""
        bus, self._bus = self._bus, None
        if bus is not None:
            with suppress(BusError):
                bus.close()

    def _backlog(self) -> list[PartitionBacklog]:
        if self._bus is None:
            self._bus = open_bus(self._settings)
        return self._bus.backlog_by_partition([DOCUMENTS, DEAD_LETTERS], GROUP)

    def _of_database(self, known: State, now: datetime) -> State:
        with ExitStack() as stack:
            database = self._database
            if database is None:
                database = open_database(self._settings)
                stack.callback(database.close)
            switched = deliveries.channel_states(database)
            found = conditions(
                database,
                self._sources,
                now,
                collect_minutes=self._settings.collect_minutes,
            )
            listed = {source.name for source in self._sources if source.enabled}
            return msgspec.structs.replace(
                known,
                figures=observed_state(database),
                ledger={word.value: number for word, number in totals(database).items()},
                dwell=newest_dwell(database),
                sources={
                    name: one
                    for name, one in source_runs.states(database).items()
                    if name in listed
                },
                conditions=Counter(one.condition.value for one in found.values()),
                channels={
                    name: name not in switched or switched[name].disabled_at is None
                    for name in self._channels
                },
                concerns=Counter(one.kind.value for one in concerns.lasting(database)),
            )


def read_again_and_again(
    reader: StateReader,
    *,
    every: float,
    clock: Callable[[], datetime],
    wait: Callable[[float], bool],
    each_time: Callable[[], object] = lambda: None,
) -> None:
    """Until `wait` (seconds) says that it is over. Nothing that goes wrong ends it."""
    told, over, pause = "", False, SOON
    while not over:
        try:
            each_time()
            reader.read(clock())
            told = ""
        except Exception as error:  # a metric must never stop the work
            if str(error) != told:
                told = str(error)
                log.warning("the metrics could not be read: %s", sentence(error))
        over = wait(max(pause, FREELY * reader.seconds))
        pause = min(every, 2 * pause)
    reader.close()
