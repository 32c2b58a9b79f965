"""Score: from the bus to the tables, each row read exactly once in the ledger.

    poll -> decode -> known before? -> judge -> stories -> store -> recount the days touched -> ledger -> commit
                 \\-> dead letters <-/

Store first, then commit: a crash anywhere repeats work and changes no figure. A document that makes the judging fail is
a dead letter, and the others are judged (flows/judging.py). So is one that ends the process: what DEATHS_TOGETHER
workers ended with is judged one by one, and what ended DEATHS_ALONE more all by itself is judged no more.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, date, datetime

import msgspec

from classify.disposition import Disposition
from classify.judge import Judged
from flows.counting_work import count_batch
from flows.decoding import Arrived, decoded
from flows.document_trail import batch, log_became
from flows.editions import store_editions
from flows.gone_rows import without_gone
from flows.judging import Poison, check_model, judge_each
from flows.story_clustering import with_stories
from flows.wiring import GROUP, Edges
from ingest.bus import DEAD_LETTERS, DOCUMENTS, ORIGIN, Consumer, Message, PartitionsLost, Record
from ingest.dead_letter import DeadLetter, dead_letter, encode_dead_letter
from ingest.document import Document, encode_document
from storage import daily_counts, dead_letters, documents, in_hand, ledger, removals
from storage.database import next_version
from storage.in_hand import Deaths
from storage.ledger import Entry

log = logging.getLogger("barometer.score")

MOSTLY = 0.5
"""Share of undecodable messages above which the fault is ours and the worker stops."""

MOSTLY_OF = 20
"""… in a batch of at least this many."""

DEATHS_TOGETHER = 2
"""Workers that ended while they judged a document among others, from which on it is judged alone …"""

DEATHS_ALONE = 6
"""… and workers that ended with nothing else in hand, from which on it is a dead letter. Not fewer: where processes are
killed again and again soon after their start, it is the same innocent document that they have in hand.
"""

FOLLOW_SECONDS, DRAIN_SECONDS = 1.0, 0.2
"""How long a poll waits for a message: a follower has time, a drain wants to see that nothing is left."""


_PROCESS = uuid.uuid4().hex


class MostlyInvalid(Exception):
    """Most of a batch could not be decoded, or not judged; nothing of it was stored or committed."""


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
                began = time.monotonic()
                with batch():
                    report = score_batch(edges, messages, now=clock())
                    _commit(consumer, messages)
                    log.info("batch %d: %s", total.batches + 1, report)
                count_batch(report, time.monotonic() - began)
                total += report
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
    arrivals, letters = decoded(messages, now)
    arrivals, gone = without_gone(edges.database, messages, arrivals, now)
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
        [origin for origin, _ in arrivals]
        + [letter.origin for letter, _ in letters]
        + [entry.origin for entry in gone],
    )
    # A dead letter that was replayed is a document now; a dead letter that comes again stays what it became.
    replayed = {origin for origin, word in recorded.items() if word is Disposition.DEAD}
    new_arrivals = [
        (origin, document)
        for origin, document in arrivals
        if origin not in recorded or origin in replayed
    ]
    new_letters = [(letter, fresh) for letter, fresh in letters if letter.origin not in recorded]
    if found_here := [letter_record(letter) for letter, fresh in new_letters if fresh]:
        edges.bus.publish(DEAD_LETTERS, found_here)

    deaths = in_hand.deaths(edges.database, _worker(), [origin for origin, _ in new_arrivals])
    if any(each.any >= DEATHS_TOGETHER for each in deaths.values()):
        # A model that ends the process when it is first used must not be a document's fault.
        check_model(edges)
    report = _store_letters(edges, [letter for letter, _ in new_letters], now)
    fresh_gone = [entry for entry in gone if entry.origin not in recorded]
    ledger.record(edges.database, fresh_gone, now, next_version())
    log_became(fresh_gone)
    report += _report(fresh_gone)
    for part in _parts(new_arrivals, deaths):
        if deaths.get(part[0][0], Deaths()).alone >= DEATHS_ALONE:
            report += _bury(edges, part[0], deaths[part[0][0]], now)
        else:
            report += _score(edges, part, now)
    return msgspec.structs.replace(report, batches=1)


def _worker() -> str:
    """This thread of this process, as `in_hand` knows it."""
    return f"{_PROCESS}-{threading.get_ident()}"


def _parts(arrivals: Sequence[Arrived], deaths: Mapping[str, Deaths]) -> list[list[Arrived]]:
    """The arrivals in order, cut so that each one that workers ended with is by itself."""
    parts: list[list[Arrived]] = [[]]
    for arrival in arrivals:
        if deaths.get(arrival[0], Deaths()).any >= DEATHS_TOGETHER:
            parts += [[arrival], []]
        else:
            parts[-1].append(arrival)
    return [part for part in parts if part]


def _score(edges: Edges, arrivals: Sequence[Arrived], now: datetime) -> BatchReport:
    """Judge these arrivals, and store what became of them."""
    first, editions, entries = _first_arrivals(edges, arrivals)
    origins = {document.id: origin for origin, document in first}
    origin_of_edition = {document.id: origin for origin, document in editions}
    at_work = [origin for origin, _ in first] + [origin for origin, _ in editions]
    with in_hand.held(edges.database, _worker(), at_work, now):
        judged, poison = judge_each(edges, [document for _, document in first])
        _, poison_editions = judge_each(edges, [document for _, document in editions])
    letters = _poison_letters(poison, origins, now)
    letters += _poison_letters(poison_editions, origin_of_edition, now)
    _check_poison(letters, len(at_work))
    spoilt = {letter.origin for letter in letters}
    sound_editions = [document for origin, document in editions if origin not in spoilt]
    if letters:
        edges.bus.publish(DEAD_LETTERS, [letter_record(letter) for letter in letters])
    removed = removals.removed_among(
        edges.database, [document.id for _, document in [*first, *editions]]
    )
    judged = _in_stories(edges, judged, removed)
    entries = [entry for entry in entries if entry.origin not in spoilt]
    entries += [
        Entry(
            origin=origins[one.document.id],
            document_id=one.document.id,
            source=one.document.source,
            disposition=one.disposition,
        )
        for one in judged
    ]
    entries += _dead_entries(letters)

    version = next_version()
    documents.store_judged(edges.database, judged, origins, version, removed=removed)
    dead_letters.store(edges.database, letters, version)
    touched: set[tuple[str, date]] = {
        (one.document.society, one.document.day) for one in judged if one.judgements
    }
    touched |= store_editions(edges, sound_editions, removed)
    stored = [one.document.id for one in judged] + [edition.id for edition in sound_editions]
    removals.blank_if_removed(edges.database, stored)
    daily_counts.recount(edges.database, touched)
    _take_back_letters(
        edges, [each.origin for each in entries if each.origin not in spoilt], version
    )
    ledger.record(edges.database, entries, now, version)
    log_became(entries, judged)
    return _report(entries)


def _take_back_letters(edges: Edges, origins: Sequence[str], version: int) -> None:
    """Letters of rows that are not dead (any more). Whoever replays one marks it, but may be killed in between; and a
    worker that stored a letter may have been killed before the ledger knew it, and the row have been judged since.
    """
    still = [
        one.letter
        for one in dead_letters.of_origins(edges.database, origins)
        if one.status == "dead"
    ]
    dead_letters.store(edges.database, still, version, status="replayed")


def _store_letters(edges: Edges, letters: Sequence[DeadLetter], now: datetime) -> BatchReport:
    version = next_version()
    entries = _dead_entries(letters)
    dead_letters.store(edges.database, letters, version)
    ledger.record(edges.database, entries, now, version)
    log_became(entries)
    return _report(entries)


def _bury(edges: Edges, arrival: Arrived, deaths: Deaths, now: datetime) -> BatchReport:
    """A document that ended the process again and again becomes a dead letter without being judged once more."""
    origin, document = arrival
    reason = f"the process that judged it ended {deaths.alone} times without a word, as when memory runs out"
    letters = _poison_letters([Poison(document, reason)], {document.id: origin}, now)
    log.warning("%s: %s", letters[0].place, reason)
    edges.bus.publish(DEAD_LETTERS, [letter_record(letter) for letter in letters])
    report = _store_letters(edges, letters, now)
    in_hand.put_down(edges.database, [origin])  # after a fix it may be replayed
    return report


def _poison_letters(
    poison: Sequence[Poison], origins: Mapping[str, str], now: datetime
) -> list[DeadLetter]:
    return [
        dead_letter(
            origin=origins[each.document.id],
            source=each.document.source,
            place=f"{each.document.url or each.document.source} ({origins[each.document.id]})",
            reason=each.reason,
            payload=encode_document(each.document),
            read_at=now,
        )
        for each in poison
    ]


def _check_poison(letters: Sequence[DeadLetter], tried: int) -> None:
    if tried >= MOSTLY_OF and len(letters) > MOSTLY * tried:
        raise MostlyInvalid(
            f"{len(letters)} of {tried} documents cannot be judged (the first: {letters[0].reason});"
            " nothing of them was stored. Check BAROMETER_MODEL, then start again."
        )


def _dead_entries(letters: Sequence[DeadLetter]) -> list[Entry]:
    return [
        Entry(
            origin=letter.origin,
            document_id="",
            source=letter.source,
            disposition=Disposition.DEAD,
            reason=letter.reason,
        )
        for letter in letters
    ]


def _in_stories(edges: Edges, judged: Sequence[Judged], removed: Collection[str]) -> list[Judged]:
    """Each with its story; what is off topic or removed is not kept, and so is not compared with anything."""
    kept = [
        one.document
        for one in judged
        if one.disposition is not Disposition.OFF_TOPIC and one.document.id not in removed
    ]
    told = {document.id: document for document in with_stories(edges.database, kept)}
    return [
        msgspec.structs.replace(one, document=told.get(one.document.id, one.document))
        for one in judged
    ]


def _first_arrivals(
    edges: Edges, arrivals: Sequence[Arrived]
) -> tuple[list[Arrived], list[Arrived], list[Entry]]:
    """Arrivals to judge, editions of documents that are stored already, and the ledger entries of all whose document
    came before by another row. Of a document that arrives several times in one batch the newest edition is judged.
    """
    known = documents.known_origins(edges.database, [document.id for _, document in arrivals])
    first_origin = dict(known)
    newest: dict[str, Arrived] = {}
    begun: set[str] = set()
    repeated: list[Entry] = []
    for origin, document in arrivals:
        is_first = first_origin.setdefault(document.id, origin) == origin
        if is_first or _is_newer(document, newest.get(document.id)):
            newest[document.id] = (origin, document)
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
    first = [(first_origin[id], each) for id, (_, each) in newest.items() if id in begun]
    return first, [each for id, each in newest.items() if id not in begun], repeated


def _is_newer(document: Document, other: Arrived | None) -> bool:
    """Whether it is an edition, and newer than the other one."""
    if document.edited_at is None:
        return False
    if other is None or other[1].edited_at is None:
        return True
    return document.edited_at > other[1].edited_at


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
