"""`barometer health`."""

from __future__ import annotations

import click


@click.command()
@click.pass_context
def command(ctx: click.Context) -> None:
    """Check every edge; exit status 1 when one of them does not work."""
    from flows.checking import check_health
    from flows.settings import load_settings
    from flows.steps import now_utc
    from flows.table import table

    checks = check_health(load_settings(), now=now_utc())
    table(["part", "state", "what"], [(c.part, c.state, c.detail) for c in checks])
    if any(check.state == "down" for check in checks):
        ctx.exit(1)
