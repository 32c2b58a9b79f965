"""Topics as they are stated: made by `barometer migrate`, grown, altered, and told of in sentences."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from kafka import KafkaAdminClient, KafkaConsumer, errors
from kafka.admin import ConfigResource, ConfigResourceType

from flows.publishing import publish
from ingest.bus import Bus, BusRefused, Record, connect
from ingest.document import Document
from ingest.kafka_bus import KafkaBus
from ingest.kafka_client_bus import KNOWN, KafkaClients
from ingest.kafka_topics_bus import bring_to_stated
from ingest.kafka_url import kafka_address
from ingest.topics import (
    DEAD_LETTERS,
    DOCUMENTS,
    INCIDENTS,
    TOPICS,
    Topic,
    TopicLayout,
    configs_of,
    stated,
)
from tests.fixtures_command import Place
from tests.judged_documents import document
from tests.services import Broker
from tests.test_bus import read, values

DAY = 86_400_000


def configs(broker: Broker, name: str) -> dict[str, str]:
    admin = KafkaAdminClient(bootstrap_servers=broker.address)
    try:
        place = ConfigResource(ConfigResourceType.TOPIC, name)
        found = admin.describe_configs([place], config_filter="all")["topic"][name]
    finally:
        admin.close()
    return {each: str(value["value"]) for each, value in found.items()}


def partitions(broker: Broker, name: str) -> int:
    admin = KafkaAdminClient(bootstrap_servers=broker.address)
    try:
        return len(admin.describe_topics([name])[0]["partitions"])
    finally:
        admin.close()


# -- What is stated --------------------------------------------------------------------------------


def test_documents_go_after_their_days_and_of_incidents_the_newest_stays() -> None:
    layout = TopicLayout(retention_days=7)
    week = str(7 * DAY)
    assert configs_of(stated(DOCUMENTS), layout)["retention.ms"] == week
    assert configs_of(stated(DOCUMENTS), layout)["cleanup.policy"] == "delete"
    incidents = configs_of(stated(INCIDENTS), layout)
    assert incidents["cleanup.policy"] == "compact"
    assert incidents["min.compaction.lag.ms"] == week
    assert "retention.ms" not in incidents


def test_a_segment_is_never_longer_than_what_is_kept() -> None:
    for days, segment in ((0.25, DAY // 4), (7, DAY)):
        for topic in TOPICS:
            found = configs_of(topic, TopicLayout(retention_days=days))
            assert found["segment.ms"] == str(segment)


def test_with_three_replicas_a_record_is_written_when_two_have_it() -> None:
    assert "min.insync.replicas" not in configs_of(stated(DOCUMENTS), TopicLayout(replicas=1))
    assert configs_of(stated(DOCUMENTS), TopicLayout(replicas=3))["min.insync.replicas"] == "2"


@pytest.mark.parametrize("scheme", ["kafka://host", "sqlite:///bus.db"])
@pytest.mark.parametrize(
    ("option", "words"),
    [
        ("partitions=0", "partitions to 0"),
        ("retention_days=-1", "retention_days to -1"),
        ("retention_days=week", "no number"),
    ],
)
def test_a_layout_that_cannot_be_meant_is_refused(scheme: str, option: str, words: str) -> None:
    with pytest.raises(BusRefused, match=words):
        connect(f"{scheme}?{option}")


# -- What `barometer migrate` makes of it ----------------------------------------------------------


def test_migrate_makes_the_topics_as_stated_and_a_second_run_has_nothing_to_say(
    place: Place, fresh_broker: Broker
) -> None:
    place.set(
        "BAROMETER_BUS_URL",
        f"kafka://{fresh_broker.address}?partitions=6&replicas=1&retention_days=3",
    )
    said = place.run("migrate")
    assert said.status == 0
    assert f"created {DOCUMENTS}: 6 partitions, 1 replica, 3 days" in said.out
    assert f"created {DEAD_LETTERS}: 6 partitions" in said.out
    assert f"created {INCIDENTS}: 1 partition, 1 replica, everything for 3 days, then" in said.out
    assert partitions(fresh_broker, DOCUMENTS) == 6
    assert partitions(fresh_broker, INCIDENTS) == 1
    for topic in TOPICS:
        wanted = configs_of(topic, TopicLayout(partitions=6, replicas=1, retention_days=3))
        assert configs(fresh_broker, topic.name).items() >= wanted.items()
    again = place.run("migrate")
    assert again.out.splitlines() == [f"chdb:///{place.folder}/clickhouse: up to date"]


def test_on_a_topic_that_is_there_settings_are_altered_and_the_rest_is_said(
    broker: Broker, topic: str
) -> None:
    first = connect(f"kafka://{broker.address}?partitions=3&replicas=1")
    assert first.bring_to_stated([Topic(name=topic)]) == [
        f"created {topic}: 3 partitions, 1 replica, 7 days"
    ]
    first.close()
    other = connect(f"kafka://{broker.address}?partitions=2&replicas=2&retention_days=2")
    told = other.bring_to_stated([Topic(name=topic)])
    assert told == [
        f"{topic} has 3 partitions, and 2 are stated: partitions are never taken away",
        f"{topic} has 1 replica, and 2 are stated: kafka-reassign-partitions.sh moves them, Barometer does not",
        f"{topic}: retention.ms {2 * DAY} (was {7 * DAY})",
    ]
    assert configs(broker, topic)["retention.ms"] == str(2 * DAY)
    assert other.bring_to_stated([Topic(name=topic)]) == told[:2]
    other.close()


def test_a_broker_that_cannot_add_partitions_is_said_and_nothing_fails(
    broker: Broker, topic: str
) -> None:
    bus = connect(f"kafka://{broker.address}")
    bus.create_topics([topic], partitions=2)
    (told,) = bus.bring_to_stated([Topic(name=topic)])
    assert told.startswith(f"{topic} has 2 partitions, and 4 are stated: the brokers do not let us")
    assert "kafka-topics.sh --alter" in told
    bus.close()


class Admin:
    """What kafka-python's admin client says of one topic; Tansu has no partitions to add and no rights to withhold."""

    def __init__(self, configs: dict[str, str], *, may_alter: bool = True) -> None:
        self.partitions = 4
        self.configs = configs
        self.may_alter = may_alter

    def describe_topics(self, names: list[str]) -> list[dict[str, Any]]:
        partition = {"replica_nodes": [1, 2, 3]}
        return [
            {"name": name, "error_code": 0, "partitions": [partition] * self.partitions}
            for name in names
        ]

    def create_partitions(self, wanted: dict[str, int], timeout_ms: int) -> None:
        (self.partitions,) = wanted.values()

    def describe_configs(self, places: Any, config_filter: str) -> dict[str, Any]:
        found = {name: {"value": value} for name, value in self.configs.items()}
        return {"topic": {places[0].name: found}}

    def alter_configs(self, places: Any, raise_on_unknown: bool) -> dict[str, Any]:
        if not self.may_alter:
            raise errors.TopicAuthorizationFailedError("no")
        self.configs |= places[0].configs
        return {"topic": {places[0].name: "OK"}}

    def close(self) -> None:
        pass


