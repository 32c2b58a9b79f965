"""The scale of the board's charts: what is drawn, within which limits, and where a day and a figure lie."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

import msgspec

from alerts.fall_facts import DayFigure
from alerts.point import Point, State

SIZE = 1000
"""Both sides of the square that paths are drawn in."""

LEAST_SPAN = 40.0
"""Points that a chart spans at least: a quiet series should look quiet."""

_STEPS = (5, 10, 20, 25, 50)
_MOST_LINES = 6
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()

Shown = DayFigure | Point
"""A day of a series, or its level."""


class Curve(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be drawn of one series."""

    target: str
    label: str
    """Direct label at its end."""
    line: Sequence[Shown]
    """Drawn as a line with its interval as a band."""
    joined: bool = True
    """Whether there is a line; without one the band is there alone."""
    dots: Sequence[Shown] = ()
    """Drawn as marks: filled where the figure can be used, hollow where it can't."""


class GridLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line of equal net support, with its label."""

    y: float
    label: str
    zero: bool


class Tick(msgspec.Struct, frozen=True, kw_only=True):
    """A day with its label below the plot."""

    x: float
    label: str
    minor: bool
    """Left out where the chart is narrow."""


def span_of(
    curves: Iterable[Curve],
    first: date,
    last: date,
    also: Iterable[float] = (),
    *,
    bands: float = 1.0,
) -> tuple[float, float]:
    """Limits of net support that hold every line and mark of these days, that share of the ends of their bands, and
    the values `also`; whole steps of the grid, within ±100. A band that goes beyond is cut off there.
    """
    values = list(also)
    ends: list[float] = []
    for curve in curves:
        for one in of_days(curve.line, first, last):
            if one.state is State.OK:
                ends += [v for v in (one.lower, one.upper) if v is not None]
        values += [
            one.net_support
            for one in of_days([*curve.line, *curve.dots], first, last)
            if one.net_support is not None
        ]
    ends.sort()
    left_out = round((1 - bands) * len(ends) / 2)
    values += ends[left_out : len(ends) - left_out]
    low, high = (min(values), max(values)) if values else (0.0, 0.0)
    if high - low < LEAST_SPAN:
        middle = min(max((low + high) / 2, LEAST_SPAN / 2 - 100), 100 - LEAST_SPAN / 2)
        low, high = middle - LEAST_SPAN / 2, middle + LEAST_SPAN / 2
    step = _step(low, high)
    return max(-100.0, step * math.floor(low / step)), min(100.0, step * math.ceil(high / step))


def grid_values(low: float, high: float) -> list[float]:
    """Round values from `low` to `high`, at most six intervals of them."""
    step = _step(low, high)
    return [float(step * n) for n in range(math.ceil(low / step), math.floor(high / step) + 1)]


class Place(msgspec.Struct, frozen=True):
    """Where days and figures lie."""

    first: date
    last: date
    low: float
    high: float

    @property
    def days(self) -> int:
        """How many there are."""
        return (self.last - self.first).days + 1

    def across(self, day: date) -> float:
        """Percent from the left; the edges lie half a day outside of the first and the last day."""
        return round(100 * ((day - self.first).days + 0.5) / self.days, 2)

    def down(self, value: float) -> float:
        """Percent from the top; what lies outside is at the edge."""
        share = (self.high - value) / (self.high - self.low)
        return round(100 * min(max(share, 0.0), 1.0), 2)

    def pixel(self, day: date, value: float) -> tuple[int, int]:
        """In the square that is stretched over the plot."""
        return round(self.across(day) * SIZE / 100), round(self.down(value) * SIZE / 100)


def of_days(figures: Iterable[Shown], first: date, last: date) -> Iterable[Shown]:
    """Those of the days from `first` to `last`."""
    return (one for one in figures if first <= one.day <= last)


def _step(low: float, high: float) -> int:
    return next((s for s in _STEPS if (high - low) / s <= _MOST_LINES), _STEPS[-1])


def ticks(place: Place) -> Iterable[Tick]:
    """Firsts of months with their names, or Mondays where there are few days."""
    every = [place.first + timedelta(days=n) for n in range(place.days)]
    if place.days <= 70:
        shown = [day for day in every if day.weekday() == 0]
        for n, day in enumerate(shown):
            label = f"{day.day} {_MONTHS[day.month - 1]}"
            yield Tick(x=place.across(day), label=label, minor=n % 3 != 0)
        return
    shown = [day for day in every if day.day == 1]
    for day in shown:
        name = _MONTHS[day.month - 1]
        label = f"{name} {day.year}" if day.month == 1 else name
        yield Tick(
            x=place.across(day),
            label=label,
            minor=len(shown) > 5 and (day.month - 1) % 3 != 0,
        )
