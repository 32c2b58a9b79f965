"""The self-monitor: one check, by a process that does nothing else, and what operators are told of it.

    look -> concerns now -> stored -> told -> stored as told -> ping

Saved first, then told, then marked told. Without a database a file remembers, and the channels are asked directly. While
another process has an embedded database that process checks itself, and the file says when it last did.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta

import msgspec

from alerts.concern import OF_PEOPLE, Concern, ConcernsNow, Kind, News, concerns_now
from alerts.delivery import Delivery
from alerts.message import Message
from alerts.operator_message import MESSAGE_PREFIX, message_of_concerns
from flows.absent_bus import absent_bus
from flows.dead_mans_switch import ping
from flows.monitor_memory import Memory, recall, remember
from flows.overdue import message_of
from flows.self_checks import Seen, edge_concern, look, opened_bus, opened_database
from flows.settings import Settings
from flows.telling_operators import OpenReach, tell_directly, tell_operators
from flows.wiring import load_channels, load_rules, load_sources
from ingest.bus import Bus
from storage import concerns as stored
from storage.concerns import SelfCheck
from storage.database import Database, DatabaseError, DatabaseHeld

log = logging.getLogger("barometer.monitor")

WAIT_SECONDS = 45.0
"""For a turn at an embedded database that a flow run has for the moment."""

LOOK_SECONDS = 1.0

HELD_TOO_LONG = timedelta(hours=2)
"""Another process has had the embedded database for so long, and nobody has looked."""


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What a check found and did."""

    at: datetime
    concerns: tuple[Concern, ...]
    """Those that last."""
    told: Message | None
    """What operators were told now."""
    held: str = ""
    """Who has the embedded database, where somebody else checks."""

    @property
    def whole(self) -> bool:
        """Whether the pipeline itself is complete: silent sources and unanswered incidents are a matter for people."""
        return all(one.kind in OF_PEOPLE for one in self.concerns)

    def __str__(self) -> str:
        if self.held and not self.concerns:
            return f"another process has the database and checks itself ({self.held})"
        if not self.concerns:
            return "all is well"
        return f"{len(self.concerns)} concerns: {'; '.join(one.title for one in self.concerns)}"


def check(
    settings: Settings,
    now: datetime,
    *,
    wait_seconds: float = WAIT_SECONDS,
    sleep: Callable[[float], None] = time.sleep,
) -> Checked:
    """One check as of `now`. Raises SettingsRefused, SourcesRefused and BusRefused for settings that cannot be used."""
    memory = recall(settings.monitor_state)
    sources = load_sources(settings)
    with ExitStack() as stack:
        bus = stack.enter_context(opened_bus(settings))
        database: Database | Concern | None = None
        held = ""
        deadline = time.monotonic() + wait_seconds
        while database is None and not held:
            try:
                database = stack.enter_context(opened_database(settings))
            except DatabaseHeld as error:
                if time.monotonic() < deadline:
                    sleep(LOOK_SECONDS)
                else:
                    held = str(error)
        looked_at = now if not held else min(memory.looked_at or now, now)
        if database is None:
            if now - looked_at <= HELD_TOO_LONG:
                if memory.looked_at is None:
                    remember(settings.monitor_state, Memory(looked_at=now))
                return Checked(at=now, concerns=memory.concerns, told=None, held=held)
            database = edge_concern("database", held, "See what that process does, or stop it.")
        seen = look(settings, sources, bus, database, now)
        return _conclude(settings, memory, seen, bus, database, now, looked_at)


def check_within(settings: Settings, database: Database, now: datetime) -> Checked:
    """The same for a process that has the database open."""
    memory = recall(settings.monitor_state)
    with opened_bus(settings) as bus:
        seen = look(settings, load_sources(settings), bus, database, now)
        return _conclude(settings, memory, seen, bus, database, now, now)


