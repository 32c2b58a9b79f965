"""`barometer board`."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("var/board"),
    show_default=True,
    help="Folder of the pages; files in it that the board did not write are left alone.",
)
def command(output: Path) -> None:
    """Write the board: a folder of pages with every series, incident and digest, for a browser or any web server."""
    from flows.boarding import write_board
    from flows.steps import now_utc
    from flows.wiring import edges

    with edges() as opened:
        written = write_board(opened, output, now=now_utc())
    click.echo(f"{written}: {output / 'index.html'}")
