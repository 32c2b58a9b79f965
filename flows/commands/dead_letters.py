"""`barometer dead-letters`."""

from __future__ import annotations

import click

from flows.command_group import CommandGroup


@click.group(cls=CommandGroup)
def command() -> None:
    """Rows and messages that could not be judged, with place and reason."""


@command.command("list")
@click.option("--reason", default="", help="Only those whose reason contains this.")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=50,
    show_default=True,
    help="At most this many.",
)
@click.option("--payload", is_flag=True, help="Show origin and what was read, too.")
@click.option("--json", "as_json", is_flag=True, help="All of each letter, one JSON object a line.")
def list_(reason: str, limit: int, payload: bool, as_json: bool) -> None:
    """Show dead letters, newest first."""
    from flows.table import table
    from flows.wiring import edges
    from storage.dead_letters import stored

    with edges() as opened:
        found = [one.letter for one in stored(opened.database, reason=reason, limit=limit)]
    if as_json:
        from msgspec import json

        for letter in found:
            click.echo(json.encode(letter))
        return
    if not found:
        click.echo("No dead letters.")
        return
    table(
        ["read at", "place", "reason"] + (["origin", "payload"] if payload else []),
        [
            (letter.read_at, letter.place, letter.reason)
            + ((letter.origin, letter.payload[:200]) if payload else ())
            for letter in found
        ],
    )


@command.command("replay")
@click.option("--reason", default="", help="Only those whose reason contains this.")
@click.option("--origin", "origins", multiple=True, help="Only this one (repeatable).")
def replay(reason: str, origins: tuple[str, ...]) -> None:
    """Read dead letters again, after a fix; what is a document now goes back on the bus, once."""
    from flows.replaying import replay as replay_letters
    from flows.steps import now_utc
    from flows.wiring import edges

    with edges() as opened:
        report = replay_letters(opened, reason=reason, origins=origins, now=now_utc())
    click.echo(str(report))
