"""What the self-monitor remembers in a file, for when the database cannot be asked.

The file also says when somebody last looked, which a second monitor can read while another process has the database.
"""

from __future__ import annotations

import logging
import os
from datetime import datetime
from pathlib import Path

import msgspec

from alerts.concern import Concern
from flows.failures import sentence_of

log = logging.getLogger("barometer.monitor")


class Memory(msgspec.Struct, frozen=True, kw_only=True):
    """After a check."""

    checked_at: datetime | None = None
    """None before the first check."""
    looked_at: datetime | None = None
    """When a check last could look at the database, or began to wait for it."""
    concerns: tuple[Concern, ...] = ()
    """Those that last."""
    alone: bool = False
    """Whether the database does not know what is here."""


def recall(path: Path) -> Memory:
    """What was remembered; nothing where there is no file, or none that can be read."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Memory)
    except FileNotFoundError:
        return Memory()
    except (OSError, msgspec.DecodeError) as error:
        log.warning("what the self-monitor remembered in %s cannot be read: %s", path, error)
        return Memory()


def remember(path: Path, memory: Memory) -> None:
    """Write it, whole or not at all. Without room for it a concern may be told twice: that is logged."""
    written = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        written.write_bytes(msgspec.json.encode(memory))
        written.replace(path)
    except OSError as error:
        log.warning("the self-monitor cannot write %s: %s", path, sentence_of(error))
