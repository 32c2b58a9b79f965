"""`barometer export`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

FORMATS = ["parquet", "csv", "arrow"]

DAY = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.argument("view")
@click.option("--format", "form", type=click.Choice(FORMATS), default="parquet", show_default=True)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="The file to write; default VIEW.FORMAT here.")  # fmt: skip
@click.option("--society", default="", help="Only this one (ISO 3166-1 code).")
@click.option("--target", default="", help="Only this one.")
@click.option("--from", "first", type=DAY, help="From this day on; of weeks, from this Monday on.")
@click.option("--to", "last", type=DAY, help="Up to this day or Monday.")
def command(
    view: str,
    form: str,
    output: Path | None,
    society: str,
    target: str,
    first: datetime | None,
    last: datetime | None,
) -> None:
    """Write a view to a file, with a note on what its columns mean and how its figures are made.

    \b
    barometer export weekly_support --society DE --from 2026-01-01
    barometer export weekly_change_by_outlet --format csv --output changes.csv

    Parquet and Arrow carry the note in their schema; beside FILE.csv it stands in FILE.csv-metadata.json. Texts,
    titles and tables are not given: a file would keep what expires.
    """
    from importlib.metadata import version

    from flows.exporting import Wanted, export, note_beside
    from flows.settings import load_settings
    from flows.wiring import open_database

    settings = load_settings()
    path = output or Path(f"{view}.{form}")
    wanted = Wanted(
        view=view,
        form=form,
        society=society,
        target=target,
        first=first.date() if first else None,
        last=last.date() if last else None,
    )
    database = open_database(settings, read_only=True)
    try:
        note = export(
            database,
            wanted,
            path,
            now=datetime.now(UTC),
            version=version("barometer"),
            simulated=settings.simulated,
        )
    finally:
        database.close()
    beside = f", their note to {note_beside(path)}" if form == "csv" else ""
    rows = f"{note.rows:,} row{'' if note.rows == 1 else 's'}"
    click.echo(f"{rows} of {view} written to {path}{beside}", err=True)
