"""Tell those who run Barometer: through the channels that are for operators, each message once.

    Message -enqueue_once-> deliveries -send-> accepted, or tried again later like every other message

Whoever tells sends its own messages and no other: two processes that send what waits at the same time would tell it twice.
Without a database there are no deliveries: then the channels are asked directly, and whoever calls remembers it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import datetime, timedelta

import msgspec

from alerts.channel import Channel, ChannelFailed
from alerts.channel_rules import ChannelRule
from alerts.channels.log_channel import LogChannel
from alerts.delivery import ChannelState, Delivery
from alerts.message import Message
from flows.settings import Settings
from flows.telling import Reach, Told, enqueue_once, tell
from flows.wiring import load_channels, load_rules, open_bus, open_database
from storage.database import Database

log = logging.getLogger("barometer.tell")

OURS_FOR = timedelta(minutes=10)
"""So long nobody else sends a message that was enqueued to be sent at once."""


class OpenReach(msgspec.Struct, frozen=True, kw_only=True):
    """A database and the channels, without the rest of the edges: no model is loaded."""

    database: Database
    channels: tuple[Channel, ...]
    rules: Mapping[str, ChannelRule]


@contextmanager
def reach(settings: Settings) -> Iterator[OpenReach]:
    """Open what telling needs. Raises what opening the bus and the database raises, and SettingsRefused."""
    rules = load_rules(settings)
    with closing(open_bus(settings)) as bus, closing(open_database(settings)) as database:
        yield OpenReach(
            database=database,
            channels=load_channels(settings, rules, bus),
            rules={rule.name: rule for rule in rules},
        )


def tell_operators(
    to: Reach,
    messages: Sequence[Message],
    now: datetime,
    *,
    forgotten: Callable[[Delivery], bool] = lambda delivery: False,
) -> Told:
    """Enqueue each message unless one with its id was enqueued before, and send it. What a channel does not take is tried
    again by the next telling (the watch); `forgotten`: what nobody seems to try again, and is sent here.
    """
    mine = {
        message.id for message in messages if enqueue_once(to, message, now, until=now + OURS_FOR)
    }

    def is_due(one: Delivery, state: ChannelState, now: datetime) -> bool:
        return state.disabled_at is None and (one.message in mine or forgotten(one))

    return tell(to, now, is_due=is_due)


def tell_directly(
    channels: Sequence[Channel], rules: Mapping[str, ChannelRule], message: Message, now: datetime
) -> bool:
    """Send it without a database; whether anybody but the log has it (or there is only the log). A channel that fails is
    logged, and quiet hours are kept: whoever calls tries again later.
    """
    heard: set[bool] = set()
    others = False
    for channel in channels:
        rule = rules.get(channel.name)
        if rule is not None and not rule.wants(message, now):
            continue
        is_log = isinstance(channel, LogChannel)
        others = others or not is_log
        if rule is not None and rule.free_at(message, now) > now:
            continue
        try:
            channel.send(message)
        except ChannelFailed as error:
            log.warning("channel %s did not take message %s: %s", channel.name, message.id, error)
        else:
            heard.add(is_log)
    return False in heard or (True in heard and not others)
