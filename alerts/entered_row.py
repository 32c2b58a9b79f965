"""Fields of what people enter, by hand or by a file: checked, with an error that says what to write."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import TypeVar

import msgspec

from classify.target import TARGETS
from ingest.canonical_url import canonical_url

MOST_CHARACTERS = 300
TARGET_NAMES = tuple(target.name for target in TARGETS)

Made = TypeVar("Made")


class BadLine(msgspec.Struct, frozen=True):
    """A line of a file that cannot be used, and why."""

    line: int
    """1-based, the header included."""
    error: str


def read_entered(
    text: str, needed: Sequence[str], make: Callable[[Mapping[str, str]], Made]
) -> Iterator[Made | BadLine]:
    """What `make` makes of each row of a CSV file whose first line names the columns; BadLine where it raises ValueError."""
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    try:
        header = [name.strip().casefold() for name in next(reader, [])]
        missing = [name for name in needed if name not in header]
        if missing:
            yield BadLine(
                1, f"the first line names no column {missing[0]!r}; it needs {', '.join(needed)}"
            )
            return
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            try:
                if len(cells) > len(header):
                    raise ValueError("it has more cells than the first line has names")
                yield make(dict(zip(header, cells, strict=False)))
            except ValueError as error:
                yield BadLine(reader.line_num, str(error))
    except csv.Error as error:
        yield BadLine(reader.line_num, f"it cannot be taken apart ({error})")


def text_in(row: Mapping[str, str], name: str) -> str:
    """A line of text that is there."""
    value = " ".join(row.get(name, "").split())
    if not value:
        raise ValueError(f"{name} is empty")
    if not value.isprintable():
        raise ValueError(f"{name} contains a character that cannot be printed")
    if len(value) > MOST_CHARACTERS:
        raise ValueError(f"{name} has {len(value)} characters; {MOST_CHARACTERS} are the limit")
    return value


def number_in(row: Mapping[str, str], name: str, *, optional: bool = False) -> float | None:
    """A finite number."""
    value = row.get(name, "").strip().removesuffix("%").strip()
    if not value and optional:
        return None
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"{name} is {value[:40]!r}; write a number, like 54.5")
    return number


def day_in(row: Mapping[str, str], name: str) -> date:
    """A day from 2000 on."""
    value = row.get(name, "").strip()
    try:
        day = date.fromisoformat(value)
    except ValueError:
        raise ValueError(f"{name} is {value[:40]!r}; write the day as 2026-11-17") from None
    if not 2000 <= day.year < 2105:
        raise ValueError(f"{name} {day} is not between 2000 and 2105")
    return day


def society_in(row: Mapping[str, str]) -> str:
    """An ISO 3166-1 code."""
    value = row.get("society", "").strip().upper()
    if not re.fullmatch("[A-Z]{2}", value):
        raise ValueError(f"society is {value[:40]!r}; write an ISO 3166-1 alpha-2 code, like GB")
    return value


def target_in(row: Mapping[str, str], *, optional: bool = False) -> str:
    """A target of the codebook."""
    value = row.get("target", "").strip().casefold()
    if not value and optional:
        return ""
    if value not in TARGET_NAMES:
        raise ValueError(f"target is {value[:40]!r}; write one of {', '.join(TARGET_NAMES)}")
    return value


def url_in(row: Mapping[str, str]) -> str:
    """An address on the web, or none."""
    value = row.get("url", "").strip()
    if value and not (canonical_url(value) and value.isprintable()):
        raise ValueError(f"url is {value[:80]!r}; write an address that begins with https://")
    return value
