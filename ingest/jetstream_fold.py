"""Events in, documents out: what a stretch of the stream amounts to.

    create, update -> document (the newest of a record)     delete -> removed
    account closed -> all that it said removed               identity, sync -> counted

The stream never takes anything back silently: whoever reads it has to fold it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import msgspec

from ingest.arrival import Arrival, row_digest
from ingest.broken_json import BROKEN_JSON
from ingest.dead_letter import DeadLetter, dead_letter
from ingest.document import InvalidDocument
from ingest.jetstream import POSTS, Event, Unreadable, Version, parse_message
from ingest.jetstream_post import at_uri, is_ours, post_document, post_id, read_post
from ingest.reading import Reading
from ingest.source import Source
from ingest.source_options import JetstreamOptions

_DID = re.compile(r"did:[a-z]{1,32}:[A-Za-z0-9._:%-]+")
KEPT_MONTHS = 4
"""Full text is kept for 90 days."""

_KEPT = ("$type", "text", "createdAt", "langs")
"""Of a record that is no post: what was said and when. Other fields may name who said it."""

_EXPECTED = ("identity", "sync")
_SHOWN_KINDS = 5


class Fold:
    """Takes events one after the other; `reading` says what they amount to."""

    def __init__(
        self,
        source: Source,
        options: JetstreamOptions,
        *,
        address: str,
        is_relevant: Callable[[str], bool],
        author_key: Callable[[str, datetime], str],
        now: datetime,
    ) -> None:
        self._source = source
        self._options = options
        self._address = address
        self._is_relevant = is_relevant
        self._author_key = author_key
        self._now = now
        self._documents: dict[str, Arrival] = {}
        self._of_author: dict[str, set[str]] = {}
        self._dead: dict[str, DeadLetter] = {}
        self._removed: dict[str, None] = {}
        self._gone: dict[str, None] = {}
        self._passed_over = 0
        self._kinds: Counter[str] = Counter()

    def add(self, event: Event) -> None:
        """One event."""
        if event.kind == "commit" and event.collection == POSTS:
            try:
                self._commit(event)
            except InvalidDocument as error:
                self._bury(
                    _identity(event), _kept(event.record), f"event {event.position}", str(error)
                )
        elif event.kind == "commit":
            self._passed_over += 1  # of another collection, which was not asked for
        elif event.kind == "account":
            if event.gone:
                for document in self._of_author.pop(event.did, set()):
                    self._remove(document)
                self._gone.update(dict.fromkeys(self._keys_of(event.did)))
        else:
            self._kinds[_printable(event.kind)] += 1

    def add_unreadable(self, data: bytes, reason: str) -> None:
        """A message that could not be read at all."""
        self._bury(data, data, "a message", reason)

    def _keys_of(self, did: str) -> list[str]:
        """The author's keys in the months whose text may still be stored: they change with the month."""
        first = self._now.replace(day=1)
        months = []
        for _ in range(KEPT_MONTHS):
            months.append(first)
            first = (first - timedelta(days=1)).replace(day=1)
        return [key for month in months if (key := self._author_key(did, month))]

    def reading(self) -> Reading:
        """All of it; of the reading's memory it knows nothing."""
        return Reading(
            documents=tuple(self._documents.values()),
            dead=tuple(self._dead.values()),
            removed=tuple(self._removed),
            removed_authors=tuple(self._gone),
            passed_over=self._passed_over,
            notes=tuple(self._notes()),
        )

    def _commit(self, event: Event) -> None:
        own = post_id(event, self._source)
        if event.operation == "delete":
            self._remove(own)
            return
        if event.operation not in ("create", "update"):
            raise InvalidDocument(f"the operation {event.operation[:40]!r} is not known")
        post = read_post(event.record)
        if not is_ours(post, self._options, self._is_relevant):
            self._passed_over += 1
            if event.operation == "update" or own in self._documents:
                self._remove(own)  # what it said before may have been kept
            return
        document = post_document(
            event, post, self._source, self._options, self._author_key, self._now
        )
        if own in self._documents:
            self._passed_over += 1  # said again, or edited: the newest counts
        self._documents[own] = Arrival(f"{self._prefix}/{row_digest(_identity(event))}", document)
        self._removed.pop(own, None)
        self._of_author.setdefault(event.did, set()).add(own)

    def _remove(self, own: str) -> None:
        if self._documents.pop(own, None) is not None:
            self._passed_over += 1
        self._removed[own] = None

    def _bury(self, identity: bytes, payload: bytes, place: str, reason: str) -> None:
        """A dead letter; who said it is masked, because it is stored."""
        origin = f"{self._prefix}/dead/{row_digest(identity)}"
        self._dead[origin] = dead_letter(
            origin=origin,
            source=self._source.name,
            place=f"{self._address} {place}",
            reason=_DID.sub("did:…", reason),
            payload=_DID.sub("did:…", payload.decode("utf-8", "backslashreplace")),
            read_at=self._now,
        )

    @property
    def _prefix(self) -> str:
        return f"jetstream:{self._source.name}"

    def _notes(self) -> list[str]:
        unknown = {kind: n for kind, n in self._kinds.items() if kind not in _EXPECTED}
        notes = []
        if out_of_step := self._kinds["sync"]:
            notes.append(f"{out_of_step:,} repositories were out of step (#sync)")
        if unknown:
            named = ", ".join(sorted(unknown)[:_SHOWN_KINDS])
            notes.append(f"{sum(unknown.values()):,} events were of unknown kinds: {named}")
        return notes


def parse_jetstream(
    data: bytes,
    *,
    version: Version,
    source: Source,
    options: JetstreamOptions,
    is_relevant: Callable[[str], bool],
    author_key: Callable[[str, datetime], str],
    now: datetime,
) -> Reading:
    """What a recorded stretch of a stream, one message a line, amounts to."""
    fold = Fold(
        source,
        options,
        address=source.url,
        is_relevant=is_relevant,
        author_key=author_key,
        now=now,
    )
    for line in data.split(b"\n"):
        if not line.strip():
            continue
        message = parse_message(line, version, now)
        if isinstance(message, Event):
            fold.add(message)
        elif isinstance(message, Unreadable):
            fold.add_unreadable(line, message.reason)
    return fold.reading()


def _identity(event: Event) -> bytes:
    """What makes a record the same on every retry."""
    try:
        return at_uri(event).encode()
    except InvalidDocument:
        return f"{event.did}\x00{event.rkey}".encode("utf-8", "surrogatepass") + event.record


def _kept(record: bytes) -> bytes:
    """The record without what may name its author, as far as it can be read at all."""
    try:
        whole = msgspec.json.decode(record)
    except BROKEN_JSON:
        return record
    if not isinstance(whole, dict):
        return record
    return msgspec.json.encode({name: whole[name] for name in _KEPT if name in whole})


def _printable(kind: str) -> str:
    return re.sub(r"[^a-zA-Z0-9_.-]+", "?", kind)[:40] or "none"
