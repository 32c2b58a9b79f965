"""Add a source to a list: find the feed of a page, read it once, write the [[source]] table.

    address -fetch-> feed | page -feed_links-> feed -read once-> [[source]] at the end of sources.toml

Nothing is written unless the source was read and the whole list can be read with it.
"""

from __future__ import annotations

import re
from collections import Counter
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from flows.mistake import Mistake
from flows.reading_sources import Answer, ask, read_of
from flows.settings import Settings
from flows.surroundings import surroundings_of
from flows.wiring import open_fetcher
from ingest.canonical_url import canonical_url
from ingest.charset import to_text
from ingest.document import UNKNOWN_LANGUAGE, Kind
from ingest.feed_links import feed_links
from ingest.fetch import FetchFailed
from ingest.reading import Memory, Surroundings
from ingest.source import Source, SourcesRefused, parse_sources

NAME_CHARACTERS = 40


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of the source that is to be added; empty: to be found out."""

    url: str
    """Of a feed, or of a page that names one."""
    society: str
    name: str
    outlet: str
    kind: str
    language: str
    poll_minutes: int


class Added(msgspec.Struct, frozen=True, kw_only=True):
    """A source that was added."""

    source: Source
    path: Path
    said: str
    """What it brought when it was read."""


def add_source(settings: Settings, wish: Wish, path: Path | None, *, now: datetime) -> Added:
    """Raises Mistake where the list, the address or a value cannot be used."""
    path = path or settings.sources
    if path is None:
        raise Mistake(
            "There is no list to write into: the one that ships with Barometer stays as it is. Name yours with "
            "BAROMETER_SOURCES or --file; it is made where it is missing."
        )
    before = _read(path)
    with open_fetcher(settings) as fetcher:
        surroundings = surroundings_of(settings, fetcher)
        source, answer = _first_that_works(_candidate(wish), surroundings, now)
    reading = answer.reading
    assert reading is not None
    if not wish.language:
        source = msgspec.structs.replace(source, language=_language(answer))
    text = (before.rstrip("\n") + "\n\n" if before.strip() else "") + _table(source)
    try:
        parse_sources(text, str(path))
    except SourcesRefused as error:
        raise Mistake(f"{error}; nothing was written.") from None
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(text, "utf-8")
    partial.replace(path)
    documents = len(reading.documents)
    return Added(source=source, path=path, said=f"{documents} documents in it now")


def _candidate(wish: Wish) -> Source:
    address = wish.url if "://" in wish.url else f"https://{wish.url}"
    host = (urlsplit(address).hostname or "").removeprefix("www.")
    if not canonical_url(address):
        raise Mistake(f"{wish.url} is not an http or https address.")
    values = {
        "name": wish.name or _name(host, urlsplit(address).path),
        "url": address,
        "outlet": wish.outlet or host,
        "kind": wish.kind,
        "society": wish.society,
        "language": wish.language or UNKNOWN_LANGUAGE,
        "poll_minutes": wish.poll_minutes,
    }
    try:  # a value that is wrong is told before anything is asked
        (source,) = parse_sources(
            "[[source]]\n" + "".join(f"{key} = {_toml(value)}\n" for key, value in values.items()),
            "the new source",
        )
    except SourcesRefused as error:
        raise Mistake(f"{error}.") from None
    return source


def _first_that_works(
    source: Source, surroundings: Surroundings, now: datetime
) -> tuple[Source, Answer]:
    """The source, at its address or at the first feed that the page there names which can be read."""
    first = ask(read_of(source), source, Memory(), surroundings, now)
    if first.reading is not None:
        return source, first
    try:
        fetched = surroundings.fetcher.fetch(source.url)
    except FetchFailed:
        raise Mistake(f"{first.fault}; nothing was written.") from None
    faults = [first.fault]
    for link in feed_links(to_text(fetched.body, fetched.content_type), fetched.address):
        found = msgspec.structs.replace(source, url=link)
        answer = ask(read_of(found), found, Memory(), surroundings, now)
        if answer.reading is not None:
            return found, answer
        faults.append(answer.fault)
    named = "the feeds that it names cannot be read" if len(faults) > 1 else "it names no feed"
    raise Mistake(f"{faults[-1]}, and {named}; nothing was written.")


def _language(answer: Answer) -> str:
    """The one that most documents are in, as far as the feed says."""
    assert answer.reading is not None
    said = Counter(
        arrival.document.language
        for arrival in answer.reading.documents
        if arrival.document.language != UNKNOWN_LANGUAGE
    )
    return said.most_common(1)[0][0] if said else UNKNOWN_LANGUAGE


def _read(path: Path) -> str:
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise Mistake(f"{path} cannot be read: {error}.") from None
    try:
        if text.strip():
            parse_sources(text, str(path))
    except SourcesRefused as error:
        raise Mistake(f"{error}; mend it first.") from None
    return text


def _name(host: str, path: str) -> str:
    """Lower case with dashes, of the host and the last telling part of the path."""
    parts = [
        part for part in path.split("/") if part and not re.search("rss|feed|atom|xml|index", part)
    ]
    words = re.findall(
        "[a-z0-9]+", f"{host.rsplit('.', 1)[0]} {parts[-1] if parts else ''}".lower()
    )
    return "-".join(words)[:NAME_CHARACTERS].strip("-") or "source"


def _table(source: Source) -> str:
    values: dict[str, object] = {
        "name": source.name,
        "url": source.url,
        "outlet": source.outlet,
        "kind": Kind(source.kind).value,
        "society": source.society,
        "language": source.language,
    }
    if source.poll_minutes != Source.__struct_defaults__[0]:
        values["poll_minutes"] = source.poll_minutes
    return "[[source]]\n" + "".join(f"{key} = {_toml(value)}\n" for key, value in values.items())


def _toml(value: object) -> str:
    """A number, or a basic string: JSON's escapes are TOML's (JSON leaves DEL as it is, TOML must not see it)."""
    return msgspec.json.encode(value).decode().replace("\x7f", "\\u007f")