def _conclude(
    settings: Settings,
    memory: Memory,
    seen: Seen,
    bus: Bus | Concern,
    database: Database | Concern,
    now: datetime,
    looked_at: datetime,
) -> Checked:
    open_database = None if isinstance(database, Concern) else database
    if open_database is not None:
        try:
            return _with_database(settings, memory, seen, bus, open_database, now)
        except DatabaseError as error:
            log.warning("the self-monitor goes on without the database: %s", error)
    after = concerns_now(memory.concerns, seen.concerns, now, unseen=seen.unseen)
    state = settings.monitor_state
    remember(state, Memory(checked_at=now, looked_at=looked_at, concerns=after.lasting, alone=True))
    message = _group(after.news, now, settings)
    told = message is not None and _tell_directly(settings, bus, after.news, message, now)
    lasting = _as_told(after) if told else after.lasting
    if told:
        remember(state, Memory(checked_at=now, looked_at=looked_at, concerns=lasting, alone=True))
    return _checked(settings, lasting, message if told else None, now)


def _with_database(
    settings: Settings,
    memory: Memory,
    seen: Seen,
    bus: Bus | Concern,
    database: Database,
    now: datetime,
) -> Checked:
    before, over = _known(stored.lasting(database), memory, now)
    after = concerns_now(before, seen.concerns, now, unseen=seen.unseen)
    stored.store(database, [*after.lasting, *after.over, *over])
    stored.store_check(database, SelfCheck(now, len(after.lasting), seen.backlog))
    message = _group(after.news, now, settings)
    messages = [*_told_elsewhere(after.news, now, settings), *([message] if message else [])]
    rules = load_rules(settings)
    tell_operators(
        OpenReach(
            database=database,
            channels=load_channels(settings, rules, _bus_for_channels(bus)),
            rules={rule.name: rule for rule in rules},
        ),
        messages,
        now,
        forgotten=lambda one: _is_forgotten(one, settings, now),
    )
    stored.store(database, after.news.concerns)
    lasting = _as_told(after)
    remember(settings.monitor_state, Memory(checked_at=now, looked_at=now, concerns=lasting))
    return _checked(settings, lasting, messages[-1] if messages else None, now)


def _known(
    lasting: Sequence[Concern], memory: Memory, now: datetime
) -> tuple[list[Concern], list[Concern]]:
    """The concerns that last, and those that ended while nobody could write that down. Of edges the file knows better."""
    if not memory.alone:
        return list(lasting), []
    edges = [one for one in memory.concerns if one.kind is Kind.EDGE]
    still = {one.key for one in edges}
    over = [one for one in lasting if one.kind is Kind.EDGE and one.key not in still]
    others = [one for one in lasting if one.kind is not Kind.EDGE]
    return [*edges, *others], [msgspec.structs.replace(one, ended_at=now) for one in over]


def _is_forgotten(one: Delivery, settings: Settings, now: datetime) -> bool:
    """A message of ours that a channel did not take, and that no watch has tried again since."""
    patience = 2 * timedelta(minutes=settings.watch_minutes)
    return (
        one.message.startswith(MESSAGE_PREFIX)
        and one.next_at is not None
        and now - one.next_at > patience
    )


def _checked(
    settings: Settings, lasting: Sequence[Concern], told: Message | None, now: datetime
) -> Checked:
    checked = Checked(at=now, concerns=tuple(lasting), told=told)
    for one in checked.concerns:
        log.info("concern: %s", one.title)
    if settings.ping_url and checked.whole:
        ping(settings.ping_url, allowed_hosts=settings.allowed_hosts)
    return checked


def _as_told(after: ConcernsNow) -> tuple[Concern, ...]:
    told = {one.key: one for one in after.news.concerns if one.ended_at is None}
    return tuple(told.get(one.key, one) for one in after.lasting)


def _group(news: News, now: datetime, settings: Settings) -> Message | None:
    """One message for all that has none of its own."""
    rest = msgspec.structs.replace(news, begun=tuple(one for one in news.begun if not one.message))
    return message_of_concerns(rest, now, simulated=settings.simulated)


def _told_elsewhere(news: News, now: datetime, settings: Settings) -> list[Message]:
    """Messages that others may have enqueued already, under the same id."""
    return [message_of(one, now, simulated=settings.simulated) for one in news.begun if one.message]


def _tell_directly(
    settings: Settings, bus: Bus | Concern, news: News, message: Message, now: datetime
) -> bool:
    rules = load_rules(settings)
    channels = load_channels(settings, rules, _bus_for_channels(bus))
    return tell_directly(channels, {rule.name: rule for rule in rules}, message, now)


def _bus_for_channels(bus: Bus | Concern) -> Bus:
    return absent_bus() if isinstance(bus, Concern) else bus
