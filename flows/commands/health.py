"""`barometer health`."""

from __future__ import annotations

import click

from flows.mistake import Mistake


@click.command()
@click.option("--ledger", is_flag=True, help="Only this: does every row produced have one disposition, and counts once?")  # fmt: skip
@click.option("--ready", is_flag=True, help="Only the edges: can work be done here and now?")
@click.option("--live", is_flag=True, help="Only this: is the process at the metrics port at work?")
@click.option("--json", "as_json", is_flag=True, help="One JSON object for a program.")
@click.pass_context
def command(ctx: click.Context, ledger: bool, ready: bool, live: bool, as_json: bool) -> None:
    """Check every edge; exit status 1 when one of them does not work. Each is given ten seconds.

    With --ledger, say whether the books balance: rows produced = judged + off topic + unsupported language +
    duplicate + dead + still on the bus. Exit status 1 when a row is lost or counted twice.
    """
    if ledger + ready + live > 1 or (ledger and as_json):
        raise Mistake(
            "Each of --ledger, --ready and --live is a question of its own; ask one, --ledger without --json."
        )
    if ledger:
        _ledger(ctx)
    else:
        _health(ctx, ready=ready, live=live, as_json=as_json)


def _health(ctx: click.Context, *, ready: bool, live: bool, as_json: bool) -> None:
    import json

    from flows.checking import check_alive, check_health, edges_of
    from flows.settings import load_settings
    from flows.steps import now_utc
    from flows.table import table

    settings = load_settings()
    checks = [check_alive(settings)] if live else check_health(settings, now=now_utc())
    if ready:
        checks = edges_of(checks)
    ok = all(check.state != "down" for check in checks)
    if as_json:
        rows = [{"part": c.part, "state": c.state, "detail": c.detail} for c in checks]
        click.echo(json.dumps({"ok": ok, "checks": rows}, ensure_ascii=False))
    else:
        table(["part", "state", "what"], [(c.part, c.state, c.detail) for c in checks])
    if not ok:
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
