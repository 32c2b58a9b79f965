"""The published point of one day of one series: its counts, and its estimate.

    counts by outlet (and story) -estimate, corrected for classifier error-> net support, interval, n_eff, state

The formulas are in `alerts/estimate.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta

from alerts.confusion import NONE, Confusion
from alerts.estimate import Estimate, estimates
from alerts.point import Figure, Point, StanceCount, State
from alerts.weighting import Weighting

SeriesDay = tuple[str, str, date]
"""Society, target, day."""

PRIOR_DF = 4.0
"""Weight of independent documents against what the outlets show of a change, in degrees of freedom."""


def estimate_point(
    society: str,
    target: str,
    day: date,
    counts: Sequence[StanceCount],
    *,
    confusion: Confusion = NONE,
    degraded: bool = False,
) -> Point:
    """The point of `counts`; rows of one outlet and story are added up. Net support is None without documents and
    where the confusion matrix cannot be used. Raises ValueError for a negative count.
    """
    key = (society, target, day)
    return estimate_points({key: counts}, {target: confusion}, {key} if degraded else ())[0]


def estimate_points(
    counts: Mapping[SeriesDay, Sequence[StanceCount]],
    confusions: Mapping[str, Confusion],
    degraded: Collection[SeriesDay] = (),
) -> list[Point]:
    """The points of many days of many series, in the order of `counts`, under all three weightings.

    All days of a target are estimated in one pass. `confusions` by target (NONE where it has none). Raises
    ValueError for a negative count.
    """
    by_target: dict[str, list[SeriesDay]] = {}
    for key in counts:
        by_target.setdefault(key[1], []).append(key)
    points: dict[SeriesDay, Point] = {}
    for target, keys in by_target.items():
        found = points_of_windows(
            keys,
            [counts[key] for key in keys],
            [key in degraded for key in keys],
            confusions.get(target, NONE),
        )
        points.update(zip(keys, found, strict=True))
    return [points[key] for key in counts]


def points_of_windows(
    keys: Sequence[SeriesDay],
    windows: Sequence[Sequence[StanceCount]],
    degraded: Sequence[bool],
    confusion: Confusion,
) -> list[Point]:
    """One point per window, in order, under all three weightings; several windows may have one key (parts of a week).

    `confusion` corrects all of them. Raises ValueError for a negative count.
    """
    columns = [
        estimates(windows, confusion=confusion, weighting=weighting, degraded=degraded)
        for weighting in Weighting
    ]
    return [
        _point(key, rows, *found) for key, rows, *found in zip(keys, windows, *columns, strict=True)
    ]


def _point(
    key: SeriesDay,
    counts: Sequence[StanceCount],
    per_document: Estimate,
    per_story: Estimate,
    outlet_balanced: Estimate,
) -> Point:
    society, target, day = key
    return Point(
        society=society,
        target=target,
        day=day,
        support=sum(c.support for c in counts),
        neutral=sum(c.neutral for c in counts),
        oppose=sum(c.oppose for c in counts),
        outlets=per_document.outlets,
        net_support=per_document.net_support,
        lower=per_document.lower,
        upper=per_document.upper,
        n_eff=per_document.n_eff,
        state=per_document.state,
        per_story=_figure(per_story),
        outlet_balanced=_figure(outlet_balanced),
    )


def _figure(found: Estimate) -> Figure:
    return Figure(
        net_support=found.net_support, lower=found.lower, upper=found.upper, n_eff=found.n_eff
    )


def no_data(society: str, target: str, day: date) -> Point:
    """A day on which nothing addressed the target."""
    return Point(
        society=society,
        target=target,
        day=day,
        support=0,
        neutral=0,
        oppose=0,
        outlets=0,
        net_support=None,
        lower=None,
        upper=None,
        n_eff=0.0,
        state=State.NO_DATA,
    )


def points_for_days(
    society: str,
    target: str,
    counts: Mapping[date, Sequence[StanceCount]],
    *,
    first: date | None = None,
    last: date | None = None,
    degraded: Collection[date] = (),
) -> tuple[Point, ...]:
    """One point per day from `first` to `last` (default: the first and last day of `counts`), in day order.

    Days without counts are no_data points. Empty when there is no day at all or `last` is before `first`.
    """
    first = min(counts, default=None) if first is None else first
    last = max(counts, default=None) if last is None else last
    if first is None or last is None:
        return ()
    days = [first + timedelta(days=i) for i in range((last - first).days + 1)]
    return tuple(
        estimate_point(society, target, day, counts.get(day, ()), degraded=day in degraded)
        for day in days
    )


def add_by_outlet(counts: Iterable[StanceCount]) -> tuple[StanceCount, ...]:
    """One count per outlet and story that has documents, by name: the days of a week added up. A story that is
    told on two days is one.

    Raises ValueError for a negative count.
    """
    sums: dict[tuple[str, str], tuple[int, int, int]] = {}
    for c in counts:
        if min(c.support, c.neutral, c.oppose) < 0:
            raise ValueError(f"outlet {c.outlet!r} has a negative count of documents")
        key = (c.outlet, c.story or "")
        s, m, o = sums.get(key, (0, 0, 0))
        sums[key] = (s + c.support, m + c.neutral, o + c.oppose)
    return tuple(
        StanceCount(outlet=outlet, support=s, neutral=m, oppose=o, story=story or None)
        for (outlet, story), (s, m, o) in sorted(sums.items())
        if s + m + o
    )
