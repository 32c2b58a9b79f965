"""Whether a series is below the floor that a person set for it, with hysteresis.

    above -P(level < floor) >= 0.8-> below -7 ok days in a row with P(level > floor + MARGIN) >= 0.8-> above

Causal: what it says of a day depends on no later day. A day without an ok figure changes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from enum import StrEnum

import msgspec

from alerts.floor import Floor
from alerts.level_filter import (
    SHOCK_SDS,
    Level,
    Observation,
    filter_levels,
    process_variances,
)

SURE = 0.8
"""Probability that it takes to say that a level is on one side of a line."""

RETURN_DAYS = 7
"""Ok days in a row, a week with its weekdays, before a series is back."""

MARGIN = 4.0
"""Points above the floor that a level must surely pass to be back.

A level that rests at its floor (true standard deviation 0 to 3 points, days of 20, 200 or 2000 documents) changes sides
2.1 to 3.8 times a year with a margin of 0, the first time included, and 1.0 to 1.5 times with 4: it goes below and stays.
More buys little and costs days: at 200 documents a day a level that recovers to 10 points above its floor is back after
16 days with 0, 25 with 4 and 36 with 6. `tests/test_floor_watch.py` measures it.
"""

MIN_DAYS = 14
"""Ok days before a series is judged at all, as for a baseline: fewer are a mood and not a level."""


class Side(StrEnum):
    """Where a series stands. `unknown` is no answer, and never one of the other two."""

    UNKNOWN = "unknown"
    ABOVE = "above"
    BELOW = "below"


class FloorState(msgspec.Struct, frozen=True, kw_only=True):
    """Where one series stands toward its floor, as of one day."""

    floor: Floor
    side: Side
    since: date | None
    """Ok day on which it went to this side; the first that was judged where it never changed. None while unknown."""
    day: date | None
    """Last ok day that was judged; None while unknown."""
    level: float | None
    """The filtered level, points; None while unknown."""
    spread: float | None
    """Its standard deviation, points."""
    p_below: float | None
    """P(level < floor) as of `day`."""
    days_back: int
    """Ok days in a row, so far, of the RETURN_DAYS that a return takes; 0 unless below."""
    reason: str
    """One sentence for people."""


def watch_floor(observations: Sequence[Observation], floor: Floor) -> FloorState:
    """Where the series of `observations` stands after the last of them, toward its `floor`.

    Pass the days of one series in order, from the same first day each time. ValueError as filter_levels.
    """
    states = floor_states(observations, floor)
    if states:
        return states[-1]
    measured = sum(each.net_support is not None for each in observations)
    reason = (
        f"there are {measured} days with enough data, and {MIN_DAYS} are needed"
        if measured < MIN_DAYS
        else f"no day with enough data since it was set on {floor.set_on}"
    )
    return FloorState(
        floor=floor,
        side=Side.UNKNOWN,
        since=None,
        day=None,
        level=None,
        spread=None,
        p_below=None,
        days_back=0,
        reason=f"cannot say where {floor.society}/{floor.target} stands toward its floor: {reason}",
    )


def floor_states(observations: Sequence[Observation], floor: Floor) -> tuple[FloorState, ...]:
    """The state on each ok day from the day on which the floor was set, once there are MIN_DAYS ok days.

    Days before that day teach what the level is and are not judged. ValueError as filter_levels.
    """
    levels = filter_levels(observations, process_variances(observations), shock_sds=SHOCK_SDS)
    ok = [level for level in levels if level.observed]
    states: list[FloorState] = []
    side, since, days_back = Side.UNKNOWN, date.min, 0
    for level in ok[MIN_DAYS - 1 :]:
        if level.day < floor.set_on:
            continue
        p_below = level.below(floor.value)
        if side is Side.BELOW:
            back = 1 - level.below(floor.value + MARGIN) >= SURE
            days_back = days_back + 1 if back else 0
            changed = days_back == RETURN_DAYS
            now = Side.ABOVE if changed else Side.BELOW
        else:
            now = Side.BELOW if p_below >= SURE else Side.ABOVE
            changed = now is not side
        if changed:
            side, since, days_back = now, level.day, 0
        states.append(_state(floor, side, since, level, p_below, days_back))
    return tuple(states)


def _state(
    floor: Floor, side: Side, since: date, level: Level, p_below: float, days_back: int
) -> FloorState:
    spread = math.sqrt(level.variance)
    return FloorState(
        floor=floor,
        side=side,
        since=since,
        day=level.day,
        level=level.mean,
        spread=spread,
        p_below=p_below,
        days_back=days_back,
        reason=_reason(floor, side, since, level, p_below, days_back),
    )


def _reason(
    floor: Floor, side: Side, since: date, level: Level, p_below: float, days_back: int
) -> str:
    spread = math.sqrt(level.variance)
    who = f"the floor of {floor.value:+.1f} that {floor.set_by} set on {floor.set_on} ({floor.reason})"
    where = f"its level on {level.day} was {level.mean:+.1f}, give or take {spread:.1f}"
    said = f"{floor.society}/{floor.target} has been {side} {who} since {since}: {where}"
    if side is Side.ABOVE:
        return f"{said}, and lay below the floor with a probability of {_percent(p_below)}"
    back = f"{RETURN_DAYS} days in a row with enough data on which it is surely above {floor.value + MARGIN:+.1f}"
    so_far = f", {days_back} so far" if days_back else ""
    return f"{said}, and lay below the floor with a probability of {_percent(p_below)}; it is back after {back}{so_far}"


def _percent(p: float) -> str:
    """Never 0 or 100 %: neither is known."""
    if p < 0.01:
        return "under 1 %"
    return "over 99 %" if p > 0.99 else f"{100 * p:.0f} %"
