"""Tell those who run Barometer: through the channels that are for operators, each message once.

    Message -enqueue_once-> deliveries -tell-> accepted, or tried again later like every other message

Without a database there are no deliveries: then the channels are asked directly, and whoever calls remembers it.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime

from alerts.channel import Channel, ChannelFailed
from alerts.channel_rules import ChannelRule
from alerts.channels.log_channel import LogChannel
from alerts.message import Message
from flows.telling import Told, enqueue_once, tell
from flows.wiring import Edges

log = logging.getLogger("barometer.tell")


def tell_operators(edges: Edges, messages: Sequence[Message], now: datetime) -> Told:
    """Enqueue each message unless one with its id was enqueued before, and send what waits and is due."""
    for message in messages:
        enqueue_once(edges, message, now)
    return tell(edges, now)


def tell_directly(
    channels: Sequence[Channel], rules: Sequence[ChannelRule], message: Message, now: datetime
) -> bool:
    """Send it without a database; whether anybody but the log has it (or there is only the log). A channel that fails is
    logged, and quiet hours are kept: whoever calls tries again later.
    """
    by_name = {rule.name: rule for rule in rules}
    heard: set[bool] = set()
    others = False
    for channel in channels:
        rule = by_name.get(channel.name)
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
