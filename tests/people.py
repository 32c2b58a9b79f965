"""A channel for tests: it remembers what it was given, and takes it or not."""

from __future__ import annotations

from alerts.channel import ChannelFailed
from alerts.message import Message


class People:
    """Those who are told; reachable unless the test says otherwise."""

    def __init__(self, name: str = "people") -> None:
        self.name = name
        self.reachable = True
        self.told: list[Message] = []

    def send(self, message: Message) -> None:
        """Remember it, or fail."""
        if not self.reachable:
            raise ChannelFailed("nobody answers", permanent=False)
        self.told.append(message)
