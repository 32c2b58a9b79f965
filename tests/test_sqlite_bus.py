"""The SQLite bus: what kill -9, several processes and strange files do to it."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from ingest.bus import Bus, BusRefused, BusUnavailable, PartitionsLost, Record, connect
from ingest.sqlite_bus import SqliteBus
from tests.test_bus import ROOT, SECONDS, read, records, until

PUBLISHER = """
import sys
from ingest.bus import Record, connect
url, name, batches, size = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
bus = connect(url)
bus.create_topics(["t"])
for batch in range(batches):
    bus.publish("t", [Record(f"{name}-{batch}-{n}", f"{name} {batch} {n}".encode())
                      for n in range(size)])
    print(batch, flush=True)
"""

READER = """
import sys, time
from ingest.bus import connect
consumer = connect(sys.argv[1]).subscribe(["t"], "g")
while not consumer.poll(100, 1.0):
    pass
print("polled", flush=True)
time.sleep(600)
"""


def run(code: str, *arguments: object) -> subprocess.Popen[str]:
    """A real process of its own."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def line(process: subprocess.Popen[str]) -> str:
    """The next line that it printed."""
    assert process.stdout is not None
    return process.stdout.readline().strip()


def finish(process: subprocess.Popen[str]) -> str:
    """All that it still prints, once it has ended."""
    rest, _ = process.communicate(timeout=SECONDS)
    return rest


def kill(process: subprocess.Popen[str]) -> str:
    """kill -9; returns what it had printed."""
    process.send_signal(signal.SIGKILL)
    return finish(process)


def everything(bus: Bus, count: int) -> list[tuple[str, int, int]]:
    """(publisher, batch, number) of `count` messages."""
    consumer = bus.subscribe(["t"], "everything")
    found = [m.value.decode().split() for m in read(consumer, count)]
    assert consumer.poll(10, 0) == []
    return sorted((name, int(batch), int(number)) for name, batch, number in found)


