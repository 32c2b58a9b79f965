"""Documents that are gone: deleted at their source, or forgotten on request. What they said goes, what was counted stays.

    remembered, words blanked at once -erased (storage/erasing.py), within a day-> no row, no byte has them

Remembered is the id alone, for as long as the database lives: the next reading of a source would bring the document back.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import msgspec

from storage.database import Database, next_version
from storage.statements import query

IDS_PER_QUERY = 2_000
"""Keeps the statement near 70 KB, well below the usual limit of 256 KiB."""

AT_SOURCE = "deleted at its source"
FORGOTTEN = "forgotten on request"

COLUMNS = ["document_id", "source", "why", "stand_in", "removed_at", "erased_at", "version"]


class Removal(msgspec.Struct, frozen=True, kw_only=True):
    """One document that is gone."""

    document_id: str
    source: str
    why: str
    """AT_SOURCE or FORGOTTEN."""
    stand_in: str
    """What stands in its place in what is counted: chance, and forgotten itself when all is erased."""
    removed_at: datetime
    """When it went, or last came again."""
    erased_at: datetime | None
    """None while bytes of it may be left."""


def remove(
    database: Database, source: str, ids: Sequence[str], now: datetime, *, why: str = AT_SOURCE
) -> None:
    """Remember that these documents of `source` are gone, then blank those that are stored. Doing it again changes
    nothing; after a crash between the two the source is read again from where it was, and says the same.
    """
    if not ids:
        return
    known = {each.document_id: each for each in of_ids(database, ids)}
    fresh = Removal(
        document_id="", source=source, why=why, stand_in="", removed_at=now, erased_at=None
    )
    store(
        database,
        [
            msgspec.structs.replace(known.get(id, fresh), document_id=id, erased_at=None)
            for id in ids
        ],
    )
    blank(database, ids)


def store(database: Database, removals: Sequence[Removal]) -> None:
    """Write removals; the newest of each document wins."""
    version = next_version()
    database.insert(
        "removed_documents",
        COLUMNS,
        [(*(getattr(each, name) for name in COLUMNS[:-1]), version) for each in removals],
    )


def of_ids(database: Database, ids: Sequence[str]) -> list[Removal]:
    """The removals of these documents, as far as they are gone."""
    return [
        Removal(**row)
        for chunk in chunks(ids)
        for row in database.query(query("removed_among"), {"ids": chunk}).dicts()
    ]


def not_erased(database: Database) -> list[Removal]:
    """Those of which bytes may be left, the longest gone first."""
    return [Removal(**row) for row in database.query(query("removed_not_erased")).dicts()]


def remembered(database: Database) -> list[Removal]:
    """All of them, the longest gone first."""
    return [Removal(**row) for row in database.query(query("removed_remembered")).dicts()]


def of_authors(database: Database, source: str, author_keys: Sequence[str]) -> list[str]:
    """Ids of the documents of these authors whose words are kept, at a source or, where it is empty, anywhere."""
    found: list[str] = []
    for keys in chunks(author_keys):
        rows = database.query(query("documents_of_authors"), {"source": source, "keys": keys}).rows
        found.extend(id for (id,) in rows)
    return found


def blank(database: Database, ids: Sequence[str]) -> None:
    """Take title, text, address and author key away from those of these documents that are stored."""
    for chunk in chunks(ids):
        for name in ("blank_words", "blank_removed"):
            database.execute(query(name), {"ids": chunk, "version": next_version()})


def blank_if_removed(database: Database, ids: Sequence[str]) -> None:
    """What to call after these documents were stored: those that were removed while they were on their way lose what
    they say. Asked afterwards, because a removal that comes later blanks what is stored by itself. What was erased
    already is to be erased once more.
    """
    gone = of_ids(database, ids)
    if not gone:
        return
    store(database, [msgspec.structs.replace(each, erased_at=None) for each in gone])
    blank(database, sorted(each.document_id for each in gone))


def came_again(database: Database, gone: Sequence[Removal], now: datetime) -> None:
    """Remember that these came again after they were erased: what brought them is to be erased, too."""
    store(
        database,
        [
            msgspec.structs.replace(
                each, removed_at=max(now, each.erased_at + timedelta(seconds=1))
            )
            for each in gone
            if each.erased_at is not None
        ],
    )


def removed_among(database: Database, ids: Sequence[str]) -> set[str]:
    """Those of these documents that are gone."""
    return {each.document_id for each in of_ids(database, ids)}


def chunks(ids: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """The ids in pieces that fit into a query, each id once."""
    ordered = list(dict.fromkeys(ids))
    for start in range(0, len(ordered), IDS_PER_QUERY):
        yield tuple(ordered[start : start + IDS_PER_QUERY])
