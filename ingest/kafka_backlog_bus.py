"""How far a group is behind on each partition of Kafka, and where the partitions end."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from kafka import KafkaConsumer

from ingest.bus import BusUnavailable, PartitionBacklog
from ingest.kafka_client_bus import PATIENCE_MS, KafkaClients, places_of


def backlog_by_partition(
    clients: KafkaClients, topics: Sequence[str], group: str
) -> list[PartitionBacklog]:
    """In order of topic and partition; a missing topic has none. It joins no group and moves no offset."""
    with clients.using(
        KafkaConsumer,
        "backlog",
        group_id=group,
        enable_auto_commit=False,
        enable_incremental_fetch_sessions=False,
        allow_auto_create_topics=False,
        fetch_max_wait_ms=50,
    ) as consumer:
        places = places_of(consumer, topics)
        if not places:
            return []
        first = consumer.beginning_offsets(places, timeout_ms=PATIENCE_MS)
        ends = _ends(clients, consumer, places)
        found = []
        for place in places:
            committed = consumer.committed(place, timeout_ms=PATIENCE_MS)
            done = max(committed or 0, first[place])
            found.append(
                PartitionBacklog(
                    topic=place.topic,
                    partition=place.partition,
                    first=first[place],
                    committed=committed,
                    next=ends[place],
                    messages=max(0, ends[place] - done),
                )
            )
        return found


def _ends(clients: KafkaClients, consumer: Any, places: Sequence[Any]) -> dict[Any, int]:
    """The next offset of each partition.

    ListOffsets alone is not trusted: the Tansu broker answers with the last batch's first
    offset + 1. A fetch from there brings the high watermark, which is right everywhere.
    """
    ends: dict[Any, int] = consumer.end_offsets(places, timeout_ms=PATIENCE_MS)
    consumer.assign(places)
    for place in places:
        consumer.seek(place, ends[place])
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while any(consumer.highwater(place) is None for place in places):
        if time.monotonic() > deadline:
            raise BusUnavailable(
                f"{clients.servers} did not say how far its topics go; check the brokers"
            )
        consumer.poll(timeout_ms=100)
    return {place: max(ends[place], consumer.highwater(place)) for place in places}
