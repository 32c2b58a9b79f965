"""What one reading of a source gives, whatever the source is, and what must be remembered for the next one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Protocol, runtime_checkable

import msgspec

from ingest.allowed_hosts import AllowedHosts
from ingest.arrival import Arrival
from ingest.dead_letter import DeadLetter
from ingest.fetch import Fetcher, FetchFailed
from ingest.guarded_network import NOBODY
from ingest.source import Source


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """What is remembered of a source between two readings. It is stored after the documents were published, so a crash
    between the two reads the same stretch again and loses nothing.
    """

    cursor: str = ""
    """Where the next reading begins, in the reader's own words (at most 4 KiB); empty before the first."""
    etag: str = ""
    last_modified: str = ""


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of time that the source no longer gives: what was said in it is lost to us, and people must know."""

    since: datetime
    until: datetime


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What one reading of a source gave: every row read is in `documents`, in `dead`, or counted in `passed_over`."""

    documents: tuple[Arrival, ...] = ()
    dead: tuple[DeadLetter, ...] = ()
    removed: tuple[str, ...] = ()
    """Ids of documents that their authors deleted, or closed to us, since they were read."""
    removed_authors: tuple[str, ...] = ()
    """Author keys of accounts that are gone: whatever of theirs is stored goes with them."""
    memory: Memory = Memory()
    """For the next reading."""
    unchanged: bool = False
    """The source says that there is nothing new."""
    passed_over: int = 0
    """Rows that are not ours to keep: of no interest (no word of migration), private, by bots, or by authors who asked
    not to be indexed. Never stored."""
    unread: int = 0
    """Rows that were left unread because there are too many."""
    more: bool = False
    """There is more to read at once: the next reading need not wait for the poll."""
    gap: Gap | None = None
    moved: str = ""
    """The address that the source has moved to for good."""
    notes: tuple[str, ...] = ()
    """What an operator should know, a clause each; mostly nothing."""
    retry_after: timedelta | None = None
    """How long the source asks us to stay away although it answered."""
    http_status: int = 0


class FailedButLearned(FetchFailed):
    """A reading that failed, and that knows something for the next one: `memory` replaces what is remembered."""

    def __init__(
        self, reason: str, *, memory: Memory, retry_after: timedelta, http_status: int
    ) -> None:
        super().__init__(reason, retry_after=retry_after, http_status=http_status)
        self.memory = memory


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What a reader may use of the world."""

    fetcher: Fetcher
    is_relevant: Callable[[str], bool]
    """Whether a text may speak of migration: the lexical gate. For streams of everything, of which little is ours."""
    secret: Callable[[str], str]
    """A secret by the name of its environment variable (or of NAME_FILE); empty when it is not set."""
    author_key: Callable[[str, datetime], str]
    """Keyed hash of an author's name at a source, for text published then; the name itself is kept nowhere."""
    allowed_hosts: AllowedHosts = NOBODY
    """Hosts that may be reached although they are in a private network: for streams, which the fetcher does not open."""


class Reader(Protocol):
    """Reads one type of source."""

    def read(
        self, source: Source, memory: Memory, surroundings: Surroundings, now: datetime
    ) -> Reading:
        """What is new since `memory`. Raises FetchFailed (ingest/fetch.py) or NotAFeed (ingest/feed_entry.py)."""
        ...


@runtime_checkable
class BackFiller(Protocol):
    """Reads the past of a source, where the source allows it."""

    def back_fill(
        self,
        source: Source,
        first: datetime,
        last: datetime,
        memory: Memory,
        surroundings: Surroundings,
        now: datetime,
    ) -> Reading:
        """Documents published from `first` to `last`; `memory` is that of the back-fill alone, and `more` says to go on.

        Resumable: `memory` of the last reading continues where it ended.
        """
        ...
