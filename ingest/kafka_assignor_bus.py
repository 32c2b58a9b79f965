"""Which member of a consumer group reads which partitions: as many of each topic, moved one by one.

    partitions of a topic, who owns them now -> each keeps its share -> what is free goes to who has too few
                                                                         (what another still owns: next time)

kafka-python's sticky assignors level the partitions of all topics together: of two topics of four partitions a member
may get the one and its fellow the other. Then one worker judges every document and the other waits for dead letters.
The two rounds are those of KIP-429 (incremental cooperative rebalancing, 2019).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.protocol.consumer.metadata import ConsumerProtocolAssignment

Owners = Mapping[int, str]
"""Of the partitions of a topic, by number."""


def shares(
    partitions: Sequence[int], members: Sequence[str], owners: Owners
) -> dict[str, list[int]]:
    """The partitions of one topic that each of its members may read from now on: no two numbers differ by more than one,
    once what moves has moved. A partition that another member still owns is nobody's in this round: its owner gives it
    up first.
    """
    least, extra = divmod(len(partitions), len(members))
    owned = {one: [p for p in sorted(partitions) if owners.get(p) == one] for one in members}
    # Who has most keeps what is left over, so that as little as possible moves.
    in_order = sorted(members, key=lambda one: (-len(owned[one]), one))
    room = {one: least + (number < extra) for number, one in enumerate(in_order)}
    kept = {one: owned[one][: room[one]] for one in members}
    taken = {p for parts in kept.values() for p in parts}
    missing = [one for one in in_order for _ in range(room[one] - len(kept[one]))]
    free = [p for p in sorted(partitions) if p not in taken]
    for partition, one in zip(free, missing, strict=True):
        if owners.get(partition) not in owned:
            kept[one].append(partition)
    return {one: sorted(parts) for one, parts in kept.items()}


class EvenByTopic(CooperativeStickyAssignor):  # type: ignore[misc]  # kafka-python carries no types
    """What a group of ours agrees on; the leader among its members decides for all."""

    name = "barometer-even-by-topic"

    def assign(self, cluster: Any, members: Any) -> dict[str, Any]:
        """By member, what it reads after this round."""
        told = {one.member_id: self.parse_member_metadata(one.metadata) for one in members}
        owners: dict[str, dict[int, str]] = defaultdict(dict)
        subscribed: dict[str, list[str]] = defaultdict(list)
        for member, about in told.items():
            for topic in about.subscription:
                subscribed[topic].append(member)
            for place in about.partitions:
                owners[place.topic][place.partition] = member
        found: dict[str, list[tuple[str, list[int]]]] = {member: [] for member in told}
        for topic in sorted(subscribed):
            partitions = sorted(cluster.partitions_for_topic(topic) or ())
            for member, share in shares(partitions, subscribed[topic], owners[topic]).items():
                if share:
                    found[member].append((topic, share))
        return {
            member: ConsumerProtocolAssignment(self.version, assigned, b"")
            for member, assigned in found.items()
        }
