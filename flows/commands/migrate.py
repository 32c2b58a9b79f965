"""`barometer migrate`."""

from __future__ import annotations

import click


@click.command()
def command() -> None:
    """Create or update the tables and topics. Safe to run again.

    Topics get the partitions, replicas and days that BAROMETER_BUS_URL states; what differs and stays is said.
    """
    from flows.settings import load_settings
    from flows.steps import now_utc
    from flows.wiring import open_bus
    from ingest.topics import TOPICS
    from storage import database as database_edge
    from storage.migrate import migrate

    settings = load_settings()
    bus = open_bus(settings)
    try:
        for sentence in bus.bring_to_stated(TOPICS):
            click.echo(sentence)
    finally:
        bus.close()
    database = database_edge.connect(settings.database_url, create=True)
    try:
        applied = migrate(database, now_utc())
        click.echo(
            f"{database.url}: " + (f"applied {', '.join(applied)}" if applied else "up to date")
        )
    finally:
        database.close()
