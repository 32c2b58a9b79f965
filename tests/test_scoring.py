"""Scoring: every row read once in the ledger, whatever is retried, redelivered, replayed or shared among workers."""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from classify.disposition import Disposition
from flows import cli
from flows.importing import import_file
from flows.publishing import publish
from flows.replaying import replay
from flows.scoring import BatchReport, MostlyInvalid, drain, letter_record
from flows.settings import Settings
from flows.wiring import GROUP, Edges, edges
from ingest.bus import (
    DEAD_LETTERS,
    DOCUMENTS,
    ORIGIN,
    BusUnavailable,
    Consumer,
    Message,
    PartitionsLost,
    Record,
)
from ingest.dead_letter import decode_dead_letter
from ingest.document import Document, encode_document
from ingest.field_mapping import FieldMapping
from storage import dead_letters, ledger
from storage.database import next_version
from tests.figures import figures
from tests.fixtures_flows import as_environment
from tests.judged_documents import document
from tests.rows import ABOUT, ELSEWHERE, NOW, write_rows
from tests.test_kill import comparable


@pytest.fixture
def opened(embedded_settings: Settings) -> Iterator[Edges]:
    """Open edges over SQLite and chdb."""
    with edges(embedded_settings, create=True, sources=[]) as opened:
        yield opened


def about(number: int, **values: Any) -> Document:
    """A document that the lexicon judges."""
    one = document(number)
    values = {"text": f"{ABOUT[number % len(ABOUT)]} ({number})", "title": "", **values}
    return msgspec.structs.replace(one, **values)


def put(opened: Edges, *arrivals: tuple[str, Document]) -> None:
    publish(opened.bus, arrivals, [])


def put_broken(opened: Edges, count: int, *, origin: str = "alien/{}") -> None:
    records = [
        Record(f"k{n}", f"not a document {n}".encode(), {ORIGIN: origin.format(n)})
        for n in range(count)
    ]
    opened.bus.publish(DOCUMENTS, records)


def score(opened: Edges, *, now: datetime = NOW, batch_size: int = 500) -> BatchReport:
    settings = opened.settings.model_copy(update={"batch_size": batch_size})
    return drain(msgspec.structs.replace(opened, settings=settings), clock=lambda: now)


def backlog(opened: Edges) -> int:
    return opened.bus.backlog([DOCUMENTS, DEAD_LETTERS], GROUP)


def held(opened: Edges, sql: str) -> list[tuple[Any, ...]]:
    return opened.database.query(sql).rows


class Watched:
    """A bus whose consumers do something else at some point than the real ones."""

    def __init__(self, bus: Any, **instead: Callable[..., Any]) -> None:
        self._bus = bus
        self._instead = instead

    def __getattr__(self, name: str) -> Any:
        return getattr(self._bus, name)

    def subscribe(self, topics: Sequence[str], group: str) -> Consumer:
        consumer = self._bus.subscribe(topics, group)
        instead = self._instead

        class Member:
            def __getattr__(self, name: str) -> Any:
                real = getattr(consumer, name)
                if name not in instead:
                    return real
                return lambda *arguments: instead[name](real, *arguments)

        member: Any = Member()
        result: Consumer = member
        return result


def with_bus(opened: Edges, **instead: Callable[..., Any]) -> Edges:
    """The same edges with other consumers."""
    bus: Any = Watched(opened.bus, **instead)
    return msgspec.structs.replace(opened, bus=bus)


# What becomes of each row


def test_the_line_of_a_batch_adds_up(opened: Edges, tmp_path: Path) -> None:
    fate = write_rows(tmp_path / "rows.jsonl", 80)
    import_file(opened, tmp_path / "rows.jsonl", now=NOW, mapping=FieldMapping())
    put_broken(opened, 3)
    said: list[str] = []
    report = drain(opened, clock=lambda: NOW, progress=lambda so_far: said.append(str(so_far)))
    dead = fate[Disposition.DEAD] + 3
    assert (
        str(report)
        == said[-1]
        == (
            f"83 read = {fate[Disposition.JUDGED]} judged + 4 off topic + 4 unsupported language"
            f" + {fate[Disposition.DUPLICATE]} duplicates + {dead} dead"
        )
    )
    words = ("judged", "off_topic", "unsupported_language", "duplicate", "dead")
    assert report.read == sum(getattr(report, word) for word in words) == 83


