"""The five steps as plain functions of plain values. Prefect flows wrap these and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from flows.counting_work import timed
from flows.wiring import edges


def now_utc() -> datetime:
    """The clock of the steps that are not told what time it is."""
    return datetime.now(UTC)


def line(text: str) -> str:
    """What `run` and `serve` print of a step: the time (UTC), then `text`."""
    return f"{now_utc():%Y-%m-%d %H:%M} {text}"


def collect(now: datetime | None = None) -> str:
    """Read the sources that are due."""
    from flows.collecting import collect as collect_sources

    with edges() as opened:
        return str(collect_sources(opened, now=now or now_utc()))


def score(now: datetime | None = None) -> str:
    """Score what is on the bus."""
    from flows.batch_events import batch_events
    from flows.scoring import drain

    with edges() as opened, batch_events() as drained:
        return str(drain(opened, clock=(lambda: now) if now else now_utc, progress=drained))


def watch(now: datetime | None = None) -> str:
    """Estimate, detect, step the incidents, tell people; and tell the operators when a digest did not come.

    With a `now` of its own it is a replay of the past, for which no digest was due.
    """
    from flows.overdue import tell_of_overdue_digest
    from flows.watching import watch as watch_series

    with edges() as opened:
        if now is None:
            tell_of_overdue_digest(opened, now_utc())
        report = str(watch_series(opened, now=now or now_utc()))
        if opened.settings.board is not None:
            from flows.boarding import write_board

            write_board(opened, opened.settings.board, now=now or now_utc())
    return report


def weekly(week: str | None = None, now: datetime | None = None) -> str:
    """Write the digest of a week (the last full one) and tell it once; tell operators where people's labels differ from what
    the model is known to err.
    """
    from flows.digesting import digest_week, last_full_week
    from flows.gold_report import check_drift

    moment = now or now_utc()
    with edges() as opened:
        title = digest_week(
            opened, week or last_full_week(opened.settings, moment), now=moment
        ).title
        check_drift(opened, moment)
    return title


def retain(now: datetime | None = None) -> str:
    """Let expire what is kept for a time, and erase what was deleted at its source."""
    from flows.retaining import retain as retain_all

    with edges() as opened:
        return str(retain_all(opened, now=now or now_utc()))


STEPS: dict[str, Callable[..., str]] = {
    "collect": timed("collect", collect),
    "score": timed("score", score),
    "watch": timed("watch", watch),
    "weekly": timed("weekly", weekly),
    "retain": timed("retain", retain),
}
