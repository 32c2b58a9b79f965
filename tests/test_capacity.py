"""The calculation of how much a stream needs, and the simulated line behind it."""

from __future__ import annotations

from collections import deque

import numpy as np
import pytest

from benchmarks.capacity import LAG_SECONDS, Machine, backlog_of, plan, shares, simulated

MACHINE = Machine(about=100.0, elsewhere=2000.0, bytes_about=1000.0, bytes_elsewhere=100.0)


def test_the_backlog_is_that_of_a_queue_served_second_by_second() -> None:
    rng = np.random.default_rng(1)
    arrived = rng.poisson(9.0, 3000).astype(np.float64)
    waiting: deque[int] = deque()
    for second, count in enumerate(arrived):
        waiting.extend([second] * int(count))
        for _ in range(min(10, len(waiting))):
            waiting.popleft()
        assert backlog_of(arrived[: second + 1], 10.0)[-1] == len(waiting)


def test_a_core_does_fewer_documents_the_more_of_them_are_about_migration() -> None:
    assert MACHINE.per_second(0.0) == 2000.0
    assert MACHINE.per_second(1.0) == 100.0
    assert MACHINE.per_second(0.05) == pytest.approx(1 / (0.05 / 100 + 0.95 / 2000))


def test_every_document_lies_on_one_partition() -> None:
    found = shares(100.0, 12, np.random.default_rng(1))
    assert found.shape == (12,)
    assert found.sum() == pytest.approx(1.0)
    assert found.min() > 0


@pytest.mark.parametrize("documents", [1.0, 100.0, 2_000.0])
def test_what_is_planned_keeps_the_lag_and_what_is_less_than_the_mean_does_not(
    documents: float,
) -> None:
    chosen = plan(documents, 0.05, MACHINE, seed=1)
    speed = MACHINE.per_second(0.05)
    assert chosen.partitions % chosen.workers == 0
    assert simulated(documents, chosen.workers, chosen.partitions, speed).ninety_nine <= LAG_SECONDS
    too_few = int(documents // speed)
    if too_few:
        late = simulated(documents, too_few, chosen.partitions, speed)
        assert late.ninety_nine > 10 * LAG_SECONDS
        assert late.left > 0


def test_one_worker_may_die_and_the_others_still_catch_up_within_the_day() -> None:
    chosen = plan(100.0, 0.05, MACHINE, seed=1)
    speed = MACHINE.per_second(0.05)
    assert simulated(100.0, chosen.workers - 1, chosen.partitions, speed).left < 100.0 * 60


def test_storage_grows_with_every_document_and_more_with_those_about_migration() -> None:
    of_others = plan(1.0, 0.0, MACHINE, seed=1).gigabytes_a_year
    mixed = plan(1.0, 0.5, MACHINE, seed=1).gigabytes_a_year
    assert of_others == pytest.approx(100 * 86_400 * 365 / 1e9)
    assert mixed == pytest.approx(550 * 86_400 * 365 / 1e9)
