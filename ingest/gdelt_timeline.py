"""Timelines of GDELT's search: how much, or how kindly, the world wrote in each stretch of time.

    {"query_details": {"title", "date_resolution": "day"}, "timeline": [{"series", "data": [{"date", "value", "norm"?}]}]}

GDELT leaves stretches without articles out. What their absence means depends on the series: of a count
or a share it is zero, of a tone it is nothing at all, because nobody spoke. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import msgspec

from ingest.gdelt_doc import DocRefused, json_of
from ingest.gdelt_moment import moment_of

MOST_BUCKETS = 50_000
"""Of one series; three months of quarters of an hour are 9,000."""

_UNITS: Mapping[str, timedelta] = {
    "m": timedelta(minutes=1),
    "min": timedelta(minutes=1),
    "minute": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "hour": timedelta(hours=1),
    "d": timedelta(days=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
}
_RESOLUTION = re.compile(r"([0-9]{0,4})\s*([a-z]+?)s?")


class Bucket(msgspec.Struct, frozen=True):
    """One stretch of time."""

    begin: datetime
    value: float | None
    """None: nobody spoke, so there is no tone."""
    norm: float | None = None
    """All articles that GDELT saw in it, where the answer says so."""


class Series(msgspec.Struct, frozen=True):
    """One line of a timeline, without holes."""

    name: str
    """`Article Count`, `Volume Intensity`, `Average Tone`, or a language or country."""
    step: timedelta
    buckets: tuple[Bucket, ...]


def parse_timeline(
    body: bytes, *, first: datetime | None = None, last: datetime | None = None
) -> tuple[Series, ...]:
    """The series in an answer, every bucket from `first` to `last` in them (default: from their first to their last).

    `{}` has no series. Raises DocRefused when the answer is none.
    """
    answer = json_of(body)
    lines = answer.get("timeline", [])
    details = answer.get("query_details")
    written = details.get("date_resolution") if isinstance(details, dict) else None
    if not isinstance(lines, list) or not all(isinstance(line, dict) for line in lines):
        raise DocRefused("answered with a timeline of another shape")
    return tuple(_series(line, _step(written), first, last) for line in lines)


def absent_value(series: str) -> float | None:
    """What a bucket that GDELT left out stands for."""
    return None if "tone" in series.lower() else 0.0


def _series(
    line: Mapping[str, Any],
    step: timedelta | None,
    first: datetime | None,
    last: datetime | None,
) -> Series:
    name = line.get("series")
    name = name if isinstance(name, str) else ""
    given = {bucket.begin: bucket for bucket in _buckets(line.get("data"))}
    begins = sorted(given)
    step = step or _least_step(begins)
    if not begins and (first is None or last is None):
        return Series(name, step, ())
    # The grid is that of the answer where it has one: GDELT's days begin at midnight UTC.
    anchor = begins[0] if begins else (first or begins[0])
    begin = anchor if first is None else anchor - ((anchor - first) // step) * step
    end = begins[-1] if last is None else last
    if (end - begin) // step > MOST_BUCKETS:
        raise DocRefused("answered with a timeline that is too long")
    absent = absent_value(name)
    filled = dict(given)
    for number in range((end - begin) // step + 1):
        moment = begin + number * step
        filled.setdefault(moment, Bucket(moment, absent))
    kept = [
        bucket
        for moment, bucket in sorted(filled.items())
        if (first is None or moment >= first) and moment <= end
    ]
    return Series(name, step, tuple(kept))


def _buckets(data: object) -> Iterator[Bucket]:
    for point in data if isinstance(data, list) else []:
        if not isinstance(point, dict):
            continue
        begin = moment_of(point["date"]) if isinstance(point.get("date"), str) else None
        value, norm = _number(point.get("value")), _number(point.get("norm"))
        if begin is not None and value is not None:
            yield Bucket(begin, value, norm)


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and abs(value) < 1e15 else None


def _step(written: object) -> timedelta | None:
    """`day`, `hour`, `15m`, `1h` … as a length of time; None for what is not known."""
    found = _RESOLUTION.fullmatch(written.strip().lower()) if isinstance(written, str) else None
    unit = _UNITS.get(found.group(2)) if found else None
    times = int(found.group(1) or 1) if found else 0
    return unit * times if unit and times else None


def _least_step(begins: list[datetime]) -> timedelta:
    steps = [later - earlier for earlier, later in pairwise(begins)]
    return min(steps, default=timedelta(days=1))
