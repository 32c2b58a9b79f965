"""`barometer serve`."""

from __future__ import annotations

import click


@click.command()
def command() -> None:
    """Serve collect, score, watch, weekly and retain as Prefect deployments with their schedules."""
    from flows.stopping import Stopped, stoppable

    try:
        with stoppable():
            _serve()
    except Stopped:
        click.echo(
            "barometer: Stopped. What was not committed is read again at the next start.", err=True
        )


def _serve() -> None:
    from flows.serving import serve
    from flows.settings import load_settings

    serve(load_settings(), click.echo)
