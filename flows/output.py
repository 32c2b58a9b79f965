"""A query's result as a table, CSV, JSON or Parquet."""

from __future__ import annotations

import contextlib
import csv
import io
import sys
from pathlib import Path
from typing import Any

import click
import msgspec

from flows.mistake import Mistake
from flows.table import table
from storage.database import Result

TABLE_ROWS = 500
"""A table shows so many rows; the other formats give all."""

FORMULA = tuple("=+-@\t\r\n＝＋－＠")
"""What a cell begins with that a spreadsheet may run instead of showing it (OWASP, CSV injection)."""


def write_result(result: Result, form: str, output: Path | None) -> None:
    """Write the result to `output` (a table goes there as CSV), or to standard output."""
    if form == "table" and output is None:
        _table(result)
        return
    data = {"table": csv_bytes, "csv": csv_bytes, "json": _json, "parquet": _parquet}[form](result)
    if output is None:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    replace_file(output, data)
    click.echo(f"{_rows(len(result.rows))} written to {output}", err=True)


def replace_file(output: Path, data: bytes) -> None:
    """Write `data` to `output`: a reader of the file sees the old one or the new one, never half of it."""
    partial = output.with_name(output.name + ".part")
    try:
        partial.write_bytes(data)
        partial.replace(output)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        raise Mistake(f"Cannot write {output}: {error.strerror}.") from error


def _table(result: Result) -> None:
    table(result.columns, result.rows[:TABLE_ROWS])
    rows = len(result.rows)
    if rows > TABLE_ROWS:
        click.echo(f"{TABLE_ROWS} of {rows:,} rows shown; --format csv gives all.", err=True)
    else:
        click.echo(_rows(rows), err=True)


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"


def csv_bytes(result: Result) -> bytes:
    """The result as CSV (RFC 4180), harmless in a spreadsheet."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")  # RFC 4180
    writer.writerow([_harmless(name) for name in result.columns])
    writer.writerows([_cell(value) for value in row] for row in result.rows)
    return text.getvalue().encode("utf-8", "backslashreplace")


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, str):
        return _harmless(value)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return _encoded(value).decode() if isinstance(value, list | tuple | dict) else value


def _harmless(text: str) -> str:
    """`text` with a quote in front where a spreadsheet would take it for a formula; numbers stay numbers."""
    return f"'{text}" if text.startswith(FORMULA) else text


def _json(result: Result) -> bytes:
    _refuse_twins(result, "JSON")
    return b"".join(_encoded(row) + b"\n" for row in result.dicts())


def _encoded(value: Any) -> bytes:
    return msgspec.json.encode(value, enc_hook=str)


def _parquet(result: Result) -> bytes:
    return parquet_bytes(arrow_table(result))


def arrow_table(result: Result) -> Any:
    """The result as a table of Arrow, with its types also where it has no rows. Raises Mistake where Arrow cannot hold it."""
    import pyarrow

    from flows.arrow_type import arrow_type, arrow_value

    _refuse_twins(result, "Parquet")
    columns = list(zip(*result.rows, strict=True)) or [()] * len(result.columns)
    try:
        return pyarrow.table(
            {
                name: pyarrow.array([arrow_value(v) for v in column], type=arrow_type(spec))
                for name, spec, column in zip(result.columns, result.types, columns, strict=True)
            }
        )
    except (pyarrow.ArrowException, OverflowError, UnicodeEncodeError) as error:
        raise Mistake(f"Parquet cannot hold this result: {error}; try --format json.") from error


def parquet_bytes(data: Any) -> bytes:
    """A table of Arrow as a Parquet file."""
    import pyarrow
    import pyarrow.parquet

    sink = pyarrow.BufferOutputStream()
    pyarrow.parquet.write_table(data, sink)
    return bytes(sink.getvalue().to_pybytes())


def _refuse_twins(result: Result, form: str) -> None:
    for name in result.columns:
        if result.columns.count(name) > 1:
            raise Mistake(
                f"Two columns are called {name!r}, and {form} would keep one; rename one with AS."
            )
