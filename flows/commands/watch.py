"""`barometer watch`."""

from __future__ import annotations

import click


@click.command()
def command() -> None:
    """Estimate the days that were counted, look for falls, tell people, and write the board where BAROMETER_BOARD names one."""
    from flows.steps import watch

    click.echo(watch())
