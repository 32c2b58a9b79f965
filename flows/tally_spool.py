"""What flow runs counted, handed to the process that serves them: each runs in a process of its own that ends.

    flow run -hand_over-> PREFECT_HOME/metrics/PID-N.json -take_over-> the counts of `barometer serve`

The folder is there while `serve` has a metrics page; without it nothing is written.
"""

from __future__ import annotations

import contextlib
import itertools
import logging
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import msgspec

from flows.settings import Settings
from flows.tally import TALLY, Tallied, Tally

log = logging.getLogger("barometer.metrics")

_number = itertools.count()


def spool_of(settings: Settings) -> Path:
    """Where counts are handed over."""
    return settings.prefect_home / "metrics"


@contextlib.contextmanager
def spool(settings: Settings) -> Iterator[Path]:
    """The folder, empty, while the block runs."""
    folder = spool_of(settings)
    shutil.rmtree(folder, ignore_errors=True)  # of a process that was killed
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def hand_over(settings: Settings, tally: Tally = TALLY) -> bool:
    """Write what was counted, where somebody waits for it; whether somebody does. Never raises."""
    folder = spool_of(settings)
    if not folder.is_dir():
        return False
    name = folder / f"{os.getpid()}-{next(_number)}"
    try:
        name.with_suffix(".part").write_bytes(msgspec.json.encode(tally.take()))
        name.with_suffix(".part").rename(name.with_suffix(".json"))
    except OSError as error:
        log.warning("what this run counted is lost to the metrics: %s", error.strerror)
    return True


def take_over(folder: Path, tally: Tally = TALLY) -> int:
    """Add what was handed over; how many files. One that cannot be read is passed over."""
    taken = 0
    for path in sorted(folder.glob("*.json")):
        with contextlib.suppress(OSError, msgspec.DecodeError):
            tally.add(msgspec.json.decode(path.read_bytes(), type=Tallied))
            taken += 1
        path.unlink(missing_ok=True)
    return taken
