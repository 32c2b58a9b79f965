"""Topics on Kafka brought to what is stated of them (topics.py), and told in sentences.

missing      created, with partitions, replicas and settings
partitions   grow, and are never taken away
settings     altered to what is stated; others, and the number of replicas, stay
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from kafka import KafkaAdminClient, errors
from kafka.admin import ConfigResource, ConfigResourceType

from ingest.kafka_client_bus import PATIENCE_MS, KafkaClients
from ingest.topics import (
    Topic,
    TopicLayout,
    configs_of,
    count_of,
    partitions_differ,
    partitions_of,
)

_MISSING = errors.UnknownTopicOrPartitionError.errno

NOT_PERMITTED = (errors.AuthorizationError, errors.IncompatibleBrokerVersion)
"""What leaves a topic as it is, with a sentence, instead of failing: it can still be used."""


def create_missing(
    clients: KafkaClients, topics: Sequence[Topic], layout: TopicLayout
) -> list[Topic]:
    """Create those that do not exist yet; which they were."""
    with clients.using(KafkaAdminClient) as admin:
        # Asked first: where an operator made the topics, we may lack the right to create.
        known = partitions_known(admin, [topic.name for topic in topics])
        missing = [topic for topic in topics if topic.name not in known]
        if missing:
            _create(clients, admin, missing, layout)
    return missing


def bring_to_stated(
    clients: KafkaClients, topics: Sequence[Topic], layout: TopicLayout
) -> list[str]:
    """Create what is missing and change what differs; a sentence for each, and for what differs still."""
    told = [
        f"created {topic.name}: {_words(topic, layout)}"
        for topic in create_missing(clients, topics, layout)
    ]
    with clients.using(KafkaAdminClient) as admin:
        known = partitions_known(admin, [topic.name for topic in topics])
        for topic in topics:
            partitions = known.get(topic.name, [])
            if partitions:
                told += _grown(admin, topic, len(partitions), partitions_of(topic, layout))
                told += _replicas(topic, partitions, layout.replicas)
                told += _altered(admin, topic, configs_of(topic, layout))
    return told


def partitions_known(admin: Any, names: Sequence[str]) -> dict[str, list[Any]]:
    """The partitions of those topics that the brokers know, by name."""
    described = admin.describe_topics(sorted(set(names)))
    return {
        each["name"]: each["partitions"] for each in described if each["error_code"] != _MISSING
    }


def _create(
    clients: KafkaClients, admin: Any, topics: Sequence[Topic], layout: TopicLayout
) -> None:
    wanted = {
        topic.name: {
            "num_partitions": partitions_of(topic, layout),
            "replication_factor": layout.replicas or -1,
            "configs": dict(configs_of(topic, layout)),
        }
        for topic in topics
    }
    answer = admin.create_topics(wanted, timeout_ms=PATIENCE_MS, raise_errors=False)
    for topic in answer["topics"]:
        error = errors.for_code(topic["error_code"])
        if error not in (errors.NoError, errors.TopicAlreadyExistsError):
            raise clients.fault(error(topic.get("error_message") or topic["name"]))
    admin.wait_for_topics(list(wanted))


def _grown(admin: Any, topic: Topic, found: int, wanted: int) -> list[str]:
    if found == wanted:
        return []
    if found < wanted:
        try:
            admin.create_partitions({topic.name: wanted}, timeout_ms=PATIENCE_MS)
        except NOT_PERMITTED as error:
            return [
                f"{topic.name} has {count_of(found, 'partition')}, and {wanted} are stated: the brokers do not let us"
                f" add them ({type(error).__name__}); use kafka-topics.sh --alter"
            ]
    return [partitions_differ(topic.name, found, wanted)]


def _replicas(topic: Topic, partitions: Sequence[Any], wanted: int) -> list[str]:
    found = min(len(each["replica_nodes"]) for each in partitions)
    if not wanted or found == wanted:
        return []
    return [
        f"{topic.name} has {count_of(found, 'replica')}, and {wanted} are stated: kafka-reassign-partitions.sh moves them,"
        " Barometer does not"
    ]


def _altered(admin: Any, topic: Topic, wanted: Mapping[str, str]) -> list[str]:
    """Only what differs is sent: a setting that others made stays."""
    place = ConfigResource(ConfigResourceType.TOPIC, topic.name)
    try:
        described = admin.describe_configs([place], config_filter="all")["topic"][topic.name]
    except (*NOT_PERMITTED, KeyError) as error:
        return [
            f"the settings of {topic.name} cannot be seen ({type(error).__name__}); they should be {_list(wanted)}"
        ]
    found = {name: str(described.get(name, {}).get("value", "unset")) for name in wanted}
    differing = {name: value for name, value in wanted.items() if found[name] != value}
    if not differing:
        return []
    place = ConfigResource(ConfigResourceType.TOPIC, topic.name, configs=differing)
    try:
        answer = admin.alter_configs([place], raise_on_unknown=False)["topic"][topic.name]
    except NOT_PERMITTED as error:
        answer = type(error).__name__
    if answer != "OK":
        were = _list({name: found[name] for name in differing})
        return [
            f"{topic.name} has {were}, and {_list(differing)} is stated: the brokers do not let us change it"
            f" ({answer}); use kafka-configs.sh --alter"
        ]
    changes = ", ".join(f"{name} {value} (was {found[name]})" for name, value in differing.items())
    return [f"{topic.name}: {changes}"]


def _words(topic: Topic, layout: TopicLayout) -> str:
    partitions = partitions_of(topic, layout)
    parts = [count_of(partitions, "partition")]
    if layout.replicas:
        parts.append(count_of(layout.replicas, "replica"))
    days = f"{layout.retention_days:g} days"
    parts.append(f"everything for {days}, then the newest of each key" if topic.compacted else days)
    return ", ".join(parts)


def _list(configs: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in configs.items())
