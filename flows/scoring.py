"""Score: from the bus to the tables, each row read exactly once in the ledger.

    poll -> decode -> known before? -> judge -> stories -> store -> recount the days touched -> ledger -> commit
                 \\-> dead letters

Store first, then commit: a crash anywhere repeats work and changes no figure.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime

import msgspec

from classify.disposition import Disposition
from classify.judge import Judged, judge
from flows.editions import store_editions
from flows.story_clustering import with_stories
from flows.wiring import GROUP, Edges
from ingest.bus import DEAD_LETTERS, DOCUMENTS, ORIGIN, Consumer, Message, PartitionsLost, Record
from ingest.dead_letter import DeadLetter, dead_letter, decode_dead_letter, encode_dead_letter
from ingest.document import LATEST_AHEAD, Document, InvalidDocument, decode_document
from storage import daily_counts, dead_letters, documents, ledger, removals
from storage.database import next_version
from storage.ledger import Entry
from storage.parameters import FIRST_MOMENT, LAST_MOMENT

log = logging.getLogger("barometer.score")

MOSTLY = 0.5
"""Share of undecodable messages above which the fault is ours and the worker stops."""

MOSTLY_OF = 20
"""… in a batch of at least this many."""

FOLLOW_SECONDS, DRAIN_SECONDS = 1.0, 0.2
"""How long a poll waits for a message: a follower has time, a drain wants to see that nothing is left."""


class MostlyInvalid(Exception):
    """Most of a batch could not be decoded; nothing of it was stored or committed."""


class BatchReport(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the rows of a batch (or of several, added up)."""

    read: int = 0
    judged: int = 0
    off_topic: int = 0
    unsupported_language: int = 0
    duplicate: int = 0
    dead: int = 0
    batches: int = 0

    def __add__(self, other: BatchReport) -> BatchReport:
        ours, theirs = msgspec.structs.astuple(self), msgspec.structs.astuple(other)
        names = BatchReport.__struct_fields__
        return BatchReport(**{n: a + b for n, a, b in zip(names, ours, theirs, strict=True)})

    def __str__(self) -> str:
        return (
            f"{self.read} read = {self.judged} judged + {self.off_topic} off topic"
            f" + {self.unsupported_language} unsupported language"
            f" + {self.duplicate} duplicates + {self.dead} dead"
        )


def drain(
    edges: Edges,
    *,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    progress: Callable[[BatchReport], None] = lambda report: None,
    until: Callable[[], bool] | None = None,
) -> BatchReport:
    """Score what is on the bus, until this worker has caught up (or until `until` says so)."""
    consumer = edges.bus.subscribe([DOCUMENTS, DEAD_LETTERS], GROUP)
    total = BatchReport()
    patience = DRAIN_SECONDS if until is None else FOLLOW_SECONDS
    try:
        while True:
            messages = consumer.poll(edges.settings.batch_size, patience)
            if messages:
                report = score_batch(edges, messages, now=clock())
                _commit(consumer, messages)
                total += report
                log.info("batch %d: %s", total.batches, report)
                progress(total)
            elif until is None and consumer.caught_up():
                return total
            if until is not None and until():
                return total
    finally:
        consumer.close()


def _commit(consumer: Consumer, messages: Sequence[Message]) -> None:
    try:
        consumer.commit(messages)
    except PartitionsLost:
        # Another worker took the partition over while we judged. It will read these messages again
        # and write the same rows: nothing is lost and nothing counts twice.
        return


def score_batch(edges: Edges, messages: Sequence[Message], *, now: datetime) -> BatchReport:
    """Judge and store one batch. Storing it again, here or elsewhere, changes no figure.

    The ledger is written last: a row that it knows was stored in full, and is passed over when it comes again.
    """
    arrivals, letters = _decode(messages, now)
    undecodable = [letter for letter, fresh in letters if fresh]
    seen = len(arrivals) + len(undecodable)
    if seen >= MOSTLY_OF and len(undecodable) > MOSTLY * seen:
        raise MostlyInvalid(
            f"{len(undecodable)} of {seen} messages on {DOCUMENTS} cannot be decoded"
            f" (the first: {undecodable[0].reason}); nothing was stored."
            " Check who publishes there and with which version, then start again."
        )
    recorded = ledger.recorded(
        edges.database,
        [origin for origin, _ in arrivals] + [letter.origin for letter, _ in letters],
    )
    # A dead letter that was replayed is a document now; a dead letter that comes again stays what it became.
    new_arrivals = [
        (origin, document)
        for origin, document in arrivals
        if recorded.get(origin, Disposition.DEAD) is Disposition.DEAD
    ]
    new_letters = [(letter, fresh) for letter, fresh in letters if letter.origin not in recorded]
    if found_here := [letter_record(letter) for letter, fresh in new_letters if fresh]:
        edges.bus.publish(DEAD_LETTERS, found_here)

    first, editions, entries = _first_arrivals(edges, new_arrivals)
    judged = judge([document for _, document in first], edges.classifier, edges.targets)
    judged = _in_stories(edges, judged)
    origins = {document.id: origin for origin, document in first}
    entries += [
        Entry(
            origin=origins[one.document.id],
            document_id=one.document.id,
            source=one.document.source,
            disposition=one.disposition,
        )
        for one in judged
    ]
    entries += [
        Entry(
            origin=letter.origin,
            document_id="",
            source=letter.source,
            disposition=Disposition.DEAD,
            reason=letter.reason,
        )
        for letter, _ in new_letters
    ]

    version = next_version()
    documents.store_judged(edges.database, judged, origins, version)
    dead_letters.store(edges.database, [letter for letter, _ in new_letters], version)
    touched: set[tuple[str, date]] = {
        (one.document.society, one.document.day) for one in judged if one.judgements
    }
    touched |= store_editions(edges, editions)
    stored = [one.document.id for one in judged] + [edition.id for edition in editions]
    removals.blank_if_removed(edges.database, stored)
    daily_counts.recount(edges.database, touched)
    ledger.record(edges.database, entries, now, version)
    return _report(entries)


