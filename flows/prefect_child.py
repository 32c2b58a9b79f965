"""The process of the embedded Prefect server: `python -m flows.prefect_child`, then arguments as `prefect` takes them.

Its standard input is a pipe that the parent holds open and never writes to. However the parent ends (also by
kill -9), the kernel closes the pipe, and this process ends itself.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import time
from threading import Thread

GRACE_SECONDS = 3.0
"""Time to end in order when the parent is gone."""


def main() -> None:
    """Be `prefect` until the parent ends."""
    Thread(target=_end_with_parent, daemon=True).start()
    runpy.run_module("prefect", run_name="__main__", alter_sys=True)


def _end_with_parent() -> None:
    # Not by sys.stdin: Python would wait for its lock when the process ends for another reason.
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os._exit(1)


if __name__ == "__main__":
    sys.argv[0] = "prefect"
    main()