def told_by(admin: Admin, layout: TopicLayout, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    clients = KafkaClients(kafka_address("kafka://host", KNOWN))
    monkeypatch.setattr(clients, "start", lambda make, role="", **own: admin)
    return bring_to_stated(clients, [stated(DOCUMENTS)], layout)


def test_partitions_grow_and_what_that_means_for_keys_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    layout = TopicLayout(partitions=12)
    admin = Admin(dict(configs_of(stated(DOCUMENTS), layout)))
    (told,) = told_by(admin, layout, monkeypatch)
    assert told.startswith(f"{DOCUMENTS} has 12 partitions now, it had 4: a key may be on another")
    assert admin.partitions == 12
    assert told_by(admin, layout, monkeypatch) == []
    (told,) = told_by(admin, TopicLayout(partitions=3), monkeypatch)
    assert "never taken away" in told
    assert admin.partitions == 12


def test_what_we_may_not_alter_is_said_with_what_is_there_and_what_is_stated(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    layout = TopicLayout()
    there = {**configs_of(stated(DOCUMENTS), layout), "retention.ms": "1000", "other": "x"}
    (told,) = told_by(Admin(there, may_alter=False), layout, monkeypatch)
    assert f"has retention.ms=1000, and retention.ms={7 * DAY} is stated" in told
    assert "TopicAuthorizationFailedError" in told and "kafka-configs.sh --alter" in told
    admin = Admin(there)
    assert told_by(admin, layout, monkeypatch) == [
        f"{DOCUMENTS}: retention.ms {7 * DAY} (was 1000)"
    ]
    assert admin.configs["other"] == "x", "what others set stays"


def test_the_embedded_bus_grows_and_everything_is_read(tmp_path: Path, topic: str) -> None:
    first = connect(f"sqlite:///{tmp_path}/bus.db?partitions=2")
    assert first.bring_to_stated([Topic(name=topic)]) == [f"created {topic}: 2 partitions"]
    sent = [Record(f"k{n}", b"%d" % n) for n in range(40)]
    first.publish(topic, sent[:20])
    consumer = first.subscribe([topic], "g")
    early = read(consumer, 20)
    other = connect(f"sqlite:///{tmp_path}/bus.db?partitions=5")
    (told,) = other.bring_to_stated([Topic(name=topic)])
    assert told.startswith(f"{topic} has 5 partitions now, it had 2")
    assert other.bring_to_stated([Topic(name=topic)]) == []
    other.publish(topic, sent[20:])
    late = read(consumer, 20)
    assert {message.partition for message in late} > {0, 1}
    assert values([*early, *late]) == sorted(record.value for record in sent)
    first.close()
    other.close()


# -- Keys ------------------------------------------------------------------------------------------


def edited(number: int) -> Document:
    """The same document, said otherwise each time."""
    return msgspec.structs.replace(document(1), text=f"Edition {number} of it. " * number)


def test_what_is_said_of_one_document_stays_on_one_partition_in_order_whatever_its_words(
    bus: Bus, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.publishing.DOCUMENTS", topic)
    bus.create_topics([topic], partitions=4)
    for number in range(1, 6):
        publish(bus, [(f"test:{number}", edited(number))], [])
    messages = read(bus.subscribe([topic], topic), 5)
    assert len({message.partition for message in messages}) == 1
    assert [message.origin for message in messages] == [f"test:{n}" for n in range(1, 6)]


# -- Members ---------------------------------------------------------------------------------------


def test_a_worker_with_a_name_of_its_own_comes_back_to_its_partitions(
    broker: Broker, topic: str
) -> None:
    """Static membership (KIP-345): leaving and coming back within the session is no rebalance."""
    bus = KafkaBus.from_url(
        f"kafka://{broker.address}?session_timeout_ms=4000&group_instance_id=worker-1"
    )
    bus.create_topics([topic])
    bus.publish(topic, [Record(f"k{n}", b"%d" % n) for n in range(20)])
    first = bus.subscribe([topic], topic)
    first.commit(read(first, 20))
    before = first._consumer.group_metadata()
    first.close()
    bus.publish(topic, [Record(f"k{n}", b"%d" % n) for n in range(20, 40)])
    second = bus.subscribe([topic], topic)
    messages = read(second, 20)
    assert values(messages) == sorted(b"%d" % n for n in range(20, 40))
    after = second._consumer.group_metadata()
    assert after.group_instance_id == "worker-1"
    assert (after.member_id, after.generation_id) == (before.member_id, before.generation_id)
    second.commit(messages)
    bus.close()


def test_partitions_move_one_by_one_and_the_brokers_can_read_who_we_are(
    broker: Broker, topic: str
) -> None:
    bus = KafkaBus.from_url(f"kafka://{broker.address}?client_id=monitor")
    bus.create_topics([topic])
    bus.publish(topic, [Record("k", b"v")])
    member = bus.subscribe([topic], "barometer.score")
    config = member._consumer.config
    assert [each.name for each in config["partition_assignment_strategy"]] == [
        "barometer-even-by-topic"
    ]
    assert re.fullmatch(r"monitor-score-[\w.-]+-\d+-\d+", config["client_id"])
    producer = bus._producer.config
    assert re.fullmatch(r"monitor-publish-[\w.-]+-\d+-\d+", producer["client_id"])
    bus.close()


def test_what_went_before_the_group_read_it_is_told_by_the_backlog(
    broker: Broker, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bus = connect(f"kafka://{broker.address}?session_timeout_ms=1500&heartbeat_interval_ms=300")
    bus.create_topics([topic], partitions=1)
    bus.publish(topic, [Record("k", b"%d" % n) for n in range(10)])
    consumer = bus.subscribe([topic], topic)
    consumer.commit(read(consumer, 10)[:3])
    consumer.close()
    (behind,) = bus.backlog_by_partition([topic], topic)
    assert (behind.messages, behind.dropped) == (7, 0)
    # Tansu takes nothing away, so it is said for it that retention has come as far as the eighth.
    monkeypatch.setattr(
        KafkaConsumer,
        "beginning_offsets",
        lambda self, places, timeout_ms: dict.fromkeys(places, 8),
    )
    (behind,) = bus.backlog_by_partition([topic], topic)
    assert (behind.first, behind.committed, behind.next) == (8, 3, 10)
    assert (behind.messages, behind.dropped) == (2, 5)
    bus.close()