def test_text_is_kept_of_what_may_be_judged_later_and_not_of_what_is_off_topic(
    opened: Edges,
) -> None:
    put(
        opened,
        ("feed:a/1", about(1, text=ELSEWHERE[0], title="Band")),
        ("feed:a/2", about(2, text="Wir brauchen mehr Arbeitsvisa", language="de")),
        ("feed:a/3", about(3)),
    )
    score(opened)
    rows = held(
        opened,
        "SELECT origin, title, text FROM (SELECT id, origin FROM documents FINAL)"
        " ALL LEFT JOIN (SELECT id, title, text FROM document_texts FINAL) USING (id) ORDER BY origin",
    )
    assert rows == [
        ("feed:a/1", "", ""),
        ("feed:a/2", "", "Wir brauchen mehr Arbeitsvisa"),
        ("feed:a/3", "", about(3).text),
    ]
    assert ledger.totals(opened.database) == {
        Disposition.JUDGED: 1,
        Disposition.OFF_TOPIC: 1,
        Disposition.UNSUPPORTED_LANGUAGE: 1,
        Disposition.DUPLICATE: 0,
        Disposition.DEAD: 0,
    }


def test_a_bad_message_goes_to_the_dead_letters_with_origin_place_and_reason(
    opened: Edges,
) -> None:
    put(opened, *((f"feed:a/{n}", about(n)) for n in range(12)))
    put_broken(opened, 9)
    assert score(opened).dead == 9
    letters = sorted(dead_letters.stored(opened.database), key=lambda one: one.letter.origin)
    assert [one.letter.origin for one in letters] == [f"alien/{n}" for n in range(9)]
    first = letters[0].letter
    assert first.reason.startswith("not a document: JSON is malformed")
    assert first.place.startswith(f"{DOCUMENTS} partition ")
    assert (first.payload, first.source, first.read_at) == ("not a document 0", "bus", NOW)

    listener = opened.bus.subscribe([DEAD_LETTERS], "people")
    published = listener.poll(100, 1.0)
    listener.close()
    assert sorted(message.origin for message in published) == [f"alien/{n}" for n in range(9)]
    assert first in [decode_dead_letter(message.value) for message in published]
    assert backlog(opened) == 0


def test_a_message_without_an_origin_is_known_by_its_place_on_the_bus(opened: Edges) -> None:
    good, bad = Record("k", encode_document(about(1))), Record("k", b"\xff\x00 no")
    opened.bus.publish(DOCUMENTS, [good, bad])
    score(opened)
    rows = held(opened, "SELECT origin, disposition FROM dispositions FINAL ORDER BY origin")
    places = [origin.split("/") for origin, _ in rows]
    assert [(topic, offset) for topic, _, offset in places] == [(DOCUMENTS, "0"), (DOCUMENTS, "1")]
    assert [word for _, word in rows] == ["judged", "dead"]
    (letter,) = dead_letters.stored(opened.database)
    assert letter.letter.payload == "\\xff\\x00 no"


def test_a_time_that_no_table_can_hold_is_a_dead_letter_and_stops_nobody(opened: Edges) -> None:
    far = datetime(2150, 1, 1, tzinfo=UTC)
    put(opened, ("feed:a/1", about(1, published_at=far, fetched_at=far)), ("feed:a/2", about(2)))
    letter = {
        "origin": "",
        "source": "alien",
        "place": "elsewhere",
        "reason": "theirs",
        "payload": "?",
        "read_at": "2300-01-01T00:00:00",
    }
    opened.bus.publish(DEAD_LETTERS, [Record("k", json.dumps(letter).encode(), {ORIGIN: "x/1"})])
    opened.bus.publish(DEAD_LETTERS, [Record("k", b"not a letter", {ORIGIN: "x/2"})])
    report = score(opened)
    assert (report.read, report.judged, report.dead) == (4, 1, 3)
    letters = {one.letter.origin: one.letter for one in dead_letters.stored(opened.database)}
    assert letters["feed:a/1"].reason == "published_at 2150-01-01 is after 2105"
    assert (letters["x/1"].reason, letters["x/1"].read_at) == ("theirs", NOW)
    assert letters["x/2"].place.startswith(f"{DEAD_LETTERS} partition ")


