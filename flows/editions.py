"""Editions: a document whose author changed it is judged anew in its place, and counts once.

    edition -> society and time as they are stored -> judge -> store over the old rows -> days to recount

An edition that is off topic, or in a language that is not judged, takes the old judgements back.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

import msgspec

from classify.disposition import Disposition
from classify.judge import judge
from flows.wiring import Edges
from flows.withdrawing import withdrawn
from ingest.document import Document
from storage import documents, removals, stored_documents
from storage.database import next_version


def store_editions(
    edges: Edges, editions: Sequence[Document], removed: Collection[str] = ()
) -> set[tuple[str, date]]:
    """Judge and store these editions of stored documents; the (society, day) cells that are to be recounted. Those that
    were removed (ids) are stored without their words.
    """
    if not editions:
        return set()
    places = documents.places_of(edges.database, [edition.id for edition in editions])
    placed = [
        # where and when it was said stays: what is counted must not wander to another day
        msgspec.structs.replace(
            edition, society=place.society, published_at=place.published_at, story=place.story
        )
        for edition in editions
        if (place := places.get(edition.id))
    ]
    judged = judge(placed, edges.classifier, edges.targets)
    days = [document.day for document in placed]
    had = (
        stored_documents.targets_of(
            edges.database, [document.id for document in placed], min(days), max(days)
        )
        if placed
        else {}
    )
    version = next_version()
    documents.store_judged(
        edges.database,
        judged,
        {id: place.origin for id, place in places.items()},
        version,
        removed=removed,
    )
    # What it said before was kept, and what it says now is not.
    removals.blank(
        edges.database,
        [one.document.id for one in judged if one.disposition is Disposition.OFF_TOPIC],
    )
    documents.store_readings(
        edges.database,
        [
            withdrawn(one.document, had[one.document.id], edges.classifier.model)
            for one in judged
            if one.disposition is not Disposition.JUDGED and one.document.id in had
        ],
        version,
    )
    return {
        (one.document.society, one.document.day)
        for one in judged
        if one.judgements or one.document.id in had
    }
