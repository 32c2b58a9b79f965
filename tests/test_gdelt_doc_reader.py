"""The reader of GDELT's search against a server on this machine that refuses as the real one does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from ingest.fetch import FetchFailed
from ingest.gdelt_doc_reader import APART, AskedTooOften, GdeltDocReader
from ingest.gdelt_doc_window import OVERLAP, REACH, DocState, Window, cursor_of, state_of
from ingest.gdelt_moment import moment_of
from ingest.reading import Gap, Memory, Reading, Surroundings
from ingest.source import Source
from tests.local_gdelt import (
    Answer,
    LocalGdelt,
    json_answer,
    local_gdelt,
    surroundings,
    text_answer,
)
from tests.test_gdelt_doc import SOURCE, article

NOW = datetime(2026, 11, 23, 18, 20, tzinfo=UTC)
READER = GdeltDocReader(apart=0)


@pytest.fixture
def gdelt() -> Iterator[LocalGdelt]:
    with local_gdelt() as server:
        yield server


@pytest.fixture
def world() -> Iterator[Surroundings]:
    with surroundings() as around:
        yield around


def source(gdelt: LocalGdelt) -> Source:
    return msgspec.structs.replace(SOURCE, url=gdelt.search)


def read(
    gdelt: LocalGdelt, world: Surroundings, memory: Memory = Memory(), now: datetime = NOW
) -> Reading:
    return READER.read(source(gdelt), memory, world, now)


def asked(query: Mapping[str, str]) -> tuple[datetime, datetime]:
    begin, end = moment_of(query["startdatetime"]), moment_of(query["enddatetime"])
    assert begin is not None
    assert end is not None
    return begin, end


def archive(*moments: datetime) -> list[dict[str, object]]:
    return [
        article(number, seendate=f"{moment:%Y%m%dT%H%M%SZ}")
        for number, moment in enumerate(moments)
    ]


def searching(articles: list[dict[str, object]], gdelt: LocalGdelt) -> None:
    """The search over `articles`: those of the window, newest first, 250 at most; `{}` where there are none."""

    def answer(query: Mapping[str, str]) -> Answer:
        begin, end = asked(query)
        if end - begin < timedelta(hours=1):
            return text_answer("Timespan is too short.")
        found = [
            each
            for each in articles
            if begin <= (moment_of(str(each["seendate"])) or begin - OVERLAP) <= end
        ]
        found.sort(key=lambda each: str(each["seendate"]), reverse=True)
        return json_answer({"articles": found[: int(query["maxrecords"])]} if found else {})

    gdelt.answer = answer


def all_of(
    gdelt: LocalGdelt, world: Surroundings, memory: Memory = Memory()
) -> tuple[list[Reading], set[str]]:
    """Readings until there is no more, and the addresses that they gave."""
    readings: list[Reading] = []
    while not readings or readings[-1].more:
        readings.append(read(gdelt, world, readings[-1].memory if readings else memory))
        assert len(readings) < 200
        assert len(readings[-1].memory.cursor) < 4096
    return readings, {a.document.url for reading in readings for a in reading.documents}


def test_a_request_has_all_that_the_search_wants(gdelt: LocalGdelt, world: Surroundings) -> None:
    searching(archive(NOW), gdelt)
    assert len(read(gdelt, world).documents) == 1
    (query,) = gdelt.queries
    assert query == {
        "query": '"seasonal visas"',
        "mode": "ArtList",
        "format": "json",
        "maxrecords": "250",
        "sort": "DateDesc",
        "startdatetime": "20261123162000",
        "enddatetime": "20261123182000",
    }


def test_requests_are_further_apart_than_the_search_has_ever_refused() -> None:
    assert APART >= 8
    assert GdeltDocReader()._apart == APART


def test_the_next_window_overlaps_the_last(gdelt: LocalGdelt, world: Surroundings) -> None:
    searching(archive(NOW), gdelt)
    reading = read(gdelt, world)
    later = NOW + timedelta(minutes=15)
    read(gdelt, world, reading.memory, later)
    assert asked(gdelt.queries[1]) == (NOW - OVERLAP, later)


def test_a_full_answer_is_asked_again_in_halves_and_nothing_is_lost(
    gdelt: LocalGdelt, world: Surroundings
) -> None:
    """Two days that nobody read, with 1,000 articles in them, most in one night."""
    begin = NOW - timedelta(days=2)
    moments = [begin + timedelta(minutes=7 * n) for n in range(400)]
    moments += [begin + timedelta(hours=20, seconds=30 * n) for n in range(600)]
    searching(archive(*moments), gdelt)
    memory = Memory(cursor=cursor_of(DocState(begin)))
    readings, urls = all_of(gdelt, world, memory)
    assert len(urls) == 1000
    assert not any(reading.notes for reading in readings)
    assert state_of(readings[-1].memory.cursor) == DocState(NOW)
    spans = [asked(query) for query in gdelt.queries]
    assert len(spans) == len(readings)  # one request each: between them the memory is kept


def test_an_hour_with_more_than_the_search_gives_is_noted(
    gdelt: LocalGdelt, world: Surroundings
) -> None:
    searching(archive(*[NOW - timedelta(seconds=n) for n in range(600)]), gdelt)
    readings, urls = all_of(gdelt, world)
    assert len(urls) == 250
    assert [len(reading.notes) for reading in readings] == [0, 1, 1]
    assert readings[1].notes[0].startswith("GDELT answered {}")
    assert "more than 250 articles" in readings[2].notes[0]
    assert "make the query narrower" in readings[2].notes[0]


def test_a_reading_in_the_middle_of_the_halves_goes_on_where_it_was(
    gdelt: LocalGdelt, world: Surroundings
) -> None:
    begin = NOW - timedelta(days=1)
    searching(archive(*[begin + timedelta(minutes=4 * n) for n in range(360)]), gdelt)
    first = read(gdelt, world, Memory(cursor=cursor_of(DocState(begin))))
    assert (first.documents, first.more) == ((), True)
    assert read(gdelt, world, first.memory) == read(gdelt, world, first.memory)


def test_nothing_found_is_noted_because_a_theme_may_be_unknown(
    gdelt: LocalGdelt, world: Surroundings
) -> None:
    reading = read(gdelt, world)
    assert (reading.documents, reading.more) == ((), False)
    assert "unknown" in reading.notes[0]
    assert state_of(reading.memory.cursor).until == NOW


@pytest.mark.parametrize(
    ("text", "permanent"),
    [
        ("Timespan is too short.", False),
        ("Your query was too short or too long.", True),
        ("Invalid/Unsupported Country.", True),
        ("<html>Bad gateway</html>", False),
        ("", False),
        ('{"articles": [', False),
    ],
)
def test_a_refusal_under_http_200_is_a_failure_with_its_words(
    gdelt: LocalGdelt, world: Surroundings, text: str, permanent: bool
) -> None:
    gdelt.answer = lambda query: text_answer(text)
    with pytest.raises(FetchFailed) as failed:
        read(gdelt, world)
    assert failed.value.reason.startswith(gdelt.search)
    assert "\n" not in failed.value.reason
    assert failed.value.permanent is permanent
    assert ("change the query of source 'visas'" in failed.value.reason) is permanent
    assert failed.value.http_status == 200


LIMIT = "Please limit requests to one every 5 seconds or contact us for larger queries."


@pytest.mark.parametrize("status", [429, 200])
def test_asked_too_often_it_is_left_alone_for_longer_each_time(
    gdelt: LocalGdelt, world: Surroundings, status: int
) -> None:
    gdelt.answer = lambda query: text_answer(LIMIT, status)
    memory = Memory(cursor=cursor_of(DocState(NOW, (Window(NOW - OVERLAP, NOW),))))
    waits = []
    for _ in range(4):
        with pytest.raises(AskedTooOften) as failed:
            read(gdelt, world, memory)
        memory = failed.value.memory
        waits.append(failed.value.retry_after)
        assert failed.value.http_status == 429
        assert not failed.value.permanent
        assert failed.value.reason.startswith(gdelt.search)
    assert waits == [timedelta(minutes=minutes) for minutes in (5, 10, 20, 40)]
    assert len(gdelt.queries) == 4
    assert state_of(memory.cursor).windows == (Window(NOW - OVERLAP, NOW),)
    searching(archive(NOW), gdelt)
    reading = read(gdelt, world, memory)
    assert len(reading.documents) == 1
    assert state_of(reading.memory.cursor).refusals == 0


def test_a_wait_that_the_server_names_is_kept_when_it_is_longer(
    gdelt: LocalGdelt, world: Surroundings
) -> None:
    for seconds, minutes in (("30", 5), ("1800", 30)):
        gdelt.answer = lambda query, s=seconds: (429, LIMIT.encode(), {"Retry-After": s})  # type: ignore[misc]
        with pytest.raises(AskedTooOften) as failed:
            read(gdelt, world)
        assert failed.value.retry_after == timedelta(minutes=minutes)


def test_a_server_that_is_down_is_a_failure_of_the_moment(
    gdelt: LocalGdelt, world: Surroundings
) -> None:
    gdelt.answer = lambda query: text_answer("busy", 503)
    with pytest.raises(FetchFailed) as failed:
        read(gdelt, world)
    assert not isinstance(failed.value, AskedTooOften)
    assert (failed.value.http_status, failed.value.permanent) == (503, False)


def test_what_was_missed_and_is_out_of_reach_is_a_gap(
    gdelt: LocalGdelt, world: Surroundings
) -> None:
    searching(archive(NOW), gdelt)
    until = NOW - timedelta(days=100)
    reading = read(gdelt, world, Memory(cursor=cursor_of(DocState(until))))
    assert reading.gap == Gap(since=until - OVERLAP, until=NOW - REACH)
    assert asked(gdelt.queries[0]) == (NOW - REACH, NOW)


def test_a_back_fill_reads_its_days_and_goes_on_where_it_ended(
    gdelt: LocalGdelt, world: Surroundings
) -> None:
    first, last = NOW - timedelta(days=30), NOW - timedelta(days=27)
    moments = [first + timedelta(minutes=10 * n - 600) for n in range(600)]
    searching(archive(*moments), gdelt)
    memory, urls, more = Memory(), set(), True
    while more:
        reading = READER.back_fill(source(gdelt), first, last, memory, world, NOW)
        memory, more = reading.memory, reading.more
        urls |= {arrival.document.url for arrival in reading.documents}
    assert len(urls) == sum(first <= moment <= last for moment in moments)
    assert all(first <= begin < end <= last for begin, end in map(asked, gdelt.queries))
    requests = len(gdelt.queries)
    done = READER.back_fill(source(gdelt), first, last, memory, world, NOW)
    assert (done.documents, done.more, done.unchanged) == ((), False, True)
    assert len(gdelt.queries) == requests


def test_a_back_fill_before_the_reach_of_the_search_is_refused_with_another_way(
    gdelt: LocalGdelt, world: Surroundings
) -> None:
    with pytest.raises(FetchFailed) as failed:
        first = NOW - REACH - timedelta(days=1)
        READER.back_fill(source(gdelt), first, NOW, Memory(), world, NOW)
    assert failed.value.permanent
    assert "goes back 90 days; back-fill from 2026-08-26 on" in failed.value.reason
    assert "gdelt-gkg" in failed.value.reason
    assert not gdelt.queries


def test_a_back_fill_of_today_asks_for_no_span_that_is_too_short(
    gdelt: LocalGdelt, world: Surroundings
) -> None:
    searching(archive(NOW), gdelt)
    first, last = NOW - timedelta(minutes=20), NOW + timedelta(hours=6)
    reading = READER.back_fill(source(gdelt), first, last, Memory(), world, NOW)
    assert len(reading.documents) == 1
    future = NOW + timedelta(days=1)
    assert READER.back_fill(source(gdelt), future, future, Memory(), world, NOW).unchanged
