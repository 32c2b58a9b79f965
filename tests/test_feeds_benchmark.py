"""The short version of `python -m benchmarks.feeds`: feeds that die are noticed, come back, and raise no alarm."""

from __future__ import annotations

from benchmarks.feed_world import CONTROL, outlets
from benchmarks.feeds import broken_promises, simulate, tables
from classify.disposition import Disposition
from flows.settings import Settings
from flows.wiring import edges


def test_dead_feeds_are_flagged_in_two_polls_read_again_in_a_day_and_are_no_fall(
    embedded_settings: Settings,
) -> None:
    everyone = outlets(14, days=5, seed=1)
    with edges(embedded_settings, create=True, sources=[]) as opened:
        outcome = simulate(opened, everyone, days=5, seed=1)
    assert len(outcome.dead()) >= 7
    assert any(one.back is not None for one in outcome.dead())
    assert broken_promises(outcome) == []
    assert outcome.ledger[Disposition.JUDGED] == outcome.shown
    # Where support does fall it is said: silence is not what the test rewards.
    assert [society for society, _ in outcome.incidents] == [CONTROL]
    assert len(tables(outcome)) == 2
