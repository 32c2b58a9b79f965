"""The files of a sitemap: the one that is named, and those that its indexes lead to, few at a time.

An index is read two levels deep, and leads nowhere but to the host that it is on and the hosts below it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime
from urllib.parse import urlsplit

import msgspec

from ingest.feed_entry import NotAFeed
from ingest.fetch import Fetcher, FetchFailed
from ingest.sitemap import Place, Sitemap, parse_sitemap

MOST_FILES = 20
"""Fetched in one reading, indexes included."""

_DEEPEST = 2
_GIVES_UP_AFTER = 3
"""Files that fail in a way that may pass, each of which may take a minute."""


class File(msgspec.Struct, frozen=True):
    """One file with entries."""

    way: tuple[str, ...]
    """Keys of the indexes that lead to it, and its own."""
    address: str
    sitemap: Sitemap

    @property
    def key(self) -> str:
        """Digest of its address and of when it was changed: the same until it changes again."""
        return self.way[-1]


class Files:
    """Reads the files below `root` that were changed since `since`. Iterate, then look at the rest.

    `known` are keys of those that need not be read; the newest come first. With `after`, the way to a file, they are
    read in the order of their ways from there on.
    """

    def __init__(
        self,
        root: Sitemap,
        address: str,
        fetcher: Fetcher,
        *,
        since: datetime,
        known: Sequence[str] = (),
        after: Sequence[str] | None = None,
    ) -> None:
        self._root = File((key(Place(url=address, date=None)),), address, root)
        self._fetcher = fetcher
        self._since = since
        self._known = frozenset(known)
        self._after = None if after is None else tuple(after)
        self._room = MOST_FILES
        self.dated: set[str] = set()
        """Keys of files that say when they were changed, read or known."""
        self.left = 0
        """Files that there was no room for, and that say when they were changed."""
        self.left_undated = 0
        self.faults: list[str] = []
        """A clause each, for files that could not be read."""
        self.passing: list[FetchFailed] = []
        """… of which these may be read later."""
        self.skipped: list[str] = []
        """A clause each, for files that are not for us."""

    def __iter__(self) -> Iterator[File]:
        if self._root.sitemap.children:
            yield from self._below(self._root.sitemap, (), 1)
        elif self._after is None or self._root.way > self._after:
            yield self._root

    def _below(self, index: Sitemap, way: tuple[str, ...], depth: int) -> Iterator[File]:
        for child in self._in_order(index.children):
            its_way = (*way, self._key(child))
            if child.date is not None:
                self.dated.add(its_way[-1])
            if its_way[-1] in self._known or self._is_behind(its_way):
                continue
            if not _is_on(child.url, self._root.address):
                self.skipped.append(f"{child.url[:200]} is on another host")
            elif self._room == 0 or len(self.passing) == _GIVES_UP_AFTER:
                self.left += child.date is not None
                self.left_undated += child.date is None
            elif (file := self._file(its_way, child.url)) is None:
                if self._after is not None and self.passing:
                    self._room = 0  # in a fixed order, nothing comes after what is missing
            elif not file.sitemap.children:
                yield file
            elif depth < _DEEPEST:
                yield from self._below(file.sitemap, its_way, depth + 1)
            else:
                self.skipped.append(f"{child.url[:200]} is an index too deep")

    def _in_order(self, children: Sequence[Place]) -> list[Place]:
        newer = [each for each in children if each.date is None or each.date >= self._since]
        if self._after is not None:
            return sorted(newer, key=self._key)
        # Those that do not say come last, and have their turn with the next reading.
        dated = sorted((each for each in newer if each.date), key=_date, reverse=True)
        return [*dated, *(each for each in newer if each.date is None)]

    def _key(self, child: Place) -> str:
        return key(child) if self._after is None else digest_of(child.url)

    def _is_behind(self, way: tuple[str, ...]) -> bool:
        """Whether it was read before: at or before `after`, and not an index that leads to it."""
        after = self._after
        if after is None or way > after:
            return False
        return len(way) == len(after) or way != after[: len(way)]

    def _file(self, way: tuple[str, ...], url: str) -> File | None:
        self._room -= 1
        try:
            fetched = self._fetcher.fetch(url)
            return File(way, fetched.address, parse_sitemap(fetched.body, fetched.content_type))
        except FetchFailed as error:
            self.faults.append(str(error))
            if not error.permanent:
                self.passing.append(error)
        except NotAFeed as error:
            self.faults.append(f"{url[:200]}: {error}")
        return None


def key(place: Place) -> str:
    """8 hex digits: enough to tell a few hundred apart, and short enough to be remembered."""
    changed = f"{place.date:%Y-%m-%dT%H:%M:%S}" if place.date else ""
    return digest_of(f"{place.url}\x00{changed}")


def digest_of(text: str) -> str:
    """8 hex digits."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def _date(place: Place) -> float:
    return place.date.timestamp() if place.date else 0.0


def _is_on(url: str, address: str) -> bool:
    try:
        host, own = (
            (urlsplit(each).hostname or "").removeprefix("www.") for each in (url, address)
        )
    except ValueError:
        return False
    return bool(host) and (host == own or host.endswith(f".{own}"))
