"""The detector on signals with a known answer: which day it finds, how late, and what it leaves alone."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.baseline import baseline_of
from alerts.detector import DetectorSettings, detect, threshold_for
from alerts.net_support import estimate_point, no_data
from alerts.point import OutletCount, Point, State
from alerts.simulated_series import FIRST_DAY, SimulatedSeries, simulated_series


def day_point(number: int, support: int, oppose: int, neutral: int = 6) -> Point:
    """A day of three outlets with the same counts each."""
    counts = [
        OutletCount(outlet=name, support=support, neutral=neutral, oppose=oppose) for name in "abc"
    ]
    return estimate_point("XA", "regular", FIRST_DAY + timedelta(days=number), counts)


def falling(seed: int = 1, documents: float = 60, fall: float = 25) -> SimulatedSeries:
    return simulated_series(seed, days=60, documents=documents, fall=fall, falls_after=40)


def test_a_fall_of_25_points_is_dated_to_the_day_and_found_on_the_fifth() -> None:
    series = falling()
    (drop,) = detect(series.points)
    assert series.falls_on == date(2026, 2, 14)
    assert drop.since == date(2026, 2, 14)
    assert drop.detected_on == date(2026, 2, 18)
    assert drop.lower < -25 < drop.upper
    assert drop.change == pytest.approx(drop.net_support - drop.baseline)
    assert drop.score > drop.threshold
    assert "from 2026-02-14 to 2026-02-18" in drop.reason


def test_nine_of_ten_falls_of_25_points_are_found_within_a_week_and_dated_within_three_days() -> (
    None
):
    found = dated = held = 0
    for seed in range(60):
        series = falling(seed)
        assert series.falls_on is not None
        after = [d for d in detect(series.points) if d.detected_on >= series.falls_on]
        if after and (after[0].detected_on - series.falls_on).days < 7:
            found += 1
            dated += abs((after[0].since - series.falls_on).days) <= 3
            held += after[0].lower <= -25 <= after[0].upper
    assert found >= 54
    assert dated >= 0.8 * found
    assert held >= 0.85 * found


@pytest.mark.parametrize("documents", [20, 200])
def test_series_without_a_fall_raise_about_one_alarm_a_year_or_less(documents: float) -> None:
    alarms = sum(
        len(detect(simulated_series(500 + seed, days=365, documents=documents).points))
        for seed in range(20)
    )
    assert alarms <= 28  # 20 series-years; a rate of 1 gives more than 28 in one of 30 draws


def test_more_series_need_more_evidence_each() -> None:
    one, twelve = (threshold_for(9.0, DetectorSettings(series=n)) for n in (1, 12))
    assert one == pytest.approx(5.05, abs=0.01)
    assert twelve - one == pytest.approx(2.485, abs=0.001)
    late = [
        detect(falling().points, DetectorSettings(series=series))[0].detected_on
        for series in (1, 12)
    ]
    assert late[0] < late[1]


def test_a_rise_is_never_a_drop() -> None:
    for seed in range(20):
        rising = simulated_series(seed, days=90, documents=100, level=-20, fall=-30, falls_after=40)
        assert [d for d in detect(rising.points) if d.detected_on >= date(2026, 2, 14)] == []


def test_a_fall_is_reported_once_and_a_second_fall_from_the_new_level() -> None:
    points = [
        day_point(i, *((10, 2) if i < 40 else (6, 6) if i < 100 else (2, 10))) for i in range(140)
    ]
    first, second = detect(points)
    assert first.since == points[40].day
    assert second.since == points[100].day
    assert first.baseline == pytest.approx(100 * 8 / 18)
    assert second.baseline == pytest.approx(0)
    assert second.net_support == pytest.approx(-100 * 8 / 18)


def test_the_days_before_a_fall_are_no_baseline_after_it() -> None:
    """Else the same fall would be found again once the rest of 28 days is over."""
    for seed in range(15):
        series = simulated_series(seed, days=110, documents=400, fall=15, falls_after=60)
        assert series.falls_on is not None
        assert len([d for d in detect(series.points) if d.since >= series.falls_on]) <= 1


def test_two_drops_are_at_least_28_days_apart() -> None:
    points = [
        day_point(i, *((12, 0) if i < 40 else (6, 6) if i < 50 else (0, 12))) for i in range(140)
    ]
    drops = detect(points)
    assert drops[0].since == points[40].day
    assert all((b.detected_on - a.detected_on).days > 28 for a, b in pairwise(drops))


def test_one_shocking_day_is_no_fall() -> None:
    points = [day_point(i, 7, 5) for i in range(60)]
    points[40] = day_point(40, 0, 12)
    assert detect(points) == ()


def test_the_first_days_of_a_series_cannot_alert() -> None:
    """14 days of history and 8 of guard: the 22nd day is the first that has a baseline."""
    for fall_at, alerts in ((14, False), (30, True)):
        points = [day_point(i, *((11, 1) if i < fall_at else (1, 11))) for i in range(fall_at + 8)]
        assert bool(detect(points)) is alerts
    assert detect([day_point(i, 11, 1) for i in range(13)]) == ()
    assert detect([]) == ()


def test_flat_series_are_no_alarm() -> None:
    for support, oppose, neutral in ((0, 0, 12), (12, 0, 0), (0, 12, 0), (5, 5, 5)):
        assert detect([day_point(i, support, oppose, neutral) for i in range(120)]) == ()


def test_days_that_are_not_ok_change_nothing() -> None:
    series = falling()
    unusable = []
    for i, point in enumerate(series.points):
        if i % 4 == 1:
            state = State.INSUFFICIENT if i % 8 == 1 else State.DEGRADED
            unusable.append(msgspec.structs.replace(point, net_support=-90.0, state=state))
        elif i % 4 == 2:
            unusable.append(no_data(point.society, point.target, point.day))
        else:
            unusable.append(point)
    left_out = [p for p in unusable if p.state is State.OK]
    assert detect(unusable) == detect(left_out)
    assert [d.detected_on >= date(2026, 2, 14) for d in detect(unusable)] == [True]


def test_days_with_two_outlets_are_passed_over() -> None:
    points = [msgspec.structs.replace(p, outlets=2) for p in falling().points]
    assert detect(points) == ()
    assert len(detect(points, DetectorSettings(min_outlets=2))) == 1


def test_a_gap_of_a_month_is_no_fall_and_the_fall_after_it_is_found() -> None:
    before = [day_point(i, 9, 3) for i in range(50)]
    after = [day_point(i, 9, 3) for i in range(80, 84)]
    fallen = [day_point(i, 3, 9) for i in range(84, 94)]
    assert detect([*before, *after]) == ()
    (drop,) = detect([*before, *after, *fallen])
    assert drop.since == fallen[0].day


def test_a_gap_longer_than_the_baseline_starts_the_series_afresh() -> None:
    before = [day_point(i, 9, 3) for i in range(50)]
    after = [day_point(i, 3, 9) for i in range(120, 134)]
    assert detect([*before, *after]) == ()


def test_evidence_from_before_a_long_gap_does_not_count() -> None:
    """Three bad days raise no alarm, four do; two of them a season ago are not two of them now."""

    def days(first: int, good: int, bad: int) -> list[Point]:
        counts = [(8, 4)] * good + [(4, 8)] * bad
        return [day_point(first + i, *count) for i, count in enumerate(counts)]

    assert detect(days(0, 50, 3)) == ()
    assert len(detect(days(0, 50, 4))) == 1
    assert detect([*days(0, 50, 2), *days(130, 22, 2)]) == ()


def test_a_day_that_comes_twice_is_refused_by_name() -> None:
    points = [day_point(0, 5, 5), day_point(1, 5, 5), day_point(1, 5, 5)]
    with pytest.raises(ValueError, match="2026-01-06 comes twice in XA/regular"):
        detect(points)


def test_days_out_of_order_and_mixed_series_are_refused() -> None:
    with pytest.raises(ValueError, match="2026-01-05 comes after 2026-01-06"):
        detect([day_point(1, 5, 5), day_point(0, 5, 5)])
    other = msgspec.structs.replace(day_point(1, 5, 5), target="asylum")
    with pytest.raises(ValueError, match="one series at a time"):
        detect([day_point(0, 5, 5), other])


levels = st.sampled_from([(11, 1), (8, 4), (6, 6), (4, 8), (0, 12), (12, 0)])
segments = st.lists(st.tuples(levels, st.integers(3, 35), st.booleans()), min_size=1, max_size=6)


def points_of(parts: list[tuple[tuple[int, int], int, bool]], wobble: int) -> list[Point]:
    points: list[Point] = []
    number = 0
    for (support, oppose), length, missing in parts:
        for i in range(length):
            if not missing or i % 3:
                shift = (number * wobble) % 3 - 1 if 0 < support < 12 else 0
                points.append(day_point(number, support + shift, oppose - shift))
            number += 1
    return points


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(segments, st.integers(0, 2), st.data())
def test_what_it_says_of_a_day_depends_on_no_later_day(
    parts: list[tuple[tuple[int, int], int, bool]], wobble: int, data: st.DataObject
) -> None:
    points = points_of(parts, wobble)
    cut = data.draw(st.integers(0, len(points)))
    whole = detect(points)
    known = {p.day for p in points[:cut]}
    assert detect(points[:cut]) == tuple(d for d in whole if d.detected_on in known)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(segments, st.integers(0, 2))
def test_every_drop_is_a_fall_in_order_and_in_its_interval(
    parts: list[tuple[tuple[int, int], int, bool]], wobble: int
) -> None:
    drops = detect(points_of(parts, wobble))
    for drop in drops:
        assert drop.change < 0
        assert drop.lower < drop.change < drop.upper
        assert drop.since <= drop.detected_on
        assert drop.score > drop.threshold
        assert -100 <= drop.net_support < drop.baseline <= 100
    for a, b in pairwise(drops):
        assert (b.detected_on - a.detected_on).days > 28
        assert b.since > a.detected_on


def test_a_baseline_measures_how_much_days_vary_beyond_their_documents() -> None:
    calm = baseline_of(simulated_series(3, days=49, documents=300, outlet_day_sd=0).points)
    moved = baseline_of(simulated_series(3, days=49, documents=300, news_sd=12).points)
    assert calm.day_variance < 10
    assert 50 < moved.day_variance < 300  # true: 144, and a little from outlets
    assert moved.variance > calm.variance
    assert calm.mean == pytest.approx(10, abs=3)


def test_a_baseline_is_not_moved_by_the_order_of_its_days() -> None:
    points = simulated_series(4, days=30).points
    assert baseline_of(points).mean == pytest.approx(baseline_of(points[::-1]).mean)


def test_a_baseline_of_days_without_documents_is_refused() -> None:
    with pytest.raises(ValueError, match="2026-01-05 has no documents"):
        baseline_of([no_data("XA", "regular", FIRST_DAY)])


def test_the_same_seed_gives_the_same_signal_and_the_truth_with_it() -> None:
    series = simulated_series(
        9, days=50, documents=2000, fall=30, falls_after=20, recovers_after=40
    )
    assert series == simulated_series(
        9, days=50, documents=2000, fall=30, falls_after=20, recovers_after=40
    )
    assert series != simulated_series(
        8, days=50, documents=2000, fall=30, falls_after=20, recovers_after=40
    )
    assert series.falls_on == FIRST_DAY + timedelta(days=20)
    assert sorted(set(series.net_support.values())) == [-20, 10]
    fallen = series.points[20:40]
    measured = sum(p.net_support or 0 for p in fallen) / len(fallen)
    assert measured == pytest.approx(-20, abs=2)
