"""`barometer collect`."""

from __future__ import annotations

import click


@click.command()
@click.option("--source", "names", multiple=True, help="Only this source, due or not (repeatable).")
def command(names: tuple[str, ...]) -> None:
    """Read the sources that are due and publish what is new."""
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
