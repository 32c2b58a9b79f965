"""`barometer sql`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from flows.mistake import Mistake

FORMATS = ["table", "csv", "json", "parquet"]


@click.command()
@click.argument("statement")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to a file.")
def command(statement: str, form: str, output: Path | None) -> None:
    """Ask the database a question (`-` reads it from standard input).

    \b
    barometer sql "SELECT * FROM ledger"
    barometer sql "SHOW TABLES"
    barometer sql "SELECT * FROM daily_support" --format parquet --output support.parquet
    """
    from flows.output import write_result
    from flows.settings import load_settings
    from flows.wiring import open_database
    from storage.database import QueryFailed

    if statement == "-":
        statement = sys.stdin.read()
    if not statement.strip():
        raise Mistake('Nothing to ask. Try: barometer sql "SELECT * FROM ledger"')
    if form == "parquet" and output is None and sys.stdout.isatty():
        raise Mistake("Parquet is binary; name a file with --output.")
    database = open_database(load_settings())
    try:
        result = database.query(statement.strip().rstrip(";"))
    except QueryFailed as error:
        raise Mistake(str(error)) from error
    finally:
        database.close()
    write_result(result, form, output)
