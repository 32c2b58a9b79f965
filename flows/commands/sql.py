"""`barometer sql`."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import click

from flows.mistake import Mistake

_OUTFILE = re.compile(r"\boutfile\b", re.IGNORECASE)

FORMATS = ["table", "csv", "json", "parquet"]


@click.command()
@click.argument("statement", default="")
@click.option("--views", is_flag=True, help="List the views; with the name of one, its columns.")
@click.option("--format", "form", type=click.Choice(FORMATS), default="table", show_default=True)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write to a file.")
def command(statement: str, views: bool, form: str, output: Path | None) -> None:
    """Ask the database a question (`-` reads it from standard input). Only reading is done.

    \b
    barometer sql --views
    barometer sql --views weekly_support
    barometer sql "SELECT * FROM ledger"
    barometer sql "SHOW TABLES"
    barometer sql "SELECT * FROM daily_support" --format parquet --output support.parquet

    In CSV a text that a spreadsheet would run as a formula gets a ' in front; JSON (one object a
    line) and Parquet give every text as it is.
    """
    from flows.output import write_result
    from flows.settings import load_settings
    from flows.wiring import open_database
    from storage.database import QueryFailed

    question = _about_views(statement) if views else _question(statement)
    if form == "parquet" and output is None and sys.stdout.isatty():
        raise Mistake("Parquet is binary; name a file with --output.")
    database = open_database(load_settings(), read_only=True)
    try:
        result = database.query(question)
    except QueryFailed as error:
        raise Mistake(str(error)) from error
    finally:
        database.close()
    if views and not result.rows:
        raise Mistake(f"There is no view {statement!r}; `barometer sql --views` lists them.")
    write_result(result, form, output)


def _about_views(name: str) -> str:
    """The statement that lists the views, or the columns of one."""
    from storage.statements import query

    if not name:
        return query("views")
    if not re.fullmatch(r"\w+", name):
        raise Mistake("Give --views the name of a view; `barometer sql --views` lists them.")
    return query("columns_of_view").replace("%(view)s", f"'{name}'")


def _question(statement: str) -> str:
    """The statement to ask, if it is one that only reads."""
    from storage.database import QueryFailed
    from storage.statements import is_reading, one_statement, words

    try:
        text = sys.stdin.buffer.read().decode("utf-8-sig") if statement == "-" else statement
        text.encode()
    except UnicodeError as error:
        raise Mistake("The statement is not UTF-8.") from error
    if not text.replace(";", "").strip():
        raise Mistake('Nothing to ask. Try: barometer sql "SELECT * FROM ledger"')
    try:
        question = one_statement(text)
    except QueryFailed as error:
        raise Mistake(str(error)) from error
    # INTO: `WITH … INSERT INTO` writes rows, `SELECT … INTO OUTFILE` writes a file. The engine refuses the first by itself
    # and not the second, and it knows more kinds of quotes and comments than we do: so that word may stand nowhere.
    if not is_reading(question) or "INTO" in words(question) or _OUTFILE.search(question):
        raise Mistake(
            "This command only reads: begin with SELECT, WITH, SHOW, DESCRIBE, EXISTS or EXPLAIN,"
            " and leave out INTO; --output writes a file."
        )
    return question
