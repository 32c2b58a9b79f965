"""Run everything in one process: collect, score what came, watch, and once a week the digest."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from flows.digesting import digest_due, last_full_week
from flows.failures import sentence_of, status_of
from flows.prefect_server import Orchestrator
from flows.sentence import sentence
from flows.settings import Settings
from flows.steps import line, now_utc

Say = Callable[[str], None]

RETAIN_EVERY = timedelta(days=1)

TICK_SECONDS = 5.0
"""How long the loop sleeps between looks at the clock."""


def run_once(conductor: Orchestrator, say: Say) -> None:
    """One round: collect, score, watch, retain. A step that fails ends it."""
    for step in ("collect", "score", "watch", "retain"):
        _run(conductor, step, say)
    say(conductor.account())


def run_for_ever(
    conductor: Orchestrator,
    settings: Settings,
    say: Say,
    *,
    clock: Callable[[], datetime] = now_utc,
    sleep: Callable[[float], None] = time.sleep,
    between: Callable[[], object] = lambda: None,
) -> None:
    """Rounds by the schedule of the settings, until the process is stopped. `between`: after each step, and each time that
    the clock is looked at.

    A step that fails is said and tried again at its next turn: one bad hour must not end the monitor. A
    mistake (a wrong password, say) ends it, as does a fault of ours.
    """
    schedule = Schedule(settings)
    say(
        f"Collecting every {settings.collect_minutes} minutes, watching at least every"
        f" {settings.watch_minutes}. Ctrl-C stops."
    )
    while True:
        now = clock()
        for step in schedule.due(now):
            try:
                _run(conductor, step, say)
            except Exception as error:
                if status_of(error) != 1:
                    raise
                say(line(f"{step} failed and is tried again: {sentence(sentence_of(error))}"))
            else:
                schedule.succeeded(step, now)
            between()
        between()
        sleep(TICK_SECONDS)


class Schedule:
    """Says which steps are due; remembers when each had its turn, and which week was told."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._turns: dict[str, datetime] = {}
        self._told: str | None = None
        self._retained: datetime | None = None

    def due(self, now: datetime) -> list[str]:
        """Steps whose turn it is at `now`, in their order. Scoring and watching follow every collecting.

        The digest is due until it has succeeded once for the week, in this process: it is told once a week
        however often it is asked for. So is expiry, once a day.
        """
        steps: list[str] = []
        if self._passed("collect", now, self._settings.collect_minutes):
            steps += ["collect", "score", "watch"]
        elif self._passed("watch", now, self._settings.watch_minutes):
            # Silence is also news: incidents resolve and reminders fall due without a new document.
            steps += ["watch"]
        if (
            digest_due(self._settings, now)
            and last_full_week(self._settings, now) != self._told
            and self._passed("weekly", now, self._settings.collect_minutes)
        ):
            steps += ["weekly"]
        if self._is_over(self._retained, now, RETAIN_EVERY) and self._passed(
            "retain", now, self._settings.collect_minutes
        ):
            steps += ["retain"]
        for step in steps:
            self._turns[step] = now
        return steps

    def succeeded(self, step: str, now: datetime) -> None:
        """The step did its work."""
        if step == "weekly":
            self._told = last_full_week(self._settings, now)
        if step == "retain":
            self._retained = now

    def _passed(self, step: str, now: datetime, minutes: int) -> bool:
        return self._is_over(self._turns.get(step), now, timedelta(minutes=minutes))

    @staticmethod
    def _is_over(last: datetime | None, now: datetime, pause: timedelta) -> bool:
        # A clock that was set back must not silence the monitor until it has caught up.
        return last is None or now < last or now - last >= pause


def _run(conductor: Orchestrator, step: str, say: Say) -> None:
    say(line(f"{step}: {conductor.run(step)}"))
