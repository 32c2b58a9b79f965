"""A query's result as a table, CSV, JSON or Parquet."""

from __future__ import annotations

import csv
import io
import sys
from pathlib import Path
from typing import Any

import click
import msgspec

from flows.display import table
from flows.mistake import Mistake
from storage.database import Result

TABLE_ROWS = 500
"""A table shows so many rows; the other formats give all."""


def write_result(result: Result, form: str, output: Path | None) -> None:
    """Write the result to `output`, or to standard output."""
    if form == "table" and output is None:
        _table(result)
        return
    data = {"table": _csv, "csv": _csv, "json": _json, "parquet": _parquet}[form](result)
    if output is None:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    # A reader of the file sees the old one or the new one, never half of it.
    partial = output.with_name(output.name + ".part")
    try:
        partial.write_bytes(data)
        partial.replace(output)
    except OSError as error:
        raise Mistake(f"Cannot write {output}: {error.strerror}.") from error
    click.echo(f"{len(result.rows):,} rows written to {output}", err=True)


def _table(result: Result) -> None:
    if not result.columns:
        click.echo("Done.")
        return
    table(result.columns, result.rows[:TABLE_ROWS])
    rows = len(result.rows)
    if rows > TABLE_ROWS:
        click.echo(f"{TABLE_ROWS} of {rows:,} rows shown; --format csv gives all.", err=True)
    else:
        click.echo(f"{rows} row{'' if rows == 1 else 's'}", err=True)


def _csv(result: Result) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")  # RFC 4180
    writer.writerow(result.columns)
    writer.writerows([_plain(value) for value in row] for row in result.rows)
    return text.getvalue().encode()


def _plain(value: Any) -> Any:
    if value is None:
        return ""
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return msgspec.json.encode(value).decode() if isinstance(value, list | tuple | dict) else value


def _json(result: Result) -> bytes:
    encoder = msgspec.json.Encoder(enc_hook=str)
    return b"".join(encoder.encode(row) + b"\n" for row in result.dicts())


def _parquet(result: Result) -> bytes:
    import pyarrow
    import pyarrow.parquet

    columns = list(zip(*result.rows, strict=True)) or [()] * len(result.columns)
    try:
        data = pyarrow.table(
            {
                name: pyarrow.array(list(column))
                for name, column in zip(result.columns, columns, strict=True)
            }
        )
    except (pyarrow.ArrowInvalid, pyarrow.ArrowTypeError) as error:
        raise Mistake(f"Parquet cannot hold this result: {error}.") from error
    sink = pyarrow.BufferOutputStream()
    pyarrow.parquet.write_table(data, sink)
    return bytes(sink.getvalue().to_pybytes())
