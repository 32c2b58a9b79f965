"""The baseline of a week: the weeks before it taken together, and how far this week lies from them."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from alerts.confusion import NONE, Confusion
from alerts.estimate import estimate
from alerts.net_support_change import SupportChange, change_between
from alerts.point import StanceCount

BASELINE_WEEKS = 8
"""Weeks before the one in question that make its baseline …"""

MIN_BASELINE_WEEKS = 4
"""… when at least so many of them have documents."""


class Baseline(msgspec.Struct, frozen=True, kw_only=True):
    """What a week is compared with, in points of net support."""

    weeks: int
    """With documents, among the BASELINE_WEEKS before."""
    net_support: float
    lower: float
    upper: float
    """95 % interval of the baseline."""
    change: SupportChange
    """This week minus the baseline."""


def baseline_of(
    weeks_before: Sequence[Sequence[StanceCount]],
    week: Sequence[StanceCount],
    confusion: Confusion = NONE,
) -> Baseline | None:
    """The baseline from counts by outlet, and the change of `week` against it.

    The weeks are added up, so it is their mean weighted by documents; level and change are estimated as those of any
    period (alerts/estimate.py, alerts/net_support_change.py). News that moves all outlets for a week is not in the interval:
    it is what the change shows. None with fewer than MIN_BASELINE_WEEKS weeks that have documents, without documents in
    `week`, and with a confusion matrix that cannot be used. Raises ValueError for a negative count.
    """
    filled = [counts for counts in weeks_before if any(count.n for count in counts)]
    if len(filled) < MIN_BASELINE_WEEKS:
        return None
    together = [count for counts in filled for count in counts]
    level = estimate(together, confusion=confusion)
    change = change_between(together, week, confusion)
    if change is None or level.net_support is None or level.lower is None or level.upper is None:
        return None
    return Baseline(
        weeks=len(filled),
        net_support=level.net_support,
        lower=level.lower,
        upper=level.upper,
        change=change,
    )
