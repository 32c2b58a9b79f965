"""What HTTP says in words: who asks, when to come back, an address without its password."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from importlib.metadata import PackageNotFoundError, version
from urllib.parse import urlsplit, urlunsplit

LONGEST_WAIT = timedelta(days=7)
"""A Retry-After beyond this is read as this."""

_KEY = re.compile(
    r"((?:^|&)[^=&]*(?:token|secret|passw|pwd|api[_-]?key|signature)[^=&]*=)[^&]+", re.IGNORECASE
)
"""An option of an address that is called like a secret."""


def user_agent(contact: str = "") -> str:
    """`Barometer/VERSION (+CONTACT)`: who asks, and where to complain."""
    try:
        release = version("barometer")
    except PackageNotFoundError:
        release = "0"
    contact = re.sub(r"[^\x21-\x7e]+", " ", contact).strip()
    return f"Barometer/{release} (+{contact})" if contact else f"Barometer/{release}"


def shown(url: str) -> str:
    """`url` as it may stand in messages and tables: without user name, password and what opens a door in its query."""
    try:
        parts = urlsplit(url)
        host = parts.netloc.rpartition("@")[2]
        query = _KEY.sub(r"\1***", parts.query)
        return urlunsplit((parts.scheme, host, parts.path, query, parts.fragment))[:500]
    except ValueError:
        return repr(re.sub("//.*@", "//", url)[:100])


def retry_after(value: str, now: datetime) -> timedelta | None:
    """How long a Retry-After header (seconds, or an HTTP date; RFC 9110) asks us to wait; None when it says nothing."""
    text = value.strip()
    if re.fullmatch(r"[0-9]{1,12}", text):
        return min(timedelta(seconds=int(text)), LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max(moment - now, timedelta(0)), LONGEST_WAIT)


def is_header(value: str) -> bool:
    """Whether `value` can be sent and stored again as a header."""
    return re.fullmatch(r"[\x20-\x7e]{1,1000}", value) is not None


def header_fault(headers: Mapping[str, str]) -> str:
    """Which of the headers that are to be sent cannot be, as the end of a sentence; empty when all can. Libraries quote
    the whole value in their errors, and it may be a token.
    """
    for name, value in headers.items():
        if not value.isprintable() or not value.isascii():
            return f"is not asked: our {name} has a character that no header may have; correct the token or the setting"
    return ""
