"""`barometer collect`."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

import click

from flows.mistake import Mistake

if TYPE_CHECKING:
    from flows.back_filling import BackFill


@click.command()
@click.option("--source", "names", multiple=True, help="Only this source, due or not (repeatable).")
@click.option("--from", "first", type=click.DateTime(["%Y-%m-%d"]), help="Back-fill: the first day to read, UTC.")  # fmt: skip
@click.option("--to", "last", type=click.DateTime(["%Y-%m-%d"]), help="… and the last one; yesterday if not given.")  # fmt: skip
def command(names: tuple[str, ...], first: datetime | None, last: datetime | None) -> None:
    """Read the sources that are due and publish what is new.

    \b
    barometer collect --source gdelt --from 2026-09-01 --to 2026-10-31

    reads the past of a source, where it allows that (GDELT, Media Cloud, sitemaps). Cut off, or asked by the source to
    stay away, the same command goes on where it was. Old days are amended; they never alert.
    """
    if first is None:
        if last is not None:
            raise Mistake("--to says where a back-fill ends; say with --from where it begins.")
        _collect(names)
    else:
        _back_fill(names, first.date(), last.date() if last else None)


def _collect(names: tuple[str, ...]) -> None:
    from flows.collecting import collect
    from flows.display import progress_bar
    from flows.sentence import sentence
    from flows.steps import now_utc
    from flows.wiring import edges, select_sources

    with edges() as opened:
        chosen = select_sources(opened.sources, names)
        with progress_bar("Reading sources", len(chosen)) as bar:
            report = collect(opened, now=now_utc(), only=names, progress=lambda run: bar.advance())
    for run in report.failed:
        click.echo(f"{run.source}: {sentence(run.error)}", err=True)
    click.echo(str(report))


def _back_fill(names: tuple[str, ...], first: date, last: date | None) -> None:
    from datetime import timedelta

    from flows.back_filling import back_fill
    from flows.display import progress_bar
    from flows.steps import now_utc
    from flows.wiring import edges, select_sources

    last = last or now_utc().date() - timedelta(days=1)
    if not names:
        raise Mistake("A back-fill is of the sources that --source names.")
    if not first <= last < now_utc().date():
        raise Mistake(f"{first} to {last} is no span of days that are over.")
    with edges() as opened:
        for source in select_sources(opened.sources, names):
            with progress_bar(f"Reading {source.name}", None) as bar:
                done = back_fill(
                    opened, source, first, last, clock=now_utc, progress=lambda run: bar.advance()
                )
            _tell(source.name, done)
    if not done.finished:
        raise click.exceptions.Exit(1)


def _tell(name: str, done: BackFill) -> None:
    from flows.sentence import sentence

    known, dead = (sum(getattr(run, word) for run in done.runs) for word in ("known", "dead"))
    click.echo(f"{name}: {done.new} new, {known} known, {dead} dead in {len(done.runs)} readings")
    if not done.finished:
        said = done.runs[-1].error or "it asks us to stay away for long"
        click.echo(f"{name}: {sentence(said)} The same command goes on there.", err=True)
