"""Back up the embedded mode, while it runs: everything that cannot be made again, in one file.

    bus (places of the groups) -> database, in its turn -> bus (what was published since)
        + secret of author keys + log of alerts -> zip with checksums -> older ones expire

The order is what makes it consistent (ingest/saved_bus.py): whatever the bus says is done is in the database, and
whatever the database remembers to have read is on the bus.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

import msgspec

from flows.backup_file import Progress, remove_abandoned, write_backup
from flows.backup_turns import save_in_turn, staging
from flows.embedded_places import embedded_places
from flows.mistake import Mistake
from flows.settings import Settings
from ingest.saved_bus import add_published, save_bus
from storage.backup import (
    ALERT_LOG,
    AUTHOR_SECRET,
    BUS,
    DATABASE,
    Manifest,
    backup_name,
    expired,
)

WAIT_SECONDS = 1800.0
"""For a turn at the database: a round of collecting may take long."""


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """A backup that was made, and those that it made superfluous."""

    path: Path
    size: int
    manifest: Manifest
    removed: tuple[Path, ...]


def back_up(
    settings: Settings,
    where: Path,
    *,
    now: datetime,
    keep: int | None = None,
    wait_seconds: float = WAIT_SECONDS,
    progress: Progress = lambda done, total, text: None,
) -> Made:
    """Back up to the file `where`, or into the folder `where` under a name with the time. `keep`: of the backups in the
    folder only the newest so many stay.

    Raises Mistake, BusError, DatabaseError, OSError; then nothing of it is left, and nothing was removed.
    """
    places = embedded_places(settings)
    target = _target(where, now, keep)
    remove_abandoned(target.parent)
    with staging(places.database) as stage:
        copy = stage / BUS
        progress(0, 1, "saving the bus")
        save_bus(places.bus, copy)
        saved = save_in_turn(settings, stage, wait_seconds=wait_seconds, progress=progress)
        add_published(places.bus, copy)
        files = {BUS: copy}
        for name, path in ((AUTHOR_SECRET, places.author_secret), (ALERT_LOG, places.alert_log)):
            if path.exists():
                files[name] = stage / name
                _copy(path, files[name])
        for table in saved.tables:
            for name in table.files:
                files[f"{DATABASE}/{name}"] = stage / DATABASE / name
        manifest = write_backup(
            target, files, saved, now=now, program_version=version("barometer"), progress=progress
        )
    return Made(
        path=target,
        size=target.stat().st_size,
        manifest=manifest,
        removed=tuple(_expire(target.parent, keep)),
    )


def _target(where: Path, now: datetime, keep: int | None) -> Path:
    if where.is_dir():
        target = where / backup_name(now)
    elif keep is not None:
        raise Mistake(f"--keep is for a folder of backups, and {where} is none.")
    else:
        target = where
    if target.exists():
        raise Mistake(f"{target} is there already; a backup is never overwritten: name another.")
    if not target.parent.is_dir():
        raise Mistake(f"There is no folder {target.parent}; make it first.")
    if not os.access(target.parent, os.W_OK):
        raise Mistake(f"The folder {target.parent} cannot be written to by this user.")
    return target


def _copy(source: Path, target: Path) -> None:
    """The file as long as it is now: a log may be written to meanwhile."""
    with source.open("rb") as opened, target.open("xb") as out:
        left = os.fstat(opened.fileno()).st_size
        while left and (block := opened.read(min(left, 1 << 20))):
            out.write(block)
            left -= len(block)


def _expire(folder: Path, keep: int | None) -> Iterator[Path]:
    if keep is None:
        return
    for name in expired((path.name for path in folder.iterdir()), keep):
        with contextlib.suppress(FileNotFoundError):
            (folder / name).unlink()
            yield folder / name
