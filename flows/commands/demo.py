"""`barometer demo`."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option("--days", default=45, show_default=True, type=click.IntRange(36, 120))
@click.option("--seed", default=1, show_default=True, help="Another world, another fall.")
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("var/demo"),
    show_default=True,
    help="Where bus, database and alerts are kept; emptied first.",
)
def command(days: int, seed: int, folder: Path) -> None:
    """Run the whole pipeline offline on simulated outlets and compare what it finds with the truth."""
    from flows.demo.show import demo

    demo(days=days, seed=seed, folder=folder)
