"""`barometer migrate`."""

from __future__ import annotations

import click


@click.command()
def command() -> None:
    """Create or update the tables and topics. Safe to run again."""
    from flows.settings import load_settings
    from flows.steps import now_utc
    from flows.wiring import open_bus
    from storage import database as database_edge
    from storage.migrate import migrate

    settings = load_settings()
    open_bus(settings, create=True).close()
    database = database_edge.connect(settings.database_url, create=True)
    try:
        applied = migrate(database, now_utc())
        click.echo(
            f"{database.url}: " + (f"applied {', '.join(applied)}" if applied else "up to date")
        )
    finally:
        database.close()
