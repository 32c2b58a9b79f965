"""What every bus promises (ingest/bus.py), asked of the SQLite file and of a real Kafka broker alike."""

from __future__ import annotations

import contextlib
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from ingest.bus import (
    ORIGIN,
    Bus,
    BusRefused,
    BusUnavailable,
    Consumer,
    Message,
    PartitionsLost,
    Record,
    RecordTooLarge,
    connect,
)
from tests.services import free_port

ROOT = Path(__file__).resolve().parents[1]

SECONDS = 60.0
"""A test that waits longer than this for the bus has failed."""


def records(count: int, *, first: int = 0) -> list[Record]:
    """Records with keys and values that count up."""
    return [
        Record(f"key-{n}", f"value-{n}".encode(), {ORIGIN: f"import:1/{n}"})
        for n in range(first, first + count)
    ]


def read(consumer: Consumer, count: int) -> list[Message]:
    """The next `count` messages, in as many polls as it takes."""
    messages: list[Message] = []
    until(lambda: len(messages) >= count, lambda: messages.extend(consumer.poll(count, 0.2)))
    assert len(messages) == count
    return messages


def until(done: Callable[[], bool], work: Callable[[], object]) -> None:
    """Do `work` again and again until `done`."""
    deadline = time.monotonic() + SECONDS
    while not done():
        assert time.monotonic() < deadline, "the bus took too long"
        work()


class Worker(threading.Thread):
    """Polls one member until told to stop, as a worker of its own would.

    Two members that take turns in one thread would meet in no group: a rebalance ends while a
    member waits in its poll.
    """

    def __init__(self, member: Consumer, *, commits: bool) -> None:
        super().__init__(daemon=True)
        self.member = member
        self.commits = commits
        self.got: list[Message] = []
        self._over = threading.Event()
        self._fault: Exception | None = None

    def run(self) -> None:
        try:
            while not self._over.is_set():
                messages = self.member.poll(100, 0.5)
                self.got += messages
                if self.commits and messages:
                    with contextlib.suppress(PartitionsLost):
                        self.member.commit(messages)
        except Exception as error:
            self._fault = error

    def __enter__(self) -> Worker:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._over.set()
        self.join()
        if self._fault is not None:
            raise self._fault


def settle(bus: Bus, topic: str, *workers: Worker) -> None:
    """Publish until each of `workers` has its share, and all is committed."""

    def a_round() -> None:
        for worker in workers:
            worker.got.clear()
        bus.publish(topic, records(40))
        until(lambda: sum(len(worker.got) for worker in workers) >= 40, pause)

    until(lambda: all(worker.got for worker in workers), a_round)
    until(lambda: bus.backlog([topic], topic) == 0, pause)


def pause() -> None:
    """Wait a little."""
    time.sleep(0.02)


def values(messages: Sequence[Message]) -> list[bytes]:
    """What was published, sorted."""
    return sorted(message.value for message in messages)


# -- Publish and poll ------------------------------------------------------------------------------


def test_what_is_published_is_polled_with_its_key_headers_and_origin(bus: Bus, topic: str) -> None:
    bus.create_topics([topic])
    bus.publish(topic, [Record("k", b"v", {ORIGIN: "feed:iom/7/3", "other": "x"})])
    (message,) = read(bus.subscribe([topic], topic), 1)
    assert (message.topic, message.key, message.value) == (topic, "k", b"v")
    assert message.headers == {ORIGIN: "feed:iom/7/3", "other": "x"}
    assert message.origin == "feed:iom/7/3"


def test_without_the_header_the_origin_is_the_place_on_the_bus(bus: Bus, topic: str) -> None:
    bus.create_topics([topic], partitions=1)
    bus.publish(topic, [Record("a", b"1"), Record("b", b"2")])
    messages = read(bus.subscribe([topic], topic), 2)
    assert [message.origin for message in messages] == [f"{topic}/0/0", f"{topic}/0/1"]


def test_keys_headers_and_values_may_hold_any_text_and_bytes(bus: Bus, topic: str) -> None:
    bus.create_topics([topic])
    sent = Record("Ключ مفتاح 🔑", bytes(range(256)), {"née": "Überfall — 移民", "empty": ""})
    bus.publish(topic, [sent, Record("", b"")])
    messages = read(bus.subscribe([topic], topic), 2)
    assert {(m.key, m.value) for m in messages} == {(sent.key, sent.value), ("", b"")}
    assert {"née": "Überfall — 移民", "empty": ""} in [dict(m.headers) for m in messages]


