"""`barometer backup`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from flows.mistake import Mistake

if TYPE_CHECKING:
    from storage.backup import Manifest


@click.command()
@click.argument("where", metavar="FILE_OR_FOLDER", type=click.Path(path_type=Path))
@click.option("--check", is_flag=True, help="Only verify the backup FILE: every checksum, and whether it fits here.")  # fmt: skip
@click.option("--keep", type=click.IntRange(min=1), metavar="N", help="Keep the newest N backups of the folder; remove older ones.")  # fmt: skip
@click.option("--wait", type=click.FloatRange(min=0), metavar="MINUTES", default=30.0, show_default=True, help="Longest wait for a turn at the database.")  # fmt: skip
def command(where: Path, check: bool, keep: int | None, wait: float) -> None:
    """Back up the embedded bus and database, the secret of author keys and the log of alerts, while they are in use.

    One file with a checksum of everything in it, which only you can read: it holds personal data and a secret.
    For Kafka and ClickHouse servers see docs/backup.md.

    \b
    barometer backup /srv/backups --keep 14     # barometer-20261130T031500Z.zip, two weeks of them
    barometer backup --check /srv/backups/barometer-20261130T031500Z.zip
    """
    if check:
        if keep is not None:
            raise Mistake("--check looks at one file; --keep is for a new backup.")
        _check(where)
        return
    from flows.backing_up import back_up
    from flows.display import progress_bar
    from flows.settings import load_settings
    from flows.steps import now_utc

    settings = load_settings()
    with progress_bar("Backing up", None) as bar:
        made = back_up(
            settings,
            where,
            now=now_utc(),
            keep=keep,
            wait_seconds=wait * 60,
            progress=bar.part,
        )
    click.echo(f"{made.path}: {_size(made.size)}, {_content(made.manifest)}")
    if settings.author_secret:
        click.echo("The secret of author keys is not in it: it is set by BAROMETER_AUTHOR_SECRET.")
    for path in made.removed:
        click.echo(f"Removed {path.name}.")


def _check(path: Path) -> None:
    from flows.backup_file import check_backup
    from flows.display import progress_bar
    from storage.backup import BackupRefused, check_restorable
    from storage.migrate import shipped_migrations

    if path.is_dir():
        raise Mistake(f"{path} is a folder; name the file to check.")
    with progress_bar("Checking", None) as bar:
        manifest = check_backup(path, bar.part)
    try:
        check_restorable(manifest.database, shipped_migrations())
    except BackupRefused as error:
        raise BackupRefused(f"{path} is whole, but {error}.") from error
    click.echo(
        f"{path} is whole: {_content(manifest)}\n"
        f"Made at {manifest.made_at:%Y-%m-%d %H:%M} UTC by Barometer {manifest.program_version},"
        f" schema {manifest.database.schema_version}."
    )


def _content(manifest: Manifest) -> str:
    tables = sum(bool(table.rows) for table in manifest.database.tables)
    return f"{manifest.database.rows:,} rows of {tables} tables, every checksum is right"


def _size(size: int) -> str:
    return f"{size / 1e6:,.1f} MB" if size >= 1e5 else f"{size / 1e3:,.1f} kB"
