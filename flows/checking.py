"""Check what the monitor depends on: each edge by using it, each source by reading it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import msgspec

from classify.classifier import ModelError, load_classifier
from flows.settings import Settings
from flows.wiring import GROUP, load_sources, open_bus, open_database
from ingest.bus import DEAD_LETTERS, DOCUMENTS, BusError
from ingest.feed import NotAFeed, parse_feed
from ingest.fetch import Fetcher, FetchFailed
from ingest.source import Source, SourcesRefused
from storage.coverage import coverage
from storage.database import DatabaseError
from storage.ledger import totals


class Check(msgspec.Struct, frozen=True):
    """One part and whether it works."""

    part: str
    state: str
    """up, down, or note (worth knowing, not a fault)."""
    detail: str


def check_health(settings: Settings, *, now: datetime) -> list[Check]:
    """One row per edge, then the freshness of the figures and the ledger."""
    return [*_bus(settings), *_database(settings, now), *_model(settings), *_sources(settings)]


def _bus(settings: Settings) -> list[Check]:
    try:
        bus = open_bus(settings)
        try:
            waiting = bus.backlog([DOCUMENTS, DEAD_LETTERS], GROUP)
        finally:
            bus.close()
    except BusError as error:
        return [Check("bus", "down", str(error))]
    return [Check("bus", "up", f"{waiting:,} messages wait for scoring")]


def _database(settings: Settings, now: datetime) -> list[Check]:
    try:
        database = open_database(settings)
        try:
            held, ledger = coverage(database), totals(database)
        finally:
            database.close()
    except DatabaseError as error:
        return [Check("database", "down", str(error))]
    lag = f"{now - held.newest_judged!s}".split(".")[0] if held.newest_judged else "nothing judged"
    words = " + ".join(
        f"{count:,} {word.value.replace('_', ' ')}" for word, count in ledger.items()
    )
    return [
        Check("database", "up", f"{database.url}, {held.documents:,} documents"),
        Check("lag", "note", f"age of the newest judgement: {lag}"),
        Check("ledger", "note", f"{sum(ledger.values()):,} rows read = {words}"),
        Check(
            "incidents",
            "note",
            f"{held.open_incidents} open; {held.dead_letters} dead letters wait for a fix",
        ),
    ]


def _model(settings: Settings) -> list[Check]:
    try:
        classifier = load_classifier(settings.model)
    except ModelError as error:
        return [Check("model", "down", str(error))]
    languages = ", ".join(sorted(classifier.languages)) or "any language"
    return [Check("model", "up", f"{classifier.model} ({languages})")]


def _sources(settings: Settings) -> list[Check]:
    try:
        sources = load_sources(settings)
    except SourcesRefused as error:
        return [Check("sources", "down", str(error))]
    return [Check("sources", "up", f"{sum(s.enabled for s in sources)} enabled")]


def check_sources(
    sources: Sequence[Source],
    *,
    contact: str,
    now: datetime,
    progress: Callable[[Check], None] = lambda check: None,
) -> list[Check]:
    """Fetch and parse each source; nothing is published or stored."""
    fetcher = Fetcher(contact=contact)
    checks = []
    try:
        with ThreadPoolExecutor(8) as pool:
            for check in pool.map(lambda source: _check_source(fetcher, source, now), sources):
                checks.append(check)
                progress(check)
    finally:
        fetcher.close()
    return checks


def _check_source(fetcher: Fetcher, source: Source, now: datetime) -> Check:
    try:
        fetched = fetcher.fetch(source.url)
        reading = parse_feed(
            fetched.body,
            content_type=fetched.content_type,
            source=source,
            address=fetched.address,
            fetched_at=now,
        )
    except NotAFeed as error:
        return Check(source.name, "down", f"{source.url}: {error}")
    except FetchFailed as error:
        return Check(source.name, "down", str(error))
    newest = max((arrival.document.published_at for arrival in reading.documents), default=None)
    found = f"{len(reading.documents)} documents, newest {newest:%Y-%m-%d %H:%M}" if newest else ""
    bad = f"{len(reading.dead)} bad entries" if reading.dead else ""
    return Check(source.name, "up", "; ".join(filter(None, [found, bad])) or "no entries")
