"""Judge stored documents again with the classifier of the settings, where another model or none has judged them.

    months, newest first -> pages of keys by id -> batches: text -> judge -> store -> recount -> ledger

A row of the ledger is written last, so a run that was cut off goes on with what it left. What a document was
is replaced by what it is now: its row counts once, at the time at which it was read, under its new word. A
document that is judged no more keeps judgements that say `not addressed`, which no figure counts.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import date

import msgspec

from classify.disposition import Disposition
from classify.judge import Judged, judge
from flows.watching import estimate_counted_days
from flows.wiring import Edges
from flows.withdrawing import withdrawn
from storage import daily_counts, documents, stored_documents
from storage.database import next_version
from storage.ledger import Entry
from storage.parameters import FIRST_MOMENT, LAST_MOMENT
from storage.stored_documents import Count, Search, Unjudged

log = logging.getLogger("barometer.reclassify")

KEYS_PER_PAGE = 10_000
"""Keys read at once, a few megabytes; a page costs one pass over the ids of its month."""


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Which documents to judge again."""

    since: date = FIRST_MOMENT.date()
    until: date = LAST_MOMENT.date()
    """Days of publication, both included."""
    society: str = ""
    off_topic: bool = False
    """Those too that were off topic, as far as their text is there."""
    limit: int | None = None
    """At most so many."""


class ReclassifyReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the documents of a batch (or of several, added up)."""

    read: int = 0
    judged: int = 0
    off_topic: int = 0
    unsupported_language: int = 0
    no_text: int = 0
    """Left as they were: their text is not there any more."""
    moved: int = 0
    """Of the first three: those that were something else before."""
    batches: int = 0

    def __add__(self, other: ReclassifyReport) -> ReclassifyReport:
        ours, theirs = msgspec.structs.astuple(self), msgspec.structs.astuple(other)
        names = ReclassifyReport.__struct_fields__
        return ReclassifyReport(**{n: a + b for n, a, b in zip(names, ours, theirs, strict=True)})

    def __str__(self) -> str:
        return (
            f"{self.read} read again = {self.judged} judged + {self.off_topic} off topic"
            f" + {self.unsupported_language} unsupported language + {self.no_text} without text"
            f" ({self.moved} were something else before)"
        )


def count_unjudged(edges: Edges, selection: Selection) -> list[Count]:
    """What `reclassify` would read, by disposition and model, ordered so; `limit` is left aside."""
    search = _search(edges, selection)
    counts: dict[tuple[Disposition, str], Count] = {}
    for month in stored_documents.months(edges.database, search):
        for one in stored_documents.count_unjudged(edges.database, search.within(month)):
            before = counts.get((one.disposition, one.model))
            counts[one.disposition, one.model] = msgspec.structs.replace(
                one,
                documents=one.documents + (before.documents if before else 0),
                no_text=one.no_text + (before.no_text if before else 0),
            )
    return [counts[key] for key in sorted(counts)]


def reclassify(
    edges: Edges,
    selection: Selection,
    *,
    progress: Callable[[ReclassifyReport], None] = lambda report: None,
) -> ReclassifyReport:
    """Judge again what the model of the settings has not judged. Days counted anew are estimated; no one is told.

    Text of what turns out to be off topic is removed where no model ever judged it, as at scoring.
    """
    search = _search(edges, selection)
    total = ReclassifyReport()
    for month in stored_documents.months(edges.database, search):
        within = search.within(month)
        for batch in _batches(edges, within):
            keys = batch
            while keys and (left := _left(selection, total)):
                report = reclassify_batch(edges, keys[:left], search.mark)
                keys = keys[left:]
                total += report
                log.info("batch %d: %s", total.batches, report)
                progress(total)
            if keys:
                break
        stored_documents.remove_off_topic_text(edges.database, within)
        if not _left(selection, total):
            break
    estimate_counted_days(edges)
    return total


def reclassify_batch(edges: Edges, keys: Sequence[Unjudged], mark: str) -> ReclassifyReport:
    """Judge and store one batch of one key or more; doing it again, here or elsewhere, changes no figure."""
    days = [key.day for key in keys]
    first, last = min(days), max(days)
    found, lost = stored_documents.documents_of(
        edges.database, [key.id for key in keys], first, last
    )
    for document_id, reason in lost.items():
        log.debug("document %s cannot be judged again: %s", document_id, reason)
    by_id = {key.id: key for key in keys}
    judged = judge(found, edges.classifier, edges.targets)
    had = [key.id for key in keys if key.model and key.id not in lost]
    targets = stored_documents.targets_of(edges.database, had, first, last)
    # Above every row that there is, also where the clock of another machine is ahead.
    version = max(next_version(), 1 + max((key.newest for key in keys), default=0))
    documents.store_readings(
        edges.database,
        [
            one
            if one.disposition is Disposition.JUDGED or one.document.id not in targets
            else withdrawn(one.document, targets[one.document.id], edges.classifier.model)
            for one in judged
        ],
        version,
    )
    daily_counts.recount(
        edges.database,
        {
            (one.document.society, one.document.day)
            for one in judged
            if one.judgements or one.document.id in targets
        },
    )
    stored_documents.amend_ledger(
        edges.database,
        [
            (_entry(by_id[one.document.id], one.disposition, mark), by_id[one.document.id].read_at)
            for one in judged
        ],
        version,
    )
    return _report(by_id, judged, len(lost))


def _search(edges: Edges, selection: Selection) -> Search:
    others = [Disposition.UNSUPPORTED_LANGUAGE]
    if selection.off_topic:
        others.append(Disposition.OFF_TOPIC)
    return Search(
        model=edges.classifier.model,
        mark=f"judged again by {edges.classifier.model}: ",
        others=tuple(others),
        first=max(selection.since, FIRST_MOMENT.date()),
        last=min(selection.until, LAST_MOMENT.date()),
        society=selection.society,
    )


def _batches(edges: Edges, search: Search) -> Iterator[list[Unjudged]]:
    """The keys of a month, in batches. Each page looks only behind the last key: what cannot be judged stays."""
    after = ""
    while page := stored_documents.unjudged(edges.database, search, after, KEYS_PER_PAGE):
        after = page[-1].id
        for start in range(0, len(page), edges.settings.batch_size):
            yield page[start : start + edges.settings.batch_size]


def _left(selection: Selection, total: ReclassifyReport) -> int:
    return (selection.limit or sys.maxsize) - (total.read - total.no_text)


def _entry(key: Unjudged, disposition: Disposition, mark: str) -> Entry:
    return Entry(
        origin=key.read_as,
        document_id=key.id,
        source=key.source,
        disposition=disposition,
        reason=f"{mark}was {key.disposition.value.replace('_', ' ')}",
    )


def _report(keys: dict[str, Unjudged], judged: Sequence[Judged], no_text: int) -> ReclassifyReport:
    counts = dict.fromkeys(Disposition, 0)
    for one in judged:
        counts[one.disposition] += 1
    return ReclassifyReport(
        read=len(judged) + no_text,
        judged=counts[Disposition.JUDGED],
        off_topic=counts[Disposition.OFF_TOPIC],
        unsupported_language=counts[Disposition.UNSUPPORTED_LANGUAGE],
        no_text=no_text,
        moved=sum(one.disposition is not keys[one.document.id].disposition for one in judged),
        batches=1,
    )
