"""Read one source, whatever happens: an answer, never an exception."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from ingest.failure_score import FailureKind, kind_of
from ingest.feed_entry import NotAFeed
from ingest.fetch import FetchFailed
from ingest.http_words import shown
from ingest.readers import reader_of
from ingest.reading import FailedButLearned, Memory, Reading, Surroundings
from ingest.source import Source

log = logging.getLogger("barometer.collect")

ReadOne = Callable[[Source, Memory, Surroundings, datetime], Reading]


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What a source answered: a reading, or why it cannot be used."""

    reading: Reading | None = None
    """None when it failed."""
    fault: str = ""
    """One sentence; empty when the source could be read."""
    failure: FailureKind | None = None
    http_status: int = 0
    """0 when there was no answer."""
    retry_after: timedelta | None = None
    """How long the source asks us to stay away."""
    memory: Memory | None = None
    """What a failed reading leaves for the next one; None: what it was."""


def read_of(source: Source) -> ReadOne:
    """What reads the newest of a source. The reader is loaded in the thread that asks, where its faults are caught."""
    return lambda *asked: reader_of(source.type).read(*asked)


def ask(
    read: ReadOne, source: Source, memory: Memory, surroundings: Surroundings, now: datetime
) -> Answer:
    """What `read` makes of the source. Raises nothing: whatever happens to one source, the others are read."""
    try:
        reading = read(source, memory, surroundings, now)
    except FetchFailed as error:
        return Answer(
            fault=str(error),
            failure=kind_of(error),
            http_status=error.http_status or 0,
            retry_after=error.retry_after,
            memory=error.memory if isinstance(error, FailedButLearned) else None,
        )
    except NotAFeed as error:
        return Answer(
            fault=f"{shown(source.url)}: {error}", failure=FailureKind.HARD, http_status=200
        )
    except Exception as error:
        # A fault of ours: said as such, and kept for whoever looks for it.
        log.debug("source %s", source.name, exc_info=True)
        return Answer(
            fault=(
                f"{shown(source.url)}: reading it failed in an unforeseen way "
                f"({type(error).__name__}: {error}); please report it"
            ),
            failure=FailureKind.HARD,
        )
    return Answer(reading=reading, http_status=reading.http_status, retry_after=reading.retry_after)
