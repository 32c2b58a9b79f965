"""`barometer monitor`."""

from __future__ import annotations

import click


@click.command()
@click.option("--follow", is_flag=True, help="Check every BAROMETER_MONITOR_MINUTES, for ever; Ctrl-C ends it.")  # fmt: skip
@click.pass_context
def command(ctx: click.Context, follow: bool) -> None:
    """Look after the monitor itself: tell operators when the pipeline is alive but not complete.

    One check, for cron or systemd; exit status 1 while something is wrong. It needs nothing of the pipeline but its bus and
    database. `barometer run` and `serve` have it beside them; see docs/observability.md.
    """
    from flows.log_lines import set_up_json
    from flows.monitoring import check
    from flows.settings import load_settings
    from flows.steps import now_utc

    settings = load_settings()
    set_up_json(settings)
    if follow:
        _follow()
        return
    checked = check(settings, now_utc())
    for one in checked.concerns:
        click.echo(f"{one.title}: {one.what} {' '.join(one.remedy.split())}")
    if not checked.concerns:
        click.echo(str(checked))
    if checked.told is not None:
        click.echo(f"told: {checked.told.title}")
    if checked.concerns:
        ctx.exit(1)


def _follow() -> None:
    from flows.log_lines import speaker
    from flows.monitor_loop import follow
    from flows.observing import observed_serving
    from flows.settings import load_settings
    from flows.stopping import Stopped, stoppable

    try:
        settings = load_settings()
        with stoppable(), observed_serving(settings, "monitor"):
            follow(settings, speaker(settings, click.echo))
    except Stopped:
        click.echo("barometer: Stopped.", err=True)
