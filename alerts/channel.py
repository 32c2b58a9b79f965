"""A channel: a way to reach people. Adding one is a class with a name and a `send`, in alerts/channels/."""

from __future__ import annotations

from typing import Protocol

from alerts.message import Message


class ChannelFailed(Exception):
    """A channel did not accept a message; the text names the channel, the place and the remedy."""

    def __init__(self, reason: str, *, permanent: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent
        """True: it will never work with these settings. False: the same message may be sent again later."""


class Channel(Protocol):
    """Sends messages to people."""

    @property
    def name(self) -> str:
        """For logs and settings: `log`, `mail`."""
        ...

    def send(self, message: Message) -> None:
        """Returns when the message was accepted; raises ChannelFailed when it was not.

        A message may come again after a crash; its id says that it is the same one.
        """
        ...
