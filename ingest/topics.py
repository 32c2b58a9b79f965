"""The topics of Barometer, stated in one place: what they are called, how they are split, and how long they keep what.

    barometer.documents.v1       documents and dead letters on their way      deleted when they are old
    barometer.documents.v1.dlq   what can never be judged                     deleted when it is old
    barometer.incidents.v1       events for other programs, keyed by series   compacted: the newest of each key stays

`barometer migrate` makes them so. How many partitions and replicas, and how many days, may be said in BAROMETER_BUS_URL.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

DOCUMENTS = "barometer.documents.v1"
DEAD_LETTERS = "barometer.documents.v1.dlq"
INCIDENTS = "barometer.incidents.v1"

PARTITIONS = 4
"""Partitions of each topic when Barometer creates it, and nothing else is said."""

RETENTION_DAYS = 7.0

_DAY_MS = 86_400_000

SAFE_REPLICAS = 3
"""From this many on a record counts as written when two have it, so that one broker may be away."""


class Topic(msgspec.Struct, frozen=True, kw_only=True):
    """One topic."""

    name: str
    partitions: int = 0
    """0: as the layout says."""
    compacted: bool = False
    """The newest record of each key stays for ever, instead of everything for some days."""


class TopicLayout(msgspec.Struct, frozen=True, kw_only=True):
    """What may be said in BAROMETER_BUS_URL of all topics."""

    partitions: int = PARTITIONS
    replicas: int = 0
    """0: as many as the brokers make by default."""
    retention_days: float = RETENTION_DAYS


TOPICS = (
    Topic(name=DOCUMENTS),
    Topic(name=DEAD_LETTERS),
    # One partition: few events, and whoever follows them has them in the order in which they happened.
    Topic(name=INCIDENTS, partitions=1, compacted=True),
)


def stated(name: str, partitions: int | None = None) -> Topic:
    """What is stated of a topic, with another number of partitions where one is given; one of another name is like the
    documents'.
    """
    topic = next((each for each in TOPICS if each.name == name), Topic(name=name))
    return topic if partitions is None else msgspec.structs.replace(topic, partitions=partitions)


def partitions_of(topic: Topic, layout: TopicLayout) -> int:
    """How many it should have."""
    return topic.partitions or layout.partitions


def configs_of(topic: Topic, layout: TopicLayout) -> Mapping[str, str]:
    """Kafka's settings of a topic, by name.

    Kafka deletes and compacts whole segments, and never the one that it writes to. With segments of a week, its default,
    a record of a quiet topic would stay for twice as long as was said; so segments are of a day.
    """
    kept = round(layout.retention_days * _DAY_MS)
    configs = {"cleanup.policy": "delete", "retention.ms": str(kept)}
    if topic.compacted:
        # Whoever follows has that long to see every event, and not the newest alone.
        configs = {"cleanup.policy": "compact", "min.compaction.lag.ms": str(kept)}
    configs["segment.ms"] = str(min(kept, _DAY_MS))
    if layout.replicas >= SAFE_REPLICAS:
        configs["min.insync.replicas"] = "2"
    return configs


def count_of(number: int, what: str) -> str:
    """`1 partition`, `4 partitions`."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def partitions_differ(name: str, found: int, wanted: int) -> str:
    """What is said of a topic that grew, or has more partitions than are stated."""
    if found > wanted:
        return (
            f"{name} has {count_of(found, 'partition')}, and {wanted} "
            f"{'is' if wanted == 1 else 'are'} stated: partitions are never taken away"
        )
    return (
        f"{name} has {count_of(wanted, 'partition')} now, it had {found}: a key may be on another partition from here on,"
        " so what was published before may be read after what comes now; let the workers catch up before sources are"
        " read again"
    )