def test_one_key_stays_on_one_partition_in_order_and_keys_spread(bus: Bus, topic: str) -> None:
    bus.create_topics([topic])
    for batch in range(3):
        bus.publish(topic, [Record(f"k{n % 20}", b"%d" % (batch * 100 + n)) for n in range(100)])
    messages = read(bus.subscribe([topic], topic), 300)
    assert {message.partition for message in messages} == {0, 1, 2, 3}
    for key in {message.key for message in messages}:
        mine = [message for message in messages if message.key == key]
        assert len({message.partition for message in mine}) == 1
        numbers = [int(message.value) for message in mine]
        assert numbers == sorted(numbers)


def test_offsets_count_up_within_each_partition(bus: Bus, topic: str) -> None:
    bus.create_topics([topic])
    bus.publish(topic, records(50))
    bus.publish(topic, records(50))
    messages = read(bus.subscribe([topic], topic), 100)
    for partition in range(4):
        offsets = [message.offset for message in messages if message.partition == partition]
        assert offsets == list(range(len(offsets)))


def test_a_poll_returns_no_more_than_its_limit(bus: Bus, topic: str) -> None:
    bus.create_topics([topic])
    bus.publish(topic, records(50))
    consumer = bus.subscribe([topic], topic)
    seen: list[Message] = []

    def poll() -> None:
        messages = consumer.poll(7, 0.2)
        assert len(messages) <= 7
        seen.extend(messages)

    until(lambda: len(seen) >= 50, poll)
    assert values(seen) == sorted(record.value for record in records(50))


def test_a_poll_with_nothing_new_returns_empty_near_its_timeout(bus: Bus, topic: str) -> None:
    bus.create_topics([topic])
    consumer = bus.subscribe([topic], topic)
    until(consumer.caught_up, lambda: consumer.poll(10, 0.1))
    start = time.monotonic()
    assert consumer.poll(10, 0.3) == []
    assert 0.25 < time.monotonic() - start < 30


def test_a_value_of_900_kilobytes_travels_whole(bus: Bus, topic: str) -> None:
    bus.create_topics([topic])
    value = bytes(n % 251 for n in range(900_000))
    bus.publish(topic, [Record("big", value), Record("small", b"s")])
    assert values(read(bus.subscribe([topic], topic), 2)) == sorted([value, b"s"])


def test_a_record_above_a_million_bytes_publishes_nothing_of_the_call(bus: Bus, topic: str) -> None:
    bus.create_topics([topic])
    with pytest.raises(RecordTooLarge, match=r"'big' .* 1,000,003 bytes; the limit is 1,000,000"):
        bus.publish(topic, [*records(3), Record("big", b"x" * 1_000_000), *records(3)])
    assert bus.backlog([topic], topic) == 0
    bus.publish(topic, [Record("", b"x" * 1_000_000)])
    assert bus.backlog([topic], topic) == 1


def test_headers_count_for_the_limit(bus: Bus, topic: str) -> None:
    bus.create_topics([topic])
    with pytest.raises(RecordTooLarge, match="1,000,001 bytes"):
        bus.publish(topic, [Record("k", b"x" * 999_990, {"name": "éé12"})])


def test_publishing_no_records_is_no_work(bus: Bus, topic: str) -> None:
    bus.create_topics([topic])
    bus.publish(topic, [])
    assert bus.backlog([topic], topic) == 0


# -- Commit and come back --------------------------------------------------------------------------


def test_a_group_goes_on_where_it_committed(bus: Bus, bus_url: str, topic: str) -> None:
    bus.create_topics([topic], partitions=1)
    bus.publish(topic, records(10))
    first = bus.subscribe([topic], topic)
    messages = read(first, 10)
    first.commit(messages[:4])
    first.close()
    again = connect(bus_url)  # as after a restart
    second = again.subscribe([topic], topic)
    assert [m.value for m in read(second, 6)] == [b"value-%d" % n for n in range(4, 10)]
    again.close()


