"""Sharing out partitions: a table of cases, and what holds for every case."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.fair_shares import Partition, fair_shares

FOUR: list[Partition] = [("t", number) for number in range(4)]


@pytest.mark.parametrize(
    ("members", "owners", "wanted"),
    [
        # alone: everything
        ("a", "----", "aaaa"),
        # the second to come takes half, the first keeps its other half
        ("ab", "aaaa", "aabb"),
        # nothing moves when all is fair already, however it lies
        ("ab", "abab", "abab"),
        # the dead one's go to the one that has least
        ("ab", "axbx", "aabb"),
        ("abc", "aabb", "aabc"),
        # more members than partitions: the late ones wait
        ("abcde", "abcd", "abcd"),
        ("", "aabb", "----"),
    ],
)
def test_shares_are_fair_and_move_little(members: str, owners: str, wanted: str) -> None:
    shares = fair_shares(
        FOUR,
        {member: ["t"] for member in members},
        {place: owner for place, owner in zip(FOUR, owners, strict=True) if owner != "-"},
    )
    assert "".join(shares.get(place, "-") for place in FOUR) == wanted


def test_a_member_gets_only_topics_that_it_reads() -> None:
    places: list[Partition] = [("news", 0), ("news", 1), ("dlq", 0), ("dlq", 1), ("else", 0)]
    shares = fair_shares(places, {"a": ["news", "dlq"], "b": ["dlq"]}, {})
    assert shares[("news", 0)] == shares[("news", 1)] == "a"
    assert shares[("dlq", 0)] == shares[("dlq", 1)] == "b"
    assert ("else", 0) not in shares


@given(
    partitions=st.integers(1, 12),
    members=st.sets(st.sampled_from("abcdef"), min_size=1),
    owners=st.lists(st.sampled_from("abcdefx"), max_size=12),
)
def test_nobody_has_two_more_than_another_and_settled_shares_stay(
    partitions: int, members: set[str], owners: list[str]
) -> None:
    places: list[Partition] = [("t", number) for number in range(partitions)]
    topics = {member: ["t"] for member in members}
    shares = fair_shares(places, topics, dict(zip(places, owners, strict=False)))
    assert set(shares) == set(places)
    loads = [list(shares.values()).count(member) for member in members]
    assert max(loads) - min(loads) <= 1
    assert fair_shares(places, topics, shares) == shares