def test_a_killed_publisher_loses_nothing_it_had_published_and_leaves_no_half_batch(
    sqlite_url: str,
) -> None:
    size = 200
    publisher = run(PUBLISHER, sqlite_url, "p", 100_000, size)
    printed = [line(publisher) for _ in range(20)]
    printed += kill(publisher).split()
    bus = connect(sqlite_url)
    published = bus.backlog(["t"], "g")
    assert published % size == 0, "a batch is whole or not there"
    # The last batch may have been synced just before its line could be printed.
    assert published // size in (len(printed), len(printed) + 1)
    found = everything(bus, published)
    assert found == [("p", batch, n) for batch in range(published // size) for n in range(size)]
    bus.close()


def test_several_processes_make_the_file_and_publish_at_once_without_loss(sqlite_url: str) -> None:
    publishers = [run(PUBLISHER, sqlite_url, name, 20, 25) for name in "abcd"]
    for publisher in publishers:
        finish(publisher)
        assert publisher.returncode == 0
    bus = connect(sqlite_url)
    assert everything(bus, 2_000) == [
        (name, batch, n) for name in "abcd" for batch in range(20) for n in range(25)
    ]
    bus.close()


def test_a_file_that_another_process_makes_meanwhile_is_no_strangers(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = threading.Thread(target=lambda: connect(sqlite_url).create_topics(["t"]))

    class OvertakenOnce(sqlite3.Connection):
        def execute(self, sql: str, *arguments: Any) -> sqlite3.Cursor:
            found = super().execute(sql, *arguments)
            if sql == "PRAGMA application_id" and other.ident is None:
                other.start()
                other.join(0.5)  # it makes the whole file, where nothing keeps it from that
            return found

    genuine = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", partial(genuine, factory=OvertakenOnce))
    bus = connect(sqlite_url)
    bus.create_topics(["t"])
    other.join(SECONDS)
    bus.publish("t", records(3))
    assert bus.backlog(["t"], "g") == 3
    bus.close()


def test_the_partitions_of_a_killed_member_are_taken_over_when_its_lease_ends(
    sqlite_url: str,
) -> None:
    bus = connect(sqlite_url)
    bus.create_topics(["t"])
    bus.publish("t", records(30))
    reader = run(READER, sqlite_url)
    assert line(reader) == "polled"
    kill(reader)
    consumer = bus.subscribe(["t"], "g")
    assert len(read(consumer, 30)) == 30
    bus.close()


def test_a_stopped_member_cannot_commit_what_another_took_over(sqlite_url: str) -> None:
    bus = connect(sqlite_url.replace("session_timeout=2", "session_timeout=0.3"))
    bus.create_topics(["t"])
    bus.publish("t", records(30))
    one = bus.subscribe(["t"], "g")
    messages = read(one, 30)
    # As a frozen process: no heartbeat reaches the file any more.
    one._closed.set()  # type: ignore[attr-defined]  # stops the heartbeat only
    one._heart.join()  # type: ignore[attr-defined]
    one._closed.clear()  # type: ignore[attr-defined]
    two = bus.subscribe(["t"], "g")
    taken = read(two, 30)
    with pytest.raises(PartitionsLost, match="t/0, t/1, t/2, t/3"):
        one.commit(messages)
    two.commit(taken)
    assert bus.backlog(["t"], "g") == 0
    bus.close()


def test_a_long_batch_keeps_its_partitions(sqlite_url: str) -> None:
    bus = connect(sqlite_url.replace("session_timeout=2", "session_timeout=0.3"))
    bus.create_topics(["t"])
    bus.publish("t", records(10))
    one = bus.subscribe(["t"], "g")
    messages = read(one, 10)
    two = bus.subscribe(["t"], "g")
    judged_until = time.monotonic() + 1.0  # over three sessions long
    while time.monotonic() < judged_until:
        assert two.poll(10, 0.05) == []
    one.commit(messages)
    assert bus.backlog(["t"], "g") == 0
    bus.close()


def test_a_member_that_stopped_polling_is_let_go(sqlite_url: str) -> None:
    bus = connect(
        sqlite_url.replace("session_timeout=2", "session_timeout=0.3&max_poll_interval=0.5")
    )
    bus.create_topics(["t"])
    bus.publish("t", records(10))
    stuck = bus.subscribe(["t"], "g")
    read(stuck, 10)
    assert len(read(bus.subscribe(["t"], "g"), 10)) == 10
    bus.close()


def test_a_lease_from_before_the_machine_started_counts_for_nothing(sqlite_url: str) -> None:
    bus = connect(sqlite_url)
    bus.create_topics(["t"])
    bus.publish("t", records(10))
    member = bus.subscribe(["t"], "g")
    read(member, 10)
    path = sqlite_url.removeprefix("sqlite:///").split("?")[0]
    with sqlite3.connect(path) as file:
        file.execute(
            "UPDATE members SET member = 'gone', seen_at = ?", (time.monotonic() + 86_400,)
        )
        file.execute("UPDATE claims SET member = 'gone'")
    assert len(read(bus.subscribe(["t"], "g"), 10)) == 10
    bus.close()


def test_what_all_groups_have_committed_is_dropped_when_it_is_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.sqlite_bus.PRUNE_SECONDS", 0.0)
    day = 1 / 86_400 / 1_000
    bus = connect(f"sqlite:///{tmp_path}/bus.db?retention_days={day}")
    bus.create_topics(["t", "unread"], partitions=1)
    bus.publish("unread", records(3))
    bus.publish("t", records(10))
    consumer = bus.subscribe(["t"], "g")
    messages = read(consumer, 10)
    consumer.commit(messages[:6])
    time.sleep(0.01)
    bus.publish("t", records(2, first=10))  # prunes what was committed, not the rest
    bus.publish("unread", records(1))
    late = bus.subscribe(["t", "unread"], "late")
    kept = read(late, 6 + 4)
    assert [m.offset for m in kept if m.topic == "t"] == [6, 7, 8, 9, 10, 11]
    assert bus.backlog(["t"], "g") == 6
    assert bus.backlog(["t", "unread"], "never") == 10
    assert late.caught_up()
    bus.close()


def test_a_member_that_starts_after_everything_was_dropped_has_caught_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.sqlite_bus.PRUNE_SECONDS", 0.0)
    bus = connect(f"sqlite:///{tmp_path}/bus.db?retention_days=1e-9")
    bus.create_topics(["t"], partitions=1)
    bus.publish("t", records(5))
    consumer = bus.subscribe(["t"], "g")
    consumer.commit(read(consumer, 5))
    bus.publish("t", [])
    late = bus.subscribe(["t"], "late")
    assert late.poll(10, 0) == []
    assert late.caught_up()
    assert bus.backlog(["t"], "late") == 0
    bus.close()


def test_a_poll_of_large_values_stops_before_it_fills_the_memory(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.sqlite_member_bus.POLL_BYTES", 2_500_000)
    bus = connect(sqlite_url)
    bus.create_topics(["t"], partitions=1)
    bus.publish("t", [Record(str(n), b"x" * 900_000) for n in range(7)])
    consumer = bus.subscribe(["t"], "g")
    assert [len(consumer.poll(100, 0)) for _ in range(4)] == [3, 3, 1, 0]
    bus.close()


# -- URLs and files --------------------------------------------------------------------------------


def test_three_slashes_are_relative_and_four_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for url in ("sqlite:///var/my%20bus.db", f"sqlite:///{tmp_path}/other/bus.db"):
        bus = SqliteBus.from_url(url)
        bus.create_topics(["t"])
        bus.close()
    assert (tmp_path / "var" / "my bus.db").is_file()
    assert (tmp_path / "other" / "bus.db").is_file()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("sqlite://", "names no file"),
        ("sqlite:///", "names no file"),
        ("sqlite://var/bus.db", "names no file"),
        ("sqlite:///var/", "names no file"),
        ("sqlite:///bus.db?sesion_timeout=3", "unknown setting 'sesion_timeout'"),
        ("sqlite:///bus.db?session_timeout=soon", "no number"),
        ("sqlite:///bus.db?session_timeout=0", "must be above 0"),
        ("sqlite:///bus.db?session_timeout=nan", "must be above 0"),
    ],
)
def test_a_url_that_names_no_file_or_setting_is_refused(url: str, words: str) -> None:
    with pytest.raises(BusRefused, match=words):
        connect(url)


def test_opening_a_url_alone_makes_no_file(tmp_path: Path) -> None:
    connect(f"sqlite:///{tmp_path}/bus.db").close()
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("These are notes. " * 100)
    with pytest.raises(BusRefused, match=r"notes\.txt is not a bus file"):
        connect(f"sqlite:///{path}").create_topics(["t"])
    assert path.read_text() == "These are notes. " * 100


def test_the_database_of_another_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE topics (name TEXT)")
    with pytest.raises(BusRefused, match="database of another program"):
        connect(f"sqlite:///{path}").create_topics(["t"])
    with sqlite3.connect(path) as other:
        assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("topics",)]


def test_a_file_of_a_newer_version_is_refused(sqlite_url: str) -> None:
    bus = connect(sqlite_url)
    bus.create_topics(["t"])
    bus.close()
    path = sqlite_url.removeprefix("sqlite:///").split("?")[0]
    with sqlite3.connect(path) as file:
        file.execute("PRAGMA user_version=99")
    with pytest.raises(BusRefused, match="newer Barometer"):
        connect(sqlite_url).backlog(["t"], "g")


def test_a_folder_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BusRefused, match="cannot be opened"):
        connect(f"sqlite:///{tmp_path}").create_topics(["t"])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_without_the_right_to_write_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(BusRefused, match="check its permissions"):
        connect(f"sqlite:///{tmp_path}/bus.db").create_topics(["t"])


