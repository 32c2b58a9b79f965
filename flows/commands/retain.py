"""`barometer retain`."""

from __future__ import annotations

import click


@click.command()
def command() -> None:
    """Let expire what is kept for a time: words, quotations, dead letters, read messages. Figures stay.

    `barometer run` and `barometer serve` do it once a day. What went stands in the log:
    barometer sql "SELECT * FROM retention_log ORDER BY at DESC"
    """
    from flows.display import progress_bar
    from flows.retaining import retain
    from flows.steps import now_utc
    from flows.table import table
    from flows.wiring import edges

    with edges() as opened, progress_bar("Looking for what expired", None) as bar:
        report = retain(opened, now=now_utc(), say=bar.say)
    table(
        ["what", "kept for days", "removed", "oldest left", "note"],
        [
            (run.what, run.kept_days or "", run.removed, run.oldest_left, run.note)
            for run in report.runs
        ],
    )
