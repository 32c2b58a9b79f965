"""The self-monitor, again and again: in a process of its own, or in a thread beside work that has an embedded database."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from flows.failures import sentence_of, status_of
from flows.monitoring import Checked, check, check_within
from flows.sentence import sentence
from flows.settings import Settings
from flows.steps import line, now_utc
from flows.tally import TALLY
from storage.database import Database

log = logging.getLogger("barometer.monitor")

FIRST_AFTER_SECONDS = 60.0
"""From the start of the work to the first check beside it: what was left undone is being made good then."""


def follow(
    settings: Settings,
    say: Callable[[str], None],
    *,
    clock: Callable[[], datetime] = now_utc,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """A check every `monitor_minutes`, until the process is stopped; what changed is said. A failure is said and tried
    again; a mistake in the settings ends it.
    """
    last = ""
    while True:
        TALLY.beat()
        try:
            said = str(check(settings, clock()))
        except Exception as error:
            if status_of(error) != 1:
                raise
            said = f"the check failed and is tried again: {sentence(sentence_of(error))}"
        if said != last:
            say(line(f"monitor: {said}"))
            last = said
        sleep(settings.monitor_minutes * 60)


@contextmanager
def monitor_beside(
    settings: Settings,
    database: Database,
    *,
    first_after: float = FIRST_AFTER_SECONDS,
    checked: Callable[[Checked], object] = lambda found: None,
) -> Iterator[None]:
    """While the block runs, check in a thread of its own with the database that is open here: a step that hangs does not
    stop it. Nothing that happens in it stops the work.
    """
    over = threading.Event()

    def go_on() -> None:
        wait = first_after
        while not over.wait(wait):
            wait = settings.monitor_minutes * 60
            try:
                checked(check_within(settings, database, now_utc()))
            except Exception as error:
                log.warning("the self-monitor could not check: %s", sentence(sentence_of(error)))

    thread = threading.Thread(target=go_on, name="self-monitor", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(timeout=60)
