"""What a decoded JSON value is, in words for people."""

from __future__ import annotations


def json_kind(value: object) -> str:
    """`a list`, `an object`, `a number`, `text`, `true or false`, `null`."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case str():
            return "text"
        case dict():
            return "an object"
        case list():
            return "a list"
        case int() | float():
            return "a number"
    return "a value of another kind"
