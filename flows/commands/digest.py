"""`barometer digest`."""

from __future__ import annotations

import click

from flows.mistake import Mistake


@click.command()
@click.option("--week", help="ISO week, e.g. 2026-W47; the last full week if not given.")
def command(week: str | None) -> None:
    """Write the digest of a week, tell it once, and show it."""
    from alerts.week import days_of_week
    from flows.digesting import digest_week, last_full_week
    from flows.steps import now_utc
    from flows.wiring import edges
    from ingest.document import EARLIEST

    if week is not None:
        try:
            monday, _ = days_of_week(week)
        except ValueError as error:
            raise Mistake(str(error)) from error
        if not EARLIEST.year <= monday.year < 2105:
            raise Mistake(f"{week} has no digest: documents are of the years from 2000 to 2105.")
    now = now_utc()
    with edges() as opened:
        digest = digest_week(opened, week or last_full_week(opened.settings, now), now=now)
    click.echo(digest.body)
