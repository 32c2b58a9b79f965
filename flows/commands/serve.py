"""`barometer serve`."""

from __future__ import annotations

import click


@click.command()
def command() -> None:
    """Serve collect, score, watch and weekly as Prefect deployments with their schedules."""
    from flows.serving import serve
    from flows.settings import load_settings

    serve(load_settings(), click.echo)
