"""Restore a backup of the embedded mode to the places that the settings name.

    every checksum -> the schema is known -> nobody holds the folder -> nothing is in the way, or may be moved aside
        -> bus and database made anew beside their places -> what was removed since is removed again -> moved into place

Until the last step nothing that was there is touched, and nothing is ever deleted. What the database that is moved aside
remembers as removed stays removed: its words are blanked before anybody can read them, and the next `retain` erases it.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from urllib.parse import quote

import msgspec

from flows.backup_file import Progress, check_backup, open_backup, unpack
from flows.embedded_places import Places, embedded_places
from flows.mistake import Mistake
from flows.settings import Settings
from ingest.saved_bus import SavedBus, open_saved_bus
from storage import database as database_edge
from storage import removals
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
from storage.database import DatabaseError
from storage.migrate import shipped_migrations
from storage.removals import Removal
from storage.saved_database import load

log = logging.getLogger("barometer.backup")


class Restored(msgspec.Struct, frozen=True, kw_only=True):
    """What a restore did."""

    manifest: Manifest
    bus: SavedBus
    migrated: tuple[str, ...]
    """Migrations that the tables had not had yet."""
    moved: tuple[tuple[Path, Path], ...]
    """What was in the way: where it was and where it is now."""
    removed_again: int | None
    """Documents that were removed after the backup was made, and are again; None where nobody could be asked."""


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
    removed = _removed_since(settings, places) if places.database in in_the_way else None
    with _stage(places.database) as stage:
        _check_room(stage, manifest)
        _unpack(path, stage, progress)
        bus = open_saved_bus(stage / BUS)
        migrated, again = _load(stage, manifest, removed, now, progress)
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
    return Restored(
        manifest=manifest,
        bus=bus,
        migrated=tuple(migrated),
        moved=tuple(moved),
        removed_again=again,
    )


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


def _removed_since(settings: Settings, places: Places) -> list[Removal] | None:
    """What the database that is in the way remembers as removed; None where it cannot be read (that may be why somebody
    restores) or is of before removals were remembered.
    """
    try:
        database = database_edge.connect(settings.database_url)
    except DatabaseError as error:
        log.warning("what was removed since cannot be read from %s: %s", places.database, error)
        return None
    try:
        return removals.remembered(database)
    except DatabaseError:
        return None
    finally:
        database.close()


def _load(
    stage: Path,
    manifest: Manifest,
    removed: Sequence[Removal] | None,
    now: datetime,
    progress: Progress,
) -> tuple[list[str], int | None]:
    """Migrations that were applied to the tables, and how many documents were removed again."""
    database = database_edge.connect(f"chdb:///{quote(str(stage / 'clickhouse'))}", create=True)
    try:
        migrated = load(database, stage / DATABASE, manifest.database, now, progress)
        if removed is None:
            return migrated, None
        known = removals.removed_among(database, [one.document_id for one in removed])
        again = [one for one in removed if one.document_id not in known]
        for (source, why), group in groupby(
            sorted(again, key=lambda one: (one.source, one.why)),
            key=lambda one: (one.source, one.why),
        ):
            removals.remove(database, source, [one.document_id for one in group], now, why=why)
        return migrated, len(again)
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
