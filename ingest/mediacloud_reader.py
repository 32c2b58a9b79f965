"""Reads stories from Media Cloud's search: one request a reading, because two a minute are allowed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import cast

from ingest.fetch import Fetched, FetchFailed
from ingest.http_words import is_header, shown
from ingest.mediacloud import NotStories, parse_stories
from ingest.mediacloud_search import (
    LATE,
    Progress,
    after,
    begin,
    decode_progress,
    encode_progress,
    search_address,
)
from ingest.reading import Memory, Reading, Surroundings
from ingest.source import Source
from ingest.source_options import MediaCloudOptions

APART = timedelta(seconds=30)
"""Two requests a minute are allowed."""

WHEN_REFUSED = timedelta(hours=1)
"""A quota lasts a week, and a search that fails for a moment is answered in the same way: neither is worth a hurry."""

WHEN_TOO_OFTEN = timedelta(minutes=1)


class MediaCloudReader:
    """Reads forward by the time at which stories were found, and back by the day on which they were published."""

    def __init__(self, *, apart: timedelta = APART) -> None:
        self._apart = apart

    def read(
        self, source: Source, memory: Memory, surroundings: Surroundings, now: datetime
    ) -> Reading:
        """What was found since the last reading; the first one begins a day before `now`."""
        progress = decode_progress(memory.cursor) or begin(now)
        first = (progress.since or now) - LATE
        return self._read(source, progress, first, now + timedelta(days=1), surroundings, now)

    def back_fill(
        self,
        source: Source,
        first: datetime,
        last: datetime,
        memory: Memory,
        surroundings: Surroundings,
        now: datetime,
    ) -> Reading:
        """Stories published on the days from `first` to `last`, whenever they were found."""
        progress = decode_progress(memory.cursor) or Progress()
        return self._read(source, progress, first, last, surroundings, now)

    def _read(
        self,
        source: Source,
        progress: Progress,
        first: datetime,
        last: datetime,
        surroundings: Surroundings,
        now: datetime,
    ) -> Reading:
        options = cast(MediaCloudOptions, source.options)
        headers = {"Authorization": f"Token {_token(source, options, surroundings)}"}

        def ask(where: Progress) -> Fetched:
            return surroundings.fetcher.fetch(
                search_address(source.url, options, where, first, last),
                headers=headers,
                apart=self._apart.total_seconds(),
            )

        try:
            try:
                fetched = ask(progress)
            except FetchFailed as failed:
                if failed.http_status != 400 or not progress.token:
                    raise
                # It may be the token that is no longer understood; the same place has a time, too.
                progress = progress.without_token
                fetched = ask(progress)
        except FetchFailed as failed:
            raise _explained(failed, source, options) from failed
        try:
            page = parse_stories(
                fetched.body, source=source, address=shown(source.url), read_at=now
            )
        except NotStories as error:
            raise FetchFailed(
                f"{shown(source.url)}: {error}",
                retry_after=WHEN_REFUSED,
                http_status=fetched.http_status,
                headers=fetched.headers,
            ) from error
        read_to = after(progress, page)
        return Reading(
            documents=page.documents,
            dead=page.dead,
            unread=page.unread,
            memory=Memory(cursor=encode_progress(read_to)),
            more=bool(read_to.token),
            retry_after=self._apart if read_to.token else None,
            http_status=fetched.http_status,
        )


def _token(source: Source, options: MediaCloudOptions, surroundings: Surroundings) -> str:
    """Raises FetchFailed when there is none, or no collections: a search of everything is a burden that they forbid."""
    if not options.collections:
        raise FetchFailed(
            f"the source {source.name!r} has no collections; Media Cloud is to be asked for some of its own",
            permanent=True,
        )
    token = surroundings.secret(options.token).strip()
    if not token:
        raise FetchFailed(
            f"{shown(source.url)} needs a token: set {options.token}, or {options.token}_FILE",
            permanent=True,
        )
    if not is_header(token):
        raise FetchFailed(f"what {options.token} holds is no token of Media Cloud", permanent=True)
    return token


def _explained(failed: FetchFailed, source: Source, options: MediaCloudOptions) -> FetchFailed:
    """The failure in Media Cloud's terms: it answers 400 to much that is not our fault."""
    name, status = shown(source.url), failed.http_status
    reason, wait, permanent = failed.reason, failed.retry_after, failed.permanent
    if status in (401, 403):
        reason, permanent = f"{name} does not accept the token in {options.token} ({status})", True
    elif status == 400:
        reason = (
            f"{name} refuses the search (400): the weekly quota is used up, the search is down for a moment,"
            f" or the query of {source.name!r} cannot be read"
        )
        wait, permanent = wait or WHEN_REFUSED, False
    elif status == 429:
        reason = f"{name} says that we ask too often (429); it allows two requests a minute"
        wait = max(wait or WHEN_TOO_OFTEN, WHEN_TOO_OFTEN)
    return FetchFailed(
        reason, retry_after=wait, http_status=status, permanent=permanent, headers=failed.headers
    )
