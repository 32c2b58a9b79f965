"""A source that falls silent is told once, and again only after it was read; over both modes."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from alerts.silence import Silence, silence_sentence, silences_to_store
from alerts.source_condition import Condition, SourceCondition
from flows.settings import Settings
from flows.watching import watch
from flows.wiring import Edges, edges
from ingest.document import Kind
from ingest.source import Source
from storage import silences
from storage.source_runs import SourceState, store_state

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def source(name: str) -> Source:
    return Source(
        name=name,
        url=f"https://{name}.example/feed",
        outlet=name,
        kind=Kind.NEWS,
        society="XA",
        language="en",
    )


@pytest.fixture
def opened(settings: Settings) -> Iterator[Edges]:
    """Both modes: SQLite and chdb, a broker and a ClickHouse server."""
    with edges(settings, create=True, sources=[source("courier"), source("herald")]) as opened:
        yield msgspec.structs.replace(opened, channels=())


def read(opened: Edges, name: str, at: datetime) -> None:
    store_state(opened.database, SourceState(source=name, last_success_at=at))


def test_each_watch_tells_of_the_sources_that_fell_silent_since_the_last(
    opened: Edges, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[list[str]] = []

    def watched(at: datetime) -> None:
        caplog.clear()
        with caplog.at_level(logging.INFO, "barometer.watch"):
            watch(opened, now=at)
        told.append([message for message in caplog.messages if message.startswith("silent")])

    read(opened, "courier", NOW)
    read(opened, "herald", NOW)
    watched(NOW + HOUR / 2)
    read(opened, "herald", NOW + HOUR)
    watched(NOW + HOUR)
    watched(NOW + 1.25 * HOUR)
    read(opened, "courier", NOW + 1.5 * HOUR)
    watched(NOW + 1.5 * HOUR)
    watched(NOW + 9 * HOUR)
    without_courier = msgspec.structs.replace(opened, sources=opened.sources[1:])
    watch(without_courier, now=NOW + 10 * HOUR)
    missing = "; what it publishes is missing in the figures"
    assert told == [
        [],
        [f"silent: courier was last read on 2026-11-20 12:00 UTC{missing}"],
        [],
        ["silent no more: courier"],
        [
            f"silent: courier was last read on 2026-11-20 13:30 UTC{missing}",
            f"silent: herald was last read on 2026-11-20 13:00 UTC{missing}",
        ],
    ]
    assert silences.lasting(opened.database, NOW + 10 * HOUR) == [
        Silence(source="herald", noticed_at=NOW + 9 * HOUR)
    ]
    # A watch of the past does not end what was noticed later.
    assert silences.lasting(opened.database, NOW + 8 * HOUR) == []
    assert opened.database.query("SELECT count() FROM silences FINAL").rows == [(3,)]


# The decision


def of(condition: Condition, read_at: datetime | None = None) -> SourceCondition:
    return SourceCondition(condition=condition, last_success=read_at, yesterday=None, usual=None)


@pytest.mark.parametrize("condition", Condition)
def test_only_what_is_silent_begins_a_silence_and_only_that_keeps_it(condition: Condition) -> None:
    before = Silence(source="courier", noticed_at=NOW - HOUR)
    begun = silences_to_store([], {"courier": of(condition)}, NOW)
    kept = silences_to_store([before], {"courier": of(condition)}, NOW)
    if condition is Condition.SILENT:
        assert (begun, kept) == ([Silence(source="courier", noticed_at=NOW)], [])
    else:
        assert (begun, kept) == ([], [msgspec.structs.replace(before, ended_at=NOW)])


def test_a_source_that_was_never_read_is_told_as_such() -> None:
    told = silence_sentence(
        Silence(source="courier", noticed_at=NOW), of(Condition.SILENT, read_at=None)
    )
    assert told == "courier was never read; what it publishes is missing in the figures"
