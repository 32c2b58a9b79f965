"""`barometer watch`."""

from __future__ import annotations

import click


@click.command()
def command() -> None:
    """Estimate the days that were counted, look for falls, and tell people."""
    from flows.steps import now_utc
    from flows.watching import watch
    from flows.wiring import edges

    with edges() as opened:
        report = watch(opened, now=now_utc())
    click.echo(str(report))
