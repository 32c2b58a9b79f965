"""Restore a backup of the embedded mode to the places that the settings name.

    every checksum -> the schema is known -> nobody holds the folder -> nothing is in the way, or is moved aside
        -> bus and database made anew beside their places -> moved into place

Until the last step nothing that was there is touched, and nothing is ever deleted.
"""

from __future__ import annotations

import contextlib
import errno
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import msgspec

from flows.backup_file import Progress, check_backup, open_backup, unpack
from flows.embedded_places import Places, embedded_places
from flows.mistake import Mistake
from flows.settings import Settings
from ingest.saved_bus import SavedBus, open_saved_bus
from storage import database as database_edge
from storage.backup import (
    ALERT_LOG,
    AUTHOR_SECRET,
    BUS,
    DATABASE,
    BackupRefused,
    Manifest,
    check_restorable,
)
from storage.chdb_database import refuse_held
from storage.migrate import shipped_migrations
from storage.saved_database import load


class Restored(msgspec.Struct, frozen=True, kw_only=True):
    """What a restore did."""

    manifest: Manifest
    bus: SavedBus
    migrated: tuple[str, ...]
    """Migrations that the tables had not had yet."""
    moved: tuple[tuple[Path, Path], ...]
    """What was in the way: where it was and where it is now."""


def restore(
    settings: Settings,
    path: Path,
    *,
    now: datetime,
    move_aside: bool = False,
    progress: Progress = lambda done, total, text: None,
) -> Restored:
    """Restore the backup in `path`; what is in its way is moved aside, or refused.

    Raises Mistake, BackupRefused, BusError, DatabaseError, OSError. Then what was there is there.
    """
    places = embedded_places(settings)
    manifest = check_backup(path, progress)
    try:
        check_restorable(manifest.database, shipped_migrations())
    except BackupRefused as error:
        raise BackupRefused(f"{path} cannot be restored: {error}.") from error
    refuse_held(places.database)
    in_the_way = list(_in_the_way(places))
    if in_the_way and not move_aside:
        names = ", ".join(str(one) for one in in_the_way)
        raise Mistake(
            f"Nothing was restored: {names} would be overwritten; with --move-aside they get another name first."
        )
    with _stage(places.database) as stage:
        _check_room(stage, manifest)
        _unpack(path, stage, progress)
        bus = open_saved_bus(stage / BUS)
        migrated = _load(stage, manifest, now, progress)
        refuse_held(places.database)
        moved = [_move_aside(one, now) for one in in_the_way]
        for staged, target in (
            (stage / BUS, places.bus),
            (stage / AUTHOR_SECRET, places.author_secret),
            (stage / ALERT_LOG, places.alert_log),
            (stage / "clickhouse", places.database),
        ):
            if staged.exists():
                _put(staged, target)
    return Restored(manifest=manifest, bus=bus, migrated=tuple(migrated), moved=tuple(moved))


def _in_the_way(places: Places) -> Iterator[Path]:
    """Files and folders that hold something; an empty folder does not."""
    for path in (
        places.bus,
        *(places.bus.with_name(places.bus.name + end) for end in ("-wal", "-shm")),
        places.database,
        places.author_secret,
        places.alert_log,
    ):
        if path.is_dir():
            if any(path.iterdir()):
                yield path
        elif path.exists() or path.is_symlink():
            yield path


@contextlib.contextmanager
def _stage(database: Path) -> Iterator[Path]:
    """A folder beside the database, readable by its owner alone; gone afterwards."""
    database.parent.mkdir(parents=True, exist_ok=True)
    stage = Path(tempfile.mkdtemp(dir=database.parent, prefix=f"{database.name}.restoring-"))
    try:
        yield stage
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _check_room(stage: Path, manifest: Manifest) -> None:
    """The tables are unpacked beside the database, and then there twice for a while."""
    needed = 2 * sum(member.size for member in manifest.members)
    free = shutil.disk_usage(stage).free
    if needed > free:
        raise Mistake(
            f"To restore this takes {needed / 1e6:,.0f} MB in {stage.parent}, where {free / 1e6:,.0f} MB are free;"
            " make room."
        )


def _unpack(path: Path, stage: Path, progress: Progress) -> None:
    with open_backup(path) as (archive, manifest):
        for number, member in enumerate(manifest.members):
            progress(number, len(manifest.members), f"unpacking {member.name}")
            unpack(path, archive, member, stage / member.name)


def _load(stage: Path, manifest: Manifest, now: datetime, progress: Progress) -> list[str]:
    database = database_edge.connect(f"chdb:///{quote(str(stage / 'clickhouse'))}", create=True)
    try:
        return load(database, stage / DATABASE, manifest.database, now, progress)
    finally:
        database.close()


def _move_aside(path: Path, now: datetime) -> tuple[Path, Path]:
    """Give it another name beside its own, which nothing has yet."""
    stamp = f"{now.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    number = 1
    aside = path.with_name(f"{path.name}.before-restore-{stamp}")
    while aside.exists() or aside.is_symlink():
        number += 1
        aside = path.with_name(f"{path.name}.before-restore-{stamp}-{number}")
    path.rename(aside)
    return path, aside


def _put(staged: Path, target: Path) -> None:
    """Move into place, over an empty folder at most."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_dir():
        target.rmdir()
    try:
        staged.rename(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        # The bus is on another disk than the database: a copy first, so that it appears whole.
        near = target.with_name(f".{target.name}.restoring")
        shutil.copyfile(staged, near)
        near.replace(target)
    if target.is_file():
        target.chmod(0o600)
