"""The bus in one SQLite file: topics, partitions, offsets and consumer groups for one machine.

    publish   one transaction, synced to disk: all of a call or nothing, also after kill -9
    poll      reads on from this member's positions; shares are settled first (sqlite_member_bus.py)
    commit    moves the group's offsets, if this member still owns the partitions

Several processes may use one file. A message is kept until every group that reads its topic has
committed it and it is older than `retention_days`; a topic that nobody reads keeps everything.
"""

from __future__ import annotations

import sqlite3
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from ingest import sqlite_erasing_bus
from ingest.bus import BusRefused, Message, PartitionBacklog, Record
from ingest.publishable import check_records, check_topics, encoded
from ingest.sqlite_file_bus import BusFile
from ingest.sqlite_member_bus import SqliteMember
from ingest.topics import (
    PARTITIONS,
    RETENTION_DAYS,
    Topic,
    TopicLayout,
    count_of,
    partitions_differ,
    partitions_of,
    stated,
)

PRUNE_SECONDS = 600.0
"""At most this often does a process look for messages to drop."""

PRUNE_MESSAGES = 5_000
"""… and drops this many of one partition, so that no publisher waits long."""


class SqliteSettings(msgspec.Struct, frozen=True):
    """What may follow the `?` of a `sqlite:` URL."""

    session_timeout: float = 10.0
    """Seconds without a sign of life after which a member's partitions go to others."""
    max_poll_interval: float = 600.0
    """Seconds between two polls after which a member counts as stuck."""
    retention_days: float = RETENTION_DAYS
    """Days that a message is kept after it was published, if all groups have committed it."""
    partitions: int = PARTITIONS
    """Of each topic for which nothing else is stated."""


