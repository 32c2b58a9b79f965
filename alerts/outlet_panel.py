"""Counts by outlet and day of many series as one array: what the detector works on."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta

import msgspec
import numpy as np
import numpy.typing as npt

from alerts.point import StanceCount
from alerts.weighting import Weighting, rows_of

Array = npt.NDArray[np.float64]

STANCES = 3
"""Support, neutral, oppose: the order of the last axis."""


class OutletPanel(msgspec.Struct, frozen=True, kw_only=True):
    """Series side by side on one calendar; what a series lacks is zero and not usable."""

    first: date
    counts: Array
    """(series, days, outlets, 3): documents that support, are neutral, oppose."""
    usable: npt.NDArray[np.bool_]
    """(series, days): days that may be looked at."""

    @property
    def days(self) -> int:
        """Length of the calendar."""
        return int(self.counts.shape[1])


def outlet_panel(
    series: Sequence[Mapping[date, Sequence[StanceCount]]],
    unusable: Sequence[Collection[date]] = (),
    weighting: Weighting = Weighting.PER_STORY,
) -> OutletPanel:
    """The panel of at least one day. `unusable` names days, by series, that must not be looked at.

    Per story, copies count once on a day, shared among the outlets that print them; rows of one outlet are added
    up. Raises ValueError for a negative count, and when no series has a day.
    """
    all_days = [day for counts in series for day in counts]
    if not all_days:
        raise ValueError("there is no day in any series; give at least one row of counts")
    first = min(all_days)
    length = (max(all_days) - first).days + 1
    windows = [
        (s, (day - first).days, counts[day]) for s, counts in enumerate(series) for day in counts
    ]
    rows = rows_of([counts for _, _, counts in windows], weighting)
    of_series = np.array([s for s, _, _ in windows])[rows.window]
    number = np.array([n for _, n, _ in windows])[rows.window]
    columns: list[dict[str, int]] = [{} for _ in series]
    place = np.array(
        [
            columns[s].setdefault(rows.outlets[outlet], len(columns[s]))
            for s, outlet in zip(of_series.tolist(), rows.outlet.tolist(), strict=True)
        ],
        dtype=np.int64,
    )
    panel = np.zeros((len(series), length, max(1, *map(len, columns)), STANCES))
    np.add.at(panel, (of_series, number, place), rows.counts * rows.weight[:, None])
    usable = panel.sum((2, 3)) > 0
    for s, days in enumerate(unusable):
        for day in days:
            if 0 <= (day - first).days < length:
                usable[s, (day - first).days] = False
    return OutletPanel(first=first, counts=panel, usable=usable)


def day_at(panel: OutletPanel, number: int) -> date:
    """The day of this place on the panel's calendar."""
    return panel.first + timedelta(days=number)
