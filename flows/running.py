"""Run everything in one process: collect, score what came, watch, and once a week the digest."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from flows.digesting import digest_due
from flows.prefect_server import Orchestrator
from flows.settings import Settings
from flows.steps import now_utc

Say = Callable[[str], None]

TICK_SECONDS = 5.0
"""How long the loop sleeps between looks at the clock."""


def run_once(conductor: Orchestrator, say: Say) -> None:
    """One round: collect, score, watch."""
    for step in ("collect", "score", "watch"):
        _run(conductor, step, say)


def run_for_ever(conductor: Orchestrator, settings: Settings, say: Say) -> None:
    """Rounds by the schedule of the settings, until the process is stopped.

    A step that fails is said and tried again at its next turn: one bad hour must not end the monitor.
    """
    schedule = Schedule(settings)
    say(f"Collecting every {settings.collect_minutes} minutes. Ctrl-C stops.")
    while True:
        for step in schedule.due(now_utc()):
            try:
                _run(conductor, step, say)
            except Exception as error:
                from flows.failures import status_of

                if status_of(error) != 1:
                    raise
                say(f"{step} failed and will be tried again: {error}")
        time.sleep(TICK_SECONDS)


class Schedule:
    """Says which steps are due; remembers when each was."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._last: dict[str, datetime] = {}
        self._reported: tuple[int, int] | None = None

    def due(self, now: datetime) -> list[str]:
        """Steps due at `now`, in their order. Scoring and watching follow every collecting."""
        steps: list[str] = []
        if self._passed("collect", now, self._settings.collect_minutes):
            steps += ["collect", "score", "watch"]
        elif self._passed("watch", now, self._settings.watch_minutes):
            # Silence is also news: incidents resolve and reminders fall due without a new document.
            steps += ["watch"]
        week = now.isocalendar()[:2]
        if digest_due(self._settings, now) and week != self._reported:
            # The digest itself is told once a week however often it is asked for.
            self._reported = week
            steps += ["weekly"]
        for step in steps:
            self._last[step] = now
        return steps

    def _passed(self, step: str, now: datetime, minutes: int) -> bool:
        last = self._last.get(step)
        return last is None or now - last >= timedelta(minutes=minutes)


def _run(conductor: Orchestrator, step: str, say: Say) -> None:
    say(f"{now_utc():%Y-%m-%d %H:%M} {step}: {conductor.run(step)}")
