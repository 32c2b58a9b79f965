"""`barometer sources`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from flows.command_group import CommandGroup

if TYPE_CHECKING:
    from alerts.source_condition import SourceCondition
    from ingest.source import Source


@click.group(cls=CommandGroup)
def command() -> None:
    """Where documents come from."""


@command.command("list")
def list_() -> None:
    """Show the sources of the settings and how they do, as far as the database knows.

    \b
    silent    not read for two poll periods      quiet   yesterday brought far less than usual
    failing   the last attempt failed            flood   … or far more
    """
    from flows.sentence import sentence
    from flows.settings import load_settings
    from flows.source_conditions import stored_conditions
    from flows.steps import now_utc
    from flows.table import table
    from flows.wiring import load_sources
    from ingest.document import UNKNOWN_SOCIETY
    from ingest.http_words import shown

    settings = load_settings()
    sources = load_sources(settings)
    known, fault = stored_conditions(settings, sources, now_utc())
    table(
        ["source", "is", "outlet", "type", "society", "url"],
        [
            (
                source.name,
                _word(source, known.get(source.name)),
                source.outlet,
                source.type.value,
                source.society,
                shown(source.url),
            )
            for source in sources
        ],
    )
    societies = {source.society for source in sources} - {UNKNOWN_SOCIETY}
    click.echo(f"{len(sources)} sources over {len(societies)} societies.")
    if fault:
        click.echo(f"How they do is not known: {sentence(fault)}", err=True)


def _word(source: Source, known: SourceCondition | None) -> str:
    if known is not None:
        return known.condition.value
    return "?" if source.enabled else "off"


@command.command("check")
@click.argument("names", nargs=-1)
@click.pass_context
def check(ctx: click.Context, names: tuple[str, ...]) -> None:
    """Read every source (or those named) as if for the first time; nothing is published or stored."""
    from flows.checking import check_sources
    from flows.display import progress_bar
    from flows.settings import load_settings
    from flows.steps import now_utc
    from flows.surroundings import surroundings_of
    from flows.table import table
    from flows.wiring import load_sources, open_fetcher, select_sources

    settings = load_settings()
    chosen = select_sources(load_sources(settings), names)
    with (
        open_fetcher(settings) as fetcher,
        progress_bar("Asking sources", len(chosen)) as bar,
    ):
        checks = check_sources(
            chosen,
            surroundings_of(settings, fetcher),
            now=now_utc(),
            progress=lambda check: bar.advance(),
        )
    table(["source", "state", "what"], [(c.part, c.state, c.detail) for c in checks])
    if any(check.state == "down" for check in checks):
        ctx.exit(1)


@command.command("add")
@click.argument("url")
@click.option("--society", required=True, help="Code of the public concerned, such as DE; or unknown.")  # fmt: skip
@click.option("--name", help="In figures and logs; made from the address if not given.")
@click.option("--outlet", help="Who publishes it; the name of its host if not given.")
@click.option("--kind", default="news", show_default=True, help="news, social, forum or official.")
@click.option("--language", help="BCP 47; what the feed says if not given.")
@click.option("--poll-minutes", type=int, default=15, show_default=True)
@click.option("--file", "path", type=click.Path(path_type=Path), help="Instead of the file of BAROMETER_SOURCES.")  # fmt: skip
def add(
    url: str,
    society: str,
    name: str | None,
    outlet: str | None,
    kind: str,
    language: str | None,
    poll_minutes: int,
    path: Path | None,
) -> None:
    """Find the feed of a page (or take the feed at URL), read it once, and write it into sources.toml.

    \b
    barometer sources add https://courier.example/migration --society GB
    """
    from flows.adding_sources import Wish, add_source
    from flows.settings import load_settings
    from flows.steps import now_utc

    settings = load_settings()
    added = add_source(
        settings,
        Wish(
            url=url,
            society=society,
            name=name or "",
            outlet=outlet or "",
            kind=kind,
            language=language or "",
            poll_minutes=poll_minutes,
        ),
        path,
        now=now_utc(),
    )
    click.echo(f"{added.path}: {added.source.name} ({added.source.outlet}), {added.said}")
