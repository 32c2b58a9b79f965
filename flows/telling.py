"""Tell people: offer a message to every channel."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from alerts.channel import Channel, ChannelFailed
from alerts.message import Message

log = logging.getLogger("barometer.tell")


def accepted(channels: Sequence[Channel], message: Message) -> bool:
    """True when at least one channel took the message; why others did not is logged."""
    taken = False
    for channel in channels:
        try:
            channel.send(message)
            taken = True
        except ChannelFailed as error:
            log.warning("channel %s did not take message %s: %s", channel.name, message.id, error)
    return taken
