"""What a terminal can be given safely: no control characters, no password, an error as one line."""

from __future__ import annotations

import re

_KEPT = "\n\u200c\u200d"
"""Line ends, and the two joiners that Persian and emoji are written with."""

_DROPPED = "\u00ad\u200b\u2060\ufeff"
"""Soft hyphen, zero-width space, word joiner, byte order mark: nothing is seen of them anyway."""

# Our own messages show how a URL reads, with `user:password@host`. In those of bus and database a password that was not
# escaped may go on to the last @; elsewhere a path may hold one, as in http://host:8080/@user.
_LOGIN = re.compile(
    r"\b((?:sqlite|kafka|chdb|clickhouses?)://[^\s/:@]*):(?!password@host)\S*@", re.IGNORECASE
)
_ANY_LOGIN = re.compile(
    r"\b([a-z][a-z0-9+.-]*://[^\s/?#:@]*):(?!password@host)[^\s/?#@]+@", re.IGNORECASE
)
_SECRET = re.compile(r"(\b\w*(?:password|secret|token|api[_-]?key)\w*=)[^\s&'\"]+", re.IGNORECASE)


def printable(text: str) -> str:
    """`text` without what could move the cursor, colour the screen or turn the direction of writing.

    A tab or another kind of space is a space; what cannot be shown is �; line ends stay.
    """
    if text.isprintable():
        return text
    return "".join(map(_shown, text))


def without_passwords(text: str) -> str:
    """`text` with the passwords of URLs replaced by ***, wherever they stand."""
    return _SECRET.sub(r"\1***", _ANY_LOGIN.sub(r"\1:***@", _LOGIN.sub(r"\1:***@", text)))


def sentence(error: object) -> str:
    """An error on one line, fit to be shown to anybody."""
    return " ".join(printable(without_passwords(str(error))).split())


def _shown(character: str) -> str:
    if character.isprintable() or character in _KEPT:
        return character
    if character in _DROPPED:
        return ""
    return " " if character.isspace() else "�"
