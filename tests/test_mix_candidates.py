"""The cheap question before the dear one: nothing that is a change of mix is left out, and most series are."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from alerts.change_label import labelled_change
from alerts.confusion import NET
from alerts.mix_candidates import may_be_mix
from alerts.point import StanceCount
from alerts.signal import mix_signal

DAY = date(2026, 11, 8)


def window(random: np.random.Generator, outlets: int, volume: float) -> list[StanceCount]:
    """A week or four of outlets that differ, each of any size."""
    return [
        StanceCount(outlet=f"o{number}", support=int(s), neutral=int(m), oppose=int(o))
        for number, (s, m, o) in enumerate(
            random.poisson(
                volume * random.exponential(size=(outlets, 1)) * (0.2 + random.random((outlets, 3)))
            )
        )
    ]


def sums(rows: list[StanceCount]) -> list[int]:
    return [
        sum(getattr(row, stance) for row in rows) for stance in ("support", "neutral", "oppose")
    ]


@pytest.mark.parametrize("volume", [60, 400, 2000])
def test_no_change_of_mix_is_left_out(volume: float) -> None:
    random = np.random.default_rng(int(volume))
    pairs = [
        (
            window(random, int(random.integers(2, 9)), volume),
            window(random, int(random.integers(2, 9)), volume),
        )
        for _ in range(400)
    ]
    asked = may_be_mix(
        np.array([sums(before) for before, _ in pairs], dtype=float),
        np.array([sums(after) for _, after in pairs], dtype=float),
        np.tile(NET, (len(pairs), 1)),
    )
    found = 0
    for (before, after), may in zip(pairs, asked, strict=True):
        change = labelled_change(before, after)
        if change and mix_signal("XA", "regular", DAY, DAY, change):
            found += 1
            assert may
    assert found >= 5, "the worlds hold changes of mix to be found"


def test_a_series_that_rose_or_is_not_there_is_not_asked() -> None:
    before = np.array([[50, 20, 50], [50, 20, 50], [0, 0, 0], [80, 20, 20]], dtype=float)
    after = np.array([[60, 20, 40], [0, 0, 0], [50, 20, 50], [20, 20, 80]], dtype=float)
    assert may_be_mix(before, after, np.tile(NET, (4, 1))).tolist() == [False, False, False, True]
