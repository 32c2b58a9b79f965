"""One member of a Kafka consumer group.

rebalance: cooperative (KIP-429): only what moves is taken away, and everybody reads on meanwhile. What we keep goes
           on where we are, what we lose is forgotten, what we gain starts at the committed offset
commit:    exactly the messages given, and only what was handed out since we hold the partition
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Collection, Sequence
from typing import Any

import msgspec
from kafka import ConsumerRebalanceListener, KafkaConsumer, TopicPartition, errors
from kafka.structs import MemberState, OffsetAndMetadata

from ingest.bus import BusRefused, Message, PartitionsLost
from ingest.kafka_assignor_bus import EvenByTopic
from ingest.kafka_client_bus import PATIENCE_MS, KafkaClients

ALIVE_SECONDS = 5.0
"""After this long without an answer from a broker, an empty poll asks for one."""

_LOST = (
    errors.CommitFailedError,
    errors.RebalanceInProgressError,
    errors.IllegalGenerationError,
    errors.UnknownMemberIdError,
    errors.FencedInstanceIdError,
)


class _Held(msgspec.Struct):
    """A partition that is ours: what was handed out since it became ours is [low, next)."""

    low: int = -1
    next: int = -1
    done: int = -1


class _Listener:
    """Tells the member which partitions it holds after a rebalance. Called during its polls."""

    def __init__(
        self, settle: Callable[[], None], forget: Callable[[Collection[Any]], None]
    ) -> None:
        self._settle = settle
        self._forget = forget

    def on_partitions_revoked(self, revoked: Collection[Any]) -> None:
        """They go to another member. Brokers take offsets for any partition from any member, so it is on us to commit
        none for these any more.
        """
        self._forget(revoked)

    def on_partitions_lost(self, lost: Collection[Any]) -> None:
        """The group went on without us: whatever we get next starts at the committed offset."""
        self._forget(lost)

    def on_partitions_assigned(self, assigned: object) -> None:
        """The rebalance is over."""
        self._settle()


# Registered rather than inherited: kafka-python carries no types, and a class of unknown type
# cannot be inherited from under strict checking.
ConsumerRebalanceListener.register(_Listener)


class KafkaMember:
    """A consumer; see ingest/bus.py for what each method promises. Used by one thread."""

    def __init__(self, clients: KafkaClients, topics: Sequence[str], group: str) -> None:
        self._clients = clients
        self._group = group
        self._held: dict[Any, _Held] = {}
        self._answered_at = time.monotonic()
        self._closed = False
        settings = clients.address.settings
        session = int(str(settings.get("session_timeout_ms", 10_000)))
        self._consumer = clients.start(
            KafkaConsumer,
            group.rpartition(".")[2],
            group_id=group,
            partition_assignment_strategy=(EvenByTopic,),
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            allow_auto_create_topics=False,
            session_timeout_ms=session,
            heartbeat_interval_ms=settings.get("heartbeat_interval_ms", min(3_000, session // 3)),
            max_poll_interval_ms=settings.get("max_poll_interval_ms", 600_000),
            fetch_max_wait_ms=settings.get("fetch_max_wait_ms", 200),
        )
        self._topics = sorted(set(topics))
        self._consumer.subscribe(self._topics, listener=_Listener(self._settle, self._forget))

    @property
    def closed(self) -> bool:
        """Whether this member has left for good."""
        return self._closed

    def poll(self, limit: int, timeout: float) -> list[Message]:
        """Up to `limit` messages not yet polled by this member; empty when none came in `timeout` seconds."""
        self._check_open()
        with self._clients.faults():
            fetched = self._consumer.poll(timeout_ms=int(timeout * 1000), max_records=limit)
            if fetched:
                self._answered_at = time.monotonic()
            else:
                self._check_alive()
        messages: list[Message] = []
        for place, records in fetched.items():
            held = self._held[place]
            held.low = records[0].offset if held.low < 0 else held.low
            held.next = records[-1].offset + 1
            messages += [message_of(record) for record in records]
        return messages

    def commit(self, messages: Sequence[Message]) -> None:
        """Say that these messages, and all before them on their partitions, are done.

        Raises PartitionsLost, and commits nothing, when any of them was not handed out by this
        member since it last took the partition over, or when the group is being shared out anew
        without it. Those that are still its own come again.
        """
        self._check_open()
        done: dict[Any, int] = {}
        lost: set[Any] = set()
        for message in messages:
            place = TopicPartition(message.topic, message.partition)
            held = self._held.get(place)
            if held is None or not held.low <= message.offset < held.next:
                lost.add(place)
            else:
                done[place] = max(done.get(place, held.done), message.offset + 1)
        if lost:
            self._rewind(done)
            raise self._lost(lost)
        offsets = {place: OffsetAndMetadata(offset, "", -1) for place, offset in done.items()}
        try:
            with self._clients.faults():
                try:
                    self._consumer.commit(offsets, timeout_ms=PATIENCE_MS)
                except _LOST as error:
                    self._rewind(done)
                    raise self._lost(done) from error
        finally:
            self._answered_at = time.monotonic()
        for place, offset in done.items():
            self._held[place].done = offset

    def caught_up(self) -> bool:
        """True when this member holds its partitions and has polled all that had been published to them."""
        self._check_open()
        if self._consumer.group_metadata().state is not MemberState.STABLE:
            return False
        with self._clients.faults():
            places = sorted(self._consumer.assignment())
            if not places:
                return True
            ends = self._consumer.end_offsets(places, timeout_ms=PATIENCE_MS)
            self._answered_at = time.monotonic()
            for place in places:
                position = self._consumer.position(place, timeout_ms=PATIENCE_MS)
                # Both: the end as listed may be too low on some brokers (see KafkaBus), and the
                # high watermark is that of the last fetch. One of them is always above a message
                # that was not polled.
                highwater = self._consumer.highwater(place)
                if position is None or highwater is None or position < max(ends[place], highwater):
                    return False
        return True

    def close(self) -> None:
        """Leave the group, so that others take over at once. What was not committed comes again."""
        if self._closed:
            return
        self._closed = True
        # An unreachable broker: it will see by itself that we are gone.
        with contextlib.suppress(errors.KafkaError):
            self._consumer.close(autocommit=False, timeout_ms=5_000)

    def _check_open(self) -> None:
        if self._closed:
            raise BusRefused("this member has left the group; subscribe again")

    def _forget(self, places: Collection[Any]) -> None:
        """They are not ours any more."""
        for place in places:
            self._held.pop(place, None)

    def _settle(self) -> None:
        """Forget what another owns now. Runs on kafka-python's thread while our poll waits for it."""
        assigned = self._consumer.assignment()
        for place in set(self._held) - assigned:
            del self._held[place]
        for place in assigned - set(self._held):
            self._held[place] = _Held()

    def _rewind(self, places: Sequence[Any] | dict[Any, int]) -> None:
        """What is still ours is handed out again from the committed offset."""
        for place in places:
            if (held := self._held.get(place)) and place in self._consumer.assignment():
                self._consumer.seek(place, held.done if held.done >= 0 else held.low)
                held.low = held.next = -1

    def _lost(self, places: Sequence[Any] | set[Any] | dict[Any, int]) -> PartitionsLost:
        names = ", ".join(f"{place.topic}/{place.partition}" for place in sorted(places))
        return PartitionsLost(
            f"nothing was committed: {names} may belong to another member of {self._group!r} now,"
            " and the messages come again"
        )

    def _check_alive(self) -> None:
        """An empty poll looks the same whether there is nothing new or nobody there; find out."""
        if time.monotonic() - self._answered_at < ALIVE_SECONDS:
            return
        self._consumer.end_offsets(
            [TopicPartition(self._topics[0], 0)], timeout_ms=int(ALIVE_SECONDS * 1000)
        )
        self._answered_at = time.monotonic()


def message_of(record: Any) -> Message:
    """Keys and headers that others wrote may be missing, or no UTF-8."""
    return Message(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        key=(record.key or b"").decode("utf-8", "replace"),
        value=record.value or b"",
        headers={
            name: (value or b"").decode("utf-8", "replace") for name, value in record.headers or ()
        },
    )