def test_what_was_not_committed_comes_again_after_close(bus: Bus, topic: str) -> None:
    bus.create_topics([topic])
    bus.publish(topic, records(10))
    first = bus.subscribe([topic], topic)
    messages = read(first, 10)
    first.close()
    assert values(read(bus.subscribe([topic], topic), 10)) == values(messages)


def test_committing_messages_commits_those_before_them_too(bus: Bus, topic: str) -> None:
    bus.create_topics([topic], partitions=1)
    bus.publish(topic, records(5))
    consumer = bus.subscribe([topic], topic)
    consumer.commit(read(consumer, 5)[2:3])
    assert bus.backlog([topic], topic) == 2


def test_an_older_batch_committed_later_takes_nothing_back(bus: Bus, topic: str) -> None:
    bus.create_topics([topic], partitions=1)
    bus.publish(topic, records(6))
    consumer = bus.subscribe([topic], topic)
    messages = read(consumer, 6)
    consumer.commit(messages)
    consumer.commit(messages[:2])
    assert bus.backlog([topic], topic) == 0


def test_two_groups_each_get_everything(bus: Bus, topic: str) -> None:
    bus.create_topics([topic])
    bus.publish(topic, records(10))
    one = bus.subscribe([topic], f"{topic}-one")
    one.commit(read(one, 10))
    assert bus.backlog([topic], f"{topic}-one") == 0
    assert bus.backlog([topic], f"{topic}-two") == 10
    assert len(read(bus.subscribe([topic], f"{topic}-two"), 10)) == 10


def test_one_member_reads_several_topics(bus: Bus, topic: str) -> None:
    other = f"{topic}.dlq"
    bus.create_topics([topic, other])
    bus.publish(topic, records(5))
    bus.publish(other, records(3, first=100))
    consumer = bus.subscribe([topic, other], topic)
    messages = read(consumer, 8)
    assert sorted(m.topic for m in messages) == [topic] * 5 + [other] * 3
    assert bus.backlog([topic, other], topic) == 8
    consumer.commit(messages)
    assert bus.backlog([topic, other], topic) == 0


# -- Caught up and backlog -------------------------------------------------------------------------


def test_a_member_has_caught_up_only_when_it_polled_the_last_message(bus: Bus, topic: str) -> None:
    bus.create_topics([topic])
    bus.publish(topic, records(25))  # several to a batch and partition, polled a few at a time
    consumer = bus.subscribe([topic], topic)
    assert not consumer.caught_up()
    seen: list[Message] = []
    while not consumer.caught_up():
        seen += consumer.poll(3, 0.5)
    assert values(seen) == sorted(record.value for record in records(25))
    bus.publish(topic, records(4))
    assert not consumer.caught_up()
    read(consumer, 4)
    assert consumer.caught_up()


def test_a_member_catches_up_after_the_group_stopped_inside_a_batch(bus: Bus, topic: str) -> None:
    bus.create_topics([topic], partitions=1)
    bus.publish(topic, records(10))
    first = bus.subscribe([topic], topic)
    first.commit(read(first, 10)[:5])
    first.close()
    second = bus.subscribe([topic], topic)
    seen: list[Message] = []
    while not second.caught_up():
        seen += second.poll(2, 0.5)
    assert len(seen) == 5


def test_a_member_of_an_empty_topic_catches_up(bus: Bus, topic: str) -> None:
    bus.create_topics([topic])
    consumer = bus.subscribe([topic], topic)
    until(consumer.caught_up, lambda: consumer.poll(10, 0.2))


def test_the_backlog_counts_what_the_group_has_not_committed(bus: Bus, topic: str) -> None:
    bus.create_topics([topic])
    assert bus.backlog([topic], topic) == 0
    bus.publish(topic, records(1))
    bus.publish(topic, records(30))
    assert bus.backlog([topic], topic) == 31
    consumer = bus.subscribe([topic], topic)
    messages = read(consumer, 31)
    assert bus.backlog([topic], topic) == 31, "polled is not committed"
    consumer.commit(messages)
    assert bus.backlog([topic], topic) == 0
    bus.publish(topic, records(7))
    assert bus.backlog([topic, topic], topic) == 7


