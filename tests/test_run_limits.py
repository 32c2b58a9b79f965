"""Runs that go through all that is stored wait for each other, wherever they run."""

from __future__ import annotations

import pytest

from flows import run_limits
from flows.run_limits import LIMIT, NEVER_TOGETHER, alone, keep_limit
from tests.fixtures_prefect import PrefectServer


@pytest.fixture
def limited(named_prefect: PrefectServer, monkeypatch: pytest.MonkeyPatch) -> PrefectServer:
    """A server on which the limit is, and runs that wait for a moment only."""
    from prefect.client.orchestration import get_client

    monkeypatch.setattr(run_limits, "PATIENCE_SECONDS", 0.5)
    with get_client(sync_client=True) as client:
        keep_limit(client)
    return named_prefect


def test_no_two_runs_that_go_through_everything_overlap(limited: PrefectServer) -> None:
    assert {"watch", "weekly", "retain"} == NEVER_TOGETHER
    with alone("watch"):
        for other in ("retain", "weekly", "watch"):
            with pytest.raises(TimeoutError), alone(other):
                pytest.fail(f"{other} runs beside a watch")
        with alone("collect"), alone("score"):
            assert _held(limited) == 1, "collecting and scoring wait for nobody"
    assert _held(limited) == 0
    with alone("retain"):
        assert _held(limited) == 1


def _held(prefect: PrefectServer) -> int:
    limits = prefect.ask("v2/concurrency_limits/filter")
    (held,) = [one["active_slots"] for one in limits if one["name"] == LIMIT]
    return int(held)
