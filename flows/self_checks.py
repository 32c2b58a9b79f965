"""What is wrong with the pipeline itself, as far as bus, database and Prefect say.

    bus, database, Prefect -asked, each for EDGE_SECONDS at most-> Seen: concerns, and the kinds that nobody could look at

It reads and changes nothing. The pipeline may be alive and still not complete: every process runs and a source is silent,
nothing is judged, more arrives than is judged, a digest did not come, nobody answers an incident, the books do not balance.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import msgspec

from alerts.concern import Concern, Kind
from alerts.delivery import disabled_sentence
from alerts.incident_life import is_silenced
from alerts.message import one_line
from alerts.silence import Silence, silence_sentence
from alerts.source_condition import Condition
from flows.bounded import TookTooLong, within
from flows.clock_ahead import CLOCKS_DIFFER
from flows.ledger_balance import ledger_balance
from flows.overdue import overdue_concern
from flows.prefect_answers import prefect_fault
from flows.sentence import sentence
from flows.settings import Settings
from flows.source_conditions import conditions
from flows.wiring import GROUP, open_bus, open_database
from ingest.bus import DEAD_LETTERS, DOCUMENTS, Bus, BusError
from ingest.source import Source
from storage import concerns, deliveries, incidents
from storage.concerns import SelfCheck
from storage.coverage import newest_judgement
from storage.database import Database, DatabaseError, DatabaseHeld

EDGE_SECONDS = 30.0
"""A bus or database that does not answer one question in this time cannot be reached."""

GROWING_CHECKS, GROWING_APART = 4, timedelta(minutes=10)
"""More waits at each of so many checks, this one included, that far apart from each other at least …"""

CHECKS_READ = 200
"""… of the newest checks."""

OF_THE_BUS = frozenset({Kind.BACKLOG, Kind.LEDGER})
OF_THE_DATABASE = frozenset(Kind) - {Kind.EDGE}


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What a look at everything found."""

    concerns: tuple[Concern, ...]
    unseen: frozenset[Kind]
    """Kinds that nobody could look at."""
    backlog: int | None
    """Messages that wait for scoring; None where nobody could ask."""


@contextmanager
def opened_bus(settings: Settings) -> Iterator[Bus | Concern]:
    """The bus, or why it cannot be reached."""
    try:
        bus = within(EDGE_SECONDS, lambda: open_bus(settings))
    except (BusError, TookTooLong) as error:
        yield edge_concern("bus", error, "Start the bus, or correct BAROMETER_BUS_URL.")
        return
    with closing(bus):
        yield bus


@contextmanager
def opened_database(settings: Settings) -> Iterator[Database | Concern]:
    """The database, or why it cannot be reached. Raises DatabaseHeld while another process has an embedded one."""
    try:
        database = within(EDGE_SECONDS, lambda: open_database(settings))
    except DatabaseHeld:
        raise
    except (DatabaseError, TookTooLong) as error:
        yield edge_concern("database", error, "Start it, or correct BAROMETER_DATABASE_URL.")
        return
    with closing(database):
        yield database


def look(
    settings: Settings,
    sources: Sequence[Source],
    bus: Bus | Concern,
    database: Database | Concern,
    now: datetime,
) -> Seen:
    """All that is wrong as of `now`. An edge that could not be opened is given as the concern that it is."""
    found: list[Concern] = []
    unseen: set[Kind] = set()
    backlog: int | None = None
    if isinstance(bus, Concern):
        found.append(bus)
        unseen |= OF_THE_BUS
    else:
        try:
            backlog = within(EDGE_SECONDS, lambda: bus.backlog([DOCUMENTS, DEAD_LETTERS], GROUP))
        except (BusError, TookTooLong) as error:
            found.append(edge_concern("bus", error, "Start the bus, or correct BAROMETER_BUS_URL."))
            unseen |= OF_THE_BUS
    if isinstance(database, Concern):
        found.append(database)
        unseen |= OF_THE_DATABASE
    else:
        # What is told first comes first: the pipeline, then what is a matter for people.
        asked: list[tuple[frozenset[Kind], Callable[[], list[Concern]]]] = [
            (frozenset({Kind.LAG}), lambda: lag(database, settings, now))
        ]
        if backlog is not None and not isinstance(bus, Concern):
            waiting, open_one = backlog, bus
            asked += [
                (frozenset({Kind.BACKLOG}), lambda: growing(database, settings, waiting, now)),
                (frozenset({Kind.LEDGER}), lambda: ledger(open_one, database)),
            ]
        asked += [
            (frozenset({Kind.DIGEST}), lambda: digest(database, settings, now)),
            (frozenset({Kind.CHANNEL}), lambda: channels_off(database)),
            (frozenset({Kind.INCIDENT}), lambda: unanswered(database, settings, now)),
            (frozenset({Kind.SOURCE}), lambda: silent_sources(database, settings, sources, now)),
        ]
        for kinds, ask in asked:
            try:
                found += within(EDGE_SECONDS, ask)
            except (BusError, DatabaseError, TookTooLong) as error:
                edge = "bus" if isinstance(error, BusError) else "database"
                found.append(edge_concern(edge, error, "It answers some questions and not others."))
                unseen |= kinds
    if fault := prefect_fault():
        found.append(edge_concern("Prefect", fault, "Start it, or unset PREFECT_API_URL."))
    by_key = {one.key: one for one in reversed(found)}  # an edge that fails twice is one concern
    return Seen(
        concerns=tuple(reversed(by_key.values())), unseen=frozenset(unseen), backlog=backlog
    )


