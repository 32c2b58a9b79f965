"""`barometer anchors`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from flows.command_group import CommandGroup
from flows.mistake import Mistake

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alerts.anchor import Anchor


@click.group(cls=CommandGroup)
def command() -> None:
    """Published survey results, to read a series beside. They are shown on the board and never change a figure.

    \b
    barometer anchors add --society GB --target regular --date 2026-10-12 --source "Institute of Opinion" \\
        --question "Should fewer work visas be given?" --value 41 --unit "% no"
    """


@command.command()
@click.option("--society", required=True, help="ISO 3166-1 code, like GB.")
@click.option("--target", required=True, help="regular, irregular, asylum or general.")
@click.option("--date", "date", required=True, metavar="DAY", help="On which fieldwork ended (2026-10-12).")  # fmt: skip
@click.option("--source", required=True, help="Who published it.")
@click.option("--question", required=True, help="As it was asked.")
@click.option("--value", required=True, help="The result.")
@click.option("--unit", required=True, help='What it counts, like "% in favour".')
@click.option("--lower", default="", help="Of the 95 % interval that was published.")
@click.option("--upper", default="")
@click.option("--n", "n", default="", help="People asked.")
@click.option("--url", default="", help="Where it is published.")
def add(**row: str) -> None:
    """Enter a result."""
    from alerts.anchor import anchor_of

    try:
        made = anchor_of(row)
    except ValueError as error:
        raise Mistake(f"{error}.") from error
    _store([made])
    click.echo(f"{made.id}: {made.said}")


@command.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def import_(file: Path) -> None:
    """Enter the results of a CSV file with the columns society, target, date, source, question, value, unit and, where known,
    lower, upper, n, url.
    """
    from alerts.anchor import COLUMNS, anchor_of
    from flows.entered_files import read_entered_file

    made, fault = read_entered_file(file, COLUMNS[:7], anchor_of)
    _store(made)
    click.echo(f"{len(made):,} anchors taken from {file}.")
    if fault:
        raise Mistake(fault)


@command.command("list")
@click.option("--society", default="", metavar="CODE", help="Only of this society.")
def list_(society: str) -> None:
    """Show them."""
    from flows.table import table
    from flows.wiring import edges
    from storage.anchors import anchors

    with edges() as opened:
        found = [
            one
            for one in anchors(opened.database)
            if one.society == (society.upper() or one.society)
        ]
    if not found:
        click.echo("No anchors.")
        return
    table(
        ["anchor", "result", "question", "source", "url"],
        [(one.id, one.said, one.question, one.source, one.url) for one in found],
    )


@command.command()
@click.argument("anchor")
def remove(anchor: str) -> None:
    """Take ANCHOR away."""
    from flows.wiring import edges
    from storage.anchors import anchors, store_anchors

    with edges() as opened:
        found = [one for one in anchors(opened.database) if one.id == anchor]
        if not found:
            raise Mistake(f"There is no anchor {anchor!r}; `barometer anchors list` shows them.")
        store_anchors(opened.database, found, removed=True)
    click.echo(f"{anchor} is removed.")


def _store(made: Sequence[Anchor]) -> None:
    from flows.wiring import edges
    from storage.anchors import store_anchors

    with edges() as opened:
        store_anchors(opened.database, made)
