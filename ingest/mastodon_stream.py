"""Listens to a Mastodon stream for a while: what is written, edited and deleted in the meantime.

Several hashtags are several streams, listened to in turn: the next catching up finds what was written during the
turn of another, and the re-check what was deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from urllib.parse import urlencode, urlsplit

from ingest.allowed_hosts import AllowedHosts
from ingest.event_stream import pieces_of_stream
from ingest.fetch import FetchFailed
from ingest.http_words import shown
from ingest.mastodon_api import MastodonApi
from ingest.sse import EventParser, ServerEvent

MAX_EVENTS = 2_000
MAX_BYTES = 8 * 1024 * 1024
"""Of one stream in one reading: a reading is kept in memory until it is published."""

LONGEST_SECONDS = 600
_SHOWN = ("update", "status.update")

Take = Callable[[bytes, str], None]
"""(JSON of a status, where it stood)"""


def listen(
    api: MastodonApi,
    base: str,
    tags: Sequence[str],
    *,
    allowed: AllowedHosts,
    take: Take,
    remove: Callable[[str], None],
    note: Callable[[str], None],
) -> None:
    """Fold what comes within `listen_seconds` into `take` and `remove`.

    Raises nothing of the network: what was read before is kept whatever becomes of the stream, and a note says so.
    """
    if urlsplit(api.base).scheme == "https" and urlsplit(base).scheme != "https":
        note(f"the stream {shown(base)} is not encrypted, and the token is not sent to it")
        return
    seconds = min(max(api.options.listen_seconds, 1), LONGEST_SECONDS)
    urls = stream_urls(base, tags, local=api.options.local)
    for url in urls:
        parser = EventParser()
        try:
            left = MAX_EVENTS
            for piece in pieces_of_stream(
                url,
                headers={**api.headers, "Accept": "text/event-stream"},
                seconds=max(seconds / len(urls), 1.0),
                max_bytes=MAX_BYTES,
                allowed=allowed,
            ):
                events = parser.feed(piece)
                fold(events[:left], shown(url), take=take, remove=remove)
                left -= len(events)
                if left <= 0:
                    note(f"{shown(url)} sent more than {MAX_EVENTS:,} events in one reading")
                    break
        except FetchFailed as error:
            note(_in_words(error, api, unfinished=parser.unfinished))
            if error.http_status is not None or error.permanent:
                return  # the other streams are of the same server
        if parser.dropped:
            note(f"{shown(url)} sent {parser.dropped:,} events that were too long")


def fold(
    events: Sequence[ServerEvent],
    place: str,
    *,
    take: Take,
    remove: Callable[[str], None],
) -> None:
    """What each event says of a post; events about other things say nothing."""
    for event in events:
        if event.name in _SHOWN:
            take(event.data, f"{place} event {event.name}")
        elif event.name == "delete":
            remove(event.data.decode("utf-8", "replace").strip().strip('"'))


def stream_urls(base: str, tags: Sequence[str], *, local: bool) -> list[str]:
    """The addresses of the streams."""
    part = "/local" if local else ""
    if not tags:
        return [f"{base}/api/v1/streaming/public{part}"]
    return [f"{base}/api/v1/streaming/hashtag{part}?{urlencode({'tag': tag})}" for tag in tags]


def _in_words(error: FetchFailed, api: MastodonApi, *, unfinished: bool) -> str:
    if error.http_status in (401, 403):
        return f"{error}: the token in {api.options.token} must be a user's, with the scope read:statuses; only what can be fetched was read"
    if unfinished:
        return f"{error} in the midst of a message; what was complete is kept"
    return str(error)
