"""Tell people: each message to each channel that is for it, once, however long a channel is down.

    message -enqueue-> a delivery for each channel that wants it -tell-> accepted | again later | channel switched off

Saved first, then sent, then marked as told: a crash between the last two sends one message twice, under one id.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from alerts import delivery as life
from alerts.channel import Channel, ChannelFailed
from alerts.channel_rules import ChannelRule
from alerts.delivery import ChannelState, Delivery
from alerts.message import Message
from flows.counting_work import count_notification
from flows.document_trail import log_told
from storage import deliveries, incidents
from storage.database import Database

log = logging.getLogger("barometer.tell")


class Reach(Protocol):
    """What telling needs of the open edges (flows.wiring.Edges has it)."""

    @property
    def database(self) -> Database:
        """Where messages and deliveries are kept."""
        ...

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The ways to reach people."""
        ...

    @property
    def rules(self) -> Mapping[str, ChannelRule]:
        """Who is told what, by name of a channel."""
        ...


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What a round of telling did."""

    messages: tuple[Message, ...]
    """Those that somebody has accepted now for the first time."""
    waiting: int
    """Messages that nobody has accepted yet."""


def rule_of(edges: Reach, channel: str) -> ChannelRule:
    """What the settings say of a channel; one that they do not name is told everything."""
    return edges.rules.get(channel) or ChannelRule(name=channel, settings=None, url_file="")


def enqueue(
    edges: Reach, messages: Sequence[Message], now: datetime, *, until: datetime | None = None
) -> None:
    """Save each message, and a delivery for each channel that it is for. What is there already stays as it is. `until`: who
    enqueues it sends it, and nobody else tries before.
    """
    if not messages:
        return
    incidents.store_messages(edges.database, messages)
    known = {
        (one.message, one.channel)
        for one in deliveries.deliveries_of(edges.database, [m.id for m in messages])
    }
    told = deliveries.last_told(edges.database, [m.incident for m in messages if m.incident])
    deliveries.store(
        edges.database,
        [
            Delivery(message=message.id, channel=channel.name, next_at=until)
            for message in messages
            for channel in edges.channels
            if (message.id, channel.name) not in known
            and rule_of(edges, channel.name).wants(
                message, now, told_at=told.get((message.incident, channel.name))
            )
        ],
    )


def enqueue_once(
    edges: Reach, message: Message, now: datetime, *, until: datetime | None = None
) -> bool:
    """As `enqueue`, but nothing when the message was enqueued before: what was told is not told anew. Whether it was new."""
    if deliveries.deliveries_of(edges.database, [message.id]):
        return False
    enqueue(edges, [message], now, until=until)
    return True


def tell(
    edges: Reach,
    now: datetime,
    *,
    is_due: Callable[[Delivery, ChannelState, datetime], bool] = life.is_due,
) -> Told:
    """Send what waits and is due."""
    waiting = deliveries.waiting(edges.database)
    messages = {
        one.id: one
        for one in incidents.messages_by_id(edges.database, {one.message for one in waiting})
    }
    states = deliveries.channel_states(edges.database)
    channels = {channel.name: channel for channel in edges.channels}
    heard: dict[str, Message] = {}
    # One that failed is left alone for the rest of the round: it may stall at each message.
    down: set[str] = set()
    for one in waiting:
        message, channel = messages.get(one.message), channels.get(one.channel)
        if message is None or channel is None or one.channel in down:
            continue  # not saved in full, or a channel that the settings no longer name
        state = states.get(one.channel, ChannelState(channel=one.channel))
        if not is_due(one, state, now):
            continue
        free_at = rule_of(edges, one.channel).free_at(message, now)
        if free_at > now:
            deliveries.store(edges.database, [life.postponed(one, free_at)])
            continue
        states[one.channel] = _send(edges.database, channel, message, one, state, now)
        if states[one.channel].error:
            down.add(one.channel)
        else:
            heard[message.id] = message
    untold = set(incidents.untold_messages(edges.database))
    first = tuple(message for name, message in heard.items() if name in untold)
    incidents.store_messages(edges.database, first, told_at=now)
    _mark_heard(edges.database, first, now)
    return Told(
        messages=first,
        waiting=len({one.message for one in waiting if one.message in untold - heard.keys()}),
    )


def _send(
    database: Database,
    channel: Channel,
    message: Message,
    one: Delivery,
    state: ChannelState,
    now: datetime,
) -> ChannelState:
    """Send one message through one channel and save what came of it; the state of the channel after it."""
    try:
        channel.send(message)
    except ChannelFailed as error:
        count_notification(channel.name, error)
        log.warning("channel %s did not take message %s: %s", channel.name, message.id, error)
        after = life.after_failure(state, str(error), permanent=error.permanent, now=now)
        if after.disabled_at is not None and state.disabled_at is None:
            log.error("%s", life.disabled_sentence(after))
        deliveries.store(database, [life.failed(one, str(error), now)])
        deliveries.store_state(database, after)
        return after
    count_notification(channel.name)
    log_told(message.id, channel.name)
    after = life.after_acceptance(state)
    deliveries.store(database, [life.accepted(one, now)])
    if after != state:
        deliveries.store_state(database, after)
    return after


def _mark_heard(database: Database, messages: Sequence[Message], now: datetime) -> None:
    """Incidents remember when people were last told of them."""
    heard_of = {facts.incident.id for message in messages for facts in message.falls}
    if heard_of:
        incidents.store_incidents(
            database,
            [
                msgspec.structs.replace(one, told_at=now)
                for one in incidents.stored_incidents(database)
                if one.id in heard_of
            ],
        )
