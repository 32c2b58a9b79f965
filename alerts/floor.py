"""Support floors: how low net support of a series may go before people want to be told, as a named person set it.

    [[floor]]
    society = "GB"
    target = "regular"
    value = -5                      # points of net support, -100 to +100
    set_by = "Ada Example, head of programme communication"
    set_on = 2026-01-31
    reason = "Below this the programme board wants to be told, see its minutes of 30 January."

A floor is somebody's decision and carries who, when and why: nothing here computes one, and none is an estimate
of what a society tolerates. It is a value of the measure as it is published, so it is worth setting again when
the classifier, the sources or the weighting of that measure change.
"""

from __future__ import annotations

import difflib
import math
import tomllib
from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any

import msgspec

from ingest.iso_3166 import society_fault

LOWEST, HIGHEST = -100.0, 100.0
"""The scale of net support, in points."""

MAX_CHARACTERS = 500
"""Of a text: alerts repeat it."""

_EXAMPLES: Mapping[str, str] = {
    "society": 'society = "GB"',
    "target": 'target = "regular"',
    "value": "value = -5",
    "set_by": 'set_by = "Ada Example"',
    "set_on": "set_on = 2026-01-31",
    "reason": 'reason = "agreed by the programme board"',
}
_MISSING: Mapping[str, str] = {
    "society": "the society that it is for",
    "target": "the target that it is for",
    "value": "the points of net support",
    "set_by": "the name of the person who set it",
    "set_on": "the day on which it was set",
    "reason": "why it was set there",
}
_KINDS: Mapping[str, str] = {
    "value": "a number",
    "set_on": "a date without quotes and without a time",
}


class FloorsRefused(ValueError):
    """A list of floors cannot be used; one sentence names the file, the entry, the field and the remedy."""


class Floor(msgspec.Struct, frozen=True, kw_only=True):
    """One [[floor]]. Raises ValueError for a field that is empty, of the wrong kind or out of range."""

    society: str
    target: str
    value: float
    """Points of net support, -100 to +100."""
    set_by: str
    """The person who answers for it."""
    set_on: date
    reason: str

    def __post_init__(self) -> None:
        for key in _EXAMPLES:
            if fault := _fault(key, getattr(self, key)):
                raise ValueError(f"a floor's {key} {fault}")


def read_floors(
    text: str, *, name: str, today: date, targets: Collection[str] = ()
) -> tuple[Floor, ...]:
    """The [[floor]] tables of a TOML text, in order; `name` is what errors call the file. None at all is no error.

    Raises FloorsRefused at the first thing that is wrong: a key that is not known, missing or empty, a value of
    the wrong kind or out of range, a day after `today`, two floors for one series and, where `targets` are
    given, a target that is not among them (a floor for a series that nobody counts would never be heard of).
    """
    try:
        tables = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise FloorsRefused(
            f"{name} is not TOML: {error}; a floor begins with [[floor]] and its lines read like {_EXAMPLES['value']}."
        ) from error
    for key in tables:
        if key != "floor":
            raise FloorsRefused(
                f"{name}: {key!r} has no place here; a floor begins with [[floor]] and its lines stand below it."
            )
    entries = tables.get("floor", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise FloorsRefused(
            f"{name}: a floor begins with [[floor]], in two pairs of brackets; mend that line."
        )
    numbers: dict[tuple[str, str], int] = {}
    floors: list[Floor] = []
    for number, entry in enumerate(entries, start=1):
        floor = _floor(entry, f"{name}: floor {number}{_series(entry)}", today, targets)
        first = numbers.setdefault((floor.society, floor.target), number)
        if first != number:
            raise FloorsRefused(
                f"{name}: floors {first} and {number} are both for {floor.society}/{floor.target}; keep one."
            )
        floors.append(floor)
    return tuple(floors)


def _series(entry: Mapping[str, Any]) -> str:
    """What helps to find the entry in the file, where it says so much."""
    said = [entry.get("society"), entry.get("target")]
    if all(isinstance(each, str) and each.strip() and each.isprintable() for each in said):
        return f" ({said[0]}/{said[1]})"
    return ""


def _floor(entry: Mapping[str, Any], place: str, today: date, targets: Collection[str]) -> Floor:
    for key in entry:
        if key not in _EXAMPLES:
            near = difflib.get_close_matches(key, _EXAMPLES, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(_EXAMPLES)}."
            raise FloorsRefused(f"{place} has the unknown key {key!r}; {hint}")
    for key, example in _EXAMPLES.items():
        value = entry.get(key)
        if value is None or (isinstance(value, str) and not value.strip()):
            raise FloorsRefused(
                f"{place} has no {key}; add {_MISSING[key]}, like {example}. Without all of "
                f"{', '.join(_EXAMPLES)} a floor is not used."
            )
        if fault := _fault(key, value):
            raise FloorsRefused(f"{place}: {key} {fault}.")
    if entry["set_on"] > today:
        raise FloorsRefused(
            f"{place}: set_on {entry['set_on']} is after today, {today}; write the day on which it was set."
        )
    target = entry["target"].strip()
    if targets and target not in targets:
        near = difflib.get_close_matches(target, targets, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(targets)}."
        raise FloorsRefused(f"{place}: there is no target {target!r}; {hint}")
    texts = {key: entry[key].strip() for key in ("society", "target", "set_by", "reason")}
    return Floor(**texts, value=float(entry["value"]), set_on=entry["set_on"])


def _fault(key: str, value: object) -> str:
    """What is wrong with one field in itself, as a sentence without its subject; empty when nothing is."""
    wrong_kind = f"is not {_KINDS.get(key, 'text in quotes')}; write it like {_EXAMPLES[key]}"
    if key == "value":
        if isinstance(value, bool) or not isinstance(value, int | float):
            return wrong_kind
        if not (math.isfinite(value) and LOWEST <= value <= HIGHEST):
            return f"{value:g} is not from {LOWEST:g} to +{HIGHEST:g}; write points of net support"
        return ""
    if key == "set_on":
        # a datetime is a date to Python, and has an hour that nobody decided on
        return "" if isinstance(value, date) and not isinstance(value, datetime) else wrong_kind
    if not isinstance(value, str):
        return wrong_kind
    value = value.strip()
    if not value.isprintable():
        return "contains a character that cannot be printed; keep it on one line"
    if len(value) > MAX_CHARACTERS:
        return f"has {len(value):,} characters; {MAX_CHARACTERS} are the limit"
    if not any(letter.isalpha() for letter in value):
        return f"has no letter in it; write {_MISSING[key]}"
    fault = society_fault(value) if key == "society" else ""
    return f"{value!r} {fault}" if fault else ""
