"""`barometer run`."""

from __future__ import annotations

import click


@click.command()
@click.option("--once", is_flag=True, help="One round of collect, score and watch, then stop.")
@click.pass_context
def command(ctx: click.Context, once: bool) -> None:
    """Collect, score, watch and report in this process, for ever (Ctrl-C stops cleanly)."""
    from flows.stopping import Stopped, stoppable

    try:
        with stoppable():
            _run(once)
    except Stopped as stopped:
        # To be stopped is how a run for ever ends; a single round has not done what was asked.
        click.echo(
            "barometer: Stopped. What was not committed is read again at the next start.", err=True
        )
        ctx.exit(stopped.status if once else 0)


def _run(once: bool) -> None:
    from flows.backup_turns import give_turn
    from flows.log_lines import speaker
    from flows.monitor_loop import monitor_beside
    from flows.observing import observed
    from flows.prefect_server import orchestrator
    from flows.running import run_for_ever, run_once
    from flows.settings import load_settings
    from flows.tally import TALLY
    from flows.wiring import edges

    settings = load_settings()
    say = speaker(settings, click.echo)
    with orchestrator(settings) as conductor, edges(settings, create=True) as opened:
        if once:
            run_once(conductor, say)
        else:

            def between() -> None:
                TALLY.beat()
                give_turn(settings, opened.database)

            with observed(opened, "run"), monitor_beside(settings, opened.database):
                run_for_ever(
                    conductor,
                    settings,
                    say,
                    between=between,
                )
