"""What of a setting may be shown: everything but its secrets.

    clickhouse://ann:hunter2@db:9000/barometer?secure=1   ->   clickhouse://ann:***@db:9000/barometer?secure=1

Rather too much is hidden than too little: a password that was not escaped may look like the rest of a URL.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

MASK = "***"

SECRETS = frozenset({"author_secret", "ping_url"})
"""Settings that are secrets as a whole."""

SECRET_NAME = re.compile(r"pas|pwd|secret|token|credential|api_?key", re.IGNORECASE)
"""What an option of a URL is called whose value is a secret, misspelt passwords included."""

EDGES = frozenset({"bus_url", "database_url"})
"""Settings that are URLs whatever they look like: the scheme may have been forgotten."""

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_LOGIN = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]*://[^:/?#@]*):.+@", re.DOTALL)  # to the last @
_BARE_LOGIN = re.compile(r"^([^:/?#@]*):.+@", re.DOTALL)
_USER = re.compile(r"(?:^|_)user(?:name)?$", re.IGNORECASE)


def masked(name: str, value: object) -> str:
    """The value of the setting `name` as text without secrets; empty where it has none."""
    text = "" if value is None else str(value)
    if name in SECRETS:
        return MASK if text else ""
    return masked_url(text) if name in EDGES or _URL.match(text) else text


def holds_secret(name: str, value: object) -> bool:
    """Whether something of it must not be shown."""
    return value is not None and masked(name, value) != str(value)


def masked_url(url: str) -> str:
    """A URL without its password and without options that are secrets. A user without a password stays."""
    address, mark, query = url.partition("?")
    pairs = query.split("&") if mark else []
    if any(_is_of_the_login(pair) for pair in pairs):
        address, pairs = url, []
    shown = (_LOGIN if _URL.match(url) else _BARE_LOGIN).sub(rf"\1:{MASK}@", address)
    return shown + (mark + "&".join(map(_without_secret, pairs)) if pairs else "")


def _is_of_the_login(pair: str) -> bool:
    """Whether the '?' before it stands in a password that was not escaped."""
    name, equals, value = pair.partition("=")
    return "@" in pair and not (equals and "@" in value and _USER.search(name))


def _without_secret(pair: str) -> str:
    name, equals, value = pair.partition("=")
    return f"{name}={MASK}" if equals and value and SECRET_NAME.search(unquote(name)) else pair
