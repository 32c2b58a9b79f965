"""The process of the embedded Prefect server: `python -m flows.prefect_child`, then arguments as `prefect` takes them.

Its standard input is a pipe that the parent holds open and never writes to. However the parent ends (also by
kill -9), the kernel closes the pipe, and this process ends itself.
"""

from __future__ import annotations

import runpy
import sys

from flows.ending_with_parent import end_with_parent


def main() -> None:
    """Be `prefect` until the parent ends."""
    end_with_parent()
    runpy.run_module("prefect", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    sys.argv[0] = "prefect"
    main()
