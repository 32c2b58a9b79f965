"""The steps as Prefect flows: retried where an edge fails, tagged, and named so that a person can read them.

A flow run covers a round of collecting, a drain of the bus, a watch or a week; never one document.
"""

from __future__ import annotations

import signal
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Any

import click
from prefect import Flow, State, Task, flow, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import TaskRun
from prefect.runtime import deployment, flow_run
from pydantic import AwareDatetime

from flows import steps
from flows.failed_runs import tell_of_failure
from flows.failures import sentence_of, status_of
from flows.prefect_artifacts import leave_artifacts
from flows.run_limits import alone
from flows.sentence import sentence
from ingest.bus import BusUnavailable
from storage.database import DatabaseUnavailable

RETRY_DELAYS = [1.0, 5.0, 20.0]
"""Seconds before each retry; a broker or server that restarts is usually back within them."""

PASSING = (BusUnavailable, DatabaseUnavailable)
"""Faults of an edge that may be over at the next try."""

OF_THE_STEP = "raised by a step of Barometer"
"""A note on each error that a step raised. What a flow call raises without it is Prefect's."""


def passing_fault(task: Task[..., Any], task_run: TaskRun, state: State[Any]) -> bool:
    """True for faults of an edge that may be over at the next try; anything else fails at once."""
    return isinstance(state.data, PASSING)


def readable_name() -> str:
    """`watch 2026-11-23 21:00`: the step and the time (UTC) or week that it is about."""
    about = flow_run.parameters.get("week") or flow_run.parameters.get("now") or steps.now_utc()
    if isinstance(about, datetime):
        about = about.astimezone(UTC).strftime("%Y-%m-%d %H:%M")
    return f"{flow_run.flow_name} {about}"


def _carry_out(name: str, **parameters: Any) -> str:
    """The step, tried again after a passing fault; raises what the last try raised."""
    retried = task(
        name=name,
        retries=len(RETRY_DELAYS),
        retry_delay_seconds=RETRY_DELAYS,
        retry_condition_fn=passing_fault,
        cache_policy=NO_CACHE,
        persist_result=False,
    )
    attempt = retried(steps.STEPS[name])
    # A served flow runs in a process of its own, with `barometer serve` showing what it prints.
    served = deployment.id is not None
    if served:
        # Ctrl-C in a terminal is for `barometer serve`, which then ends this process.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with alone(name) if served else nullcontext():
            report = str(attempt(**parameters))
    except Exception as error:
        error.add_note(OF_THE_STEP)
        if served and status_of(error) is not None:
            click.echo(steps.line(f"{name} failed: {sentence(sentence_of(error))}"), err=True)
        raise
    if served:
        click.echo(steps.line(f"{name}: {report}"))
        leave_artifacts(name, week=parameters.get("week"), now=parameters.get("now"))
    return report


OF_ALL: dict[str, Any] = {
    "flow_run_name": readable_name,
    "on_failure": [tell_of_failure],
    "on_crashed": [tell_of_failure],
}
"""What all flows have."""


@flow(name="collect", **OF_ALL)
def collect(now: AwareDatetime | None = None) -> str:
    """Read the sources that are due and publish what is new."""
    return _carry_out("collect", now=now)


@flow(name="score", **OF_ALL)
def score(now: AwareDatetime | None = None) -> str:
    """Judge what is on the bus and recount the days that it touched."""
    return _carry_out("score", now=now)


@flow(name="watch", **OF_ALL)
def watch(now: AwareDatetime | None = None) -> str:
    """Estimate, look for falls, step the incidents, tell people."""
    return _carry_out("watch", now=now)


@flow(name="weekly", **OF_ALL)
def weekly(week: str | None = None, now: AwareDatetime | None = None) -> str:
    """Write the digest of a week and tell it once."""
    return _carry_out("weekly", week=week, now=now)


@flow(name="retain", **OF_ALL)
def retain(now: AwareDatetime | None = None) -> str:
    """Let expire what is kept for a time, and erase what was deleted at its source."""
    return _carry_out("retain", now=now)


FLOWS: dict[str, Flow[..., str]] = {
    "collect": collect,
    "score": score,
    "watch": watch,
    "weekly": weekly,
    "retain": retain,
}

TAGS = {
    "collect": ["barometer", "ingest"],
    "score": ["barometer", "classify"],
    "watch": ["barometer", "alerts"],
    "weekly": ["barometer", "digest"],
    "retain": ["barometer", "privacy"],
}
