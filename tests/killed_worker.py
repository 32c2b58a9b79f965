"""A scoring worker that is killed (SIGKILL, by itself) at one chosen write; see tests.mortal_process."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from flows.scoring import drain
from flows.wiring import edges
from ingest.bus import Consumer, Message
from storage.database import Database, Result, Row


class Deadly:
    """Counts writes and commits, and dies at the chosen one."""

    def __init__(self, at: int, when: str) -> None:
        self._left = at
        self._when = when

    def around(self, write: Any, *arguments: Any) -> None:
        """Do one write, or die just before or just after it."""
        self._left -= 1
        if self._left == 0 and self._when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        write(*arguments)
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


class MortalDatabase:
    """A database whose writes may be the last thing that this process does."""

    def __init__(self, database: Database, fate: Deadly) -> None:
        self._database = database
        self._fate = fate

    @property
    def url(self) -> str:
        return self._database.url

    def version(self) -> tuple[int, ...]:
        return self._database.version()

    def execute(self, sql: str, parameters: Mapping[str, Any] | None = None) -> None:
        self._fate.around(self._database.execute, sql, parameters)

    def query(self, sql: str, parameters: Mapping[str, Any] | None = None) -> Result:
        return self._database.query(sql, parameters)

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        self._fate.around(self._database.insert, table, columns, rows)

    def close(self) -> None:
        self._database.close()


class MortalBus:
    """A bus whose commits and dead letters may be the last thing that this process does."""

    def __init__(self, bus: Any, fate: Deadly) -> None:
        self._bus = bus
        self._fate = fate

    def __getattr__(self, name: str) -> Any:
        return getattr(self._bus, name)

    def publish(self, topic: str, records: Any) -> None:
        self._fate.around(self._bus.publish, topic, records)

    def subscribe(self, topics: Sequence[str], group: str) -> Consumer:
        consumer = self._bus.subscribe(topics, group)
        commit, fate = consumer.commit, self._fate

        class Mortal:
            def __getattr__(self, name: str) -> Any:
                return getattr(consumer, name)

            def commit(self, messages: Sequence[Message]) -> None:
                fate.around(commit, messages)

        mortal: Any = Mortal()
        result: Consumer = mortal
        return result


def score_until_death(at: int, when: str) -> None:
    """Score, and die `before` or `after` the write of that number."""
    fate = Deadly(at, when)
    with edges() as opened:
        mortal = msgspec.structs.replace(
            opened,
            database=MortalDatabase(opened.database, fate),
            bus=MortalBus(opened.bus, fate),
        )
        drain(mortal)
