"""The seven-day level of a series, day by day: what the board draws as a line.

A single day of some thirty documents jumps too much to see a level in it. The level of a day is the estimate of the
documents of that day and the six before it, added up by outlet and story, as the digest does for a week. Days on which
sources were down are left out of it, and so are days below the k-floor, unless those of the window are together above
(alerts/k_floor.py).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta

import msgspec

from alerts.confusion import NONE, Confusion
from alerts.estimate import estimates
from alerts.fall_facts import DayFigure
from alerts.k_floor import NO_DAYS, WithheldDays, days_left_out
from alerts.net_support import add_by_outlet, estimate_point
from alerts.point import Point, StanceCount, State

DAYS = 7
"""A week, so that no level has another mix of weekdays than the next."""

CountsByDay = Mapping[date, Sequence[StanceCount]]
"""Of one series: counts by outlet (and story) of each day."""

_Totals = tuple[Counter[tuple[str, str]], ...]


def levels(
    counts: CountsByDay,
    first: date,
    last: date,
    *,
    confusion: Confusion = NONE,
    degraded: Collection[date] = (),
    withheld: WithheldDays = NO_DAYS,
) -> tuple[DayFigure, ...]:
    """The level on each day from `first` to `last` that has a document; earlier days of `counts` count into it.

    A day without a document is not among them, and a degraded one has no figure: the line has gaps there, although
    the days before would give a level. One whose documents are all withheld is insufficient and has none either.
    """
    days: list[date] = []
    windows: list[list[StanceCount]] = []
    sums: _Totals = (Counter(), Counter(), Counter())
    down = frozenset(degraded)
    passed_over = down | withheld.keys()
    start = first - timedelta(days=DAYS - 1)
    for number in range((last - start).days + 1):
        day = start + timedelta(days=number)
        _add(sums, counts, day, passed_over, 1)
        if number >= DAYS:
            _add(sums, counts, day - timedelta(days=DAYS), passed_over, -1)
        if day >= first and counts.get(day):
            days.append(day)
            together = _withheld_rows(counts, day, withheld, down)
            windows.append([] if day in down else [*_rows(sums), *together])
    found = estimates(windows, confusion=confusion, degraded=[day in down for day in days])
    return tuple(
        DayFigure(
            day=day,
            net_support=one.net_support,
            lower=one.lower,
            upper=one.upper,
            state=State.DEGRADED
            if day in down
            else State.INSUFFICIENT  # there are documents, of too few contributors
            if one.state is State.NO_DATA
            else one.state,
        )
        for day, one in zip(days, found, strict=True)
    )


def level_on(
    society: str,
    target: str,
    counts: CountsByDay,
    day: date,
    *,
    confusion: Confusion = NONE,
    degraded: Collection[date] = (),
    withheld: WithheldDays = NO_DAYS,
) -> Point:
    """The level on one day with its counts; degraded where sources were down on most of its days, withheld where it has
    no documents but those of withheld days.
    """
    window = [day - timedelta(days=back) for back in range(DAYS)]
    down = [one for one in window if one in degraded]
    rows = rows_between(counts, window[-1], day, degraded=down, withheld=withheld)
    level = estimate_point(
        society,
        target,
        day,
        rows,
        confusion=confusion,
        degraded=len(down) > DAYS // 2,
    )
    if rows or not any(one in withheld and one not in down for one in window):
        return level
    return msgspec.structs.replace(level, state=State.INSUFFICIENT, withheld=True)


def rows_between(
    counts: CountsByDay,
    first: date,
    last: date,
    *,
    degraded: Collection[date] = (),
    withheld: WithheldDays = NO_DAYS,
) -> tuple[StanceCount, ...]:
    """Counts by outlet and story, added up over the days from `first` to `last` on which sources were not down, and
    without those that the k-floor leaves out.
    """
    days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    shown = [day for day in days if day not in degraded]
    left_out = days_left_out(shown, withheld)
    return add_by_outlet(row for day in shown if day not in left_out for row in counts.get(day, ()))


def _withheld_rows(
    counts: CountsByDay, day: date, withheld: WithheldDays, down: Collection[date]
) -> list[StanceCount]:
    """Of the withheld days of a window those that it shows together."""
    if not withheld:
        return []
    window = (day - timedelta(days=back) for back in range(DAYS))
    hidden = [one for one in window if one in withheld and one not in down]
    left_out = days_left_out(hidden, withheld)
    return [row for one in hidden if one not in left_out for row in counts.get(one, ())]


def _add(sums: _Totals, counts: CountsByDay, day: date, down: Collection[date], sign: int) -> None:
    """Take a day into the running sums by outlet and story, or out of them again."""
    if day in down:
        return
    for row in counts.get(day, ()):
        key = (row.outlet, row.story or "")
        for total, number in zip(sums, (row.support, row.neutral, row.oppose), strict=True):
            total[key] += sign * number


def _rows(sums: _Totals) -> list[StanceCount]:
    support, neutral, oppose = sums
    rows = []
    for key in [*support]:
        if support[key] + neutral[key] + oppose[key]:
            outlet, story = key
            rows.append(
                StanceCount(
                    outlet=outlet,
                    support=support[key],
                    neutral=neutral[key],
                    oppose=oppose[key],
                    story=story or None,
                )
            )
        else:
            for total in sums:
                del total[key]
    return rows
