"""Asks a Mastodon instance, within its limits, and says in words why it refuses."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import urlencode

from ingest.feed_entry import NotAFeed
from ingest.fetch import Fetched, FetchFailed
from ingest.http_words import shown
from ingest.mastodon_instance import Instance, parse_instance
from ingest.mastodon_limit import until_reset, wait_after
from ingest.reading import Surroundings
from ingest.source import Source
from ingest.source_options import MastodonOptions

_MIN_ID = re.compile(r"[?&]min_id=([0-9A-Za-z_-]{1,40})")
MAX_BYTES = 4 * 1024 * 1024
"""Of one answer: 40 long statuses have less than one megabyte, and JSON is larger in memory than on the line."""

CLOSED = (401, 403, 422)
"""Answers of an instance that shows its timelines only to those who are logged in."""


class MastodonApi:
    """The instance of one source during one reading. Used by one thread."""

    def __init__(self, source: Source, surroundings: Surroundings, now: datetime) -> None:
        """Raises FetchFailed when a token is named and not set."""
        if not isinstance(source.options, MastodonOptions):
            raise TypeError(f"source {source.name} is no source of type mastodon")
        self.options = source.options
        self.base = source.url.partition("?")[0].rstrip("/")
        self.now = now
        self.wait: timedelta | None = None
        """Set when the limit is used up: no more requests in this reading."""
        self._source = source
        self._fetcher = surroundings.fetcher
        self.token = surroundings.secret(self.options.token) if self.options.token else ""
        if (self.options.token or self.options.streaming) and not self.token:
            raise FetchFailed(_no_token(source.name, self.options), permanent=True)

    @property
    def headers(self) -> dict[str, str]:
        """What goes with every request."""
        login = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        return {"Accept": "application/json", **login}

    def get(self, path: str, parameters: Sequence[tuple[str, str]] = ()) -> Fetched:
        """The answer to one request. Raises FetchFailed."""
        query = f"?{urlencode(parameters)}" if parameters else ""
        try:
            fetched = self._fetcher.fetch(
                f"{self.base}{path}{query}", headers=self.headers, max_bytes=MAX_BYTES
            )
        except FetchFailed as error:
            raise self._in_words(error, path) from error
        self.wait = wait_after(fetched.headers, self.now)
        return fetched

    def instance(self) -> Instance:
        """What the instance says of itself; nothing when it does not."""
        try:
            return parse_instance(self.get("/api/v2/instance").body)
        except FetchFailed:
            return Instance()

    def _in_words(self, error: FetchFailed, path: str) -> FetchFailed:
        status = error.http_status
        where = shown(f"{self.base}{path}")
        if status == 429:
            wait = error.retry_after or until_reset(error.headers, self.now)
            self.wait = wait
            reason = f"{where} says that we ask too often (429); the limit begins anew in {wait.total_seconds():,.0f} seconds"
            return FetchFailed(reason, retry_after=wait, http_status=429, headers=error.headers)
        if status in CLOSED and path.startswith("/api/v1/timelines"):
            name = self.options.token
            remedy = (
                f"it does not take the token in {name}, which needs the scope read:statuses"
                if name
                else "set `token` of the source to the name of an environment variable with an access token (scope read:statuses)"
            )
            return FetchFailed(
                f"{where} is shown only to those who are logged in ({status}); {remedy}",
                http_status=status,
                permanent=True,
                headers=error.headers,
            )
        return error


def min_id_of(fetched: Fetched) -> str:
    """Where the Link header says that the next page forward begins; empty when it does not say."""
    for link in fetched.headers.get("link", "").split(","):
        address, _, kind = link.partition(">")
        found = _MIN_ID.search(address)
        if found and re.search(r'rel="?prev\b', kind):
            return found.group(1)
    return ""


def failed_in_words(error: FetchFailed | NotAFeed, address: str) -> str:
    """A failure in the midst of a reading, as a clause for an operator."""
    return str(error) if isinstance(error, FetchFailed) else f"{address}: {error}"


def _no_token(name: str, options: MastodonOptions) -> str:
    if options.token:
        return f"source {name} names {options.token} as its access token, and that is not set; set it, or remove `token`"
    return f"source {name} streams, for which Mastodon wants a user's access token; set `token` to the name of an environment variable that holds it"