def test_a_document_too_large_for_a_message_is_a_dead_letter(opened: Edges) -> None:
    # Valid text of 490 kB that takes two bytes for each of its own in JSON.
    quotes = about(1, text='"' * 499_900 + " visas")
    assert publish(opened.bus, [("feed:a/1", quotes), ("feed:a/2", about(2))], []) == 1
    assert score(opened).read == 2
    (letter,) = dead_letters.stored(opened.database)
    assert (letter.letter.origin, letter.letter.truncated) == ("feed:a/1", True)
    assert "the limit is 1,000,000" in letter.letter.reason
    assert letter.letter.place == f"{quotes.url} (feed:a/1)"


# Most of a batch is invalid


def test_the_worker_stops_when_most_of_a_batch_cannot_be_decoded(opened: Edges) -> None:
    put(opened, *((f"feed:a/{n}", about(n)) for n in range(9)))
    put_broken(opened, 11)
    with pytest.raises(MostlyInvalid) as stopped:
        score(opened)
    said = str(stopped.value)
    assert said.startswith(
        f"11 of 20 messages on {DOCUMENTS} cannot be decoded (the first: not a document: JSON is"
    )
    assert said.endswith(
        "nothing was stored. Check who publishes there and with which version, then start again."
    )
    assert sum(ledger.totals(opened.database).values()) == 0
    assert dead_letters.stored(opened.database) == []
    assert held(opened, "SELECT count() FROM documents") == [(0,)]
    assert backlog(opened) == 20  # nothing committed, and nothing published to the dead letters


def test_half_of_a_batch_or_a_few_bad_messages_do_not_stop_the_worker(opened: Edges) -> None:
    put(opened, *((f"feed:a/{n}", about(n)) for n in range(10)))
    put_broken(opened, 10)
    assert score(opened).dead == 10
    put_broken(opened, 19, origin="more/{}")
    assert score(opened).dead == 19


