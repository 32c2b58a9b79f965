"""The simulated world of benchmarks/detection.py says truly what falls when; the detector finds it there."""

from __future__ import annotations

import numpy as np
import pytest

from alerts.outlet_panel import Array
from benchmarks.detection import alarms_in, delays, fall_world, false_alarms, null_world
from benchmarks.detection_bound import PUBLISHED, efficiency, needed, shortest_delay
from benchmarks.detection_world import (
    CONFUSION,
    Event,
    Nuisances,
    World,
    drift,
    fading_shock,
    information,
    one_day_shock,
    simulate,
    step,
)
from benchmarks.detectors_compared import RIVALS, pooled, within_outlets

QUIET = Nuisances(
    news_sd=0.0, weekday_sd=0.0, outlet_day_sd=0.0, syndication=0.0, missing=0.0, outage=False
)


def small(seed: int = 1, *, nuisances: Nuisances = QUIET, **changes: object) -> World:
    return simulate(
        seed,
        series=30,
        days=120,
        documents=2000,
        changed_on=60,
        nuisances=nuisances,
        **changes,  # type: ignore[arg-type]
    )


def measured(world: World, first: int, last: int) -> Array:
    """(series, outlets): net support of these days by corrected counts."""
    counts = world.panel.counts[:, first:last].sum(1)
    score = np.einsum("skc,sc->sk", counts, world.scores)
    return np.asarray(100 * score / np.maximum(counts.sum(-1), 1))


def pooled_truth(world: World) -> Array:
    """(series, days): true net support, outlets weighted by what they write."""
    return np.asarray((world.outlets * world.volume).sum(2) / world.volume.sum(2))


def test_the_counts_have_the_level_that_the_truth_names() -> None:
    world = small(level=20.0)
    assert np.allclose(world.opinion, 20)
    error = measured(world, 0, 120) - world.outlets[:, 0]
    assert abs(error.mean()) < 0.5
    assert error.std() < 3


def test_each_outlet_falls_by_the_size_of_the_fall_and_on_its_day() -> None:
    world = small(fall=step(15))
    assert np.allclose(np.diff(world.opinion, axis=1)[:, 59], -15)
    assert np.count_nonzero(np.diff(world.opinion)) == 30
    assert np.allclose(world.outlets[:, 60] - world.outlets[:, 59], -15)
    fell = measured(world, 60, 120) - measured(world, 0, 60)
    assert fell.mean() == pytest.approx(-15, abs=0.5)
    by_day = [measured(world, t, t + 1).mean() for t in range(120)]
    assert int(np.argmin(np.diff(by_day))) + 1 == 60


@pytest.mark.parametrize(
    ("fall", "days"),
    [
        (drift(2), [2 / 7, 4 / 7, 6 / 7, 8 / 7]),
        (one_day_shock(25), [25, 0, 0, 0]),
        (fading_shock(24), [24, 16, 8, 0]),
    ],
)
def test_other_falls_take_their_course(fall: Array, days: list[float]) -> None:
    world = small(fall=fall)
    assert np.allclose(-world.opinion[:, 60:64], days)
    assert np.allclose(world.opinion[:, :60], 0)


@pytest.mark.parametrize("event", Event)
def test_an_event_changes_who_writes_and_not_what_each_outlet_says(event: Event) -> None:
    before, after = small(), small(event=event)
    assert np.array_equal(before.opinion, after.opinion)
    assert np.array_equal(before.outlets, after.outlets)
    documents = after.panel.counts[:, 60:62].sum() / before.panel.counts[:, 60:62].sum()
    assert documents > 1.2 if event is not Event.DEAD else documents < 0.95
    if event in (Event.MIX, Event.DEAD):
        assert (pooled_truth(after)[:, 60:] < pooled_truth(before)[:, 60:]).mean() > 0.95


def test_a_flood_is_opposed_and_over_after_three_days() -> None:
    before, after = small(), small(event=Event.FLOOD)
    more = (after.panel.counts - before.panel.counts).sum((0, 2))
    assert (more[60:63, 2] > 0).all()
    assert np.count_nonzero(more) == 3


def test_every_nuisance_shows_in_the_counts() -> None:
    def spread(nuisances: Nuisances) -> float:
        world = small(nuisances=nuisances)
        return float(np.nanstd(np.diff(pooled(world), axis=1)))

    quiet = spread(QUIET)
    assert spread(Nuisances(weekday_sd=0, outlet_day_sd=0, syndication=0)) > quiet
    assert spread(Nuisances(news_sd=0, outlet_day_sd=0, syndication=0, weekday_sd=6)) > quiet
    assert spread(Nuisances(news_sd=0, weekday_sd=0, syndication=0, outlet_day_sd=20)) > quiet
    assert spread(Nuisances(news_sd=0, weekday_sd=0, outlet_day_sd=0, syndication=0.5)) > quiet
    usable = small(nuisances=Nuisances()).panel.usable
    assert 0.94 < usable.mean() < 0.99
    lost = [row for row in usable if "000" in "".join("01"[day] for day in row.astype(int))]
    assert lost, "no series has an outage"
    wandering = small(nuisances=Nuisances(wander_sd=5.0)).outlets.mean(2)
    assert wandering.std(1).mean() > small().outlets.mean(2).std(1).mean() + 2


def test_a_seed_gives_the_same_world_again() -> None:
    one, same, other = (small(seed, nuisances=Nuisances()) for seed in (1, 1, 2))
    assert np.array_equal(one.panel.counts, same.panel.counts)
    assert not np.array_equal(one.panel.counts, other.panel.counts)


def test_a_fall_without_a_day_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a day from 0 to 9: changed_on is None"):
        simulate(1, series=1, days=10, documents=20, fall=step(5))


def test_the_rows_of_the_confusion_are_probabilities() -> None:
    assert np.allclose(CONFUSION.sum(1), 1)


def test_the_bound_is_that_of_the_notes_in_this_world() -> None:
    assert needed(1e4) == pytest.approx(np.log(1e4) - 1.58, abs=0.02)
    world = fall_world(1, 30, 200, "10")
    for size in (3, 5, 10):
        bound = shortest_delay(step(size), information(world))
        assert bound == pytest.approx(PUBLISHED[200][str(size)], rel=0.1)
    with pytest.raises(ValueError, match="too short"):
        shortest_delay(step(0.1)[:10], information(world))
    assert efficiency(2.0, 6.0) == pytest.approx(0.5)


def test_nine_of_ten_falls_of_20_points_are_found_within_14_days() -> None:
    late = delays(alarms_in(fall_world(1, 40, 500, "20")))
    assert np.mean(late <= 14) >= 0.9


def test_false_alarms_are_about_one_per_series_year() -> None:
    """40 x 280 days are 31 series-years: at the highest rate wanted, 1.2, more than 53 in one of 200 draws."""
    assert false_alarms(alarms_in(null_world(1, 40, 500))) <= 53


def test_the_rivals_that_read_within_outlets_find_a_large_fall() -> None:
    world = simulate(3, series=6, days=200, documents=500, fall=step(30), changed_on=150)
    z = within_outlets(world)
    assert np.nanmean(z[:, 155:]) < -2 < np.nanmean(z[:, 100:150])
    for rival in RIVALS:
        if not rival.pooled and rival.needs is None:
            alarms = rival.alarms(rival.input(world), (rival.low + rival.high) / 8)
            found = [any(150 <= day < 164 for day in days) for days in alarms]
            assert all(found), rival.name