class SqliteBus:
    """A bus in one file; see ingest/bus.py for what each method promises."""

    def __init__(self, path: Path, settings: SqliteSettings | None = None) -> None:
        self._file = BusFile(path)
        self._settings = settings or SqliteSettings()
        self._layout = TopicLayout(partitions=self._settings.partitions)
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._members: list[SqliteMember] = []
        self._pruned_at = time.monotonic()

    @classmethod
    def from_url(cls, url: str) -> SqliteBus:
        """`sqlite:///relative/bus.db` or `sqlite:////absolute/bus.db`; the file is opened on first use."""
        parts = urlsplit(url)
        path = unquote(parts.path).removeprefix("/")
        if parts.netloc or not path or path.endswith("/"):
            raise BusRefused(
                f"BAROMETER_BUS_URL {url!r} names no file; write sqlite:///var/bus.db for a file"
                " under the working directory, sqlite:////srv/bus.db for an absolute path"
            )
        return cls(Path(path), _settings(parts.query))

    @property
    def path(self) -> Path:
        """The file."""
        return self._file.path

    def __repr__(self) -> str:
        return f"SqliteBus({str(self._file.path)!r})"

    def create_topics(self, topics: Sequence[str], partitions: int | None = None) -> None:
        """Create the topics that do not exist yet; those that do stay as they are."""
        check_topics(topics, partitions)
        for topic in topics:
            self._grow(stated(topic, partitions), missing_only=True)

    def bring_to_stated(self, topics: Sequence[Topic]) -> list[str]:
        """Partitions. How long messages are kept is a setting of whoever has the file open, and there is no compaction."""
        check_topics([topic.name for topic in topics])
        told = []
        for topic in topics:
            found, wanted = self._grow(topic), partitions_of(topic, self._layout)
            if not found:
                told.append(f"created {topic.name}: {count_of(wanted, 'partition')}")
            elif found != wanted:
                told.append(partitions_differ(topic.name, found, wanted))
        return told

    def _grow(self, topic: Topic, *, missing_only: bool = False) -> int:
        """Add the partitions that are stated and not there; how many there were."""
        with self._lock, self._file.writing(connection := self._open()):
            found = len(_partitions(connection, topic.name))
            if not (found and missing_only):
                connection.executemany(
                    "INSERT INTO topics (topic, partition) VALUES (?, ?)",
                    [
                        (topic.name, number)
                        for number in range(found, partitions_of(topic, self._layout))
                    ],
                )
        return found

    def publish(self, topic: str, records: Sequence[Record]) -> None:
        """Synced to disk when this returns; all of the call or nothing."""
        check_records(topic, records)
        rows = [(_text(record.key), record.value, _headers(record)) for record in records]
        with self._lock, self._file.writing(connection := self._open()):
            offsets = self._existing(connection, topic)
            appended_at = time.time()
            messages = []
            for key, value, headers in rows:
                number = zlib.crc32(key.encode()) % len(offsets)
                messages.append((topic, number, offsets[number], key, value, headers, appended_at))
                offsets[number] += 1
            connection.executemany("INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?, ?)", messages)
            connection.executemany(
                "UPDATE topics SET next = ? WHERE topic = ? AND partition = ?",
                [(offset, topic, number) for number, offset in offsets.items()],
            )
            self._prune(connection, topic)

    def subscribe(self, topics: Sequence[str], group: str) -> SqliteMember:
        """A new member of `group`; it joins, and gets its share, with its first poll."""
        with self._lock:
            with self._file.reading(connection := self._open()):
                for topic in topics:
                    self._existing(connection, topic)
            member = SqliteMember(
                self._file,
                topics,
                group,
                session_timeout=self._settings.session_timeout,
                max_poll_interval=self._settings.max_poll_interval,
            )
            self._members = [each for each in self._members if not each.closed] + [member]
        return member

    def backlog(self, topics: Sequence[str], group: str) -> int:
        """Messages published to `topics` that `group` has not committed; a missing topic has none."""
        return sum(each.messages for each in self.backlog_by_partition(topics, group))

    def backlog_by_partition(self, topics: Sequence[str], group: str) -> list[PartitionBacklog]:
        """The same for each partition."""
        with self._lock, self._file.reading(connection := self._open()):
            rows = [
                row
                for topic in sorted(set(topics))
                for row in connection.execute(
                    "SELECT topics.topic, topics.partition, first, offset, next"
                    " FROM topics LEFT JOIN commits"
                    " ON commits.topic = topics.topic AND commits.partition = topics.partition"
                    " AND group_name = ? WHERE topics.topic = ? ORDER BY topics.partition",
                    (group, topic),
                )
            ]
        return [
            PartitionBacklog(
                topic=topic,
                partition=partition,
                first=first,
                committed=committed,
                next=end,
                messages=end - max(first, committed or 0),
            )
            for topic, partition, first, committed, end in rows
        ]

    def kept(self, topics: Sequence[str]) -> Iterator[Message]:
        """Every message in the file, of these topics."""
        with self._lock:
            connection = self._open()
        return sqlite_erasing_bus.kept_messages(self._file, connection, topics)

    def erase(self, topics: Sequence[str], doomed: Callable[[Message], str | None]) -> str:
        """In all topics of the file: events of other channels may quote, too."""
        with self._lock:
            sqlite_erasing_bus.erase(self._file, self._open(), doomed)
        return ""

    def traces(self, needles: Sequence[bytes], *, rewrite: bool = False) -> int:
        """In the file and its log. With `rewrite` a file in which something is found is written anew first: an older
        Barometer left the bytes of what it pruned.
        """
        with self._lock:
            connection = self._open()
            sqlite_erasing_bus.cut_log(self._file, connection)
            if rewrite and sqlite_erasing_bus.contained(self._file.path, needles):
                sqlite_erasing_bus.rewrite_whole(self._file, connection)
            return len(sqlite_erasing_bus.contained(self._file.path, needles))

    def expire(self, unread_before: datetime) -> tuple[int, str]:
        """All that pruning would drop in time, now."""
        dropped = 0
        with self._lock:
            connection = self._open()
            with self._file.reading(connection):
                topics = [row[0] for row in connection.execute("SELECT DISTINCT topic FROM topics")]
            for topic in topics:
                while True:
                    with self._file.writing(connection):
                        pruned = self._prune_now(connection, topic)
                    dropped += pruned
                    if not pruned:
                        break
            dropped += sqlite_erasing_bus.drop_unread(
                self._file, connection, unread_before.timestamp()
            )
            sqlite_erasing_bus.cut_log(self._file, connection)
        return dropped, ""

    def close(self) -> None:
        """Close the file, and the members that are still open."""
        with self._lock:
            for member in self._members:
                member.close()
            self._members.clear()
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = self._file.open()
        return self._connection

    def _existing(self, connection: sqlite3.Connection, topic: str) -> dict[int, int]:
        offsets = _partitions(connection, topic)
        if not offsets:
            raise BusRefused(
                f"the topic {topic!r} does not exist in the bus file {self._file.path};"
                " create it first (every barometer command that opens the bus does)"
            )
        return offsets

    def _prune(self, connection: sqlite3.Connection, topic: str) -> None:
        """Drop old messages of `topic` that every group which reads it has committed."""
        if time.monotonic() - self._pruned_at < PRUNE_SECONDS:
            return
        self._pruned_at = time.monotonic()
        self._prune_now(connection, topic)

    def _prune_now(self, connection: sqlite3.Connection, topic: str) -> int:
        """As many as one transaction may drop; how many messages that were."""
        dropped = 0
        before = time.time() - self._settings.retention_days * 86_400
        done = connection.execute(
            "SELECT topics.partition, first, min(coalesce(offset, 0)) FROM topics"
            " JOIN (SELECT group_name FROM claims WHERE topic = :topic"
            " UNION SELECT group_name FROM commits WHERE topic = :topic) AS readers"
            " LEFT JOIN commits ON commits.topic = topics.topic"
            " AND commits.partition = topics.partition"
            " AND commits.group_name = readers.group_name"
            " WHERE topics.topic = :topic GROUP BY topics.partition",
            {"topic": topic},
        ).fetchall()
        for number, first, offset in done:
            last = min(offset, first + PRUNE_MESSAGES)
            place = {"topic": topic, "number": number, "last": last}
            (young,) = connection.execute(
                "SELECT min(offset) FROM messages WHERE topic = :topic AND partition = :number"
                " AND offset < :last AND appended_at >= :before",
                {**place, "before": before},
            ).fetchone()
            place["last"] = last if young is None else young
            dropped += connection.execute(
                "DELETE FROM messages"
                " WHERE topic = :topic AND partition = :number AND offset < :last",
                place,
            ).rowcount
            connection.execute(
                "UPDATE topics SET first = max(first, :last)"
                " WHERE topic = :topic AND partition = :number",
                place,
            )
        return dropped


