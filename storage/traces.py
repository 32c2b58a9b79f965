"""The proof: every column of text in every table is searched for what must not be there, in every version that is on disk."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from storage.database import Database
from storage.removals import chunks
from storage.statements import query, quoted

REMEMBERS = "removed_documents"
"""The one table that keeps an id, so that the document is not read again."""


class Needles(msgspec.Struct, frozen=True, kw_only=True):
    """What is looked for."""

    ids: tuple[str, ...]
    """Ids and author keys: a column that is one of them is a trace."""
    passages: tuple[str, ...]
    """Ids, author keys, addresses and words: a column that contains one of them is a trace."""


def traces(database: Database, needles: Needles) -> dict[str, int]:
    """Rows with a trace, by table; tables without one are there with 0."""
    columns: dict[str, list[str]] = {}
    for table, name in database.query(query("text_columns")).rows:
        columns.setdefault(table, []).append(name)
    return {
        table: _rows(database, table, names, needles)
        for table, names in columns.items()
        if table != REMEMBERS
    }


def _rows(database: Database, table: str, columns: Sequence[str], needles: Needles) -> int:
    found = 0
    for ids in [*chunks(needles.ids)] or [()]:
        conditions = [f"{quoted(name)} IN %(ids)s" for name in columns] if ids else []
        # Where one id follows another a row may count twice; what matters is that there is none.
        asked: dict[str, object] = {"ids": ids}
        if not found:
            for number, passage in enumerate(needles.passages):
                asked[f"p{number}"] = passage
                conditions += [f"position({quoted(name)}, %(p{number})s) > 0" for name in columns]
        if not conditions:
            continue
        # Not into the server's own log of queries: it would be one more place.
        sql = f"SELECT count() FROM {quoted(table)} WHERE {' OR '.join(conditions)} SETTINGS log_queries = 0"  # noqa: S608
        ((rows,),) = database.query(sql, asked).rows
        found += int(rows)
    return found
