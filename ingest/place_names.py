"""Words in English that name a society: countries from Unicode CLDR, the rest from place_names.toml."""

from __future__ import annotations

import tomllib
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from ingest.iso_3166 import is_users_own


class Sort(StrEnum):
    """What sort of word it is."""

    NAME = "names"
    ADJECTIVE = "adjectives"
    PEOPLE = "peoples"
    CAPITAL = "capitals"
    INSTITUTION = "institutions"


class Place(NamedTuple):
    """What a word stands for."""

    society: str
    """ISO 3166-1; empty for words that stand for none although they hold the name of one."""
    sort: Sort
    ambiguous: bool = False
    """Whether it is a place only where grammar makes it one."""


_KOSOVO = "XK"


@cache
def places() -> dict[tuple[str, ...], Place]:
    """By the words as they are written: ("New", "Zealand")."""
    from babel import Locale

    table = tomllib.loads(files("ingest").joinpath("place_names.toml").read_text("utf-8"))
    found: dict[tuple[str, ...], Place] = {}
    for code, name in Locale("en").territories.items():
        if len(code) == 2 and (code == _KOSOVO or not is_users_own(code)):
            for each in _spellings(name):
                found[tuple(each.split())] = Place(code, Sort.NAME)
    for code, sorts in table.items():
        if len(code) == 2:
            for sort, words in sorts.items():
                for word in words.split(","):
                    found[tuple(word.split())] = Place(code, Sort(sort))
    for word in table["ambiguous"]["words"].split(","):
        key = tuple(word.split())
        if key in found:
            found[key] = found[key]._replace(ambiguous=True)
    for word in table["nothing"]["words"].split(","):
        found[tuple(word.split())] = Place("", Sort.NAME)
    return found


@cache
def longest() -> int:
    """Words of the longest name."""
    return max(map(len, places()))


def _spellings(name: str) -> set[str]:
    plain = name.split(" (", maxsplit=1)[0].replace("’", "'")
    return {plain, plain.replace("&", "and"), plain.replace("St.", "Saint")}
