"""What Kafka still keeps of its topics, and what a client can do to have it gone: wait, or name keys for compaction.

Kafka deletes whole segments when the retention of their topic is over; no client can take one record out. Where a topic
is compacted, a record without a value under the same key makes Kafka drop the earlier ones at its next cleaning.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kafka import KafkaAdminClient, KafkaConsumer, errors
from kafka.admin import ConfigResource, ConfigResourceType

from ingest.bus import BusUnavailable, Message
from ingest.kafka_client_bus import PATIENCE_MS, KafkaClients, places_of
from ingest.kafka_member_bus import message_of

_POLLED = 500


def kept_messages(clients: KafkaClients, topics: Sequence[str]) -> Iterator[Message]:
    """Every record that the brokers still give of these topics, from the oldest on, as far as there were any at the start."""
    with clients.using(
        KafkaConsumer,
        group_id=None,
        enable_auto_commit=False,
        allow_auto_create_topics=False,
        fetch_max_wait_ms=100,
    ) as consumer:
        places = places_of(consumer, topics)
        if not places:
            return
        consumer.assign(places)
        consumer.seek_to_beginning(*places)
        deadline = time.monotonic() + PATIENCE_MS / 1000
        while True:
            fetched = consumer.poll(timeout_ms=200, max_records=_POLLED)
            for records in fetched.values():
                yield from map(message_of, records)
            if fetched:
                deadline = time.monotonic() + PATIENCE_MS / 1000
            elif all(_is_read(consumer, place) for place in places):
                return
            elif time.monotonic() > deadline:
                raise BusUnavailable(
                    f"{clients.servers} stopped giving what its topics keep; check the brokers"
                )


def _is_read(consumer: Any, place: Any) -> bool:
    highwater = consumer.highwater(place)
    position = consumer.position(place, timeout_ms=PATIENCE_MS)
    return highwater is not None and position is not None and position >= highwater


def settings_of(clients: KafkaClients, topics: Sequence[str]) -> Mapping[str, Mapping[str, str]]:
    """`cleanup.policy` and `retention.ms` of these topics, as far as the brokers tell."""
    asked = [ConfigResource(ConfigResourceType.TOPIC, topic) for topic in topics]
    try:
        with clients.using(KafkaAdminClient) as admin:
            found = admin.describe_configs(asked, config_filter="all").get("topic", {})
    except (errors.KafkaError, KeyError, ValueError):
        return {}
    return {
        topic: {name: str(each.get("value", "")) for name, each in configs.items()}
        for topic, configs in found.items()
    }


def retention_words(settings: Mapping[str, Mapping[str, str]]) -> str:
    """How long it takes, for people."""
    told = {each.get("retention.ms", "") for each in settings.values()} - {""}
    days = sorted(int(ms) / 86_400_000 for ms in told if ms.lstrip("-").isdecimal())
    if not days:
        return "until the retention of its topics is over (retention.ms)"
    if days[0] < 0:
        return "for ever: set retention.ms of its topics"
    return f"for {days[-1]:.3g} days after they were published (retention.ms of its topics)"
