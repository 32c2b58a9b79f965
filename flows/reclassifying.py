"""Judge stored documents again with the classifier of the settings, where another model or none has judged them.

    months, newest first -> whole days -> batches: text -> judge -> [the days are judged] -> store -> recount -> ledger

A day is stored as a whole, in one block, and counted anew by one statement: whoever reads, counts or estimates it
meanwhile sees what one model said of all that was there, the old one or the new one, never half of each.

A row of the ledger is written last, so a run that was cut off goes on with what it left. What a document was
is replaced by what it is now: its row counts once, at the time at which it was read, under its new word. A
document that is judged no more keeps judgements that say `not addressed`, which no figure counts.
"""

from __future__ import annotations

import logging
import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
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

CountedDay = tuple[date, int]
"""A day, and how many documents are to be judged again on it."""


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Which documents to judge again."""

    since: date = FIRST_MOMENT.date()
    until: date = LAST_MOMENT.date()
    """Days of publication, both included."""
    society: str = ""
    off_topic: bool = False
    """Those too that were off topic, as far as their text is there."""
    limit: int | None = None
    """At most so many, in whole days; one day at least."""


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
    run = _Run(edges, search, progress)
    for month in stored_documents.months(edges.database, search):
        within = search.within(month)
        waiting = deque(
            _spread(
                _groups(
                    stored_documents.days_to_judge(edges.database, within),
                    edges.settings.batch_size,
                )
            )
        )
        left = _left(selection, run.total)
        while waiting and left:
            days, later = _fitting(waiting.popleft(), left)
            if later:
                waiting.appendleft(later)
            if run.total.batches and days[0][1] > left:
                left = 0  # a day is not left half judged, so it is not begun
                break
            run.judge_days(days[0][0], days[-1][0])
            left = _left(selection, run.total)
        stored_documents.remove_off_topic_text(edges.database, within)
        if not left:
            break
    estimate_counted_days(edges)
    return run.total


class _Run:
    """Days judged one after the other, and what became of all of them."""

    def __init__(
        self, edges: Edges, search: Search, progress: Callable[[ReclassifyReport], None]
    ) -> None:
        self._edges = edges
        self._search = search
        self._progress = progress
        self.total = ReclassifyReport()

    def judge_days(self, first: date, last: date) -> None:
        """Judge and store what these days, of one month, have; doing it again, here or elsewhere, changes no figure."""
        # Before anything is read: an edition or a removal that comes meanwhile is newer, and stays.
        version = next_version()
        keys = {key.id: key for key in self._keys(first, last)}
        judged: list[Judged] = []
        report = ReclassifyReport()
        for batch in _batches(list(keys.values()), self._edges.settings.batch_size):
            self._add(report)  # of the batch before: the last one is told once all are stored
            found, lost = stored_documents.documents_of(
                self._edges.database, [key.id for key in batch], first, last
            )
            for document_id, reason in lost.items():
                log.debug("document %s cannot be judged again: %s", document_id, reason)
            new = judge(found, self._edges.classifier, self._edges.targets)
            report = _report(keys, new, len(lost))
            judged += map(_without_words, new)
        _store(self._edges, keys, judged, first, last, version, self._search.mark)
        self._add(report)

    def _keys(self, first: date, last: date) -> Iterator[Unjudged]:
        """The keys of these days, by id. Each page looks only behind the last key: what cannot be judged stays."""
        search, after = self._search.between(first, last), ""
        while page := stored_documents.unjudged(self._edges.database, search, after, KEYS_PER_PAGE):
            yield from page
            after = page[-1].id

    def _add(self, report: ReclassifyReport) -> None:
        if report.batches:
            self.total += report
            log.info("batch %d: %s", self.total.batches, report)
            self._progress(self.total)


def _store(
    edges: Edges,
    keys: Mapping[str, Unjudged],
    judged: Sequence[Judged],
    first: date,
    last: date,
    version: int,
    mark: str,
) -> None:
    """What was judged of these days, as one block of readings and one of judgements, counts and ledger after them."""
    # What was forgotten meanwhile must not come back.
    there = documents.known_origins(edges.database, [one.document.id for one in judged])
    judged = [one for one in judged if one.document.id in there]
    had = [one.document.id for one in judged if keys[one.document.id].model]
    targets = stored_documents.targets_of(edges.database, had, first, last)
    # Above every row that there is, also where the clock of another machine is ahead.
    version = max(version, 1 + max((key.newest for key in keys.values()), default=0))
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
            (_entry(keys[one.document.id], one.disposition, mark), keys[one.document.id].read_at)
            for one in judged
        ],
        version,
    )


def _without_words(one: Judged) -> Judged:
    """The same in little memory, for days of many documents; a document cannot be without any word."""
    return msgspec.structs.replace(
        one, document=msgspec.structs.replace(one.document, title="-", text="")
    )


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


def _groups(days: Sequence[CountedDay], size: int) -> list[list[CountedDay]]:
    """The days in order, as many together as have `size` documents; at least one."""
    groups: list[list[CountedDay]] = []
    for day in days:
        if not groups or sum(n for _, n in groups[-1]) + day[1] > size:
            groups.append([])
        groups[-1].append(day)
    return groups


def _spread(groups: Sequence[list[CountedDay]]) -> list[list[CountedDay]]:
    """The groups in an order in which those that are done lie evenly over the month at any time: the middle first, then
    the middles of the halves. One after the other they would be a cliff, which a detector might take for a fall.
    """
    bits = len(groups).bit_length()
    turn = {n: int(f"{n + 1:0{bits}b}"[::-1], 2) for n in range(len(groups))}
    return [groups[n] for n in sorted(turn, key=turn.__getitem__)]


def _fitting(days: list[CountedDay], left: int) -> tuple[list[CountedDay], list[CountedDay]]:
    """The first of these days that have no more than `left` documents, at least one of them; and the others."""
    first = _groups(days, left)[0]
    return first, days[len(first) :]


def _batches(keys: Sequence[Unjudged], size: int) -> Iterator[Sequence[Unjudged]]:
    for start in range(0, len(keys), size):
        yield keys[start : start + size]


def _left(selection: Selection, total: ReclassifyReport) -> int:
    return max((selection.limit or sys.maxsize) - (total.read - total.no_text), 0)


def _entry(key: Unjudged, disposition: Disposition, mark: str) -> Entry:
    return Entry(
        origin=key.read_as,
        document_id=key.id,
        source=key.source,
        disposition=disposition,
        reason=f"{mark}was {key.disposition.value.replace('_', ' ')}",
    )


def _report(
    keys: Mapping[str, Unjudged], judged: Sequence[Judged], no_text: int
) -> ReclassifyReport:
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
