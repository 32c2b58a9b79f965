"""What is counted of the work, and by which name in the metrics (flows/metric_names.py)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import wraps
from typing import TYPE_CHECKING

from flows.log_lines import bound
from flows.settings import load_settings
from flows.tally import TALLY
from flows.tally_spool import hand_over

if TYPE_CHECKING:
    from alerts.channel import ChannelFailed
    from flows.scoring import BatchReport
    from storage.source_runs import SourceRun

REASONS = ("authError", "rateLimited", "clientError", "serverError", "contextDeadlineExceeded")
"""Why a message was not taken, in Alertmanager's words."""


def count_batch(report: BatchReport, seconds: float) -> None:
    """A batch that was committed."""
    TALLY.count("batches")
    TALLY.took("batch_seconds", seconds)
    for word in ("judged", "off_topic", "unsupported_language", "duplicate", "dead"):
        number = getattr(report, word)
        TALLY.count("documents_scored", number, disposition=word)
        if word != "judged":
            TALLY.count("documents_dropped", number, stage="score", reason=word)


def count_reading(run: SourceRun) -> None:
    """An attempt at a source, and what it brought."""
    TALLY.count("source_readings", source=run.source, outcome=run.outcome)
    TALLY.count("documents_ingested", run.new, source=run.source)
    for reason, number in (
        ("known", run.known), ("dead", run.dead), ("passed_over", run.passed_over)
    ):  # fmt: skip
        TALLY.count("documents_dropped", number, stage="collect", reason=reason)


def count_notification(channel: str, failure: ChannelFailed | None = None) -> None:
    """A message that a channel took, or did not."""
    if failure is None:
        TALLY.count("notifications", receiver=channel)
    else:
        TALLY.count("notifications_failed", receiver=channel, reason=reason_of(failure))


def reason_of(failure: ChannelFailed) -> str:
    """One of REASONS, from what the channel says."""
    said = failure.reason
    if any(status in said for status in ("(401)", "(403)", "(407)", "user or password")):
        return "authError"
    if "(429)" in said:
        return "rateLimited"
    if "did not answer in" in said or "timed out" in said:
        return "contextDeadlineExceeded"
    return "clientError" if failure.permanent else "serverError"


@contextmanager
def step_timed(step: str) -> Iterator[None]:
    """One run of a step."""
    began = time.monotonic()
    try:
        yield
    except Exception:
        TALLY.count("step_failures", step=step)
        raise
    TALLY.took("step_seconds", time.monotonic() - began, step=step)
    TALLY.mark("step_last_success_timestamp_seconds", time.time(), step=step)


def timed(step: str, work: Callable[..., str]) -> Callable[..., str]:
    """The step, timed."""

    @wraps(work)
    def run(*given: object, **named: object) -> str:
        try:
            with bound(step=step), step_timed(step):
                return work(*given, **named)
        finally:
            _hand_over()

    return run


def _hand_over() -> None:
    """To the process that serves this flow run, where one shows metrics."""
    if TALLY.is_shown:
        return
    with suppress(Exception):  # a metric must never stop the work
        hand_over(load_settings())
