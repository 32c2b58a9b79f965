"""`barometer restore`."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--move-aside", is_flag=True, help="Give what is in the way another name first; nothing is deleted.")  # fmt: skip
def command(file: Path, move_aside: bool) -> None:
    """Restore a backup to where the settings say that bus and database are.

    Every checksum is verified first. Nothing that is there is overwritten, and until all is ready nothing is touched.
    A backup of an older Barometer is migrated, one of a newer Barometer is refused.
    """
    from flows.display import progress_bar
    from flows.restoring import restore
    from flows.settings import load_settings
    from flows.steps import now_utc

    settings = load_settings()
    with progress_bar("Restoring", None) as bar:
        done = restore(settings, file, now=now_utc(), move_aside=move_aside, progress=bar.part)
    saved = done.manifest
    for was, path in done.moved:
        click.echo(f"Moved {was} to {path.name}.")
    click.echo(
        f"Restored {file.name} of {saved.made_at:%Y-%m-%d %H:%M} UTC (Barometer {saved.program_version})."
    )
    click.echo(
        f"{saved.database.rows:,} rows; {done.bus.messages:,} messages, of which {done.bus.waiting:,} wait to be scored."
    )
    if done.migrated:
        click.echo(f"Migrated: {', '.join(done.migrated)}.")
    if done.removed_again is None:
        click.echo(
            "What was forgotten after the backup was made is back: run `barometer forget` for it again"
            " (docs/backup.md)."
        )
    elif done.removed_again:
        click.echo(
            f"Forgotten again: {done.removed_again:,} documents that were removed since;"
            " `barometer retain` erases them, `run` and `serve` do it daily."
        )
    click.echo("`barometer run` goes on where the backup was.")
