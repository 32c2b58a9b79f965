"""One reading of GKG files: takes them in turn, and knows what became of each.

file -> read            the stamp moves past it
     -> missing         waited for; when it is some hours old, given up with a gap
     -> damaged         tried a second time, then like one that is missing
server fails            what was read is kept, the rest comes with the next reading
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from ingest.arrival import Arrival
from ingest.dead_letter import DeadLetter
from ingest.fetch import Fetched, Fetcher, FetchFailed
from ingest.gdelt_gkg import GkgReading, parse_gkg
from ingest.gdelt_gkg_files import (
    MOST_LATE,
    STEP,
    GkgFile,
    GkgState,
    Listed,
    adjoining,
    cursor_of,
    lasting,
)
from ingest.gdelt_gkg_zip import GkgRefused
from ingest.http_words import shown
from ingest.reading import Gap, Memory, Reading
from ingest.source import Source
from ingest.source_options import GkgOptions

MOST_FILES = 4
"""Files that one reading takes; a file has some thousand records and some megabytes."""

_NOT_THERE = (404, 410)


class CatchUp:
    """One reading as it goes: `take` files, then ask for the `reading`."""

    def __init__(
        self,
        source: Source,
        fetcher: Fetcher,
        state: GkgState,
        lists: Mapping[GkgFile, Listed],
        now: datetime,
    ) -> None:
        self._source = source
        self._fetcher = fetcher
        self._state = self._known = state
        self._lists = lists
        self._now = now
        self._documents: dict[str, Arrival] = {}
        self._dead: dict[str, DeadLetter] = {}
        self._passed_over = 0
        self._files = 0
        self._absent: list[GkgFile] = []
        self._damage: list[str] = []
        self._given_up: list[GkgFile] = []
        self._stopped = False
        self.notes: list[str] = []
        self.retry_after: timedelta | None = None

    def take(self, files: Iterable[GkgFile]) -> None:
        """Read `files` in turn, until there are enough for one reading or the server fails.

        Raises FetchFailed when the server fails before there is anything to keep.
        """
        for file in files:
            if self._stopped or self._files >= MOST_FILES:
                return
            address = address_of(self._source, file.name)
            try:
                self._keep(file, self._parsed(file, self._fetcher.fetch(address)))
            except GkgRefused as error:
                self._damaged(file, f"{shown(address)} {error}")
            except FetchFailed as error:
                if error.http_status in _NOT_THERE:
                    self._missing(file)
                elif error.http_status == 200 and error.permanent:  # larger than is fetched
                    self._damaged(file, error.reason)
                else:
                    self._stop(error)

    def reading(self, coming: tuple[GkgFile, ...]) -> Reading:
        """What there is to give. `coming` are the files that were due."""
        if self._damage and not self._files:
            raise FetchFailed(f"{self._damage[0]}; it is tried again", http_status=200)
        if self._absent:
            self.notes.append(
                f"files that are not there yet and are waited for: {len(self._absent)}, the first {min(self._absent).name}"
            )
        self.notes += [f"{each}; it is tried again" for each in self._damage]
        gap = None
        if self._given_up:
            moments = [file.moment for file in self._given_up]
            gap = Gap(since=min(moments) - STEP, until=max(moments))
            self.notes.append(
                f"files given up, missing or damaged: {len(self._given_up)}, the first {min(self._given_up).name}"
            )
        return Reading(
            documents=tuple(self._documents.values()),
            dead=tuple(self._dead.values()),
            memory=Memory(cursor=cursor_of(self._state)),
            unchanged=not coming and not self._files,
            passed_over=self._passed_over,
            more=any(each.stamp > self._state.newest(each.translated) for each in coming),
            gap=gap,
            notes=tuple(self.notes),
            retry_after=self.retry_after,
            http_status=200,
        )

    def _parsed(self, file: GkgFile, fetched: Fetched) -> GkgReading:
        said = self._lists.get(file)
        if said is not None:
            # Not a question of security: the sum is in the list, and says whether the file is whole.
            md5 = hashlib.md5(fetched.body, usedforsecurity=False).hexdigest()
            if (len(fetched.body), md5) != (said.size, said.md5):
                raise GkgRefused("is not the file that its list names: size or md5 differ")
        options = self._source.options
        return parse_gkg(
            fetched.body,
            source=self._source,
            address=fetched.address,
            fetched_at=self._now,
            themes=options.themes if isinstance(options, GkgOptions) else (),
        )

    def _keep(self, file: GkgFile, reading: GkgReading) -> None:
        self._files += 1
        self._state = self._state.past(file)
        for arrival in reading.documents:
            # One address in two files is one document.
            self._passed_over += arrival.origin in self._documents
            self._documents.setdefault(arrival.origin, arrival)
        self._dead |= {letter.origin: letter for letter in reading.dead}
        self._passed_over += reading.passed_over

    def _missing(self, file: GkgFile) -> None:
        if lasting(file, self._now):
            self._give_up(file)
        else:
            self._wait_for(file)
            self._absent.append(file)

    def _damaged(self, file: GkgFile, reason: str) -> None:
        # It may have been damaged on its way: an old one, too, has a second try.
        if file in self._known.late:
            if lasting(file, self._now):
                self._give_up(file)
            else:
                self._wait_for(file)
            self.notes.append(reason)
        else:
            self._wait_for(file)
            self._damage.append(reason)

    def _wait_for(self, file: GkgFile) -> None:
        if len(self._state.late) < MOST_LATE or file in self._state.late:
            self._state = self._state.waiting_for(file)
        else:
            self._give_up(file)

    def _give_up(self, file: GkgFile) -> None:
        if not adjoining([*self._given_up, file]):
            self._stopped = True  # one reading tells of one gap; this file comes with the next
            return
        self._given_up.append(file)
        self._state = self._state.past(file)

    def _stop(self, error: FetchFailed) -> None:
        if self._state == self._known:
            raise error
        self._stopped = True  # the next reading, at once, says that the source fails
        self.notes.append(error.reason)
        self.retry_after = error.retry_after


def address_of(source: Source, name: str) -> str:
    """Where a file of the source is."""
    folder = (
        source.url.rpartition("/")[0] if source.url.endswith(".txt") else source.url.rstrip("/")
    )
    return f"{folder}/{name}"
