"""One member of a consumer group on the SQLite bus.

    poll: tell that we live -> settle who reads what -> read on from our positions
    commit: only while the partition is ours, checked in the same transaction

There is no leader: whoever polls computes the same fair shares from the same tables. A member gives
up what is to be another's when it polls, as on Kafka, so a batch in hand can still be committed.
A member whose lease ran out is struck off by the next one that looks, and its partitions pass on
with a higher epoch, which is what its late commits fail on.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import time
import uuid
from collections.abc import Iterator, Sequence

import msgspec

from ingest.bus import BusError, BusRefused, Message, PartitionsLost
from ingest.fair_shares import Partition, fair_shares
from ingest.sqlite_file_bus import BusFile

POLL_BYTES = 32_000_000
"""A poll stops here even when `limit` allows more, so that large values do not fill the memory."""

FIRST_WAIT = 0.005
LONGEST_WAIT = 0.05
"""Seconds between two looks at the file while a poll waits."""


class _Held(msgspec.Struct):
    """A partition that is ours: what was handed out since it became ours is [low, next)."""

    epoch: int
    low: int
    next: int


class _Group(msgspec.Struct):
    """The tables of one group at one moment."""

    members: dict[str, list[str]]
    expired: list[str]
    claims: dict[Partition, tuple[str, int]]
    shares: dict[Partition, str]


class SqliteMember:
    """A consumer; see ingest/bus.py for what each method promises. Used by one thread."""

    def __init__(
        self,
        file: BusFile,
        topics: Sequence[str],
        group: str,
        *,
        session_timeout: float,
        max_poll_interval: float,
    ) -> None:
        self._file = file
        self._topics = sorted(set(topics))
        self._group = group
        self._lease = session_timeout
        self._stuck_after = max_poll_interval
        self._name = uuid.uuid4().hex
        self._connection = file.open()
        self._held: dict[Partition, _Held] = {}
        self._turn = 0
        self._polled_at = time.monotonic()
        self._seen_at = float("-inf")
        self._closed = threading.Event()
        # A daemon: a worker that ends without close() must not hang on its heartbeat.
        self._heart = threading.Thread(
            target=self._beat, args=(file.open(),), name="bus-heartbeat", daemon=True
        )
        self._heart.start()

    @property
    def closed(self) -> bool:
        """Whether this member has left for good."""
        return self._closed.is_set()

    def poll(self, limit: int, timeout: float) -> list[Message]:
        """Up to `limit` messages not yet polled by this member; empty when none came in `timeout` seconds."""
        self._check_open()
        deadline = time.monotonic() + timeout
        wait = FIRST_WAIT
        while True:
            self._polled_at = time.monotonic()
            messages = self._read(limit)
            left = deadline - time.monotonic()
            if messages or left <= 0:
                return messages
            time.sleep(min(wait, left))
            wait = min(2 * wait, LONGEST_WAIT)

    def commit(self, messages: Sequence[Message]) -> None:
        """Say that these messages, and all before them on their partitions, are done.

        Raises PartitionsLost, and commits nothing, when any of them was not handed out by this
        member since it last took the partition over. Those that are still its own come again.
        """
        self._check_open()
        self._polled_at = time.monotonic()
        done: dict[Partition, int] = {}
        lost: set[Partition] = set()
        for message in messages:
            partition = (message.topic, message.partition)
            held = self._held.get(partition)
            if held is None or not held.low <= message.offset < held.next:
                lost.add(partition)
            done[partition] = max(done.get(partition, 0), message.offset + 1)
        with self._file.writing(self._connection):
            claims = self._claims()
            for partition in done:
                held = self._held.get(partition)
                if held is None or claims.get(partition) != (self._name, held.epoch):
                    lost.add(partition)
            if not lost:
                self._connection.executemany(
                    "INSERT INTO commits VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE"
                    " SET offset = max(offset, excluded.offset)",
                    [(self._group, *partition, offset) for partition, offset in done.items()],
                )
                self._tell()
            else:
                for partition in done:
                    self._forget(partition, claims)
        if lost:
            names = ", ".join(f"{topic}/{number}" for topic, number in sorted(lost))
            raise PartitionsLost(
                f"nothing was committed: another member of {self._group!r} has taken {names} over"
                " and reads the messages again"
            )

    def caught_up(self) -> bool:
        """True when this member holds its partitions and has polled all that had been published to them."""
        self._check_open()
        with self._file.reading(self._connection):
            group = self._look()
            if self._name not in group.members:
                return False
            return all(
                (held := self._held.get(partition)) is not None
                and group.claims.get(partition) == (self._name, held.epoch)
                and held.next >= self._end(partition)
                for partition, owner in group.shares.items()
                if owner == self._name
            )

    def close(self) -> None:
        """Leave the group, so that others take over at once. What was not committed comes again."""
        if self._closed.is_set():
            return
        self._closed.set()
        self._heart.join()
        # Where the file cannot be written now, the lease runs out by itself.
        with contextlib.suppress(BusError), self._file.writing(self._connection):
            self._strike_off([self._name])
        self._connection.close()

    def _check_open(self) -> None:
        if self._closed.is_set():
            raise BusRefused("this member has left the group; subscribe again")

    def _read(self, limit: int) -> list[Message]:
        """What is there now, once the shares are settled."""
        messages: list[Message] | None = None
        with self._file.reading(self._connection):
            group = self._look()
            if self._is_settled(group):
                messages = self._hold_and_fetch(group.claims, limit)
        if messages is None:
            with self._file.writing(self._connection):
                self._tell()
                self._settle(self._look())
                messages = self._hold_and_fetch(self._claims(), limit)
        return messages

    def _look(self) -> _Group:
        """Who is in the group, who owns what, and who should."""
        now = time.monotonic()
        members: dict[str, list[str]] = {}
        expired: list[str] = []
        for name, topics, seen_at, lease in self._connection.execute(
            "SELECT member, topics, seen_at, lease FROM members WHERE group_name = ?",
            (self._group,),
        ):
            # A time ahead of now was written before the machine's last start.
            if seen_at <= now <= seen_at + lease:
                members[name] = msgspec.json.decode(topics, type=list[str])
            else:
                expired.append(name)
        read = {topic for topics in members.values() for topic in topics}
        partitions = [
            (topic, number)
            for topic, number in self._connection.execute("SELECT topic, partition FROM topics")
            if topic in read
        ]
        claims = self._claims()
        owners = {partition: owner for partition, (owner, _) in claims.items()}
        return _Group(members, expired, claims, fair_shares(partitions, members, owners))

    def _claims(self) -> dict[Partition, tuple[str, int]]:
        return {
            (topic, number): (owner, epoch)
            for topic, number, owner, epoch in self._connection.execute(
                "SELECT topic, partition, member, epoch FROM claims WHERE group_name = ?",
                (self._group,),
            )
        }

    def _is_settled(self, group: _Group) -> bool:
        """Whether there is nothing for this member to do before it reads."""
        return (
            self._name in group.members
            and not group.expired
            and time.monotonic() - self._seen_at < self._lease / 3
            and not any(self._to_release(group))
            and not any(self._to_take(group))
        )

    def _settle(self, group: _Group) -> None:
        """Strike off the dead, release what is to be another's, take what is ours and free."""
        self._strike_off(group.expired)
        released = set(self._to_release(group))
        self._connection.executemany(
            # The row stays, with nobody as its owner, because the epoch must never go back.
            "UPDATE claims SET member = '' WHERE group_name = ? AND topic = ? AND partition = ?",
            [(self._group, *partition) for partition in released],
        )
        self._connection.executemany(
            "INSERT INTO claims VALUES (?, ?, ?, ?, 1) ON CONFLICT DO UPDATE"
            " SET member = excluded.member, epoch = epoch + 1",
            [(self._group, *partition, self._name) for partition in self._to_take(group)],
        )

    def _to_release(self, group: _Group) -> Iterator[Partition]:
        for partition, (owner, _) in group.claims.items():
            if owner == self._name and group.shares.get(partition) != self._name:
                yield partition

    def _to_take(self, group: _Group) -> Iterator[Partition]:
        for partition, share in group.shares.items():
            owner, _ = group.claims.get(partition, ("", 0))
            if share == self._name and owner != self._name and owner not in group.members:
                yield partition

    def _hold_and_fetch(
        self, claims: dict[Partition, tuple[str, int]], limit: int
    ) -> list[Message]:
        """Drop what is no longer ours, start what has become ours where the group is, and read on."""
        ours = {place: epoch for place, (owner, epoch) in claims.items() if owner == self._name}
        self._held = {
            place: held
            for place, held in self._held.items()
            if ours.get(place) == held.epoch  # a higher epoch: it was another's in between
        }
        for partition, epoch in ours.items():
            if partition not in self._held:
                start = self._start(partition)
                self._held[partition] = _Held(epoch, start, start)
        return self._fetch(limit)

    def _forget(self, partition: Partition, claims: dict[Partition, tuple[str, int]]) -> None:
        """After a failed commit: what is still ours is handed out again from the committed offset."""
        held = self._held.get(partition)
        if held is not None and claims.get(partition) == (self._name, held.epoch):
            held.low = held.next = self._start(partition)
        else:
            self._held.pop(partition, None)

    def _start(self, partition: Partition) -> int:
        """Where the group is: the committed offset, or the oldest message kept."""
        (offset,) = self._connection.execute(
            "SELECT max(first, coalesce((SELECT offset FROM commits WHERE group_name = ?"
            " AND commits.topic = topics.topic AND commits.partition = topics.partition), 0))"
            " FROM topics WHERE topic = ? AND partition = ?",
            (self._group, *partition),
        ).fetchone()
        return int(offset)

    def _end(self, partition: Partition) -> int:
        (offset,) = self._connection.execute(
            "SELECT next FROM topics WHERE topic = ? AND partition = ?", partition
        ).fetchone()
        return int(offset)

    def _fetch(self, limit: int) -> list[Message]:
        """Read on, starting with another partition each time so that none waits for ever."""
        messages: list[Message] = []
        size = 0
        places = sorted(self._held)
        self._turn += 1
        for step in range(len(places)):
            place = places[(self._turn + step) % len(places)]
            held = self._held[place]
            for offset, key, value, headers in self._connection.execute(
                "SELECT offset, key, value, headers FROM messages"
                " WHERE topic = ? AND partition = ? AND offset >= ? ORDER BY offset LIMIT ?",
                (*place, held.next, limit - len(messages)),
            ):
                messages.append(Message(*place, offset, key, value, msgspec.json.decode(headers)))
                held.next = offset + 1
                size += len(value)
                if size >= POLL_BYTES:
                    return messages
            if len(messages) >= limit:
                return messages
        return messages

    def _tell(self) -> None:
        """Renew the lease, or join."""
        self._seen_at = time.monotonic()
        self._connection.execute(
            "INSERT INTO members VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT DO UPDATE SET seen_at = excluded.seen_at",
            (
                self._group,
                self._name,
                msgspec.json.encode(self._topics).decode(),
                self._seen_at,
                self._lease,
            ),
        )

    def _strike_off(self, names: Sequence[str]) -> None:
        self._connection.executemany(
            "DELETE FROM members WHERE group_name = ? AND member = ?",
            [(self._group, name) for name in names],
        )

    def _beat(self, connection: sqlite3.Connection) -> None:
        """Renew the lease in the background, so that a long batch does not cost the partitions.

        A member that has not polled for `max_poll_interval` is stuck, and is let go.
        """
        with contextlib.closing(connection):
            while not self._closed.wait(self._lease / 3):
                now = time.monotonic()
                if now - self._polled_at > self._stuck_after:
                    continue
                # A busy file: the next beat comes before the lease ends. A broken one: poll says so.
                with contextlib.suppress(BusError), self._file.writing(connection):
                    connection.execute(
                        "UPDATE members SET seen_at = ? WHERE group_name = ? AND member = ?",
                        (time.monotonic(), self._group, self._name),
                    )
