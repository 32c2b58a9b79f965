"""The process of the self-monitor beside `barometer serve`: `python -m flows.monitor_child`. It ends with its parent.

A process of its own, and no flow: a flow run waits while another one hangs, which is what it should notice.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from flows.settings import process_environment

FIRST_AFTER_SECONDS = 60.0
"""From the start of serving to the first check: what was left undone is being made good then."""

STOP_SECONDS = 5.0


@contextmanager
def monitor_child() -> Iterator[int]:
    """While the block runs, the self-monitor checks in a child; its process id."""
    # -P: a folder `flows` in the working directory is not ours.
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "flows.monitor_child"],
        stdin=subprocess.PIPE,
        env=_environment(),
        start_new_session=True,  # Ctrl-C in a terminal is for us; we stop the child
    )
    try:
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdin is not None:
            process.stdin.close()


def _environment() -> dict[str, str]:
    """That of this process, without its metrics port."""
    inherited = process_environment()
    inherited.pop("BAROMETER_METRICS_PORT_FILE", None)
    return {**inherited, "BAROMETER_METRICS_PORT": "0"}


def main() -> int:
    """Check until the parent ends."""
    from flows.ending_with_parent import end_with_parent

    end_with_parent()
    time.sleep(FIRST_AFTER_SECONDS)
    import click

    from flows.failures import sentence_of, status_of
    from flows.log_lines import speaker
    from flows.monitor_loop import follow
    from flows.sentence import sentence
    from flows.settings import load_settings

    # SIGTERM ends it as it stands: what a check writes is whole or not there, and the parent says that it stopped.
    try:
        settings = load_settings()
        follow(settings, speaker(settings, click.echo))
    except Exception as error:
        status = status_of(error)
        if status is None:
            raise
        click.echo(f"barometer: the self-monitor ended: {sentence(sentence_of(error))}", err=True)
        return status
    return 0


if __name__ == "__main__":
    sys.exit(main())
