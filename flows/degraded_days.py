"""Which days are degraded because sources were down, and which points say otherwise and are to be made anew.

    attempts, documents by source -source_gap-> gaps        gaps + stored points -> days to estimate again

A verdict changes after its day was estimated: a source is repaired and its feed still held the day, late documents
arrive, the last hours of a day fail. So each watch judges again the days whose verdict is not final, and only
points that say something else are estimated and stored. Where every source was read, as on most days, that costs
one look at the attempts and one at the states of the points.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from datetime import date, timedelta

from alerts.point import State
from alerts.source_gap import REPAIR_DAYS, USUAL_DAYS, SourceGap, source_gap, trouble
from storage import source_gaps
from storage.daily_counts import Cell, Series
from storage.database import Database
from storage.source_gaps import EstimatedDay

log = logging.getLogger("barometer.watch")

DayToEstimate = tuple[str, str, date, int]
"""Society, target, day, and the version of its counts (0: nothing was counted)."""

OPEN_DAYS = REPAIR_DAYS + 1
"""Days before today whose verdict may still change: a reading counts for REPAIR_DAYS after the day, and the watch
before this one may not have seen the last hours of them."""

USABLE = {False: State.OK, True: State.DEGRADED}
"""State of a day with enough documents, by whether it is degraded; the other states do not hang on sources."""


def days_and_gaps(
    database: Database, counted: Sequence[DayToEstimate], today: date | None
) -> tuple[list[DayToEstimate], dict[Cell, SourceGap]]:
    """The days to estimate (those `counted`, and those whose point says otherwise now), and the gaps among them.

    `today` is not over and therefore never degraded. Without it every counted day is taken for over, and no
    other day is looked for.
    """
    stored: list[EstimatedDay] = []
    if today is not None:
        stored = source_gaps.estimated_days(database, today - 2 * timedelta(USUAL_DAYS), today)
    open_days = _open_days(stored, today)
    active = {day: _seen_before(stored, day) for day in open_days}
    cells = {(society, day) for society, _, day, _ in counted if today is None or day < today}
    cells |= {(society, day) for day, series in active.items() for society, _ in series}
    cells |= {(one.society, one.day) for one in stored if one.day in active}
    gaps = find_gaps(database, cells)
    done = {(society, target, day) for society, target, day, _ in counted}
    again = [
        (one.society, one.target, one.day, one.version)
        for one in stored
        if one.day in active
        and one.state in USABLE.values()
        and one.state is not USABLE[(one.society, one.day) in gaps]
    ]
    # No document at all because sources were down: a point that says so, where one was to be expected.
    there = {(one.society, one.target, one.day) for one in stored}
    again += [
        (society, target, day, 0)
        for day, series in active.items()
        for society, target in sorted(series)
        if (society, day) in gaps and (society, target, day) not in there
    ]
    days = [*counted, *(day for day in again if day[:3] not in done)]
    for cell in sorted({(society, day) for society, _, day, _ in days}, key=lambda one: one[::-1]):
        if cell in gaps:
            log.warning("degraded: %s", gaps[cell].reason)
    return days, gaps


def find_gaps(database: Database, cells: Collection[Cell]) -> dict[Cell, SourceGap]:
    """The gaps among these (society, day) cells, which must be over."""
    if not cells:
        return {}
    days = {day for _, day in cells}
    attempts = source_gaps.attempts_between(
        database, min(days) - timedelta(USUAL_DAYS), max(days) + timedelta(REPAIR_DAYS)
    )
    lost = source_gaps.lost_between(database, min(days), max(days))
    # Documents cost more to count than attempts, and are asked for only where an attempt raises the question.
    troubled = {
        day
        for day in days
        if any(trouble(one, day, lost.get(source, ())) for source, one in attempts.items())
    }
    suspected = {(society, day) for society, day in cells if day in troubled}
    volumes = source_gaps.usual_volumes(database, suspected)
    return {
        (society, day): gap
        for society, day in suspected
        if (gap := source_gap(society, day, attempts, volumes.get(society, {}), lost))
    }


def _open_days(stored: Sequence[EstimatedDay], today: date | None) -> list[date]:
    """Days that are over and whose verdict may have changed since the last watch.

    Nothing says when that was. The newest point is no older than that, unless nothing had arrived; so days are
    open from OPEN_DAYS before it: a monitor that stood still for a week looks at all of that week.
    """
    if today is None or not stored:
        return []
    first = max(one.day for one in stored) - timedelta(OPEN_DAYS)
    first = max(first, today - timedelta(USUAL_DAYS))
    return [first + timedelta(n) for n in range((today - first).days)]


def _seen_before(stored: Sequence[EstimatedDay], day: date) -> set[Series]:
    """Series with a document in the USUAL_DAYS before `day`."""
    first = day - timedelta(USUAL_DAYS)
    return {(one.society, one.target) for one in stored if one.n and first <= one.day < day}
