"""What goes from the SQLite bus for good: the payload of one message in its place, and messages that everybody has read.

    message -erase-> the same offset and origin, no key, no payload, a header that says so
    old and read -expire-> gone, as at any other pruning, but all of it at once

Offsets stay as they are, so a member that has not read the message reads that it was erased. What is deleted is overwritten
(PRAGMA secure_delete, see sqlite_file_bus.py), and the write-ahead log is cut to nothing, so that the bytes are gone.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from ingest.bus import DEAD_LETTERS, DOCUMENTS, ERASED, ORIGIN, Message
from ingest.sqlite_file_bus import BUSY_SECONDS, BusFile

_COLUMNS = "topic, partition, offset, key, value, headers"
_CHUNK = 1_000
"""Messages read or changed in one transaction, so that no publisher waits long."""

_BLOCK = 1 << 20


def kept_messages(
    file: BusFile, connection: sqlite3.Connection, topics: Sequence[str] | None
) -> Iterator[Message]:
    """Every message that is in the file, of these topics or of all."""
    with file.faults():
        names = [name for (name,) in connection.execute("SELECT DISTINCT topic FROM topics")]
        places = connection.execute("SELECT topic, partition FROM topics").fetchall()
    for topic, partition in places:
        if topic not in (names if topics is None else topics):
            continue
        after = -1
        while True:
            with file.faults():
                rows = connection.execute(
                    f"SELECT {_COLUMNS} FROM messages WHERE topic = ? AND partition = ?"  # noqa: S608
                    " AND offset > ? ORDER BY offset LIMIT ?",
                    (topic, partition, after, _CHUNK),
                ).fetchall()
            if not rows:
                break
            after = rows[-1][2]
            for _, _, offset, key, value, headers in rows:
                yield Message(topic, partition, offset, key, value, msgspec.json.decode(headers))


def erase(
    file: BusFile, connection: sqlite3.Connection, doomed: Callable[[Message], str | None]
) -> int:
    """Empty the messages for which `doomed` names a source (a text, which may be empty); how many."""
    found = [
        (message, source)
        for message in kept_messages(file, connection, None)
        if message.value and (source := doomed(message)) is not None
    ]
    for start in range(0, len(found), _CHUNK):
        with file.writing(connection):
            connection.executemany(
                "UPDATE messages SET key = '', value = x'', headers = ?"
                " WHERE topic = ? AND partition = ? AND offset = ?",
                [
                    (
                        msgspec.json.encode({ORIGIN: each.origin, ERASED: source}).decode(),
                        each.topic,
                        each.partition,
                        each.offset,
                    )
                    for each, source in found[start : start + _CHUNK]
                ],
            )
    if found:
        cut_log(file, connection)
    return len(found)


def drop_unread(file: BusFile, connection: sqlite3.Connection, before: float) -> int:
    """Drop what was published before then (seconds since 1970) to topics that nobody reads; how many. Documents and dead
    letters wait for a worker, however long it takes to come.
    """
    dropped = 0
    with file.writing(connection):
        unread = connection.execute(
            "SELECT topic, partition FROM topics WHERE topic NOT IN"
            " (SELECT topic FROM commits UNION SELECT topic FROM claims UNION VALUES (?), (?))",
            (DOCUMENTS, DEAD_LETTERS),
        ).fetchall()
        for topic, partition in unread:
            (last,) = connection.execute(
                "SELECT max(offset) FROM messages WHERE topic = ? AND partition = ? AND appended_at < ?",
                (topic, partition, before),
            ).fetchone()
            if last is None:
                continue
            dropped += connection.execute(
                "DELETE FROM messages WHERE topic = ? AND partition = ? AND offset <= ?",
                (topic, partition, last),
            ).rowcount
            connection.execute(
                "UPDATE topics SET first = ? WHERE topic = ? AND partition = ?",
                (last + 1, topic, partition),
            )
    return dropped


def cut_log(file: BusFile, connection: sqlite3.Connection) -> bool:
    """Move the write-ahead log into the file and cut it to nothing; False where readers kept that from happening."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        with file.faults():
            (busy, _, _) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if not busy:
            return True
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)


def rewrite_whole(file: BusFile, connection: sqlite3.Connection) -> None:
    """Write the file anew: what was deleted by a version that did not overwrite it is in no page any more."""
    with file.faults():
        connection.execute("VACUUM")
    cut_log(file, connection)


def contained(path: Path, needles: Sequence[bytes]) -> set[bytes]:
    """Those of the needles that stand in the file, its write-ahead log or its index."""
    found: set[bytes] = set()
    overlap = max(map(len, needles), default=0)
    for place in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
        if not place.exists():
            continue
        with place.open("rb") as opened:
            before = b""
            while block := opened.read(_BLOCK):
                window = before + block
                found.update(each for each in needles if each in window)
                before = window[-overlap:] if overlap else b""
    return found
