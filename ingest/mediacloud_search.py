"""What Media Cloud is asked: everything that it found since the last reading, page after page.

Stories are found up to weeks after they were published, so the cursor is the time at which they were found
(indexed_date), not the day of publication, which the service asks for as a window of its own.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import msgspec

from ingest.document import EARLIEST, as_utc
from ingest.mediacloud import Page
from ingest.source_options import MediaCloudOptions

PAGE_SIZE = 1_000
"""Stories of one answer: the most that is given, because requests are what is counted."""

FIRST_SPAN = timedelta(days=1)
"""A first reading begins with what was found this long before."""

OVERLAP = timedelta(minutes=15)
"""Stories are found by several machines, and can be searched for a little later: the last minutes are read again."""

LATE = timedelta(days=30)
"""Stories published longer before they were found are left: they are old collections that are being added."""

_LONGEST_TOKEN = 2_000
_LATEST = datetime(9000, 1, 1, tzinfo=UTC)  # far enough from the end of time for what is added


class Progress(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far a search was read."""

    since: datetime | None = None
    """Stories found from then on are asked for; None: whenever they were found."""
    token: str = ""
    """The next page; empty when the next request begins anew."""
    last: datetime | None = None
    """Newest time at which a story that was read was found."""

    @property
    def without_token(self) -> Progress:
        """The same place, by time."""
        if self.last is None:
            return Progress(since=self.since)
        again = self.last - OVERLAP
        return Progress(since=max(again, self.since) if self.since else again, last=self.last)


def begin(now: datetime) -> Progress:
    """Where a first reading begins."""
    return Progress(since=now - FIRST_SPAN)


def search_address(
    base: str, options: MediaCloudOptions, progress: Progress, first: datetime, last: datetime
) -> str:
    """The address of the next page of what was published on the days from `first` to `last`."""
    query = options.query
    if progress.since:
        query = f"({query}) AND indexed_date:[{progress.since:%Y-%m-%dT%H:%M:%S} TO *]"
    asked = {
        "q": query,
        "start": f"{first:%Y-%m-%d}",
        "end": f"{last:%Y-%m-%d}",
        "platform": "onlinenews-mediacloud",
        "cs": ",".join(str(number) for number in options.collections),
        "page_size": str(PAGE_SIZE),
        "sort_order": "asc",
    }
    if progress.token:
        asked["pagination_token"] = progress.token
    return f"{base.rstrip('/')}/api/search/story-list?{urlencode(asked)}"


def after(progress: Progress, page: Page) -> Progress:
    """`progress` after one more page. A page that leads nowhere new is the last, whatever it says."""
    times = [time for time in (progress.last, page.last_indexed) if time]
    read = msgspec.structs.replace(progress, last=max(times, default=None), token="")
    something = bool(page.documents or page.dead) and not page.unread
    known = len(page.token) <= _LONGEST_TOKEN and page.token.isascii()
    if something and known and page.token not in ("", progress.token):
        return msgspec.structs.replace(read, token=page.token)
    return read.without_token


def encode_progress(progress: Progress) -> str:
    """For ingest.reading.Memory.cursor."""
    return msgspec.json.encode(progress).decode()


def decode_progress(cursor: str) -> Progress | None:
    """The progress that a cursor stands for; None for one that is not ours, and for the empty one."""
    try:
        read = msgspec.json.decode(cursor.encode(), type=Progress)
        since, last = (as_utc(time) if time else None for time in (read.since, read.last))
    except (msgspec.MsgspecError, UnicodeEncodeError, OverflowError):
        return None
    if any(time and not EARLIEST <= time <= _LATEST for time in (since, last)):
        return None
    return Progress(since=since, token=read.token, last=last)