def _in_stories(edges: Edges, judged: Sequence[Judged]) -> list[Judged]:
    """Each with its story; what is off topic is not kept, and so is not compared with anything."""
    kept = [one.document for one in judged if one.disposition is not Disposition.OFF_TOPIC]
    told = {document.id: document for document in with_stories(edges.database, kept)}
    return [
        msgspec.structs.replace(one, document=told.get(one.document.id, one.document))
        for one in judged
    ]


def _decode(
    messages: Sequence[Message], now: datetime
) -> tuple[list[tuple[str, Document]], list[tuple[DeadLetter, bool]]]:
    """Arrivals (origin, document), and dead letters with whether they are fresh (found dead here).

    Each origin once, as it came first: an entry without a date is dated anew by each reading, and must not
    count on two days.
    """
    arrivals: dict[str, Document] = {}
    letters: dict[str, tuple[DeadLetter, bool]] = {}
    for message in messages:
        try:
            if message.topic == DEAD_LETTERS:
                letter = _letter(message, now)
                letters.setdefault(letter.origin, (letter, False))
            else:
                arrivals.setdefault(message.origin, _document(message, now))
        except (InvalidDocument, ValueError) as error:
            letter = dead_letter(
                origin=message.origin,
                source="bus",
                place=f"{message.topic} partition {message.partition} offset {message.offset}",
                reason=str(error),
                payload=message.value,
                read_at=now,
            )
            letters.setdefault(letter.origin, (letter, message.topic == DOCUMENTS))
    # A row that was dead and then replayed, both in one batch after a restart: it is a document now.
    dead = [letter for origin, letter in letters.items() if origin not in arrivals]
    return list(arrivals.items()), dead


def _document(message: Message, now: datetime) -> Document:
    """The document in a message. Raises InvalidDocument, also for times that the tables cannot hold.

    A publisher whose clock is ahead would count what it reads on days that have not come.
    """
    document = decode_document(message.value)
    for name in ("published_at", "fetched_at"):
        moment: datetime = getattr(document, name)
        if moment > LAST_MOMENT:
            raise InvalidDocument(f"{name} {moment:%Y-%m-%d} is after {LAST_MOMENT.year}")
        if moment > now + LATEST_AHEAD:
            raise InvalidDocument(f"{name} {moment:%Y-%m-%dT%H:%MZ} is over a day in the future")
    return document


def _letter(message: Message, now: datetime) -> DeadLetter:
    """The dead letter in a message. Raises ValueError when there is none."""
    letter = decode_dead_letter(message.value)
    moment = letter.read_at
    known = moment.tzinfo is not None and FIRST_MOMENT <= moment <= LAST_MOMENT
    return msgspec.structs.replace(
        letter, origin=letter.origin or message.origin, read_at=moment if known else now
    )


def _first_arrivals(
    edges: Edges, arrivals: Sequence[tuple[str, Document]]
) -> tuple[list[tuple[str, Document]], list[Document], list[Entry]]:
    """Arrivals to judge, editions of documents that are stored already, and the ledger entries of all whose document
    came before by another row. Of a document that arrives several times in one batch the newest edition is judged.
    """
    known = documents.known_origins(edges.database, [document.id for _, document in arrivals])
    first_origin = dict(known)
    newest: dict[str, Document] = {}
    begun: set[str] = set()
    repeated: list[Entry] = []
    for origin, document in arrivals:
        is_first = first_origin.setdefault(document.id, origin) == origin
        if is_first or _is_newer(document, newest.get(document.id)):
            newest[document.id] = document
        if is_first:
            begun.add(document.id)
        else:
            edited = f"edited {document.edited_at:%Y-%m-%d %H:%M}; " if document.edited_at else ""
            repeated.append(
                Entry(
                    origin=origin,
                    document_id=document.id,
                    source=document.source,
                    disposition=Disposition.DUPLICATE,
                    reason=f"{edited}first read as {first_origin[document.id]}",
                )
            )
    # One that is stored already and comes again by its own row was cut off before the ledger knew it.
    first = [(first_origin[id], each) for id, each in newest.items() if id in begun]
    return first, [each for id, each in newest.items() if id not in begun], repeated


def _is_newer(document: Document, other: Document | None) -> bool:
    """Whether it is an edition, and newer than the other one."""
    if document.edited_at is None:
        return False
    return other is None or other.edited_at is None or document.edited_at > other.edited_at


def letter_record(letter: DeadLetter) -> Record:
    """A dead letter as it travels on its topic."""
    return Record(letter.origin, encode_dead_letter(letter), {ORIGIN: letter.origin})


def _report(entries: Sequence[Entry]) -> BatchReport:
    counts = dict.fromkeys(Disposition, 0)
    for entry in entries:
        counts[entry.disposition] += 1
    return BatchReport(
        read=len(entries), batches=1, **{word.value: count for word, count in counts.items()}
    )
