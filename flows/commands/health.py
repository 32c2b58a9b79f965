"""`barometer health`."""

from __future__ import annotations

import click


@click.command()
@click.option("--ledger", is_flag=True, help="Only this: does every row produced have one disposition, and counts once?")  # fmt: skip
@click.pass_context
def command(ctx: click.Context, ledger: bool) -> None:
    """Check every edge; exit status 1 when one of them does not work.

    With --ledger, say whether the books balance: rows produced = judged + off topic + unsupported language +
    duplicate + dead + still on the bus. Exit status 1 when a row is lost or counted twice.
    """
    if ledger:
        _ledger(ctx)
    else:
        _health(ctx)


def _health(ctx: click.Context) -> None:
    from flows.checking import check_health
    from flows.settings import load_settings
    from flows.steps import now_utc
    from flows.table import table

    checks = check_health(load_settings(), now=now_utc())
    table(["part", "state", "what"], [(c.part, c.state, c.detail) for c in checks])
    if any(check.state == "down" for check in checks):
        ctx.exit(1)


def _ledger(ctx: click.Context) -> None:
    from textwrap import fill

    from flows.ledger_balance import account, ledger_balance
    from flows.settings import load_settings
    from flows.table import table
    from flows.wiring import open_bus, open_database
    from storage.ledger_balance import BALANCE_SQL

    settings = load_settings()
    bus = open_bus(settings)
    try:
        database = open_database(settings)
        try:
            found = ledger_balance(bus, database)
        finally:
            database.close()
    finally:
        bus.close()
    table(["", "rows", "what"], account(found))
    for row in found.missing:
        place = f"{row.origin} of {row.source}, {row.published_at:%Y-%m-%d %H:%M}"
        click.echo(fill(f"without a disposition: {place}", 100))
    click.echo(f"\n{fill(found.sentence(), 100)}\nThe same in any client: {BALANCE_SQL}")
    if not found.holds:
        ctx.exit(1)
