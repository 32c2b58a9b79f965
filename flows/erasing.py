"""Erase: take what is gone out of every table, file and message, so that no byte of it is left. Every figure stays.

    gone, not erased -> bus, dead letters -> stand-ins -> rows deleted -> days recounted -> remembered as erased

Stored before it is deleted, and remembered last: a run that is cut off anywhere is finished by the next. While stand-ins and
rows are both there a recount would count twice, so the days are recounted afterwards.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from functools import partial

import msgspec

from alerts.quotation import is_said_in, plain_words
from flows.wiring import Edges
from ingest.bus import DEAD_LETTERS, DOCUMENTS, Message
from ingest.document import document_id
from storage import daily_counts, forgetting, removals
from storage.database import Database, DatabaseUnavailable
from storage.forgetting import Letter, Words
from storage.removals import Removal

TOPICS = (DOCUMENTS, DEAD_LETTERS)

TOGETHER = 20_000
"""Documents erased in one go."""

PATIENCE_SECONDS = 1_800.0
"""For a database to rewrite its parts."""

FILES_SECONDS = 30.0
"""For the files of replaced parts to go, where the database can be told."""

WORDS_COMPARED = 20
"""Documents whose words are looked for in dead letters; of more, ids and addresses are."""

OPENING = 200
"""Characters of a text that are looked for."""

LETTERS_PER_PAGE = 500

_ID = re.compile(r"(?<![0-9A-Za-z])[0-9a-f]{32}(?![0-9A-Za-z])")
_ID_BYTES = re.compile(rb"(?<![0-9A-Za-z])[0-9a-f]{32}(?![0-9A-Za-z])")
_URL = re.compile(r"https?://[^\s\"'<>\\]+")


class Marks(msgspec.Struct, frozen=True, kw_only=True):
    """What a dead letter or a message is known by to concern what is gone."""

    ids: frozenset[str]
    author_keys: frozenset[str] = frozenset()
    sources: frozenset[str] = frozenset()
    words: tuple[str, ...] = ()
    """How the texts begin, of a few documents."""

    def in_letter(self, letter: Letter) -> bool:
        """Whether a dead letter holds one of the documents."""
        return letter.source in self.sources or self._in_text(
            f"{letter.payload}\n{letter.place}\n{letter.reason}"
        )

    def in_message(self, message: Message) -> bool:
        """Whether a message of the bus holds one of them."""
        if message.key in self.ids:
            return True
        if message.topic == DEAD_LETTERS:
            return self._in_text(message.value.decode("utf-8", "replace"))
        return any(found.decode() in self.ids for found in _ID_BYTES.findall(message.value))

    def _in_text(self, text: str) -> bool:
        if any(found in self.ids for found in _ID.findall(text)):
            return True
        if any(key in text for key in self.author_keys):
            return True
        if any(
            document_id(source="", own_id="", url=url) in self.ids for url in _URL.findall(text)
        ):
            return True
        said = plain_words(text) if self.words else ""
        return any(is_said_in(words, said) for words in self.words)


class Erased(msgspec.Struct, frozen=True, kw_only=True):
    """What a run erased."""

    documents: int = 0
    letters: int = 0
    left: tuple[str, ...] = ()
    """Why something may be left."""


def openings(words: Sequence[Words]) -> tuple[str, ...]:
    """How the texts of these documents begin, where they are few."""
    if len(words) > WORDS_COMPARED:
        return ()
    said = ((one.text.strip() or one.title.strip())[:OPENING] for one in words)
    return tuple(text for text in said if len(text.split()) >= 5)


def letters_with(database: Database, marks: Marks) -> Iterator[Letter]:
    """Dead letters that hold one of the documents."""
    after = ""
    while page := forgetting.letters_after(database, after, LETTERS_PER_PAGE):
        after = page[-1].origin
        yield from (letter for letter in page if marks.in_letter(letter))


def erase(
    edges: Edges,
    *,
    now: datetime,
    marks: Marks | None = None,
    letters: Collection[str] = (),
    say: Callable[[str], None] = lambda text: None,
) -> Erased:
    """Erase every document that is gone and was not erased yet, and dead letters with these origins. `marks` are what more
    is known of them than the ids.
    """
    pending = removals.not_erased(edges.database)
    if not pending and not letters:
        return Erased()
    known = marks or Marks(ids=frozenset())
    left: list[str] = []
    found = set(letters)
    for start in range(0, max(len(pending), 1), TOGETHER):
        some = pending[start : start + TOGETHER]
        these = msgspec.structs.replace(known, ids=known.ids | {each.document_id for each in some})
        say("emptying messages on the bus")
        source_of = {each.document_id: each.source for each in some}
        left.append(edges.bus.erase(TOPICS, partial(_source, marks=these, source_of=source_of)))
        say("looking through dead letters")
        found |= {letter.origin for letter in letters_with(edges.database, these)}
        _erase(edges, some, sorted(found), now, say)
    say("waiting for old files to go")
    left.append(settle(edges.database))
    said = tuple(dict.fromkeys(filter(None, left)))
    return Erased(documents=len(pending), letters=len(found), left=said)


def _source(message: Message, marks: Marks, source_of: dict[str, str]) -> str | None:
    return source_of.get(message.key, "bus") if marks.in_message(message) else None


def _erase(
    edges: Edges,
    pending: Sequence[Removal],
    letters: Sequence[str],
    now: datetime,
    say: Callable[[str], None],
) -> None:
    named = [
        each if each.stand_in else msgspec.structs.replace(each, stand_in=secrets.token_hex(16))
        for each in pending
    ]
    removals.store(edges.database, named)
    say("rewriting tables")
    forgetting.put_stand_ins(edges.database, named)
    forgetting.delete_rows(edges.database, [each.document_id for each in named], letters)
    _wait(edges.database)
    cells = forgetting.cells_of(edges.database, [each.stand_in for each in named])
    daily_counts.recount(edges.database, cells)
    forgetting.finish(edges.database, named, now)
    _wait(edges.database)
    forgetting.merge_told(edges.database)


def _wait(database: Database) -> None:
    """Until no table is being rewritten."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    pause = 0.02
    while tables := forgetting.mutations_left(database):
        if time.monotonic() > deadline:
            raise DatabaseUnavailable(
                f"{database.url} has not rewritten {', '.join(tables)} in {PATIENCE_SECONDS / 60:.0f} minutes;"
                " look into system.mutations, then run this again"
            )
        time.sleep(pause)
        pause = min(2 * pause, 1.0)


def settle(database: Database) -> str:
    """Wait until nothing is being rewritten, and have the files of replaced parts go now; why some may be left."""
    _wait(database)
    waiting = forgetting.replaced_parts(database)
    if waiting and not forgetting.can_drop_files(database):
        return "the server keeps the files of parts that it rewrote for about ten minutes more"
    tables = {table for table, _ in waiting}
    forgetting.keep_files(database, tables, seconds=1)
    deadline = time.monotonic() + FILES_SECONDS
    try:
        while waiting and time.monotonic() < deadline:
            time.sleep(0.25)
            forgetting.drop_files(database, {table for table, _ in waiting})
            waiting &= forgetting.replaced_parts(database)
    finally:
        forgetting.keep_files(database, tables, seconds=None)
    if waiting:
        return "queries still read files of parts that were rewritten; the database removes them within minutes"
    return ""
