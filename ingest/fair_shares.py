"""Who reads which partition: equal shares, moving as few partitions as possible."""

from __future__ import annotations

from collections.abc import Collection, Mapping

Partition = tuple[str, int]
"""Topic and number."""


def fair_shares(
    partitions: Collection[Partition],
    members: Mapping[str, Collection[str]],
    owners: Mapping[Partition, str],
) -> dict[Partition, str]:
    """The member that should own each partition.

    `members` gives the topics that each live member reads, `owners` who owns what now. A partition
    stays where it is unless its owner has two or more than another member who reads its topic. The
    answer depends on nothing else, so every member that looks at the same state finds the same one.
    Partitions that nobody reads are left out.
    """
    load = dict.fromkeys(sorted(members), 0)
    readers = {
        (topic, number): [member for member in load if topic in members[member]]
        for topic, number in sorted(partitions)
    }
    shares: dict[Partition, str] = {}
    for partition, candidates in readers.items():
        owner = owners.get(partition)
        if owner in candidates:
            shares[partition] = owner
            load[owner] += 1
    for partition, candidates in readers.items():
        if candidates and partition not in shares:
            shares[partition] = least = min(candidates, key=lambda member: (load[member], member))
            load[least] += 1

    moved = True
    while moved:
        moved = False
        for partition, owner in sorted(shares.items(), reverse=True):
            least = min(readers[partition], key=lambda member: (load[member], member))
            if load[owner] - load[least] > 1:
                shares[partition] = least
                load[owner] -= 1
                load[least] += 1
                moved = True
    return shares
