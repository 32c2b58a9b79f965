"""Who reads which partitions: evenly of each topic, without moving what need not move."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ingest.kafka_assignor_bus import shares


def owners_of(held: dict[str, list[int]]) -> dict[int, str]:
    return {partition: member for member, parts in held.items() for partition in parts}


def settled(
    partitions: list[int], members: list[str], held: dict[str, list[int]]
) -> dict[str, list[int]]:
    """After two rounds: what one member gave up in the first, another has in the second."""
    first = shares(partitions, members, owners_of(held))
    return shares(partitions, members, owners_of(first))


def test_the_first_member_reads_everything() -> None:
    assert shares([0, 1, 2, 3], ["a"], {}) == {"a": [0, 1, 2, 3]}


def test_a_second_member_gets_half_once_the_first_has_given_it_up() -> None:
    first = shares([0, 1, 2, 3], ["a", "b"], dict.fromkeys(range(4), "a"))
    assert first == {"a": [0, 1], "b": []}
    assert shares([0, 1, 2, 3], ["a", "b"], owners_of(first)) == {"a": [0, 1], "b": [2, 3]}


def test_what_a_dead_member_read_goes_to_the_living_at_once() -> None:
    before = {0: "a", 1: "dead", 2: "b", 3: "dead"}
    assert shares([0, 1, 2, 3], ["a", "b"], before) == {"a": [0, 1], "b": [2, 3]}


def test_more_members_than_partitions_leave_some_without() -> None:
    found = settled([0, 1], ["a", "b", "c"], {"a": [0, 1]})
    assert sorted(len(parts) for parts in found.values()) == [0, 1, 1]


MEMBERS = st.lists(st.sampled_from("abcdef"), min_size=1, max_size=6, unique=True)


@given(
    st.integers(0, 13), MEMBERS, st.dictionaries(st.integers(0, 12), st.sampled_from("abcdefgh"))
)
def test_two_rounds_give_each_partition_to_one_member_and_each_member_as_many(
    count: int, members: list[str], owners: dict[int, str]
) -> None:
    partitions = list(range(count))
    owners = {partition: owner for partition, owner in owners.items() if partition < count}
    first = shares(partitions, members, owners)
    for member, parts in first.items():
        for partition in parts:  # never read by two at once
            assert owners.get(partition) in (member, None) or owners[partition] not in members
    second = shares(partitions, members, owners_of(first))
    assert sorted(p for parts in second.values() for p in parts) == partitions
    sizes = [len(parts) for parts in second.values()]
    assert max(sizes) - min(sizes) <= 1
    assert shares(partitions, members, owners_of(second)) == second
    # What a member had within its share, it has still.
    for member, parts in first.items():
        assert set(parts) <= set(second[member])
