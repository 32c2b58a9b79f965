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
    from flows.log_lines import speaker
    from flows.monitor_child import monitor_child
    from flows.observing import observed_serving
    from flows.serving import serve
    from flows.settings import load_settings

    settings = load_settings()
    with observed_serving(settings), monitor_child():
        serve(settings, speaker(settings, click.echo))
