"""The bus: one protocol, two implementations (a SQLite log and Kafka), chosen by a URL.

    publish -> topic (partitions by key) -> subscribe(group) -> poll -> … store … -> commit

Delivery is at least once: a message that was polled and not committed comes again, to this
consumer after a restart or to another member of the group. Order holds within a partition, and one
key is always on one partition.

Every message carries an `origin` header: the identity of the row that was read (`import:RUN/LINE`,
`feed:SOURCE/ENTRY`). A retry, a redelivery or a replay of the same row has the same origin, so the
ledger of dispositions counts it once. A message from elsewhere without the header gets its
`topic/partition/offset`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Protocol
from urllib.parse import urlsplit

import msgspec

from ingest.topics import DEAD_LETTERS as DEAD_LETTERS  # noqa: PLC0414 - told to others from here
from ingest.topics import DOCUMENTS as DOCUMENTS  # noqa: PLC0414 - told to others from here
from ingest.topics import INCIDENTS as INCIDENTS  # noqa: PLC0414 - told to others from here
from ingest.topics import Topic

ORIGIN = "origin"

ERASED = "erased"
"""Header of a message whose payload was taken away; its value names the source of the row."""


class BusError(Exception):
    """The bus could not do what was asked; the text names the bus and the remedy."""


class BusUnavailable(BusError):
    """Not now: the broker or the file cannot be reached; the same call may succeed later."""


class BusRefused(BusError):
    """Never: wrong URL, wrong password, no permission."""


class RecordTooLarge(BusError):
    """One record is larger than the bus takes; nothing of the call was published."""


class PartitionsLost(BusError):
    """A commit came too late: another member owns the partition now and will see the messages again."""


class Record(msgspec.Struct, frozen=True):
    """What is published. The key picks the partition."""

    key: str
    value: bytes
    headers: Mapping[str, str] = {}


class Message(msgspec.Struct, frozen=True):
    """What is polled."""

    topic: str
    partition: int
    offset: int
    key: str
    value: bytes
    headers: Mapping[str, str] = {}

    @property
    def origin(self) -> str:
        """Identity of the row that was read: the header, or the place on the bus."""
        return self.headers.get(ORIGIN) or f"{self.topic}/{self.partition}/{self.offset}"


class PartitionBacklog(msgspec.Struct, frozen=True, kw_only=True):
    """How far a group is behind on one partition, in messages."""

    topic: str
    partition: int
    first: int
    """Offset of the oldest message that is kept."""
    committed: int | None
    """Where the group goes on; None where it never committed."""
    next: int
    """Offset that the next message will have."""
    messages: int
    """Published and not committed."""

    @property
    def dropped(self) -> int:
        """Messages that went with the retention before the group had committed them: lost to the figures."""
        return 0 if self.committed is None else max(0, self.first - self.committed)


class Consumer(Protocol):
    """One member of a consumer group. Used by one thread."""

    def poll(self, limit: int, timeout: float) -> list[Message]:
        """Up to `limit` messages not yet polled by this member; empty when none came in `timeout` seconds."""
        ...

    def commit(self, messages: Sequence[Message]) -> None:
        """Say that these messages, and all before them on their partitions, are done.

        Raises PartitionsLost when any of them belongs to another member now (none is committed then).
        """
        ...

    def caught_up(self) -> bool:
        """True when this member holds its partitions and has polled all that had been published to them."""
        ...

    def close(self) -> None:
        """Leave the group, so that others take over at once. What was not committed comes again."""
        ...


class Bus(Protocol):
    """A durable log of topics."""

    def create_topics(self, topics: Sequence[str], partitions: int | None = None) -> None:
        """Create the topics that do not exist yet, as stated in topics.py; those that do stay as they are."""
        ...

    def bring_to_stated(self, topics: Sequence[Topic]) -> list[str]:
        """Create what is missing, and change what differs from what is stated. A sentence for each, and for what
        differs still; none where nothing did. Partitions only ever grow.
        """
        ...

    def publish(self, topic: str, records: Sequence[Record]) -> None:
        """Durable when this returns (acknowledged by the broker, or synced to disk). All or an error."""
        ...

    def subscribe(self, topics: Sequence[str], group: str) -> Consumer:
        """A new member of `group`, starting where the group committed, or at the beginning."""
        ...

    def backlog(self, topics: Sequence[str], group: str) -> int:
        """Messages published to `topics` that `group` has not committed."""
        ...

    def backlog_by_partition(self, topics: Sequence[str], group: str) -> list[PartitionBacklog]:
        """The same for each partition, in order of topic and partition; a missing topic has none."""
        ...

    def kept(self, topics: Sequence[str]) -> Iterator[Message]:
        """Every message that the bus still keeps of these topics, whoever has read it."""
        ...

    def erase(self, topics: Sequence[str], doomed: Callable[[Message], str | None]) -> str:
        """Take the payload of messages away for which `doomed` gives a text (the source of their row). Offsets and origins
        stay. Empty, or why something is left.
        """
        ...

    def traces(self, needles: Sequence[bytes], *, rewrite: bool = False) -> int:
        """How many of these byte strings stand in files of the bus; with `rewrite`, after all was done that can be. One that
        has no files here has none.
        """
        ...

    def expire(self, unread_before: datetime) -> tuple[int, str]:
        """Drop what everybody has read and is old enough, and what was published before then to topics that nobody
        reads: how many messages. Or who else does that, in words.
        """
        ...

    def close(self) -> None:
        """Release files and connections."""
        ...


def connect(url: str) -> Bus:
    """The bus at `url`: `sqlite:///path/to/bus.db` or `kafka://host:9092,host:9092?security_protocol=…`.

    Raises BusRefused for a URL that names no bus; connecting itself may wait until first use.
    """
    try:
        scheme = urlsplit(url).scheme
    except ValueError as error:
        raise BusRefused(f"BAROMETER_BUS_URL is no URL ({error})") from error
    if scheme == "sqlite":
        from ingest.sqlite_bus import SqliteBus

        return SqliteBus.from_url(url)
    if scheme == "kafka":
        from ingest.kafka_bus import KafkaBus

        return KafkaBus.from_url(url)
    raise BusRefused(
        f"BAROMETER_BUS_URL has the scheme {scheme or 'none'!r}; "
        "use sqlite:///var/bus.db or kafka://host:9092"
    )
