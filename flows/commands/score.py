"""`barometer score`."""

from __future__ import annotations

import signal
from threading import Event
from types import FrameType

import click


@click.command()
@click.option("--follow", is_flag=True, help="Keep waiting for documents; Ctrl-C ends it cleanly.")
def command(follow: bool) -> None:
    """Judge what is on the bus, store it, and recount the days that it touched."""
    from contextlib import nullcontext

    from flows.backup_turns import give_turn
    from flows.batch_events import batch_events
    from flows.display import progress_bar
    from flows.log_lines import set_up_logging
    from flows.observing import observed
    from flows.scoring import BatchReport, drain
    from flows.settings import load_settings
    from flows.tally import TALLY
    from flows.wiring import edges

    settings = load_settings()
    stop = Event()

    def ask_to_stop(number: int, frame: FrameType | None) -> None:
        stop.set()
        signal.signal(number, signal.SIG_DFL)

    if follow:
        # A worker that nobody watches says what became of every batch.
        set_up_logging(settings)
        # A batch under way is finished and committed; a second signal ends the process at once.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, ask_to_stop)
    with (
        edges(settings) as opened,
        observed(opened, "score") if follow else nullcontext(),
        batch_events() as drained,
        progress_bar("Scoring", None) as bar,
    ):

        def show(so_far: BatchReport) -> None:
            bar.show(so_far.read, str(so_far))
            drained(so_far)

        def ended() -> bool:
            TALLY.beat()
            give_turn(settings, opened.database)  # between two batches
            return stop.is_set()

        report = drain(
            opened,
            progress=show,
            until=ended if follow else None,
        )
    click.echo(str(report))
