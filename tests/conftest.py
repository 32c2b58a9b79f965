"""Fixtures that every test may ask for, and how the tests are spread over processes."""

from __future__ import annotations

import os
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from classify.onnx_model import available_cpus

# PyTorch's threads wait for each other by spinning. The networks of these tests are so small that one
# thread is faster than two, and several times so where another process wants the CPU. Read at import.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# No time in a test: on a busy machine any example may take longer than the 200 ms of the default.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

pytest_plugins = [
    "tests.fixtures_bus",
    "tests.fixtures_command",
    "tests.fixtures_database",
    "tests.fixtures_flows",
    "tests.fixtures_model",
    "tests.fixtures_prefect",
]

LONGEST_FIRST = (
    "test_serving",
    "test_topology",
    "test_reclassify",
    "test_end_to_end",
    "test_watching",
    "test_backup",
    "test_reclassify_under_load",
    "test_kill",
    "test_faults",
    "test_hf_model",
    "test_feeds_benchmark",
    "test_bad_input",
    "test_board_in_browser",
    "test_bus",
    "test_stored_figures",
    "test_board_room",
    "test_detector",
    "test_degraded_days",
    "test_scoring",
    "test_boarding",
    "test_jetstream_reader",
    "test_cli",
    "test_fuzz",
)
"""Files that take longest, so that no process is left with one of them when the others are done."""

TOGETHER = {
    "test_serving": "prefect",
    "test_topology": "prefect",
    "test_running": "prefect",
    "test_embedded_prefect": "prefect",
    "test_prefect_flows": "prefect",
    "test_deploying": "prefect",
    "test_batch_events": "prefect",
    "test_failed_runs": "prefect",
    "test_run_limits": "prefect",
    "test_hf_model": "torch",
    "test_hf_checkpoint": "torch",
    "test_training": "torch",
}
"""Files that stay in one process: it starts one Prefect server, and loads PyTorch and transformers once."""

MOST_WORKERS = 4
"""Each has a ClickHouse server, a broker and a Prefect server of its own, and about 1.5 GB."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """`-n auto`: a process for each CPU that may be used, and one more, because many tests wait for a server."""
    return min(available_cpus() + 1, MOST_WORKERS)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """`--dist loadfile`, but for the files that stay together."""
    if config.getoption("dist") != "loadfile":
        return None
    from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

    class TogetherScheduling(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = super()._split_scope(nodeid)
            return TOGETHER.get(Path(file).stem, file)

    return TogetherScheduling(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A process that is one of several takes the files that take longest first."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        place = {name: number for number, name in enumerate(LONGEST_FIRST)}
        items.sort(key=lambda item: place.get(Path(item.path).stem, len(place)))


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable() -> Generator[None, Any, Any]:
    """What a test logged travels between processes as UTF-8; a lone surrogate in it would end the whole run."""
    return sendable((yield))


def sendable(value: Any) -> Any:
    """The same value, its texts with what UTF-8 lacks written as an escape."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {sendable(key): sendable(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(sendable, value))
    return value
