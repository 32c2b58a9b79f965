"""The panel that storage reads column by column is the one that the detector makes of counts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np
import pytest

from alerts.outlet_panel import OutletPanel, outlet_panel
from alerts.weighting import Weighting
from classify.judge import Judged
from flows.settings import Settings
from flows.watching import estimate_counted_days
from flows.wiring import Edges, edges
from storage.daily_counts import counts_of_series
from storage.outlet_histories import panels_of
from tests.judged_documents import DAY, OUTLETS, TOPIC, a_day, document, judged, store

SERIES = [("XA", TOPIC), ("XB", TOPIC)]
FIRST = DAY - timedelta(days=9)


@pytest.fixture
def opened(settings: Settings) -> Iterator[Edges]:
    """Both modes."""
    with edges(settings, create=True, sources=[]) as opened:
        store(opened.database, *documents())
        yield opened


def documents() -> Iterator[Judged]:
    """Ten days of one society and three of another, some stories told by several outlets."""
    for back in range(10):
        yield from a_day(DAY - timedelta(days=back), 3, back % 4)
    for back in range(3):
        day = DAY - timedelta(days=back)
        yield from a_day(day, 1, 2, society="XB", first_number=50_000 + 100 * back)
        for n in range(5):
            yield judged(
                document(
                    70_000 + 10 * back + n, day=day, outlet=OUTLETS[n % 3], story=f"told {back}"
                ),
                "oppose" if n else "neutral",
            )


def panels(
    opened: Edges, series: list[tuple[str, str]], since: date
) -> tuple[OutletPanel, OutletPanel | None]:
    found = panels_of(opened.database, series, since, DAY)
    assert found is not None
    return found


@pytest.mark.parametrize("weighting", [Weighting.PER_STORY, Weighting.PER_DOCUMENT])
def test_both_panels_hold_the_same_counts(opened: Edges, weighting: Weighting) -> None:
    per_story, by_document = panels(opened, SERIES, FIRST)
    panel = per_story if weighting is Weighting.PER_STORY else by_document
    assert panel is not None
    counts = counts_of_series(opened.database, SERIES, FIRST, DAY)
    wanted = outlet_panel([counts[one] for one in SERIES], weighting=weighting)
    assert panel.first == wanted.first == FIRST
    # outlets may stand in another order
    for mine, theirs in zip(panel.counts, wanted.counts, strict=True):
        assert np.allclose(sorted(mine.sum(0).tolist()), sorted(theirs.sum(0).tolist()))
        assert np.allclose(mine.sum(1), theirs.sum(1))
    assert (panel.usable == wanted.usable).all()
    assert panel.usable[1].tolist() == [False] * 7 + [True] * 3


def test_days_on_which_sources_were_down_are_not_usable(opened: Edges) -> None:
    estimate_counted_days(opened)
    opened.database.execute(
        "INSERT INTO points (society, target, day, state, version)"
        " SELECT society, target, day, 'degraded', version + 1 FROM points"
        f" WHERE society = 'XA' AND day = toDate('{DAY - timedelta(days=2)}')"
    )
    panel, _ = panels(opened, SERIES, FIRST)
    assert panel.usable[0].tolist() == [True] * 7 + [False] + [True] * 2


def test_the_panel_begins_with_the_first_document(opened: Edges) -> None:
    long_ago = date(2020, 1, 1)
    assert panels(opened, SERIES, long_ago)[0].first == FIRST
    assert panels(opened, SERIES[1:], long_ago)[0].first == DAY - timedelta(days=2)
    assert panels_of(opened.database, [("XC", TOPIC)], long_ago, DAY) is None


def test_without_copies_there_is_one_panel(opened: Edges) -> None:
    _, by_document = panels(opened, SERIES[1:], FIRST)
    assert by_document is None
