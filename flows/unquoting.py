"""Take quotations out of what was told and is kept here: digests, messages, the feed and the log of the channels.

What left this machine (mail, chats, webhooks) cannot be taken back.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Protocol, runtime_checkable

import msgspec

from alerts.channel import ChannelFailed
from alerts.quotation import Gone, Quotation, is_said_in, plain_words, text_without
from flows.wiring import Edges
from storage import quoted
from storage.forgetting import Words

log = logging.getLogger("barometer.forget")


@runtime_checkable
class KeepsMessages(Protocol):
    """A channel that keeps what it was sent, on this machine."""

    @property
    def path(self) -> Path | None:
        """The file that they are in; None where they go elsewhere."""
        ...

    def rewrite(self, change: Callable[[str], str]) -> int:
        """Change the texts that are kept; how many changed. Raises ChannelFailed."""
        ...


class Unquoted(msgspec.Struct, frozen=True, kw_only=True):
    """What was changed."""

    digests: int = 0
    messages: int = 0
    entries: int = 0
    """Texts in files of channels."""
    left: tuple[str, ...] = ()
    """Why something could not be changed."""

    @property
    def total(self) -> int:
        """Rows and texts."""
        return self.digests + self.messages + self.entries


def take_out(edges: Edges, gone: Gone, first: date, last: date) -> Unquoted:
    """Take out what is gone, of documents published from `first` to `last`."""
    entries, left = 0, []
    for channel in edges.channels:
        if isinstance(channel, KeepsMessages):
            try:
                entries += channel.rewrite(lambda text: text_without(text, gone))
            except ChannelFailed as error:
                log.warning("quotations may be left: %s", error)
                left.append(str(error))
    return Unquoted(
        digests=quoted.rewrite_digests(edges.database, gone, first, last),
        messages=quoted.rewrite_messages(
            edges.database, gone, datetime.combine(first, time(), UTC)
        ),
        entries=entries,
        left=tuple(left),
    )


def gone_with(words: Sequence[Words]) -> Gone:
    """What is quoted of these documents: by the address that stands below it, or by its words and the day."""
    by_day: defaultdict[date | None, list[tuple[str, str]]] = defaultdict(list)
    for one in words:
        said = one.url, plain_words(f"{one.title} {one.text}")
        by_day[one.day].append(said)
        by_day[None].append(said)

    def gone(quotation: Quotation) -> bool:
        return any(
            (url and url == quotation.link) or is_said_in(quotation.said, said)
            for url, said in by_day.get(quotation.day, ())
        )

    return gone


def expired_before(before: date) -> Gone:
    """What is quoted of documents that were published before a day."""
    return lambda quotation: quotation.day is not None and quotation.day < before
