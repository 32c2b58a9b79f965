"""The bus on Kafka, through kafka-python: for several machines, and for what others publish.

publish    idempotent producer, all replicas; every record's acknowledgement is awaited
subscribe  a member of a consumer group; offsets move by commit alone (kafka_member_bus.py)

Kafka cannot publish several records as one without transactions, so a publish that fails may have
left some of its records on the topic: publish the same again, the origin header tells them apart.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from kafka import KafkaAdminClient, KafkaProducer, errors

from ingest import kafka_backlog_bus, kafka_kept_bus, kafka_topics_bus
from ingest.bus import (
    ERASED,
    BusError,
    BusRefused,
    Message,
    PartitionBacklog,
    Record,
)
from ingest.kafka_client_bus import KNOWN, PATIENCE_MS, KafkaClients
from ingest.kafka_member_bus import KafkaMember
from ingest.kafka_url import kafka_address
from ingest.publishable import check_records, check_topics, encoded
from ingest.topics import Topic, stated

MISSING_SECONDS = 2.0
"""How long a topic may take to be known by all brokers after it was created."""


class KafkaBus:
    """A bus on Kafka; see ingest/bus.py for what each method promises."""

    def __init__(self, clients: KafkaClients) -> None:
        self._clients = clients
        self._lock = threading.Lock()
        self._producer: Any = None
        self._known: set[str] = set()
        self._members: list[KafkaMember] = []

    @classmethod
    def from_url(cls, url: str) -> KafkaBus:
        """`kafka://host:9092,host:9092?setting=…`; see kafka_url.py. Connects on first use."""
        return cls(KafkaClients(kafka_address(url, KNOWN)))

    def __repr__(self) -> str:
        return f"KafkaBus({self._clients.servers!r})"

    def create_topics(self, topics: Sequence[str], partitions: int | None = None) -> None:
        """Create the topics that do not exist yet; those that do stay as they are."""
        check_topics(topics, partitions)
        wanted = [stated(name, partitions) for name in dict.fromkeys(topics)]
        kafka_topics_bus.create_missing(self._clients, wanted, self._clients.address.layout)

    def bring_to_stated(self, topics: Sequence[Topic]) -> list[str]:
        """Partitions, retention and compaction; see kafka_topics_bus.py."""
        check_topics([topic.name for topic in topics])
        return kafka_topics_bus.bring_to_stated(self._clients, topics, self._clients.address.layout)

    def publish(self, topic: str, records: Sequence[Record]) -> None:
        """Acknowledged by all replicas when this returns. Raises when any record was not."""
        check_records(topic, records)
        with self._lock:
            self._require([topic])
            if not records:
                return
            if self._producer is None:
                self._producer = self._clients.start(
                    KafkaProducer,
                    acks="all",
                    enable_idempotence=True,
                    allow_auto_create_topics=False,
                    **self._pace(),
                )
            try:
                with self._clients.faults():
                    self._send(topic, records)
            except BusError:
                # Its sequence numbers may be out of step, and the topic may be gone.
                self._known.discard(topic)
                self._end_producer()
                raise

    def subscribe(self, topics: Sequence[str], group: str) -> KafkaMember:
        """A new member of `group`; it joins with its first poll."""
        with self._lock:
            self._require(topics)
            member = KafkaMember(self._clients, topics, group)
            self._members = [each for each in self._members if not each.closed] + [member]
        return member

    def backlog(self, topics: Sequence[str], group: str) -> int:
        """Messages published to `topics` that `group` has not committed; a missing topic has none."""
        return sum(each.messages for each in self.backlog_by_partition(topics, group))

    def backlog_by_partition(self, topics: Sequence[str], group: str) -> list[PartitionBacklog]:
        """The same for each partition; it joins no group."""
        check_topics(topics)
        return kafka_backlog_bus.backlog_by_partition(self._clients, topics, group)

    def kept(self, topics: Sequence[str]) -> Iterator[Message]:
        """Every record that the brokers still give; reading it changes no group's offsets."""
        return kafka_kept_bus.kept_messages(self._clients, topics)

    def erase(self, topics: Sequence[str], doomed: Callable[[Message], str | None]) -> str:
        """No client can take a record out of Kafka. Of a compacted topic the keys are told, so that Kafka does."""
        found = [one for one in self.kept(topics) if one.value and doomed(one) is not None]
        if not found:
            return ""
        settings = kafka_kept_bus.settings_of(self._clients, topics)
        compacted = {
            topic for topic, each in settings.items() if "compact" in each.get("cleanup.policy", "")
        }
        for topic in compacted:
            self._bury(topic, sorted({one.key for one in found if one.topic == topic and one.key}))
        return f"Kafka keeps records {kafka_kept_bus.retention_words(settings)}"

    def traces(self, needles: Sequence[bytes], *, rewrite: bool = False) -> int:
        """The brokers' files are elsewhere."""
        return 0

    def expire(self, unread_before: datetime) -> tuple[int, str]:
        """Kafka does it."""
        return 0, "Kafka drops what it keeps by the retention of its topics"

    def close(self) -> None:
        """End the producer, and the members that are still open."""
        with self._lock:
            for member in self._members:
                member.close()
            self._members.clear()
            self._end_producer()

    def _pace(self) -> dict[str, object]:
        """The producer's timing and compression, where the URL does not say otherwise."""
        given = self._clients.address.settings
        linger = int(str(given.get("linger_ms", 5)))
        request = int(str(given.get("request_timeout_ms", PATIENCE_MS)))
        ours = {
            "batch_size": 262_144,
            "compression_type": "lz4",
            "linger_ms": linger,
            "max_block_ms": PATIENCE_MS,
            "delivery_timeout_ms": request + linger + PATIENCE_MS,
        }
        wanted: dict[str, object] = {name: given.get(name, own) for name, own in ours.items()}
        if wanted["compression_type"] == "none":
            wanted["compression_type"] = None
        return wanted

    def _send(self, topic: str, records: Iterable[Record]) -> None:
        futures = [
            self._producer.send(
                topic,
                key=encoded(record.key),
                value=record.value,
                headers=[(name, encoded(text)) for name, text in record.headers.items()],
            )
            for record in records
        ]
        self._producer.flush(float(self._producer.config["delivery_timeout_ms"]) / 1000 + 5)
        for future in futures:
            if future.failed():
                raise future.exception

    def _bury(self, topic: str, keys: Sequence[str]) -> None:
        """Records without a value under these keys: compaction drops what stands before them."""
        with self._clients.using(
            KafkaProducer, acks="all", allow_auto_create_topics=False
        ) as sender:
            futures = [
                sender.send(topic, key=encoded(key), value=None, headers=[(ERASED, b"")])
                for key in keys
            ]
            sender.flush(PATIENCE_MS / 1000)
            for future in futures:
                if future.failed():
                    raise future.exception

    def _end_producer(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            # Everything was flushed or has failed: there is nothing to wait for.
            with contextlib.suppress(errors.KafkaError):
                producer.close(timeout=1)

    def _require(self, topics: Sequence[str]) -> None:
        """Raises BusRefused for a topic that does not exist, before a client waits for it in vain."""
        wanted = sorted(set(topics) - self._known)
        if not wanted:
            return
        check_topics(wanted)
        deadline = time.monotonic() + MISSING_SECONDS
        with self._clients.using(KafkaAdminClient) as admin:
            while missing := sorted(
                set(wanted) - set(kafka_topics_bus.partitions_known(admin, wanted))
            ):
                if time.monotonic() > deadline:
                    raise BusRefused(
                        f"the topic {missing[0]!r} does not exist on {self._clients.servers};"
                        " create it first (every barometer command that opens the bus does)"
                    )
                time.sleep(0.2)
        self._known.update(wanted)
