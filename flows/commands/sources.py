"""`barometer sources`."""

from __future__ import annotations

import click


@click.group()
def command() -> None:
    """Where documents come from."""


@command.command("list")
def list_() -> None:
    """Show the sources of the settings and how their last run went."""
    from flows.display import table
    from flows.settings import load_settings
    from flows.wiring import load_sources

    sources = load_sources(load_settings())
    table(
        ["source", "outlet", "kind", "society", "language", "every", "url"],
        [
            (
                source.name + ("" if source.enabled else " (off)"),
                source.outlet,
                source.kind.value,
                source.society,
                source.language,
                f"{source.poll_minutes} min",
                source.url,
            )
            for source in sources
        ],
    )
    click.echo(f"{len(sources)} sources over {len({s.society for s in sources})} societies.")


@command.command("check")
@click.argument("names", nargs=-1)
@click.pass_context
def check(ctx: click.Context, names: tuple[str, ...]) -> None:
    """Ask every source (or those named) for its feed; nothing is published or stored."""
    from flows.checking import check_sources
    from flows.display import progress_bar, table
    from flows.settings import load_settings
    from flows.steps import now_utc
    from flows.wiring import load_sources, select_sources

    settings = load_settings()
    chosen = select_sources(load_sources(settings), names)
    with progress_bar("Asking sources", len(chosen)) as bar:
        checks = check_sources(
            chosen, contact=settings.contact, now=now_utc(), progress=lambda c: bar.advance()
        )
    table(["source", "state", "what"], [(c.part, c.state, c.detail) for c in checks])
    if any(check.state == "down" for check in checks):
        ctx.exit(1)
