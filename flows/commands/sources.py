"""`barometer sources`."""

from __future__ import annotations

import click

from flows.command_group import CommandGroup


@click.group(cls=CommandGroup)
def command() -> None:
    """Where documents come from."""


@command.command("list")
def list_() -> None:
    """Show the sources of the settings (`barometer sql "SELECT * FROM source_health"`: how they do)."""
    from flows.settings import load_settings
    from flows.table import table
    from flows.wiring import load_sources
    from ingest.document import UNKNOWN_SOCIETY
    from ingest.http_words import shown

    sources = load_sources(load_settings())
    table(
        ["source", "outlet", "kind", "society", "lang", "min", "url"],
        [
            (
                source.name + ("" if source.enabled else " (off)"),
                source.outlet,
                source.kind.value,
                source.society,
                source.language,
                source.poll_minutes,
                shown(source.url),
            )
            for source in sources
        ],
    )
    societies = {source.society for source in sources} - {UNKNOWN_SOCIETY}
    click.echo(f"{len(sources)} sources over {len(societies)} societies.")


@command.command("check")
@click.argument("names", nargs=-1)
@click.pass_context
def check(ctx: click.Context, names: tuple[str, ...]) -> None:
    """Ask every source (or those named) for its feed; nothing is published or stored."""
    from flows.checking import check_sources
    from flows.display import progress_bar
    from flows.settings import load_settings
    from flows.steps import now_utc
    from flows.table import table
    from flows.wiring import load_sources, select_sources
    from ingest.allowed_hosts import host_entries

    settings = load_settings()
    chosen = select_sources(load_sources(settings), names)
    with progress_bar("Asking sources", len(chosen)) as bar:
        checks = check_sources(
            chosen,
            contact=settings.contact,
            pause=settings.host_pause,
            allowed_hosts=frozenset(host_entries(settings.allowed_hosts)),
            now=now_utc(),
            progress=lambda check: bar.advance(),
        )
    table(["source", "state", "what"], [(c.part, c.state, c.detail) for c in checks])
    if any(check.state == "down" for check in checks):
        ctx.exit(1)