def test_the_command_says_why_it_stopped_in_one_sentence_and_exits_with_1(
    embedded_settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    with edges(embedded_settings, create=True, sources=[]) as opened:
        put_broken(opened, 25)
    for name, value in as_environment(embedded_settings).items():
        monkeypatch.setenv(name, value)
    assert cli.run(["score"]) == 1
    said = capfd.readouterr().err.strip().splitlines()
    assert said[-1].startswith("barometer: 25 of 25 messages on barometer.documents.v1 cannot be")
    assert "Traceback" not in "\n".join(said)


# The same row again


def test_a_row_that_a_producer_sends_twice_counts_once(opened: Edges) -> None:
    put(opened, ("feed:a/1", about(1)), ("feed:a/1", about(1)))
    report = score(opened)
    assert (report.read, report.judged) == (1, 1)
    before = figures(opened.database)
    put(opened, ("feed:a/1", about(1)))
    assert score(opened, now=NOW + timedelta(hours=1)).read == 0
    assert figures(opened.database) == before
    assert ledger.totals(opened.database)[Disposition.JUDGED] == 1


@pytest.mark.parametrize("batch_size", [1, 500])
def test_an_entry_without_a_date_that_is_read_on_two_days_counts_on_the_first(
    opened: Edges, batch_size: int
) -> None:
    late, early = datetime(2026, 10, 31, 23, tzinfo=UTC), datetime(2026, 11, 1, 1, tzinfo=UTC)
    for read_at in (late, early):
        put(opened, ("feed:a/1", about(1, published_at=read_at, fetched_at=read_at)))
    assert score(opened, batch_size=batch_size).read == 1
    assert held(opened, "SELECT DISTINCT day FROM judgements") == [(late.date(),)]
    assert held(opened, "SELECT sum(support + neutral + oppose) > 0 FROM daily_counts FINAL") == [
        (1,)
    ]
    assert held(opened, "SELECT DISTINCT day FROM daily_counts") == [(late.date(),)]


@pytest.mark.parametrize("batch_size", [1, 500])
def test_a_document_by_another_row_is_a_duplicate_of_the_first(
    opened: Edges, batch_size: int
) -> None:
    put(opened, ("feed:a/1", about(1)), ("feed:b/9", about(1)), ("feed:a/2", about(2)))
    report = score(opened, batch_size=batch_size)
    assert (report.judged, report.duplicate) == (2, 1)
    found = held(
        opened, "SELECT origin, reason FROM dispositions FINAL WHERE disposition = 'duplicate'"
    )
    assert found == [("feed:b/9", "first read as feed:a/1")]
    # The duplicate and the first again, the other way round.
    put(opened, ("feed:b/9", about(1)), ("feed:a/1", about(1)))
    assert score(opened, batch_size=batch_size).read == 0
    assert ledger.totals(opened.database)[Disposition.DUPLICATE] == 1


def test_a_replayed_dead_letter_becomes_what_it_is_and_its_letter_coming_late_changes_nothing(
    opened: Edges,
) -> None:
    put(opened, *((f"feed:a/{n}", about(n)) for n in range(3)))
    put_broken(opened, 1)
    score(opened)
    (stored,) = dead_letters.stored(opened.database)
    assert (stored.letter.origin, stored.status) == ("alien/0", "dead")
    assert replay(opened, now=NOW).replayed == 0  # as it is, it never becomes a document
    mended = msgspec.structs.replace(stored.letter, payload=encode_document(about(7)).decode())
    dead_letters.store(opened.database, [mended], next_version())
    assert replay(opened, now=NOW).replayed == 1
    dead = ledger.totals(opened.database)[Disposition.DEAD]
    report = score(opened, now=NOW + timedelta(hours=1))
    assert (report.read, report.judged) == (1, 1)
    totals = ledger.totals(opened.database)
    assert (totals[Disposition.DEAD], totals[Disposition.JUDGED]) == (dead - 1, 4)

    after = figures(opened.database)
    opened.bus.publish(DEAD_LETTERS, [letter_record(stored.letter)])
    put_broken(opened, 1)  # the broken message itself comes again, too
    assert score(opened, now=NOW + timedelta(hours=2)).read == 0
    assert figures(opened.database) == after
    assert dead_letters.stored(opened.database) == []


def test_a_dead_letter_and_its_replay_in_one_batch_are_one_document(opened: Edges) -> None:
    # As after a crash that stored the letter and did not commit it.
    put_broken(opened, 1)
    score(opened)
    (stored,) = dead_letters.stored(opened.database)
    put(opened, ("import:run/5", about(5)))
    letter = msgspec.structs.replace(stored.letter, origin="import:run/5")
    opened.bus.publish(DEAD_LETTERS, [letter_record(letter)])
    report = score(opened)
    assert (report.read, report.judged, report.dead) == (1, 1, 0)
    assert ledger.recorded(opened.database, ["import:run/5"]) == {
        "import:run/5": Disposition.JUDGED
    }


def test_a_commit_that_comes_too_late_is_survived_and_changes_no_figure(opened: Edges) -> None:
    put(opened, *((f"feed:a/{n}", about(n)) for n in range(6)))
    put_broken(opened, 1)

    def lose(commit: Callable[..., None], messages: Sequence[Message]) -> None:
        raise PartitionsLost("another member has taken them over")

    report = drain(with_bus(opened, commit=lose), clock=lambda: NOW)
    assert report.read == 7
    before = figures(opened.database)
    assert backlog(opened) == 8  # seven messages, and the dead letter that was published
    assert score(opened, now=NOW + timedelta(hours=1)).read == 0
    assert figures(opened.database) == before
    assert backlog(opened) == 0


def test_a_commit_that_fails_otherwise_ends_the_worker_and_nothing_is_lost(opened: Edges) -> None:
    put(opened, ("feed:a/1", about(1)))

    def fail(commit: Callable[..., None], messages: Sequence[Message]) -> None:
        raise BusUnavailable("the bus cannot be written")

    with pytest.raises(BusUnavailable):
        drain(with_bus(opened, commit=fail), clock=lambda: NOW)
    assert backlog(opened) == 1
    assert score(opened).read == 0
    assert ledger.totals(opened.database)[Disposition.JUDGED] == 1


# Following the bus


def test_a_follower_that_is_asked_to_stop_finishes_its_batch_and_takes_no_other(
    opened: Edges,
) -> None:
    put(opened, *((f"feed:a/{n}", about(n)) for n in range(10)))
    asked = threading.Event()

    def clock() -> datetime:
        asked.set()  # while the first batch is under way
        return NOW

    small = msgspec.structs.replace(
        opened, settings=opened.settings.model_copy(update={"batch_size": 4})
    )
    report = drain(small, clock=clock, until=asked.is_set)
    assert (report.read, report.batches) == (4, 1)
    assert sum(ledger.totals(opened.database).values()) == 4
    assert backlog(opened) == 6


def test_a_follower_waits_for_documents_without_spinning_and_stops_when_asked(
    opened: Edges,
) -> None:
    polls: list[float] = []

    def poll(real: Callable[..., list[Message]], limit: int, timeout: float) -> list[Message]:
        polls.append(time.monotonic())
        return real(limit, timeout)

    asked = threading.Event()
    reports: list[BatchReport] = []
    follower = threading.Thread(
        target=lambda: reports.append(
            drain(with_bus(opened, poll=poll), clock=lambda: NOW, until=asked.is_set)
        )
    )
    follower.start()
    try:
        until(lambda: len(polls) >= 2)  # the first poll found nothing and took its time
        put(opened, ("feed:a/1", about(1)))
        until(lambda: backlog(opened) == 0)
    finally:
        asked.set()
        stopped = time.monotonic()
        follower.join(30)
    assert not follower.is_alive()
    assert time.monotonic() - stopped < 25
    assert reports[0].judged == 1
    waits = [later - earlier for earlier, later in itertools.pairwise(polls)]
    assert waits[0] > 0.9
    assert len(polls) < polls[-1] - polls[0] + 6  # one a second, and a few for what came


def until(done: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for something that another thread does."""
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


# Several workers


def test_two_workers_of_one_group_give_the_figures_of_one(
    server_settings: Settings, embedded_settings: Settings, tmp_path: Path
) -> None:
    chunk = 60
    shared = server_settings.model_copy(update={"batch_size": 7})
    asked = threading.Event()
    done = [BatchReport(), BatchReport()]
    files: list[Path] = []

    def work(place: int) -> None:
        def progress(so_far: BatchReport) -> None:
            done[place] = so_far

        with edges(shared, sources=[]) as mine:
            drain(mine, clock=lambda: NOW, progress=progress, until=asked.is_set)

    with edges(shared, create=True, sources=[]) as opened:
        workers = [threading.Thread(target=work, args=[place]) for place in range(2)]
        for worker in workers:
            worker.start()
        try:
            deadline = time.monotonic() + 90
            # More and more rows, until both have had a good share of the same days.
            while not all(report.batches >= 5 for report in done) or len(files) < 3:
                assert time.monotonic() < deadline, done
                path = tmp_path / f"rows-{len(files)}.jsonl"
                write_rows(path, chunk, seed=chunk * len(files))
                import_file(opened, path, now=NOW, mapping=FieldMapping())
                files.append(path)
                until(lambda: backlog(opened) < chunk // 3)
            until(lambda: backlog(opened) == 0)
        finally:
            asked.set()
            for worker in workers:
                worker.join(60)
        assert not any(worker.is_alive() for worker in workers)
        together = comparable(figures(opened.database))
        totals = ledger.totals(opened.database)
    with edges(embedded_settings, create=True, sources=[]) as alone:
        for path in files:
            import_file(alone, path, now=NOW, mapping=FieldMapping())
        drain(alone, clock=lambda: NOW)
        assert ledger.totals(alone.database) == totals
        assert comparable(figures(alone.database)) == together
    assert sum(totals.values()) == chunk * len(files)


def test_a_document_of_a_publisher_whose_clock_is_ahead_counts_on_no_day_to_come(
    opened: Edges,
) -> None:
    ahead = NOW + timedelta(days=3)
    early = about(1, published_at=ahead, fetched_at=ahead)
    opened.bus.publish(DOCUMENTS, [Record(early.id, encode_document(early), {"origin": "ahead"})])
    assert drain(opened, clock=lambda: NOW).dead == 1
    (letter,) = dead_letters.stored(opened.database)
    assert "over a day in the future" in letter.letter.reason


def test_a_follower_logs_every_batch_so_that_it_adds_up(
    opened: Edges, caplog: pytest.LogCaptureFixture
) -> None:
    put(opened, ("feed:a/1", about(1)), ("feed:a/2", about(2)))
    with caplog.at_level("INFO", logger="barometer.score"):
        drain(opened, clock=lambda: NOW)
    (line,) = [r.getMessage() for r in caplog.records if r.name == "barometer.score"]
    assert line.startswith("batch 1: 2 read = 2 judged + 0 off topic")
