"""A process of its own that is to die: forked from one that has imported everything but the database engine.

A death costs a fraction of a start that way, so that many can be died. The engine of chdb has threads, which
no fork survives; each process imports it itself.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Mapping

from flows.settings import Settings
from tests.fixtures_flows import as_environment

_FORKING = multiprocessing.get_context("forkserver")
_FORKING.set_forkserver_preload(
    ["tests.killed_reclassifier", "tests.killed_worker", "tests.warmed_up", "kafka"]
)

Act = Callable[[int, str], None]


def died(act: Act, settings: Settings, at: int, when: str) -> int | None:
    """How a process ended that did `act(at, when)` under these settings: minus the signal that killed it."""
    process = _FORKING.Process(target=_act, args=(act, as_environment(settings), at, when))
    process.start()
    process.join(120)
    if process.is_alive():
        process.kill()
        process.join()
        raise AssertionError("the process does not end")
    return process.exitcode


def _act(act: Act, environment: Mapping[str, str], at: int, when: str) -> None:
    os.environ.update(environment)
    act(at, when)