def test_a_file_that_is_held_for_long_is_unavailable_and_works_afterwards(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ingest.sqlite_file_bus.BUSY_SECONDS", 0.1)
    bus = connect(sqlite_url)
    bus.create_topics(["t"])
    path = sqlite_url.removeprefix("sqlite:///").split("?")[0]
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(BusUnavailable, match=r"bus\.db is being written by another process"):
        bus.publish("t", records(1))
    holder.execute("ROLLBACK")
    holder.close()
    bus.publish("t", records(1))
    assert bus.backlog(["t"], "g") == 1
    bus.close()


def test_the_heartbeat_ends_with_its_member(sqlite_url: str) -> None:
    bus = connect(sqlite_url)
    bus.create_topics(["t"])
    member = bus.subscribe(["t"], "g")
    heart = member._heart  # type: ignore[attr-defined]  # nothing else shows it
    assert heart.is_alive()
    bus.close()
    assert not heart.is_alive()


def test_a_worker_that_forgets_to_close_still_ends(sqlite_url: str) -> None:
    process = run(
        "import sys\nfrom ingest.bus import connect\nbus = connect(sys.argv[1])\n"
        "bus.create_topics(['t'])\nbus.subscribe(['t'], 'g').poll(1, 0)\nprint('end')",
        sqlite_url,
    )
    assert finish(process) == "end\n"
    assert process.returncode == 0


def test_waiting_for_messages_leaves_the_processor_alone(sqlite_url: str) -> None:
    bus = connect(sqlite_url)
    bus.create_topics(["t"])
    consumer = bus.subscribe(["t"], "g")
    until(consumer.caught_up, lambda: consumer.poll(1, 0))
    looks = 0

    def count(_: object) -> None:
        nonlocal looks
        looks += 1

    consumer._connection.set_trace_callback(count)  # type: ignore[attr-defined]
    consumer.poll(1, 0.5)
    assert 0 < looks < 600, "about twenty looks a second, a few statements each"
    bus.close()
