"""What a host asks of robots (RFC 9309): which pages they may fetch, and how far apart.

robots.txt there          its rules, for a day at most
4xx                       there are none: everything is allowed
5xx, 429, no answer       nothing is allowed for now; asked again later
"""

from __future__ import annotations

import math
from collections import OrderedDict
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import msgspec
from protego import Protego

from ingest.fetch import Fetcher, FetchFailed

OUR_NAME = "Barometer"
"""What a robots.txt calls us: the product of our User-Agent."""

READ_BYTES = 512_000
"""Of a robots.txt; the rest is not read (RFC 9309 asks for 500 KiB at least)."""

TOO_LARGE = 4 * READ_BYTES

LONGEST_DELAY = 60.0
"""Seconds of a crawl-delay that are honoured."""

KEPT, ASKED_AGAIN = timedelta(days=1), timedelta(hours=1)
MOST_HOSTS = 2_000
"""Hosts whose rules are kept; the oldest go first."""


class Rules(msgspec.Struct, frozen=True):
    """What one host asks of us."""

    parsed: Protego | None
    """None: nothing is allowed."""
    delay: float = 0.0
    """Seconds between two pages that the host asks for, at most LONGEST_DELAY."""

    def allow(self, url: str) -> bool:
        """Whether we may fetch the page at `url`."""
        return self.parsed is not None and self.parsed.can_fetch(url, OUR_NAME)


def parse_robots(data: bytes) -> Rules:
    """The rules in a robots.txt. What is no rule (a page of HTML, say) is passed over, as RFC 9309 wants it."""
    text = data[:READ_BYTES].decode("utf-8", "replace").removeprefix("\ufeff").replace("\x00", "")
    if len(data) > READ_BYTES:
        text = text[: text.rfind("\n") + 1]  # half a line could forbid, or allow, everything
    parsed = Protego.parse(text)
    delay = parsed.crawl_delay(OUR_NAME) or 0.0
    return Rules(parsed, min(delay, LONGEST_DELAY) if math.isfinite(delay) and delay > 0 else 0.0)


class Robots:
    """The rules of each host, asked for once a day. Safe to use from several threads."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[datetime, Rules]] = OrderedDict()

    def rules(self, url: str, fetcher: Fetcher, now: datetime) -> Rules:
        """What the host of `url` asks of us. Never raises for what a host may answer."""
        origin = _origin(url)
        until, rules = self._known.get(origin, (now, _NOTHING))
        if until > now:
            return rules
        kept, rules = _ask(origin, fetcher)
        self._known[origin] = (now + kept, rules)
        self._known.move_to_end(origin)
        while len(self._known) > MOST_HOSTS:
            self._known.popitem(last=False)
        return rules


_NOTHING = Rules(None)
_EVERYTHING = parse_robots(b"")


def _ask(origin: str, fetcher: Fetcher) -> tuple[timedelta, Rules]:
    """How long to keep the answer, and what it says."""
    try:
        fetched = fetcher.fetch(
            f"{origin}/robots.txt",
            headers={"Accept": "text/plain, */*;q=0.1"},
            max_bytes=TOO_LARGE,
        )
    except FetchFailed as error:
        status = error.http_status or 0
        if 400 <= status < 500 and status != 429:
            return KEPT, _EVERYTHING
        return min(max(error.retry_after or ASKED_AGAIN, ASKED_AGAIN), KEPT), _NOTHING
    return KEPT, parse_robots(fetched.body)


def _origin(url: str) -> str:
    """Scheme, host and port; robots.txt is asked for without a password."""
    parts = urlsplit(url)
    return f"{parts.scheme.lower()}://{parts.netloc.rpartition('@')[2].lower()}"