def test_the_backlog_of_each_partition_says_where_the_group_is_and_adds_up(
    bus: Bus, topic: str
) -> None:
    other = f"{topic}.dlq"
    bus.create_topics([topic, other])
    sent = [Record(f"key-{n % 7}", b"%d" % n) for n in range(60)]
    bus.publish(topic, sent)
    found = bus.backlog_by_partition([other, topic, f"{topic}-missing"], topic)
    assert [(each.topic, each.partition) for each in found] == [
        (name, number) for name in (topic, other) for number in range(4)
    ]
    assert {each.committed for each in found} == {None}
    consumer = bus.subscribe([topic], topic)
    messages = read(consumer, 60)
    sizes = Counter(message.partition for message in messages)
    assert {each.partition: each.messages for each in found if each.topic == topic} == {
        number: sizes[number] for number in range(4)
    }
    half = [message for message in messages if message.partition == messages[0].partition]
    done = half[len(half) // 2]
    consumer.commit([done])
    after = bus.backlog_by_partition([topic], topic)
    mine = after[done.partition]
    assert (mine.committed, mine.next) == (done.offset + 1, sizes[done.partition])
    assert mine.messages == mine.next - (done.offset + 1)
    assert sum(each.messages for each in after) == bus.backlog([topic], topic)


# -- Several members -------------------------------------------------------------------------------


def test_two_members_share_without_overlap(bus: Bus, topic: str) -> None:
    bus.create_topics([topic])
    one, two = bus.subscribe([topic], topic), bus.subscribe([topic], topic)
    with Worker(one, commits=True) as first, Worker(two, commits=True) as second:
        settle(bus, topic, first, second)
        first.got.clear()
        second.got.clear()
        bus.publish(topic, records(40, first=100))
        until(lambda: len(first.got) + len(second.got) >= 40, pause)
    assert not {m.partition for m in first.got} & {m.partition for m in second.got}
    assert values(first.got + second.got) == sorted(r.value for r in records(40, first=100))


def test_a_member_that_leaves_hands_over_what_it_had_not_committed(bus: Bus, topic: str) -> None:
    bus.create_topics([topic])
    one, two = bus.subscribe([topic], topic), bus.subscribe([topic], topic)
    with Worker(two, commits=True) as second:
        with Worker(one, commits=True) as first:
            settle(bus, topic, first, second)
            first.commits = False
            first.got.clear()
            second.got.clear()
            bus.publish(topic, records(20, first=500))
            until(lambda: len(first.got) + len(second.got) >= 20, pause)
            assert first.got, "it had its share"
        one.close()
        until(lambda: bus.backlog([topic], topic) == 0, pause)
    assert values(second.got) == sorted(record.value for record in records(20, first=500))


def test_a_commit_for_partitions_that_another_took_over_is_refused(bus: Bus, topic: str) -> None:
    bus.create_topics([topic])
    bus.publish(topic, records(40))
    one = bus.subscribe([topic], topic)
    mine = read(one, 40)
    two = bus.subscribe([topic], topic)
    with Worker(one, commits=False), Worker(two, commits=False) as second:
        until(lambda: bool(second.got), pause)
    lost = {message.partition for message in second.got}
    with pytest.raises(PartitionsLost, match="nothing was committed"):
        one.commit(mine)
    assert bus.backlog([topic], topic) == 40

    # What is still its own comes again, and the rest is the other's to commit.
    kept = [message for message in mine if message.partition not in lost]
    with Worker(one, commits=True) as first, Worker(two, commits=True):
        two_got = list(second.got)
        until(lambda: len(first.got) >= len(kept), pause)
        bus.publish(topic, records(40, first=40))
        until(lambda: bus.backlog([topic], topic) == 0, pause)
    assert set(values(kept)) <= set(values(first.got))
    assert set(values(two_got)) == {m.value for m in mine if m.partition in lost}


def test_a_partition_that_was_away_starts_at_the_committed_offset(bus: Bus, topic: str) -> None:
    bus.create_topics([topic], partitions=2)
    one = bus.subscribe([topic], topic)
    bus.publish(topic, records(20))
    old = read(one, 20)  # polled, never committed by this member
    two = bus.subscribe([topic], topic)
    with Worker(one, commits=False) as first:
        with Worker(two, commits=False) as second:
            until(lambda: bool(second.got), pause)
        moved = second.got[0].partition
        rest = rest_of(old, moved)
        two.commit(rest_of(second.got, moved)[:3])
        two.close()
        until(lambda: len(rest_of(first.got, moved)) >= len(rest) - 3, pause)
    assert [m.offset for m in rest_of(first.got, moved)] == [m.offset for m in rest[3:]]
    with pytest.raises(PartitionsLost):
        one.commit(rest[:1])  # from before it was away


def rest_of(messages: Sequence[Message], partition: int) -> list[Message]:
    """Those of one partition, in order."""
    return sorted((m for m in messages if m.partition == partition), key=lambda m: m.offset)


def test_a_message_that_was_never_polled_here_cannot_be_committed(bus: Bus, topic: str) -> None:
    bus.create_topics([topic], partitions=1)
    bus.publish(topic, records(3))
    consumer = bus.subscribe([topic], topic)
    (message,) = read(consumer, 3)[-1:]
    ahead = Message(topic, 0, message.offset + 1, "k", b"v")
    with pytest.raises(PartitionsLost):
        consumer.commit([ahead])


def test_more_members_than_partitions_still_catch_up(bus: Bus, topic: str) -> None:
    bus.create_topics([topic], partitions=1)
    bus.publish(topic, records(5))
    one, two = bus.subscribe([topic], topic), bus.subscribe([topic], topic)
    caught_up = []

    def drain(member: Consumer) -> None:
        while not member.caught_up():
            member.commit(member.poll(10, 0.5))
        caught_up.append(member)

    threads = [threading.Thread(target=drain, args=(m,), daemon=True) for m in (one, two)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)
    assert set(map(id, caught_up)) == {id(one), id(two)}
    assert bus.backlog([topic], topic) == 0


# -- Topics and faults -----------------------------------------------------------------------------


def test_creating_topics_again_changes_nothing(bus: Bus, topic: str) -> None:
    bus.create_topics([topic], partitions=2)
    bus.publish(topic, records(20))
    bus.create_topics([topic, f"{topic}.dlq"], partitions=4)
    bus.publish(topic, records(20))
    assert {m.partition for m in read(bus.subscribe([topic], topic), 40)} == {0, 1}


def test_a_topic_that_does_not_exist_is_refused_and_has_no_backlog(bus: Bus, topic: str) -> None:
    for attempt in (lambda: bus.publish(topic, records(1)), lambda: bus.subscribe([topic], topic)):
        with pytest.raises(BusRefused, match=f"'{topic}' does not exist"):
            attempt()
    assert bus.backlog([topic], topic) == 0


def test_a_name_that_is_no_topic_is_refused(bus: Bus) -> None:
    with pytest.raises(BusRefused, match="not a topic name"):
        bus.create_topics(["two words"])
    with pytest.raises(BusRefused, match="at least one partition"):
        bus.create_topics(["fine"], partitions=0)


def test_a_closed_member_says_so(bus: Bus, topic: str) -> None:
    bus.create_topics([topic])
    consumer = bus.subscribe([topic], topic)
    consumer.close()
    consumer.close()
    with pytest.raises(BusRefused, match="subscribe again"):
        consumer.poll(1, 0)


@pytest.mark.parametrize("url", ["redis://localhost", "bus.db", "", "https://host/x"])
def test_an_unknown_scheme_is_refused_with_the_two_that_exist(url: str) -> None:
    with pytest.raises(BusRefused, match=r"sqlite:///var/bus\.db or kafka://host:9092"):
        connect(url)


def test_what_is_no_url_is_refused() -> None:
    with pytest.raises(BusRefused, match="is no URL"):
        connect("kafka://[::1:9092")


@pytest.mark.parametrize("kind", ["sqlite", "kafka"])
def test_a_bus_that_cannot_be_reached_says_what_to_check(kind: str, tmp_path: Path) -> None:
    port = free_port()
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    url, error, words = {
        "sqlite": (f"sqlite:///{blocked}/bus.db", BusRefused, "cannot be made"),
        "kafka": (
            f"kafka://127.0.0.1:{port}?bootstrap_timeout_ms=500",
            BusUnavailable,
            f"127.0.0.1:{port} cannot be reached",
        ),
    }[kind]
    bus = connect(url)
    for attempt in (
        lambda: bus.create_topics(["t"]),
        lambda: bus.publish("t", records(1)),
        lambda: bus.subscribe(["t"], "g"),
        lambda: bus.backlog(["t"], "g"),
    ):
        with pytest.raises(error, match=words):
            attempt()
    bus.close()
