"""The steps as Prefect flows: retried where an edge fails, tagged, and named so that a person can read them.

A flow run covers a round of collecting, a drain of the bus, a watch or a week; never one document.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from prefect import Flow, State, Task, flow, task
from prefect.client.schemas.objects import TaskRun
from prefect.runtime import flow_run

from flows import steps
from ingest.bus import BusUnavailable
from storage.database import DatabaseUnavailable

RETRIES = 3
RETRY_DELAYS = [1.0, 5.0, 20.0]
"""Seconds; a broker or server that restarts is usually back within them."""


def passing_fault(task: Task[..., Any], task_run: TaskRun, state: State[Any]) -> bool:
    """True for faults of an edge that may be over at the next try; anything else fails at once."""
    try:
        state.result(raise_on_failure=True)
    except (BusUnavailable, DatabaseUnavailable):
        return True
    except Exception:
        return False
    return False


def readable_name() -> str:
    """`watch 2026-11-23 21:00`: the step and the time (or week) that it is about."""
    about = flow_run.parameters.get("week") or flow_run.parameters.get("now") or steps.now_utc()
    if isinstance(about, datetime):
        about = about.strftime("%Y-%m-%d %H:%M")
    return f"{flow_run.flow_name} {about}"


def _attempt(name: str) -> Task[..., str]:
    retried = task(
        name=name,
        retries=RETRIES,
        retry_delay_seconds=RETRY_DELAYS,
        retry_condition_fn=passing_fault,
        persist_result=False,
    )
    return retried(steps.STEPS[name])


@flow(name="collect", flow_run_name=readable_name)
def collect(now: datetime | None = None) -> str:
    """Read the sources that are due and publish what is new."""
    return _attempt("collect")(now=now)


@flow(name="score", flow_run_name=readable_name)
def score(now: datetime | None = None) -> str:
    """Judge what is on the bus and recount the days that it touched."""
    return _attempt("score")(now=now)


@flow(name="watch", flow_run_name=readable_name)
def watch(now: datetime | None = None) -> str:
    """Estimate, look for falls, step the incidents, tell people."""
    return _attempt("watch")(now=now)


@flow(name="weekly", flow_run_name=readable_name)
def weekly(week: str | None = None, now: datetime | None = None) -> str:
    """Write the digest of a week and tell it once."""
    return _attempt("weekly")(week=week, now=now)


FLOWS: dict[str, Flow[..., str]] = {
    "collect": collect,
    "score": score,
    "watch": watch,
    "weekly": weekly,
}

TAGS = {
    "collect": ["barometer", "ingest"],
    "score": ["barometer", "classify"],
    "watch": ["barometer", "alerts"],
    "weekly": ["barometer", "digest"],
}
