"""`barometer incidents`."""

from __future__ import annotations

import click

from flows.command_group import CommandGroup


@click.group(cls=CommandGroup)
def command() -> None:
    """Falls that last: what is open, what is over."""


@command.command("list")
@click.option(
    "--status", type=click.Choice(["open", "resolved", "all"]), default="all", show_default=True
)
def list_(status: str) -> None:
    """Show incidents, newest first."""
    from flows.table import table
    from flows.wiring import edges
    from storage.incidents import stored_incidents

    with edges() as opened:
        found = stored_incidents(opened.database, status="" if status == "all" else status)
    if not found:
        click.echo("No incidents.")
        return
    table(
        ["society", "target", "status", "since", "found on", "baseline", "then", "change"],
        [
            (
                incident.society,
                incident.target,
                incident.status,
                incident.drop_day,
                incident.detected_on,
                f"{incident.baseline:+.0f}",
                f"{incident.net_support:+.0f}",
                f"{incident.change:+.0f} ({incident.lower:+.0f} to {incident.upper:+.0f})",
            )
            for incident in found
        ],
    )
