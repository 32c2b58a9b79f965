"""Whether attitudes to irregular migration moved before support for regular programmes, by society.

points of a year -> daily net support of both -spillover_test-> Spillover, the many societies allowed for

Alerts, digests and the board ask for all societies, so that they say the same of each.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import msgspec

from alerts.many_pairs import benjamini_yekutieli
from alerts.point import Point, State
from alerts.spillover import (
    NOISE_ROBUST_LEVEL,
    PROJECTION_LEVEL,
    Spillover,
    Verdict,
    spillover_test,
)
from storage import points
from storage.database import Database

DAYS = 365
"""Days that are looked at, the last ones."""

LEADING, FOLLOWING = "irregular", "regular"
"""Targets: whether attitudes to the first move before support for the second."""

LEADS = (Verdict.LEADS_IN_TIME, Verdict.LEADS_ROBUST_TO_NOISE)


def spillovers(database: Database, last: date) -> dict[str, Spillover]:
    """The test of each society that has both series, on the year up to `last`. Of many societies some lead by chance: one
    whose lead does not stand among so many has none (Benjamini & Yekutieli 2001).
    """
    first = last - timedelta(days=DAYS - 1)
    known = set(points.series_between(database, first, last))
    both = [society for society, target in sorted(known) if target == LEADING]
    both = [society for society in both if (society, FOLLOWING) in known]
    pairs = [(society, target) for society in both for target in (LEADING, FOLLOWING)]
    found = points.points_of_series(database, pairs, first, last)
    tests = {
        society: spillover_test(
            daily_net_support(found[society, LEADING], first, last),
            daily_net_support(found[society, FOLLOWING], first, last),
        )
        for society in both
    }
    kept = benjamini_yekutieli([_p_value(test) for test in tests.values()])
    return {
        society: test if stands or test.verdict not in LEADS else _by_chance(test, len(tests))
        for (society, test), stands in zip(tests.items(), kept, strict=True)
    }


def daily_net_support(days: Sequence[Point], first: date, last: date) -> list[float | None]:
    """Net support of each day from `first` to `last`, None where it is not ok."""
    known = {point.day: point.net_support for point in days if point.state is State.OK}
    return [known.get(first + timedelta(n)) for n in range((last - first).days + 1)]


def _p_value(test: Spillover) -> float | None:
    """Of a lead in time: the larger one of its two tests. A lead that is robust to noise has passed a third, on the scale
    of the others.
    """
    if test.p_projection is None or test.p_asymmetry is None:
        return None
    p = max(test.p_projection, test.p_asymmetry)
    if test.verdict is Verdict.LEADS_ROBUST_TO_NOISE and test.p_noise_robust is not None:
        p = max(p, test.p_noise_robust * PROJECTION_LEVEL / NOISE_ROBUST_LEVEL)
    return min(p, 1.0)


def _by_chance(test: Spillover, societies: int) -> Spillover:
    return msgspec.structs.replace(
        test,
        verdict=Verdict.NOT_DISTINGUISHABLE_FROM_ZERO,
        reason=f"among {societies} societies one such lead is to be expected by chance",
        lag=None,
        effect=None,
        lower=None,
        upper=None,
    )
