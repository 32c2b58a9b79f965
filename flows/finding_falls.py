"""Look for falls in series whose days changed, and for what looks like a fall and is none.

counts by outlet and story -copies once-> drops, shocks        -each document-> drops of copies: amplification
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import msgspec
import numpy as np

from alerts.change_label import labelled_change
from alerts.confusion import Confusion, correction
from alerts.detector import DetectorSettings, Found, find_in_panel
from alerts.drop import Drop, Settled
from alerts.mix_candidates import may_be_mix
from alerts.outlet_panel import OutletPanel
from alerts.signal import (
    MIX_BEFORE_DAYS,
    MIX_DAYS,
    Signal,
    amplifications,
    mix_signal,
    shock_signals,
)
from classify.onnx_model import available_cpus
from flows.correcting import confusions_of
from flows.wiring import Edges
from storage import daily_counts, outlet_histories
from storage.daily_counts import Series
from storage.database import Database

BATCH = 125
"""Series that are walked through side by side."""


class Falls(msgspec.Struct, frozen=True, kw_only=True):
    """What was found in all series."""

    drops: tuple[Drop, ...] = ()
    settled: tuple[Settled, ...] = ()
    signals: tuple[Signal, ...] = ()


def find_falls(
    edges: Edges, series: Collection[Series], first: date, last: date, *, series_in_all: int = 0
) -> Falls:
    """Falls in these series as the days from `first` to `last` show them; `series_in_all` share the false alarms.

    Days on which sources were down are not looked at. Thin days are: they carry the little that they are worth.
    """
    names = sorted(series)
    settings = DetectorSettings(
        false_alarm_days=365 / edges.settings.false_alarms_per_year,
        series=max(1, series_in_all, len(names)),
    )
    confusions = confusions_of(edges.classifier, {target for _, target in names})
    batches = [names[start : start + BATCH] for start in range(0, len(names), BATCH)]
    panels = (outlet_histories.panels_of(edges.database, batch, first, last) for batch in batches)
    with ThreadPoolExecutor(available_cpus()) as pool:  # numpy leaves the others to work
        found = list(
            pool.map(lambda batch, both: _find(batch, both, confusions, settings), batches, panels)
        )
    drops = tuple(drop for per_story, _ in found for one in per_story for drop in one.drops)
    by_document = [drop for _, others in found for one in others for drop in one.drops]
    return Falls(
        drops=drops,
        settled=tuple(size for per_story, _ in found for one in per_story for size in one.settled),
        signals=(
            *(
                signal
                for per_story, _ in found
                for one in per_story
                for signal in shock_signals(one.shocks)
            ),
            *amplifications(by_document, drops),
            *mix_signals(edges.database, names, confusions, last),
        ),
    )


Panels = tuple[OutletPanel, OutletPanel | None]
"""Per story, and per document where some story is told more than once."""


def _find(
    series: Sequence[Series],
    panels: Panels | None,
    confusions: Mapping[str, Confusion],
    settings: DetectorSettings,
) -> tuple[Sequence[Found], Sequence[Found]]:
    """What is found per story, and per document; what is said of a series depends on no other."""
    if panels is None:
        return (), ()
    scores = np.array([correction(confusions[target]).scores for _, target in series])
    per_story, by_document = panels
    return (
        find_in_panel(per_story, series, scores, settings),
        find_in_panel(by_document, series, scores, settings) if by_document is not None else (),
    )


def mix_signals(
    database: Database, series: Sequence[Series], confusions: Mapping[str, Confusion], day: date
) -> list[Signal]:
    """Series whose week up to `day` lies lower than the four before it for no other reason than who wrote."""
    since = day - timedelta(days=MIX_DAYS - 1)
    first = since - timedelta(days=MIX_BEFORE_DAYS)
    candidates = _lower(database, series, confusions, (first, since, day))
    found = []
    counts = daily_counts.counts_of_series(database, candidates, first, day)
    for (society, target), by_day in counts.items():
        change = labelled_change(
            [row for d, rows in by_day.items() if d < since for row in rows],
            [row for d, rows in by_day.items() if d >= since for row in rows],
            confusions[target],
        )
        if change and (signal := mix_signal(society, target, since, day, change)):
            found.append(signal)
    return found


def _lower(
    database: Database,
    series: Sequence[Series],
    confusions: Mapping[str, Confusion],
    days: tuple[date, date, date],
) -> list[Series]:
    """Of these series those whose week lies so much lower that it is worth to ask why."""
    around = daily_counts.stances_around(database, series, *days)
    if not around:
        return []
    counts = np.array(list(around.values()), dtype=float)
    scores = np.array([correction(confusions[target]).scores for _, target in around])
    lower = may_be_mix(counts[:, 0], counts[:, 1], scores)
    return [one for one, low in zip(around, lower, strict=True) if low]
