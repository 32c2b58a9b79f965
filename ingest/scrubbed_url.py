"""A URL without what identifies a person or opens a door: userinfo, tokens, sessions, handles.

    https://ann:pw@example.org/page?id=7&token=a8f…   ->  https://example.org/page?id=7
    https://social.example/@ann/112233445566778899    ->  https://social.example/statuses/112233445566778899
    https://x.example/status  (nothing to take out)   ->  the same, byte for byte

The parameters that say which page it is stay, so that the link still opens it: only what offends goes.
"""

from __future__ import annotations

import re
from itertools import pairwise
from urllib.parse import unquote_plus, urlsplit, urlunsplit

_SECRET_NAME = re.compile(
    r"(?:^|[_.\-\[])(?:access|auth|authorization|code|e?mail|email|jwt|key|apikey|login|otp|pass|passwd|password|phone"
    r"|pwd|secret|sess|session|sessionid|sid|sig|sign|signature|tel|ticket|token|user|username|userid|uid"
    r"|jsessionid|phpsessid|unsubscribe)(?:$|[_.\-\]\d])",
    re.IGNORECASE,
)
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")

_RANDOM = re.compile(r"[A-Za-z0-9_\-+/=.~%:]{24,}")
_HEXADECIMAL = re.compile(r"[0-9a-fA-F]{32,}")
_PATH_SESSION = re.compile(r";(?:jsessionid|phpsessid|sid)=[^/?#]*", re.IGNORECASE)

_MASTODON_STATUS = re.compile(r"/@[^/]+/(\d{15,20})/?")
_TWITTER_STATUS = re.compile(r"/\w{1,20}/status(?:es)?/(\d{5,25})(?:/.*)?")
_TWITTER = ("twitter.com", "x.com")


def scrubbed_url(url: str) -> str:
    """`url` without userinfo, and without parameters (of query and fragment) that are named like a secret, hold an
    e-mail address or look like a random value. A post's address that names its author becomes the address by number
    that the same site gives it (Mastodon, X). What cannot be taken apart as a URL loses its query and userinfo whole.
    """
    try:
        parts = urlsplit(url)
        host, path = parts.hostname or "", parts.path
    except ValueError:
        return re.sub(r"//[^/?#]*@", "//", url.split("?", 1)[0].split("#", 1)[0])
    if not host and not parts.query and not parts.fragment:
        return url
    netloc = parts.netloc.rpartition("@")[2]
    path = _without_handle(host, _PATH_SESSION.sub("", path))
    query = _without_secrets(parts.query)
    fragment = _without_secrets(parts.fragment)
    if (netloc, path, query, fragment) == (parts.netloc, parts.path, parts.query, parts.fragment):
        return url
    return urlunsplit((parts.scheme, netloc, path, query, fragment))


def _without_handle(host: str, path: str) -> str:
    if status := _MASTODON_STATUS.fullmatch(path):
        return f"/statuses/{status[1]}"
    if host.removeprefix("www.").removeprefix("mobile.") in _TWITTER and (
        status := _TWITTER_STATUS.fullmatch(path)
    ):
        return f"/i/status/{status[1]}"
    return path


def _without_secrets(parameters: str) -> str:
    """`a=1&token=x` as `a=1`; text without `=` is one value."""
    if not parameters:
        return ""
    return "&".join(part for part in parameters.split("&") if not _offends(part))


def _offends(parameter: str) -> bool:
    name, equals, value = parameter.partition("=")
    value = unquote_plus(value if equals else name)
    if "@" in value or _is_random(value):
        return True
    return bool(equals and _SECRET_NAME.search(_HUMP.sub("_", unquote_plus(name))))


def _is_random(value: str) -> bool:
    """Long, of one piece, and neither words (a slug, a title) nor a number."""
    if not _RANDOM.fullmatch(value):
        return False
    if _HEXADECIMAL.fullmatch(value):
        return True
    pieces = [piece for piece in re.split(r"[-_./~:+%=]+", value) if piece]
    mixed = sum(
        len(piece)
        for piece in pieces
        if any(c.isdigit() for c in piece) and any(c.isalpha() for c in piece)
    )
    humps = sum(a.islower() and b.isupper() for piece in pieces for a, b in pairwise(piece))
    return mixed >= 12 or (humps >= 4 and len(value) >= 28)
