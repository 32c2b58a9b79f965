"""What an engine says when it refuses, as one short sentence with its code."""

from __future__ import annotations

import re

from storage.database import QueryFailed

_CODE = re.compile(r"\bCode: (\d+)\b")
_OPENING = re.compile(r"^.*?\bCode: \d+\.?\s*", re.DOTALL)
_EXCEPTION = re.compile(r"\b\w+::\w*Exception[:.] ")
_TAIL = re.compile(
    r"\s*(Stack trace:|In scope |Expected one of|\(version \d|:? ?While executing|: while executing"
    r"|\([A-Z][A-Z0-9_]+\)\.?\s*$).*",
    re.DOTALL,
)
_LONGEST_MESSAGE = 300
_LONGEST_STATEMENT = 100


def code_of(message: str) -> int:
    """ClickHouse's error code in `message`, 0 where there is none."""
    found = _CODE.search(message)
    return int(found[1]) if found else 0


def sentence(message: str) -> str:
    """`message` without code, class name, stack trace and lists of everything that might have been."""
    text = _EXCEPTION.sub("", _OPENING.sub("", message) if "Code: " in message else message)
    text = " ".join(_TAIL.sub("", text).split()).rstrip(" .:")
    return text if len(text) <= _LONGEST_MESSAGE else text[: _LONGEST_MESSAGE - 1] + "…"


def query_failed(message: str, statement: str, code: int | None = None) -> QueryFailed:
    """The error for `statement`, given what the engine said. `statement` is shown before its parameters are."""
    shown = " ".join(statement.split())
    if len(shown) > _LONGEST_STATEMENT:
        shown = shown[: _LONGEST_STATEMENT - 1] + "…"
    number = code_of(message) if code is None else code
    return QueryFailed(f"{sentence(message)} (ClickHouse error {number}) in: {shown}", number)
