"""A view as a file that explains itself: rows, what each column means, how the figures are made, what was asked for.

    view + filters -> rows -> Parquet or Arrow with a note in its schema, or CSV with the note in a file beside it

Only views are given, and of them nothing that somebody wrote: a file outlives what expires in the database.
"""

from __future__ import annotations

import difflib
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec

from alerts.message import NET_SUPPORT_IS
from flows.mistake import Mistake
from flows.output import arrow_table, csv_bytes, parquet_bytes, replace_file
from storage.database import Database, Result
from storage.parameters import rendered
from storage.statements import query, quoted

FORMATS = ("parquet", "csv", "arrow")

DAYS = ("day", "monday", "detected_on")
"""Columns that `--from` and `--to` look at, the first that a view has."""

WORDS = (("documents_read", "title"),)
"""Columns that are left out: they expire with the texts, and a file would keep them."""

NOTE = (
    NET_SUPPORT_IS,
    "Each figure has a 95 % interval (lower, upper), n documents, n_eff independent ones, and a state; use it only where the"
    " state is ok. Do not average net support over rows: weeks and parts have rows of their own.",
    "withheld = 1: fewer than ten contributors spoke, or the figure would give such a cell away; nothing is published of it.",
    "Three weightings stand side by side: each document once, copies of a story once (per_story), no outlet for more than"
    " twenty documents (outlet_balanced).",
)

SIMULATED = "SIMULATED: invented societies, outlets and texts. These are no findings."


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked for."""

    view: str
    form: str = "parquet"
    society: str = ""
    target: str = ""
    first: date | None = None
    last: date | None = None


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """What stands with the rows."""

    view: str
    meaning: str
    columns: dict[str, str]
    note: tuple[str, ...]
    filters: dict[str, str]
    rows: int
    exported_at: datetime
    barometer: str
    simulated: bool


def export(
    database: Database,
    wanted: Wanted,
    output: Path,
    *,
    now: datetime,
    version: str,
    simulated: bool = False,
) -> Note:
    """Write the file, and for CSV its note beside it; the note. Raises Mistake for what is no view or has no such column."""
    meanings = _meanings(database, wanted.view)
    result, filters = _rows(database, wanted, meanings)
    note = Note(
        view=wanted.view,
        meaning=meanings[""],
        columns={name: meanings[name] for name in result.columns},
        note=((SIMULATED,) if simulated else ()) + NOTE,
        filters=filters,
        rows=len(result.rows),
        exported_at=now,
        barometer=version,
        simulated=simulated,
    )
    if wanted.form == "csv":
        replace_file(output, csv_bytes(result))
        replace_file(note_beside(output), _beside(output, note))
    else:
        replace_file(output, _self_describing(result, note, wanted.form))
    return note


def note_beside(output: Path) -> Path:
    """Where the note of a CSV file stands, as the W3C's CSV on the Web looks for it."""
    return output.with_name(f"{output.name}-metadata.json")


def _meanings(database: Database, view: str) -> dict[str, str]:
    found = database.query(query("meanings_of_view"), {"view": view}).rows
    if found:
        return dict(found)
    known = [name for name, _ in database.query(query("views")).rows]
    near = difflib.get_close_matches(view, known, n=1)
    hint = f"did you mean {near[0]}?" if near else "`barometer sql --views` lists them."
    raise Mistake(
        f"There is no view {view!r} to export, and tables are not given away: they have data of people; {hint}"
    )


def _rows(
    database: Database, wanted: Wanted, meanings: dict[str, str]
) -> tuple[Result, dict[str, str]]:
    where: list[str] = []
    values: dict[str, Any] = {}
    filters: dict[str, str] = {}
    for name, value in (("society", wanted.society), ("target", wanted.target)):
        if not value:
            continue
        if name not in meanings:
            raise Mistake(f"The view {wanted.view} has no {name}; leave out --{name}.")
        where.append(f"{name} = %({name})s")
        values[name] = filters[name] = value
    day = next((name for name in DAYS if name in meanings), "")
    for option, sign, asked in (("from", ">=", wanted.first), ("to", "<=", wanted.last)):
        if asked is None:
            continue
        if not day:
            raise Mistake(f"The view {wanted.view} has no day; leave out --{option}.")
        where.append(f"{day} {sign} %({option})s")
        values[option] = asked
        filters[f"{day} {sign}"] = asked.isoformat()
    columns = [name for name in meanings if name and (wanted.view, name) not in WORDS]
    order = [
        name for name in ("society", "target", day, "part", "outlet", "topic") if name in columns
    ]
    sql = f"SELECT {', '.join(map(quoted, columns))} FROM {quoted(wanted.view)}"  # noqa: S608 - names of the catalogue
    sql += f" WHERE {' AND '.join(where)}" if where else ""
    sql += f" ORDER BY {', '.join(map(quoted, order))}" if order else ""
    return database.query(rendered(sql, values)), filters


def _self_describing(result: Result, note: Note, form: str) -> bytes:
    """Parquet or Arrow, the note in the schema: as a whole, and of each column with the column."""
    import pyarrow

    data = arrow_table(result)
    schema = pyarrow.schema(
        [
            field.with_metadata(
                {"meaning": note.columns[field.name], "nullable": "NULL is withheld or absent"}
            )
            for field in data.schema
        ],
        metadata={
            "barometer": msgspec.json.encode(note),
            "description": "\n".join([f"{note.view}: {note.meaning}", *note.note]),
        },
    )
    described = data.cast(schema)
    if form == "parquet":
        return parquet_bytes(described)
    sink = pyarrow.BufferOutputStream()
    with pyarrow.ipc.new_file(sink, described.schema) as writer:
        writer.write_table(described)
    return bytes(sink.getvalue().to_pybytes())


def _beside(output: Path, note: Note) -> bytes:
    """The note in the form of CSV on the Web (W3C 2015)."""
    described = {
        "@context": "http://www.w3.org/ns/csvw",
        "url": output.name,
        "dc:title": note.view,
        "dc:description": "\n".join([note.meaning, *note.note]),
        "tableSchema": {
            "columns": [
                {"name": name, "titles": name, "dc:description": meaning}
                for name, meaning in note.columns.items()
            ]
        },
        "barometer": note,
    }
    return msgspec.json.format(msgspec.json.encode(described), indent=2) + b"\n"
