"""The published point of one day of one series: its counts, and its estimate.

    counts by outlet (and story) -estimate, corrected for classifier error-> net support, interval, n_eff, state

The formulas are in `alerts/estimate.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta

from alerts.confusion import NONE, Confusion
from alerts.estimate import estimate
from alerts.point import Point, StanceCount, State

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
    found = estimate(counts, confusion=confusion, degraded=degraded)
    return Point(
        society=society,
        target=target,
        day=day,
        support=sum(c.support for c in counts),
        neutral=sum(c.neutral for c in counts),
        oppose=sum(c.oppose for c in counts),
        outlets=found.outlets,
        net_support=found.net_support,
        lower=found.lower,
        upper=found.upper,
        n_eff=found.n_eff,
        state=found.state,
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
    """One count per outlet that has documents, by name: the days of a week added up.

    Raises ValueError for a negative count.
    """
    sums: dict[str, tuple[int, int, int]] = {}
    for c in counts:
        if min(c.support, c.neutral, c.oppose) < 0:
            raise ValueError(f"outlet {c.outlet!r} has a negative count of documents")
        s, m, o = sums.get(c.outlet, (0, 0, 0))
        sums[c.outlet] = (s + c.support, m + c.neutral, o + c.oppose)
    return tuple(
        StanceCount(outlet=outlet, support=s, neutral=m, oppose=o)
        for outlet, (s, m, o) in sorted(sums.items())
        if s + m + o
    )
