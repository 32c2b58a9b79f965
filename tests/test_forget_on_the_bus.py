"""Messages are emptied in their place, old ones go, and no byte of them is left in the file; Kafka says what it keeps."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flows.decoding import decoded
from flows.gone_rows import without_gone
from ingest import kafka_kept_bus
from ingest.bus import DOCUMENTS, ERASED, ORIGIN, Bus, Message, Record, connect
from ingest.kafka_kept_bus import retention_words

SECRET = b"Nobody should read this sentence any more."
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def in_file(path: Path) -> bool:
    return any(SECRET in each.read_bytes() for each in path.parent.glob(f"{path.name}*"))


def put(bus: Bus, topic: str, *values: bytes) -> None:
    bus.create_topics([topic], partitions=1)
    bus.publish(
        topic, [Record(f"k{n}", value, {ORIGIN: f"o/{n}"}) for n, value in enumerate(values)]
    )


def secret(message: Message) -> str | None:
    return "courier" if SECRET in message.value else None


def test_what_is_kept_can_be_read_without_a_group(bus: Bus, topic: str) -> None:
    bus.create_topics([topic])
    bus.publish(topic, [Record(str(n), b"%d" % n, {ORIGIN: f"o/{n}"}) for n in range(30)])
    for _ in range(2):
        kept = list(bus.kept([topic, f"{topic}-missing"]))
        assert sorted(int(one.value) for one in kept) == list(range(30))
        assert {one.origin for one in kept} == {f"o/{n}" for n in range(30)}
    assert bus.backlog([topic], "nobody") == 30


def test_a_message_is_emptied_in_its_place(tmp_path: Path, topic: str) -> None:
    path = tmp_path / "bus.db"
    bus = connect(f"sqlite:///{path}")
    put(bus, topic, b"one", SECRET, b"three")
    reader = bus.subscribe([topic], "g")
    assert len(reader.poll(1, 5)) == 1
    assert in_file(path)
    assert bus.traces([SECRET, b"three"]) == 2
    assert bus.erase([], secret) == ""
    assert not in_file(path)
    assert bus.traces([SECRET]) == 0
    left = reader.poll(10, 5)
    assert [(one.offset, one.value, one.key) for one in left] == [(1, b"", ""), (2, b"three", "k2")]
    assert left[0].headers == {ORIGIN: "o/1", ERASED: "courier"}
    reader.commit(left)
    reader.close()
    assert bus.erase([], secret) == ""
    bus.close()


def test_bytes_that_an_older_version_left_are_written_over(tmp_path: Path, topic: str) -> None:
    path = tmp_path / "bus.db"
    bus = connect(f"sqlite:///{path}")
    put(bus, topic, *[SECRET * 200] * 5)
    with sqlite3.connect(path) as old:  # which did not overwrite what it deleted
        old.execute("PRAGMA secure_delete=OFF")
        old.execute("DELETE FROM messages")
    old.close()
    assert bus.traces([SECRET]) == 1
    assert bus.traces([SECRET], rewrite=True) == 0
    assert not in_file(path)
    bus.close()


def test_what_everybody_read_goes_when_it_is_old_and_what_nobody_reads_too(tmp_path: Path) -> None:
    path = tmp_path / "bus.db"
    bus = connect(f"sqlite:///{path}?retention_days=0.000000001")
    for topic in ("read", "events", DOCUMENTS):
        put(bus, topic, SECRET, SECRET)
    reader = bus.subscribe(["read"], "g")
    reader.commit(reader.poll(1, 5))
    assert bus.expire(LONG_AGO) == (1, "")
    assert bus.expire(LONG_AGO) == (0, "")
    # Events that nobody reads go by age alone; documents wait for a worker.
    assert bus.expire(datetime.now(UTC) + timedelta(minutes=1)) == (2, "")
    assert [one.topic for one in bus.kept(["read", "events", DOCUMENTS])].count(DOCUMENTS) == 2
    assert bus.backlog(["read"], "g") == 1
    assert len(reader.poll(10, 5)) == 1
    reader.close()
    put(bus, "events", b"next")
    assert [one.offset for one in bus.kept(["events"])] == [2]
    bus.close()


def test_an_emptied_row_is_counted_as_dead_and_is_no_dead_letter() -> None:
    erased = Message(DOCUMENTS, 0, 4, "", b"", {ORIGIN: "feed:a/1", ERASED: "a"})
    tombstone = Message(DOCUMENTS, 0, 5, "k", b"", {ERASED: ""})
    assert decoded([erased, tombstone], NOW) == ([], [])

    class Nothing:
        def query(self, *asked: object) -> None:
            raise AssertionError

        def insert(self, table: str, columns: object, rows: list[object]) -> None:
            assert rows == []

    kept, entries = without_gone(Nothing(), [erased, tombstone], [], NOW)  # type: ignore[arg-type]
    assert kept == []
    assert [(one.origin, one.source, one.disposition) for one in entries] == [
        ("feed:a/1", "a", "dead")
    ]


def test_kafka_says_how_long_it_keeps(kafka_url: str, topic: str) -> None:
    bus = connect(kafka_url)
    put(bus, topic, b"one", SECRET)
    assert bus.erase([topic], lambda message: None) == ""
    assert bus.erase([topic], secret).startswith("Kafka keeps records ")
    assert len(list(bus.kept([topic]))) >= 2
    dropped, who = bus.expire(NOW)
    assert dropped == 0 and "retention" in who
    bus.close()


def test_of_a_compacted_topic_the_keys_are_told(
    kafka_url: str, topic: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        kafka_kept_bus, "settings_of", lambda *asked: {topic: {"cleanup.policy": "compact"}}
    )
    bus = connect(kafka_url)
    put(bus, topic, b"one", SECRET)
    bus.erase([topic], secret)
    *_, last = bus.kept([topic])
    assert (last.key, last.value, last.headers) == ("k1", b"", {ERASED: ""})
    bus.close()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "until the retention of its topics is over"),
        ({"t": {"retention.ms": "604800000"}}, "for 7 days after they were published"),
        ({"t": {"retention.ms": "-1"}, "u": {"retention.ms": "1000"}}, "for ever"),
    ],
)
def test_how_long_that_is_stands_in_words(settings: dict[str, dict[str, str]], words: str) -> None:
    assert retention_words(settings).startswith(words)
