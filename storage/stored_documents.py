"""Documents read back: those that a model has not judged yet, those that say a thing most clearly, their text.

Millions of documents are never in memory together: months come one by one, and of a month pages by id, which
is how the table is sorted. A page holds keys without text; text is read for a batch.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime, timedelta

import msgspec

from classify.disposition import Disposition
from classify.stance import Stance
from ingest.document import Document, Kind
from storage.database import Database
from storage.ledger import Entry
from storage.statements import query

_IDS_PER_QUERY = 2_000
"""Keeps the statement near 70 KB, well below the usual limit of 256 KiB."""

_NO_LIMIT = 2**63 - 1


class Unjudged(msgspec.Struct, frozen=True, kw_only=True):
    """A stored document that a model has not judged, without its text."""

    id: str
    read_as: str
    """The origin under which the ledger counts it."""
    source: str
    society: str
    day: date
    disposition: Disposition
    read_at: datetime
    """When the ledger says that it was read."""
    model: str
    """Of its reading; empty where it has none."""
    newest: int
    """Version of its newest row."""


class Count(msgspec.Struct, frozen=True, kw_only=True):
    """So many documents are not judged by a model."""

    disposition: Disposition
    model: str
    """Of their readings; empty where they have none."""
    documents: int
    no_text: int
    """Those of them whose title and text are not kept any more: they expired, or were removed."""


class Search(msgspec.Struct, frozen=True, kw_only=True):
    """Which documents are looked for."""

    model: str
    """Those that this model has not judged."""
    mark: str
    """How the ledger's reason begins where this model left a document unjudged."""
    others: tuple[Disposition, ...]
    """Dispositions besides `judged`."""
    first: date
    last: date
    """Days of publication, both included."""
    society: str = ""
    """Only this one; empty for all."""

    def within(self, month: date) -> Search:
        """The same for the days of one month."""
        end = (month.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
        return self.between(max(self.first, month), min(self.last, end))

    def between(self, first: date, last: date) -> Search:
        """The same for these days."""
        return msgspec.structs.replace(self, first=first, last=last)


def months(database: Database, search: Search) -> list[date]:
    """First days of the months that have documents, newest first."""
    rows = database.query(query("months_of_documents"), _parameters(search)).rows
    return [month for (month,) in rows]


def count_unjudged(database: Database, search: Search) -> list[Count]:
    """How many documents there are to judge again, by disposition and model. `search`: within a month."""
    result = database.query(query("documents_to_rejudge_counted"), _parameters(search))
    return [
        Count(**{**row, "disposition": Disposition(row["disposition"])}) for row in result.dicts()
    ]


def days_to_judge(database: Database, search: Search) -> list[tuple[date, int]]:
    """Days that have documents to judge again, in order, and how many. `search`: within a month."""
    asked = {**_parameters(search), "after": "", "limit": _NO_LIMIT}
    return [(day, found) for day, found in database.query(query("days_to_rejudge"), asked).rows]


def unjudged(database: Database, search: Search, after: str, limit: int) -> list[Unjudged]:
    """The first `limit` documents to judge again whose id is after `after`, by id. `search`: within a month."""
    result = database.query(
        query("documents_to_rejudge"), {**_parameters(search), "after": after, "limit": limit}
    )
    return [
        Unjudged(**{**row, "disposition": Disposition(row["disposition"])})
        for row in result.dicts()
    ]


def documents_of(
    database: Database, ids: Sequence[str], first: date, last: date
) -> tuple[list[Document], dict[str, str]]:
    """The documents with these ids, published between these days, in the order of their ids; and why the
    others are none any more, by id.

    Text that was removed leaves none; nor does a row that today's rules for documents refuse.
    """
    found: list[Document] = []
    lost = dict.fromkeys(ids, "it is not stored any more")
    for chunk in _chunks(ids, first, last):
        for row in database.query(query("documents_by_id"), chunk).dicts():
            if not row["title"].strip() and not row["text"].strip():
                lost[row["id"]] = "its text is not kept any more"
                continue
            try:
                found.append(Document(**{**row, "kind": Kind(row["kind"])}))
            except ValueError as error:
                lost[row["id"]] = str(error)
            else:
                del lost[row["id"]]
    return found, lost


def clearest(
    database: Database, society: str, target: str, first: date, last: date, *, each: int
) -> dict[str, Stance]:
    """Ids of the edited documents (news, official) most surely for and against a target: `each` of both at most, no two of
    them of one outlet. The surest come first within a stance.
    """
    rows = database.query(
        query("clearest_documents"),
        {"society": society, "target": target, "first": first, "last": last, "each": each},
    ).rows
    return {document_id: Stance(stance) for document_id, stance in rows}


def targets_of(
    database: Database, ids: Sequence[str], first: date, last: date
) -> dict[str, list[str]]:
    """The targets that each of these documents has a judgement of, by document id."""
    found: dict[str, list[str]] = {}
    for chunk in _chunks(ids, first, last):
        for document_id, target in database.query(query("targets_of_documents"), chunk).rows:
            found.setdefault(document_id, []).append(target)
    return found


def amend_ledger(
    database: Database, entries: Collection[tuple[Entry, datetime]], version: int
) -> None:
    """Say anew what became of rows. Each keeps the time at which it was read: nothing was read now."""
    database.insert(
        "dispositions",
        ["origin", "document_id", "source", "disposition", "reason", "at", "version"],
        [
            (e.origin, e.document_id, e.source, e.disposition.value, e.reason, at, version)
            for e, at in entries
        ],
    )


def remove_off_topic_text(database: Database, search: Search) -> None:
    """Remove the text of off-topic documents that no model has judged. `search`: within a month."""
    database.execute(query("remove_off_topic_text"), _parameters(search))


def _parameters(search: Search) -> dict[str, object]:
    return {
        "model": search.model,
        "mark": search.mark,
        "others": search.others,
        "first": search.first,
        "last": search.last,
        "society": search.society,
    }


def _chunks(ids: Sequence[str], first: date, last: date) -> Iterator[dict[str, object]]:
    ordered = sorted(set(ids))
    for start in range(0, len(ordered), _IDS_PER_QUERY):
        chunk = ordered[start : start + _IDS_PER_QUERY]
        yield {
            "ids": tuple(chunk),
            "from_id": chunk[0],
            "to_id": chunk[-1],
            "first": first,
            "last": last,
        }
