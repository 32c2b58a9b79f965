"""The weeks that analysts read: estimated by the watch when they are over, and again when their days are.

    days estimated -> weeks that wait -> counts, readings, contributors -> figures, changes, shares -> tables -> views

The cost follows what changed. After an update, or an import of years, the newest weeks come first, some at each watch.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from alerts.point import State
from alerts.weekly_figures import SeriesWeeks, figures_of_weeks
from alerts.weekly_shares import shares_of_weeks
from flows.correcting import confusions_of
from flows.spillovers import FOLLOWING, LEADING, spillovers
from flows.wiring import Edges
from storage import contributors, daily_counts, points, weekly_figures, weeks_to_estimate
from storage.daily_counts import Series
from storage.weeks_to_estimate import WaitingWeek

WEEKS_PER_WATCH = 12
"""Calendar weeks that one watch estimates at most: a quarter of a year."""

SERIES_AT_ONCE = 40
"""Series whose documents of a week are in memory together."""


def estimate_weeks(edges: Edges, today: date) -> int:
    """Estimate the weeks that are over and wait, the newest first; how many weeks of series."""
    by_monday: dict[date, list[WaitingWeek]] = {}
    for one in weeks_to_estimate.waiting(edges.database, today):
        by_monday.setdefault(one.monday, []).append(one)
    mondays = list(by_monday)[:WEEKS_PER_WATCH]
    for monday in mondays:
        waiting = by_monday[monday]
        for start in range(0, len(waiting), SERIES_AT_ONCE):
            some = waiting[start : start + SERIES_AT_ONCE]
            _estimate(edges, monday, [(one.society, one.target) for one in some])
        _share(edges, monday, sorted({one.society for one in waiting}))
        weeks_to_estimate.done(edges.database, waiting)
    return sum(len(by_monday[monday]) for monday in mondays)


def store_spillovers(edges: Edges, last: date) -> None:
    """Once a day: whether one attitude moved before the other, on the year up to `last`."""
    both = {
        society
        for society, target in points.series_between(edges.database, last, last)
        if target in (LEADING, FOLLOWING)
    }
    if both - weekly_figures.spillovers_known(edges.database, last):
        weekly_figures.store_spillovers(edges.database, last, spillovers(edges.database, last))


def _estimate(edges: Edges, monday: date, series: Sequence[Series]) -> None:
    database = edges.database
    first, last = weekly_figures.days_of(monday)
    before = first - timedelta(days=7)
    counts = daily_counts.counts_of_series(database, series, before, last)
    marks = contributors.of_series(database, series, before, last)
    rows = weekly_figures.week_rows(database, series, first, last)
    known = points.points_of_series(database, series, first, last)
    figures, changes = figures_of_weeks(
        [
            SeriesWeeks(
                society=key[0],
                target=key[1],
                monday=monday,
                counts=counts.get(key, {}),
                marks=marks.get(key, {}),
                rows=rows.get(key, ()),
                degraded=[
                    point.day for point in known.get(key, ()) if point.state is State.DEGRADED
                ],
            )
            for key in series
        ],
        confusions_of(edges.classifier, {target for _, target in series}),
    )
    weekly_figures.store_figures(database, monday, series, figures)
    weekly_figures.store_changes(database, monday, series, changes)


def _share(edges: Edges, monday: date, societies: Sequence[str]) -> None:
    rows = weekly_figures.week_readings(edges.database, societies, *weekly_figures.days_of(monday))
    shares = shares_of_weeks({(society, monday): found for society, found in rows.items()})
    weekly_figures.store_shares(edges.database, monday, societies, shares)