def edge_concern(edge: str, error: object, remedy: str) -> Concern:
    """An edge that cannot be reached."""
    return Concern(
        kind=Kind.EDGE,
        name=edge.lower(),
        title=f"the {edge} cannot be reached" if edge != "Prefect" else "Prefect cannot be reached",
        what=f"{sentence(error).rstrip('.')}.",
        remedy=remedy,
    )


def silent_sources(
    database: Database, settings: Settings, sources: Sequence[Source], now: datetime
) -> list[Concern]:
    """One for each source that was not read for two poll periods."""
    known = conditions(database, sources, now, collect_minutes=settings.collect_minutes, news={})
    return [
        Concern(
            kind=Kind.SOURCE,
            name=name,
            title=f"the source {name} is silent",
            what=f"{silence_sentence(Silence(source=name, noticed_at=now), one)}.",
            remedy=f"`barometer sources check {name}` says why; a feed that moved: `barometer sources add`.",
        )
        for name, one in known.items()
        if one.condition is Condition.SILENT
    ]


def lag(database: Database, settings: Settings, now: datetime) -> list[Concern]:
    """That the newest judgement is old, or of the future. Nothing where nothing was ever judged."""
    newest = newest_judgement(database)
    bound = timedelta(hours=settings.lag_hours)
    if newest is None or -CLOCKS_DIFFER <= now - newest <= bound:
        return []
    when = f"{newest.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    if newest > now:
        title = "the newest judgement is of the future"
        what = f"The newest judgement was written at {when}, by a clock that is ahead."
        remedy = "Put the clocks of all machines right (NTP)."
    else:
        hours = (now - newest) / timedelta(hours=1)
        title = f"nothing was judged for {hours:.0f} hours"
        what = f"The newest judgement is of {when}; BAROMETER_LAG_HOURS is {settings.lag_hours:g}."
        remedy = (
            "`barometer health` says whether sources are read and messages wait for scoring;"
            " see that `score --follow`, `serve` or `run` is at work."
        )
    return [Concern(kind=Kind.LAG, name="", title=title, what=what, remedy=remedy)]


def growing(database: Database, settings: Settings, backlog: int, now: datetime) -> list[Concern]:
    """That more waits at each check, and more than a batch."""
    samples = apart([SelfCheck(now, 0, backlog), *concerns.newest_checks(database, CHECKS_READ)])
    counts = [each.backlog for each in samples[:GROWING_CHECKS] if each.backlog is not None]
    grows = len(counts) == GROWING_CHECKS and all(
        newer > older for newer, older in pairwise(counts)
    )
    if not grows or backlog < settings.batch_size:
        return []
    hours = (now - samples[GROWING_CHECKS - 1].at) / timedelta(hours=1)
    return [
        Concern(
            kind=Kind.BACKLOG,
            name="",
            title="more is published than is judged",
            what=f"{backlog:,} messages wait for scoring, {backlog - counts[-1]:,} more than {hours:.1f} hours ago.",
            remedy="Start more `barometer score --follow` workers, or see why the one that runs is slow.",
        )
    ]


def apart(checks: Sequence[SelfCheck]) -> list[SelfCheck]:
    """Those of `checks` (newest first) that are GROWING_APART from the one before at least: whoever checks by hand in
    between does not change what a trend is.
    """
    kept = list(checks[:1])
    for each in checks[1:]:
        if kept[-1].at - each.at >= GROWING_APART:
            kept.append(each)
    return kept


def unanswered(database: Database, settings: Settings, now: datetime) -> list[Concern]:
    """One for each open incident that is old and that nobody acknowledged or silenced."""
    bound = timedelta(days=settings.unanswered_days)
    return [
        Concern(
            kind=Kind.INCIDENT,
            name=one.id,
            title=f"nobody answered the incident {one_line(one.id)}",
            what=f"It was opened on {one.opened_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC and is neither acknowledged nor resolved.",
            remedy=f"Ask who reads the alerts; `barometer incidents show {one_line(one.id)}`, then `barometer incidents ack …`.",
        )
        for one in incidents.stored_incidents(database, status="open")
        if one.acknowledged_at is None and now - one.opened_at > bound and not is_silenced(one, now)
    ]


def channels_off(database: Database) -> list[Concern]:
    """One for each channel that is switched off."""
    return [
        Concern(
            kind=Kind.CHANNEL,
            name=name,
            title=f"the channel {name} is switched off",
            what=disabled_sentence(state),
            remedy="`barometer channels list` shows what waits for it.",
        )
        for name, state in deliveries.channel_states(database).items()
        if state.disabled_at is not None
    ]


def digest(database: Database, settings: Settings, now: datetime) -> list[Concern]:
    """That the digest of the last full week did not come."""
    late = overdue_concern(database, settings, now)
    return [] if late is None else [late]


def ledger(bus: Bus, database: Database) -> list[Concern]:
    """That a row was lost, or counted twice."""
    found = ledger_balance(bus, database)
    if found.holds:
        return []
    return [
        Concern(
            kind=Kind.LEDGER,
            name="",
            title="the ledger does not balance",
            what=found.sentence(),
            remedy="`barometer health --ledger` shows the account.",
        )
    ]
