"""Documents with what was judged of them: one call stores a batch, and storing it again changes nothing."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import msgspec

from classify.disposition import Disposition
from classify.judge import Judged
from ingest.contributor import contributor_mark
from storage.database import Database, Row
from storage.statements import query

_IDS_PER_QUERY = 2_000
"""Keeps the statement near 70 KB, well below the usual limit of 256 KiB."""

DOCUMENT_COLUMNS = (
    "id origin source outlet kind society language url story published_at fetched_at day version"
).split()
TEXT_COLUMNS = "id day title text author_key version".split()
READING_COLUMNS = (
    "document_id society day outlet relevance topics conflates dehumanising model version"
).split()
JUDGEMENT_COLUMNS = (
    "document_id society target day outlet kind language story contributor stance "
    "p_support p_neutral p_oppose p_not_addressed model version"
).split()


def known_origins(database: Database, ids: Sequence[str]) -> dict[str, str]:
    """Origin of each of these documents that is stored already, by document id."""
    known: dict[str, str] = {}
    for start in range(0, len(ids), _IDS_PER_QUERY):
        chunk = tuple(ids[start : start + _IDS_PER_QUERY])
        known.update(database.query(query("known_documents"), {"ids": chunk}).rows)
    return known


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where and when a stored document was said, and which row brought it."""

    id: str
    origin: str
    society: str
    published_at: datetime
    story: str


def places_of(database: Database, ids: Sequence[str]) -> dict[str, Place]:
    """Of each of these documents that is stored, by id."""
    found: dict[str, Place] = {}
    for start in range(0, len(ids), _IDS_PER_QUERY):
        chunk = tuple(ids[start : start + _IDS_PER_QUERY])
        for row in database.query(query("places_of_documents"), {"ids": chunk}).dicts():
            found[row["id"]] = Place(**row)
    return found


def store_judged(
    database: Database,
    batch: Sequence[Judged],
    origins: Mapping[str, str],
    version: int,
    *,
    removed: Collection[str] = (),
) -> None:
    """Store documents, readings and judgements. `origins` gives the row that brought each document id.

    Text, title, address and author key of off-topic documents are not kept: they are none of this project's business.
    Nor are those of documents that were removed while they were on their way (ids).
    """
    kept = [
        judged
        for judged in batch
        if judged.disposition is not Disposition.OFF_TOPIC and judged.document.id not in removed
    ]
    database.insert("document_texts", TEXT_COLUMNS, [_text_row(one, version) for one in kept])
    with_address = {judged.document.id for judged in kept}
    database.insert(
        "documents",
        DOCUMENT_COLUMNS,
        [
            _document_row(
                judged,
                origins[judged.document.id],
                version,
                keep=judged.document.id in with_address,
            )
            for judged in batch
        ],
    )
    store_readings(database, batch, version)


def store_readings(database: Database, batch: Sequence[Judged], version: int) -> None:
    """Store readings and judgements of documents that are stored already; the newest version wins."""
    database.insert(
        "readings",
        READING_COLUMNS,
        [_reading_row(judged, version) for judged in batch if judged.reading],
    )
    database.insert(
        "judgements",
        JUDGEMENT_COLUMNS,
        [row for judged in batch for row in _judgement_rows(judged, version)],
    )


def _text_row(judged: Judged, version: int) -> Row:
    document = judged.document
    return (
        document.id,
        document.day,
        document.title,
        document.text,
        document.author_key,
        version,
    )


def _document_row(judged: Judged, origin: str, version: int, *, keep: bool) -> Row:
    document = judged.document
    return (
        document.id,
        origin,
        document.source,
        document.outlet,
        document.kind.value,
        document.society,
        document.language,
        document.url if keep else "",
        document.story,
        document.published_at,
        document.fetched_at,
        document.day,
        version,
    )


def _reading_row(judged: Judged, version: int) -> Row:
    document, reading = judged.document, judged.reading
    assert reading is not None
    return (
        document.id,
        document.society,
        document.day,
        document.outlet,
        reading.relevance,
        list(reading.topics),
        int(reading.conflates),
        int(reading.dehumanising),
        reading.model,
        version,
    )


def _judgement_rows(judged: Judged, version: int) -> list[Row]:
    document = judged.document
    contributor = contributor_mark(document)
    return [
        (
            document.id,
            document.society,
            judgement.target,
            document.day,
            document.outlet,
            document.kind.value,
            document.language,
            document.story,
            contributor,
            judgement.stance.value,
            judgement.p.support,
            judgement.p.neutral,
            judgement.p.oppose,
            judgement.p.not_addressed,
            judgement.model,
            version,
        )
        for judgement in judged.judgements
    ]