def _partitions(connection: sqlite3.Connection, topic: str) -> dict[int, int]:
    """The next offset of each partition of `topic`; empty when there is no such topic."""
    return dict(
        connection.execute(
            "SELECT partition, next FROM topics WHERE topic = ? ORDER BY partition", (topic,)
        ).fetchall()
    )


def _text(text: str) -> str:
    return encoded(text).decode()


def _headers(record: Record) -> str:
    headers = {_text(name): _text(text) for name, text in record.headers.items()}
    return msgspec.json.encode(headers).decode()


def _settings(query: str) -> SqliteSettings:
    given = dict(parse_qsl(query, keep_blank_values=True))
    names = SqliteSettings.__struct_fields__
    if unknown := sorted(set(given) - set(names)):
        raise BusRefused(
            f"BAROMETER_BUS_URL has an unknown setting {unknown[0]!r};"
            f" a sqlite: URL takes {', '.join(names)}"
        )
    try:
        settings = msgspec.convert(given, SqliteSettings, strict=False)
    except msgspec.ValidationError as error:
        raise BusRefused(f"BAROMETER_BUS_URL has a setting that is no number: {error}") from error
    for name in names:
        if not getattr(settings, name) > 0:
            raise BusRefused(f"BAROMETER_BUS_URL sets {name} to {given[name]}; it must be above 0")
    return settings
