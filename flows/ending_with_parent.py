"""A child process that ends with its parent: its standard input is a pipe that the parent holds open and never writes to."""

from __future__ import annotations

import os
import signal
import time
from threading import Thread

GRACE_SECONDS = 3.0
"""Time to end in order when the parent is gone."""


def end_with_parent() -> None:
    """From now on. However the parent ends (also by kill -9), the kernel closes the pipe."""
    Thread(target=_wait_for_the_end, daemon=True).start()


def _wait_for_the_end() -> None:
    # Not by sys.stdin: Python would wait for its lock when the process ends for another reason.
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os._exit(1)
