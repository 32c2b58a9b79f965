"""Reads the bulk files of the GKG: what is new since the last reading, a few files at a time.

    lastupdate.txt -> newest stamp -> files since the cursor -> documents, and the stamps that were read

A file that is missing or damaged does not hold up those after it: it is waited for, tried again, and
given up with a gap when it is some hours old. A server that does not answer holds up everything.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from ingest.fetch import Fetcher, FetchFailed
from ingest.gdelt_gkg_catch_up import CatchUp, address_of
from ingest.gdelt_gkg_files import (
    FIRST_FILE,
    STEP,
    GkgFile,
    GkgState,
    Listed,
    due,
    late,
    list_name,
    listed,
    quarter_before,
    state_of,
)
from ingest.gdelt_moment import stamp_of
from ingest.http_words import shown
from ingest.reading import Memory, Reading, Surroundings
from ingest.source import Source
from ingest.source_options import GkgOptions

MOST_ASKED = 16
"""Files that one reading asks for: in a long outage most are missing."""

STANDS_STILL = timedelta(hours=2)
"""A newest file older than this is worth a note."""


class GkgReader:
    """GDELT GKG 2.1. `source.url` is the folder, such as http://data.gdeltproject.org/gdeltv2/."""

    def read(
        self, source: Source, memory: Memory, surroundings: Surroundings, now: datetime
    ) -> Reading:
        """See ingest/reading.py. The first reading takes the newest file of each stream."""
        state = state_of(memory.cursor)
        lists: list[Listed] = []
        failures: list[FetchFailed] = []
        for translated in _streams(source):
            try:
                lists.append(_newest(source, translated, surroundings.fetcher, now))
            except FetchFailed as error:
                failures.append(error)
        if not lists:
            raise failures[0]
        work = CatchUp(
            source, surroundings.fetcher, state, {each.file: each for each in lists}, now
        )
        work.notes += [each.reason for each in failures]
        work.retry_after = max(
            (each.retry_after for each in failures if each.retry_after), default=None
        )
        work.notes += [
            f"its newest file is {each.file.name}: GDELT stands still, or the mirror does"
            for each in lists
            if now - each.file.moment > STANDS_STILL
        ]
        coming = due(state, tuple(each.file for each in lists), MOST_ASKED + 1)
        work.take(coming[:MOST_ASKED])
        work.take(late(state))
        return work.reading(coming)

    def back_fill(
        self,
        source: Source,
        first: datetime,
        last: datetime,
        memory: Memory,
        surroundings: Surroundings,
        now: datetime,
    ) -> Reading:
        """The files made from `first` to `last`: what GDELT saw then, most of it published shortly before."""
        if first < FIRST_FILE - STEP:
            raise FetchFailed(
                f"{shown(source.url)}: GKG 2.1 begins with {FIRST_FILE:%Y-%m-%d}; back-fill from that day on",
                permanent=True,
            )
        begin = stamp_of(quarter_before(first))
        state = state_of(memory.cursor) if memory.cursor else GkgState(begin, begin)
        end = stamp_of(min(quarter_before(last) + STEP, quarter_before(now)))
        newest = tuple(GkgFile(end, translated) for translated in _streams(source))
        work = CatchUp(source, surroundings.fetcher, state, {}, now)
        coming = due(state, newest, MOST_ASKED + 1)
        work.take(coming[:MOST_ASKED])
        return work.reading(coming)


def _streams(source: Source) -> tuple[bool, ...]:
    options = source.options
    both = isinstance(options, GkgOptions) and options.translated
    return (False, True) if both else (False,)


def _newest(source: Source, translated: bool, fetcher: Fetcher, now: datetime) -> Listed:
    """The newest file of a stream. Raises FetchFailed."""
    fetched = fetcher.fetch(address_of(source, list_name(translated)))
    found = listed(fetched.body.decode("utf-8", "replace"), translated)
    if found is None:
        raise FetchFailed(
            f"{fetched.address} names no GKG file; see whether the url of source {source.name!r} is the folder of GDELT 2",
            http_status=fetched.http_status,
        )
    if found.file.moment > now + timedelta(days=1):
        raise FetchFailed(
            f"{fetched.address} names a file of the future, {found.file.name}; see whether its clock or ours is wrong",
            http_status=fetched.http_status,
        )
    return found
