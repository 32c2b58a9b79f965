"""Net support of one day (or week) of one series, with its 95 % interval.

    net support = 100 x (support - oppose) / n       n = judged documents that address the target

It is not corrected for classifier error: a classifier that mistakes stances pulls every figure, and every
change, toward the middle. The interval is the sampling error of the corpus: documents of one outlet resemble
each other, so they count for fewer than they are.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta

from alerts.point import OutletCount, Point, State
from alerts.t_quantile import t95

RHO = 0.05
"""Correlation of two documents of one outlet that the design effect assumes (shared by the interval's prior)."""

PRIOR_DF = 4.0
"""Weight of that assumption against what the outlets of the day show, in degrees of freedom."""

MIN_N_EFF = 15.0
"""Below it a figure is `insufficient`: the interval would be wider than about 40 points either way."""

MIN_OUTLETS = 2
"""With a single outlet the figure is that outlet's, and nothing shows how much outlets differ."""


def estimate_point(
    society: str,
    target: str,
    day: date,
    counts: Sequence[OutletCount],
    *,
    degraded: bool = False,
) -> Point:
    """The point of `counts`, one row per outlet and day (rows of one outlet are added up).

    State: no_data without documents (net support is None, never 0), else insufficient below MIN_N_EFF or
    MIN_OUTLETS, else degraded when the caller says that sources were down, else ok. The interval is Wilson's
    (1927) on phi = (theta + 1) / 2 with the number of documents that gives the variance V:

        deff  = 1 + (sum n_k^2 / n - 1) RHO            n_eff = n / deff                        Kish 1965
        v_rob = sum w_k^2 (s_k - theta)^2 / max(1 - w_k, 0.2)     w_k = n_k / n          cf. Bell & McCaffrey 2002
        V     = (kappa v_rob + 4 u / n_eff) / (kappa + 4), at least u / n              kappa = 1 / sum w_k^2 - 1

    with s_k the net support of outlet k in -1..1, u the variance of one document (one pseudo-document of each
    stance added, so that unanimous days keep an interval) and t with kappa + 4 degrees of freedom.
    n_eff rests on volumes only: whether a day may be used never depends on what it says.
    Raises ValueError for a negative count.
    """
    by_outlet = add_by_outlet(counts)
    support = sum(c.support for c in by_outlet)
    neutral = sum(c.neutral for c in by_outlet)
    oppose = sum(c.oppose for c in by_outlet)
    n = support + neutral + oppose
    if n == 0:
        return no_data(society, target, day)
    theta = (support - oppose) / n
    n_eff = effective_documents(by_outlet)
    w = [c.n / n for c in by_outlet]
    kappa = max(1 / sum(x * x for x in w) - 1, 0.0)
    v_rob = sum(
        x * x * ((c.support - c.oppose) / c.n - theta) ** 2 / max(1 - x, 0.2)
        for x, c in zip(w, by_outlet, strict=True)
    )
    u = document_variance(support, neutral, oppose)
    variance = max((kappa * v_rob + PRIOR_DF * u / n_eff) / (kappa + PRIOR_DF), u / n)
    shrunk = (support - oppose) / (n + 3)  # on a unanimous day theta itself would leave no variance
    n_wilson = (1 - shrunk * shrunk) / variance
    lower, upper = _wilson(theta, n_wilson, t95(kappa + PRIOR_DF))
    if n_eff < MIN_N_EFF or len(by_outlet) < MIN_OUTLETS:
        state = State.INSUFFICIENT
    else:
        state = State.DEGRADED if degraded else State.OK
    return Point(
        society=society,
        target=target,
        day=day,
        support=support,
        neutral=neutral,
        oppose=oppose,
        outlets=len(by_outlet),
        net_support=100 * theta,
        lower=lower,
        upper=upper,
        n_eff=n_eff,
        state=state,
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
    counts: Mapping[date, Sequence[OutletCount]],
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


def add_by_outlet(counts: Iterable[OutletCount]) -> tuple[OutletCount, ...]:
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
        OutletCount(outlet=outlet, support=s, neutral=m, oppose=o)
        for outlet, (s, m, o) in sorted(sums.items())
        if s + m + o
    )


def effective_documents(by_outlet: Sequence[OutletCount]) -> float:
    """n / deff with deff = 1 + (sum n_k^2 / n - 1) RHO (Kish 1965); between 0 and n."""
    n = sum(c.n for c in by_outlet)
    if n == 0:
        return 0.0
    return n / (1 + (sum(c.n * c.n for c in by_outlet) / n - 1) * RHO)


def document_variance(support: int, neutral: int, oppose: int) -> float:
    """Variance of one document scored 1, 0, -1; one pseudo-document of each stance keeps it above 0."""
    n = support + neutral + oppose + 3
    p_support, p_oppose = (support + 1) / n, (oppose + 1) / n
    return p_support + p_oppose - (p_support - p_oppose) ** 2


def _wilson(theta: float, n: float, t: float) -> tuple[float, float]:
    phi = (theta + 1) / 2
    q = t * t / n
    centre = (phi + q / 2) / (1 + q)
    half = math.sqrt(phi * (1 - phi) * q + q * q / 4) / (1 + q)
    lower, upper = 100 * (2 * (centre - half) - 1), 100 * (2 * (centre + half) - 1)
    # the interval holds theta and stays in -100..100 by algebra; rounding may break either by 1e-14
    return max(-100.0, min(lower, 100 * theta)), min(100.0, max(upper, 100 * theta))
