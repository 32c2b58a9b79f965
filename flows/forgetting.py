"""Forget documents: by address, id, author or source, and those that were deleted at their source. One path for all.

    found -> quotations taken out, words blanked, ids remembered (at once) -erased (flows/erasing.py)-> searched for

What was deleted at its source goes the first steps as soon as the source says so, and is erased once a day (flows/retaining.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path

import msgspec

from flows.author_secret import author_keys
from flows.erasing import TOPICS, Marks, erase, letters_with, openings
from flows.settings import Settings
from flows.unquoting import KeepsMessages, Unquoted, gone_with, take_out
from flows.wiring import Edges
from ingest.bus import Message
from ingest.document import Document, InvalidDocument, decode_document, document_id
from storage import forgetting, removals, retention
from storage.forgetting import Words
from storage.retention import RetentionRun
from storage.traces import Needles, traces

SHOWN = 20
"""Documents shown before they are forgotten, and searched for word by word afterwards."""

PASSAGE = 60
"""Characters of a text that are searched for."""

LEAST_PASSAGE = 15

WORDS_TOGETHER = 500
"""Documents whose words are in memory at one time."""

_KEY = re.compile(r"[0-9a-f]{16}|[0-9a-f]{32}|[0-9A-F]{16,64}")
_PLAIN = re.compile(r"[^\"\\\n\r\t<>&]+")


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be forgotten."""

    urls: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    """Ids."""
    author_keys: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()

    @property
    def said(self) -> str:
        """By what was asked for, without the thing itself: for the log."""
        kinds = {"url": self.urls, "document": self.documents, "author": self.author_keys}
        return ", ".join(
            name for name, given in (kinds | {"source": self.sources}).items() if given
        )


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What there is of it."""

    by_source: dict[str, tuple[str, ...]]
    """Ids, by the source that they are of; the empty source for ids that nothing is stored of."""
    shown: tuple[Words, ...]
    """The first ones that are stored."""
    stored: int
    """Documents in the tables."""
    on_the_bus: int
    letters: tuple[str, ...]
    """Origins of dead letters."""
    marks: Marks
    needles: Needles
    places: dict[str, int]
    """Where there is a trace, and how many."""

    @property
    def ids(self) -> list[str]:
        """All of them."""
        return [id for ids in self.by_source.values() for id in ids]


class Forgotten(msgspec.Struct, frozen=True, kw_only=True):
    """What was done, and the proof."""

    documents: int
    quotations: Unquoted
    left: tuple[str, ...]
    """Why something may be left."""
    places: tuple[tuple[str, int, int], ...]
    """Place, traces before, traces after."""

    @property
    def is_whole(self) -> bool:
        """Whether nothing was found afterwards."""
        return not any(after for _, _, after in self.places)


def keys_of_author(settings: Settings, author: str, months: Iterable[datetime]) -> tuple[str, ...]:
    """`author` where it is a key; otherwise it is a name, as the source gives it, and has a key in each of these months."""
    if _KEY.fullmatch(author):
        return (author,)
    make = author_keys(settings)
    return tuple(sorted({key for month in months if (key := make(author, month))}))


def find(edges: Edges, wanted: Wanted) -> Found:
    """What there is of what is to be forgotten: in the tables, on the bus, among dead letters, quoted."""
    database = edges.database
    ids = dict.fromkeys(
        [
            *wanted.documents,
            *(document_id(source="", own_id="", url=url) for url in wanted.urls),
            *forgetting.ids_at(database, wanted.urls),
            *removals.of_authors(database, "", wanted.author_keys),
            *(id for source in wanted.sources for id in forgetting.ids_of_source(database, source)),
        ]
    )
    ids |= {each.id: None for each in _on_the_bus(edges, wanted)}
    stored = 0
    shown: list[Words] = []
    by_source: dict[str, list[str]] = {}
    for words in _words(edges, list(ids)):
        stored += len(words)
        shown += words[: SHOWN - len(shown)]
        for one in words:
            by_source.setdefault(one.source, []).append(one.id)
    known = {id for each in by_source.values() for id in each}
    if rest := [id for id in ids if id not in known]:
        by_source.setdefault("", []).extend(rest)
    marks = Marks(
        ids=frozenset(ids),
        author_keys=frozenset(wanted.author_keys),
        sources=frozenset(wanted.sources),
        words=openings(shown) if stored <= SHOWN else (),
    )
    needles = Needles(
        ids=(*ids, *wanted.author_keys),
        passages=tuple(
            dict.fromkeys(
                [
                    *wanted.urls,
                    *wanted.author_keys,
                    *(one.id for one in shown),
                    *(one.url for one in shown if one.url),
                    *filter(None, (passage_of(one) for one in shown)),
                    *list(ids)[:SHOWN],
                ]
            )
        ),
    )
    letters = tuple(letter.origin for letter in letters_with(database, marks))
    places = places_of(edges, marks, needles)
    return Found(
        by_source={source: tuple(each) for source, each in by_source.items()},
        shown=tuple(shown),
        stored=stored,
        on_the_bus=_messages(edges, marks),
        letters=letters,
        marks=marks,
        needles=needles,
        places=places,
    )


def forget(
    edges: Edges,
    wanted: Wanted,
    found: Found,
    *,
    now: datetime,
    say: Callable[[str], None] = lambda text: None,
) -> Forgotten:
    """Forget what was found, and search for it afterwards."""
    unquoted = Unquoted()
    left: list[str] = []
    for source, ids in found.by_source.items():
        say(f"taking away {len(ids):,} documents")
        one = take_away(edges, source, ids, now, why=removals.FORGOTTEN)
        unquoted = _added(unquoted, one)
    left += unquoted.left
    erased = erase(edges, now=now, marks=found.marks, letters=found.letters, say=say)
    left += erased.left
    if edges.settings.board is not None:
        from flows.boarding import write_board

        say("writing the board")
        write_board(edges, edges.settings.board, now=now)
    say("searching")
    after = places_of(edges, found.marks, found.needles, afterwards=True)
    run = RetentionRun(
        at=now,
        what=f"forgotten by {wanted.said}",
        kept_days=0,
        removed=len(found.ids),
        note=f"{sum(after.values())} traces left" if any(after.values()) else "no trace left",
    )
    retention.log(edges.database, [run])
    return Forgotten(
        documents=len(found.ids),
        quotations=unquoted,
        left=tuple(left),
        places=tuple((place, found.places.get(place, 0), count) for place, count in after.items()),
    )


def take_away(
    edges: Edges, source: str, ids: Sequence[str], now: datetime, *, why: str = removals.AT_SOURCE
) -> Unquoted:
    """At once: nothing quotes these documents any more, nothing gives their words, and they are remembered as gone."""
    done = Unquoted()
    for words in _words(edges, ids):
        if days := [one.day for one in words if one.title or one.text or one.url]:
            done = _added(done, take_out(edges, gone_with(words), min(days), max(days)))
    removals.remove(edges.database, source, ids, now, why=why)
    return done


def places_of(
    edges: Edges, marks: Marks, needles: Needles, *, afterwards: bool = False
) -> dict[str, int]:
    """How many traces there are in each place that this machine can look into."""
    found = traces(edges.database, needles)
    said = [each.encode() for each in needles.passages]
    found["bus"] = _messages(edges, marks) + edges.bus.traces(said, rewrite=afterwards)
    for name, path in _files(edges):
        held = path.read_bytes() if path.is_file() else b""
        found[name] = sum(each in held for each in said)
    return found


def _messages(edges: Edges, marks: Marks) -> int:
    return sum(1 for one in edges.bus.kept(TOPICS) if one.value and marks.in_message(one))


def passage_of(words: Words) -> str:
    """A run of characters of the text that stands the same in JSON and HTML; empty where the text is too short."""
    runs = _PLAIN.findall(words.text or words.title)
    longest = max((run.strip() for run in runs), key=len, default="")
    return longest[:PASSAGE].strip() if len(longest) >= LEAST_PASSAGE else ""


def _files(edges: Edges) -> list[tuple[str, Path]]:
    """Files that quote: the alert log, feeds, the pages of the board."""
    found = [
        (f"file {channel.path.name}", channel.path)
        for channel in edges.channels
        if isinstance(channel, KeepsMessages) and channel.path is not None
    ]
    board = edges.settings.board
    if board is not None and board.is_dir():
        found += [
            (f"board {path.relative_to(board)}", path)
            for path in sorted(board.rglob("*"))
            if path.suffix in (".html", ".csv")
        ]
    return found


def _words(edges: Edges, ids: Sequence[str]) -> Iterable[list[Words]]:
    for start in range(0, len(ids), WORDS_TOGETHER):
        yield forgetting.words_of(edges.database, ids[start : start + WORDS_TOGETHER])


def _on_the_bus(edges: Edges, wanted: Wanted) -> Iterable[Document]:
    """Documents that wait, of these authors and sources: nothing of them is stored yet."""
    if not wanted.author_keys and not wanted.sources:
        return
    for message in edges.bus.kept(TOPICS[:1]):
        document = _document(message)
        if document is not None and (
            document.author_key in wanted.author_keys or document.source in wanted.sources
        ):
            yield document


def _document(message: Message) -> Document | None:
    try:
        return decode_document(message.value)
    except InvalidDocument:
        return None


def _added(one: Unquoted, other: Unquoted) -> Unquoted:
    return Unquoted(
        digests=one.digests + other.digests,
        messages=one.messages + other.messages,
        entries=one.entries + other.entries,
        left=one.left + other.left,
    )


def months_kept(edges: Edges, now: datetime) -> list[datetime]:
    """First moments of the months whose words are kept, and of this one: keys of authors are of a month."""
    oldest = retention.kept(edges.database).oldest_text
    first = datetime.combine(oldest, now.timetz()) if oldest and oldest < now.date() else now
    months = [(first.year, first.month)]
    while months[-1] < (now.year, now.month):
        year, month = months[-1]
        months.append((year + month // 12, month % 12 + 1))
    return [now.replace(year=year, month=month, day=1) for year, month in months]
