"""Nothing is left of documents that are gone, and every figure stays: what the tables need for that.

    rows that are counted -under stand-ins-> the same, with nothing that leads to the document
    rows under the ids -deleted by rewriting the parts-> no version of them is on disk

A stand-in is chance. It stands for the document in the counts, and once the id is gone nobody can say for which one. A
story that no other document of the day shares goes too, because its name is made from the words.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any

import msgspec

from ingest.contributor import outlet_mark
from storage.daily_counts import Cell
from storage.database import Database
from storage.removals import Removal, chunks
from storage.removals import store as store_removals
from storage.statements import query

COUNTED = {
    "documents": "id",
    "readings": "document_id",
    "judgements": "document_id",
    "gold_samples": "document_id",
    "gold_labels": "document_id",
}
"""Tables that figures are made from, and their column with the id."""

SAID = {"document_texts": "id", "story_members": "id", "story_keys": "id"}
"""Tables of what was said, and their column with the id."""

IDS_PER_MUTATION = 20_000
"""Keeps its text below 1 MB."""


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """A document as it must be known to find where it is quoted."""

    id: str
    source: str
    outlet: str
    kind: str
    society: str
    day: date
    url: str
    title: str
    text: str
    author_key: str


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """A dead letter, as far as it may hold a document."""

    origin: str
    source: str
    place: str
    reason: str
    payload: str


def words_of(database: Database, ids: Sequence[str]) -> list[Words]:
    """Those of these documents that are stored, with what is kept of their words."""
    return [
        Words(**row)
        for chunk in chunks(ids)
        for row in database.query(query("words_of_documents"), {"ids": chunk}).dicts()
    ]


def ids_of_source(database: Database, source: str) -> list[str]:
    """Ids of all documents of a source, in order."""
    found: list[str] = []
    while True:
        asked = {"source": source, "after": found[-1] if found else "", "limit": 100_000}
        page = [id for (id,) in database.query(query("documents_of_source"), asked).rows]
        if not page:
            return found
        found += page


def ids_at(database: Database, urls: Sequence[str]) -> list[str]:
    """Ids of documents that are kept with these addresses."""
    if not urls:
        return []
    return [id for (id,) in database.query(query("documents_at"), {"urls": tuple(urls)}).rows]


def letters_after(database: Database, origin: str, limit: int) -> list[Letter]:
    """Dead letters by origin, from the one after `origin`."""
    asked = {"after": origin, "limit": limit}
    return [Letter(**row) for row in database.query(query("letters_page"), asked).dicts()]


def put_stand_ins(database: Database, removals: Sequence[Removal]) -> None:
    """Write what is counted of these documents once more, under their stand-ins. Doing it again changes nothing."""
    by_id = {each.document_id: each.stand_in for each in removals}
    stand_ins = tuple(by_id.values())
    for chunk in chunks(list(by_id)):
        for table, key in COUNTED.items():
            result = database.query(query(f"counted_{table}"), {"ids": chunk})
            rows = list(result.dicts())
            if table == "judgements":
                rows = _without_own_stories(database, rows, stand_ins)
            plain = [_plain(table, {**row, key: by_id[row[key]]}) for row in rows]
            database.insert(
                table,
                result.columns,
                [tuple(row[name] for name in result.columns) for row in plain],
            )


def _without_own_stories(
    database: Database, rows: Sequence[Mapping[str, Any]], stand_ins: tuple[str, ...]
) -> list[dict[str, Any]]:
    stories = {row["story"] for row in rows} - {""}
    if not stories:
        return [dict(row) for row in rows]
    asked = {
        "first": min(row["day"] for row in rows),
        "last": max(row["day"] for row in rows),
        "stories": tuple(sorted(stories)),
        "stand_ins": stand_ins,
    }
    shared = set(database.query(query("shared_among_judgements"), asked).rows)
    return [
        {
            **row,
            "story": row["story"]
            if (row["society"], row["target"], row["day"], row["story"]) in shared
            else "",
        }
        for row in rows
    ]


def _plain(table: str, row: dict[str, Any]) -> dict[str, Any]:
    """Of a document that it was read from a source, on a day: no row of the ledger, no address, no story, no time of day. Of
    a judgement no mark of an author.
    """
    if table == "judgements":
        return {**row, "contributor": outlet_mark(row["outlet"])}
    if table != "documents":
        return row
    midnight = datetime.combine(row["day"], time(), UTC)
    return {
        **row,
        "origin": "",
        "url": "",
        "story": "",
        "published_at": midnight,
        "fetched_at": midnight,
    }


def delete_rows(database: Database, ids: Sequence[str], letters: Sequence[str]) -> None:
    """Begin to rewrite every part that has a row of these documents, or of dead letters with these origins. In the ledger
    a row of theirs stays, without the id. `mutations_left` says when it is done.
    """
    for start in range(0, len(ids), IDS_PER_MUTATION):
        chunk = {"ids": tuple(ids[start : start + IDS_PER_MUTATION])}
        for table, key in (SAID | COUNTED).items():
            database.execute(f"ALTER TABLE {table} DELETE WHERE {key} IN %(ids)s", chunk)
        # Another one for each row, or several judged rows would seem to be of one document.
        database.execute(
            "ALTER TABLE dispositions UPDATE document_id = lower(hex(MD5(origin)))"
            " WHERE document_id IN %(ids)s",
            chunk,
        )
    for start in range(0, len(letters), IDS_PER_MUTATION):
        database.execute(
            "ALTER TABLE dead_letters DELETE WHERE origin IN %(origins)s",
            {"origins": tuple(letters[start : start + IDS_PER_MUTATION])},
        )


def merge_told(database: Database) -> None:
    """Leave of digests and messages the newest version alone: older ones quote what is gone."""
    for table in ("digests", "messages"):
        database.execute(f"OPTIMIZE TABLE {table} FINAL")


def mutations_left(database: Database) -> list[str]:
    """Tables that are still being rewritten."""
    return [table for table, _ in database.query(query("mutations_left")).rows]


REWRITTEN = (
    *SAID,
    *COUNTED,
    "dispositions",
    "dead_letters",
    "digests",
    "messages",
    "removed_documents",
)
"""Every table that is rewritten."""

_NO_PARTITION = "19700102"


def can_drop_files(database: Database) -> bool:
    """Whether this server can be told to remove the files of replaced parts. Servers before 20 keep them for some eight
    minutes, in which queries that read them may end.
    """
    return database.version() >= (20,)


def keep_files(database: Database, tables: Collection[str], seconds: int | None) -> None:
    """How long files of parts of these tables stay after they were replaced; None: the usual minutes again."""
    change = (
        "RESET SETTING old_parts_lifetime"
        if seconds is None
        else f"MODIFY SETTING old_parts_lifetime = {seconds:d}"
    )
    for table in sorted(tables):
        database.execute(f"ALTER TABLE {table} {change}")


def drop_files(database: Database, tables: Collection[str]) -> None:
    """Have files that are no longer to be kept removed now: dropping a partition that there is not makes the engine look for
    them, which by itself it may not do for long.
    """
    for table in sorted(tables):
        database.execute(f"ALTER TABLE {table} DROP PARTITION ID '{_NO_PARTITION}'")


def replaced_parts(database: Database) -> set[tuple[str, str]]:
    """Parts (table, name) that were replaced and whose files are still there."""
    rows = database.query(query("replaced_parts"), {"tables": REWRITTEN}).rows
    return {(table, name) for table, name in rows}


def cells_of(database: Database, stand_ins: Sequence[str]) -> set[Cell]:
    """The (society, day) cells that these stand-ins are counted in."""
    return {
        (society, day)
        for chunk in chunks(stand_ins)
        for society, day in database.query(query("cells_of_stand_ins"), {"ids": chunk}).rows
    }


def finish(database: Database, removals: Sequence[Removal], now: datetime) -> None:
    """Remember that these are erased, and begin to forget which stand-in was whose."""
    store_removals(
        database,
        [
            msgspec.structs.replace(each, stand_in="", erased_at=max(now, each.removed_at))
            for each in removals
        ],
    )
    database.execute("ALTER TABLE removed_documents DELETE WHERE stand_in != ''")
