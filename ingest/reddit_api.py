"""Asks Reddit's Data API as a registered client, within its limits, and says in words why it refuses."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import urlencode

import msgspec

from ingest.broken_json import BROKEN_JSON
from ingest.fetch import Fetched, Fetcher, FetchFailed
from ingest.http_words import is_header, shown, user_agent
from ingest.reading import Surroundings
from ingest.reddit_limit import until_reset, wait_after
from ingest.source import Source
from ingest.source_options import RedditOptions

TOKEN_URL = "https://www.reddit.com/api/v1/access_token"  # noqa: S105 - an address

MAX_BYTES = 8 * 1024 * 1024
"""Of one answer: 100 posts of the longest kind, twice (as Markdown and as HTML)."""

_EARLY = timedelta(minutes=2)
"""A token is renewed so long before its end."""

_USER = re.compile(r"(?:/?u/)?([0-9A-Za-z_-]{3,20})")


class Tokens:
    """Access tokens of clients, in memory alone. For several threads: at worst two ask for a token at once, and each
    uses its own.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._known: dict[tuple[str, str], tuple[str, datetime]] = {}

    def get(
        self, client: tuple[str, str], names: tuple[str, str], agent: str, fetcher: Fetcher, now: datetime
    ) -> str:  # fmt: skip
        """The token of the client (id, secret), whose variables have these `names`. Raises FetchFailed."""
        token, until = self._known.get(client, ("", now))
        if not token or until - _EARLY <= now:
            token, lasts = self._fetch(client, names, agent, fetcher)
            self._known[client] = (token, now + lasts)
        return token

    def forget(self, client: tuple[str, str]) -> None:
        """Reddit does not take the token of this client any more."""
        self._known.pop(client, None)

    def _fetch(
        self, client: tuple[str, str], names: tuple[str, str], agent: str, fetcher: Fetcher
    ) -> tuple[str, timedelta]:
        login = base64.b64encode(":".join(client).encode()).decode()
        remedy = f"look at what {names[0]} and {names[1]} hold"
        try:
            fetched = fetcher.fetch(
                self._url,
                headers={"Authorization": f"Basic {login}", "User-Agent": agent},
                form={"grant_type": "client_credentials"},
            )
        except FetchFailed as error:
            if error.http_status not in (400, 401, 403):
                raise _too_often(error, self._url) from None
            reason = f"{shown(self._url)} gives us no token ({error.http_status}); {remedy}"
            raise FetchFailed(reason, http_status=error.http_status, permanent=True) from None
        try:
            answer = msgspec.json.decode(fetched.body, type=_Token)
        except BROKEN_JSON:
            answer = _Token()
        if not is_header(answer.access_token) or answer.expires_in <= 0:
            # An error comes as HTTP 200, too. The answer is not quoted: it may hold half a token.
            raise FetchFailed(
                f"{shown(self._url)} answers without a token; {remedy}",
                http_status=fetched.http_status,
                permanent=True,
            )
        return answer.access_token, timedelta(seconds=min(answer.expires_in, 86_400))


class _Token(msgspec.Struct):
    access_token: str = ""
    expires_in: float = 3600.0


class RedditApi:
    """Reddit for one source during one reading. Used by one thread."""

    def __init__(
        self, source: Source, surroundings: Surroundings, now: datetime, tokens: Tokens
    ) -> None:
        """Raises FetchFailed when the credentials are not set."""
        if not isinstance(source.options, RedditOptions):
            raise TypeError(f"source {source.name} is no source of type reddit")
        self.options = source.options
        self.base = source.url.partition("?")[0].rstrip("/")
        self.wait: timedelta | None = None
        """Set when the limit is used up: no more requests in this reading."""
        self._fetcher = surroundings.fetcher
        self._now = now
        self._tokens = tokens
        self._names = (self.options.client_id, self.options.client_secret)
        self._client = (surroundings.secret(self._names[0]), surroundings.secret(self._names[1]))
        if not all(self._client):
            reason = f"source {source.name} needs credentials of Reddit's Data API; set {self._names[0]} and {self._names[1]}"
            raise FetchFailed(reason, permanent=True)
        user = _USER.fullmatch(self.options.user.strip())
        if user is None:
            reason = f"source {source.name}: user {self.options.user[:40]!r} is no name of an account at Reddit"
            raise FetchFailed(reason, permanent=True)
        release = user_agent().partition("/")[2]
        self._agent = f"server:barometer:{release} (by /u/{user.group(1)})"

    def get(self, path: str, parameters: Sequence[tuple[str, str]]) -> Fetched:
        """The answer to one request; a token that ended early is renewed once. Raises FetchFailed."""
        url = f"{self.base}{path}?{urlencode([*parameters, ('raw_json', '1')])}"
        try:
            try:
                fetched = self._ask(url)
            except FetchFailed as error:
                if error.http_status != 401:
                    raise
                self._tokens.forget(self._client)
                fetched = self._ask(url)
        except FetchFailed as error:
            failed = _too_often(error, f"{self.base}{path}")
            if failed.http_status == 429:
                self.wait = failed.retry_after
            raise failed from None
        self.wait = wait_after(fetched.headers)
        return fetched

    def _ask(self, url: str) -> Fetched:
        token = self._tokens.get(self._client, self._names, self._agent, self._fetcher, self._now)
        return self._fetcher.fetch(
            url,
            headers={
                "Authorization": f"Bearer {token}",
                "User-Agent": self._agent,
                "Accept": "application/json",
            },
            max_bytes=MAX_BYTES,
        )


def _too_often(error: FetchFailed, address: str) -> FetchFailed:
    if error.http_status != 429:
        return error
    wait = error.retry_after or until_reset(error.headers)
    return FetchFailed(
        f"{shown(address)} says that we ask too often (429); the limit begins anew in {wait.total_seconds():,.0f} seconds",
        retry_after=wait,
        http_status=429,
        headers=error.headers,
    )
