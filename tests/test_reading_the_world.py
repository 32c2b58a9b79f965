"""From a source of any type to the tables: pages are read, editions and deletions arrive, the past is filled, gaps are told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from flows import article_texts, back_filling, reading_sources
from flows.back_filling import back_fill
from flows.collecting import collect
from flows.mistake import Mistake
from flows.scoring import drain
from flows.settings import Settings
from flows.wiring import Edges, edges
from ingest.arrival import Arrival
from ingest.article_page import WithTexts
from ingest.document import Document, Kind, document_id
from ingest.fetch import FetchFailed
from ingest.reading import FailedButLearned, Gap, Memory, Reading, Surroundings
from ingest.source import Source
from ingest.source_options import GkgOptions, MastodonOptions, SourceType
from storage import source_runs
from tests.rows import NOW

FOR = "Migrants are welcome here: seasonal workers should get visas, they deserve our support."
AGAINST = "Stop handing visas to migrant workers, they take our jobs and nobody wants them here."

POSTS = Source(
    name="posts", url="https://posts.example", outlet="Posts", kind=Kind.SOCIAL, society="XA",
    language="en", type=SourceType.MASTODON, options=MastodonOptions(),
)  # fmt: skip
BULK = msgspec.structs.replace(POSTS, name="bulk", type=SourceType.GDELT_GKG, options=GkgOptions())


class Scripted:
    """A reader that gives what it was told to give, reading after reading."""

    def __init__(self, *answers: Reading | Exception) -> None:
        self.answers = list(answers)
        self.memories: list[Memory] = []

    def read(
        self, source: Source, memory: Memory, surroundings: Surroundings, now: datetime
    ) -> Reading:
        self.memories.append(memory)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def back_fill(self, source: Source, first: Any, last: Any, *rest: Any) -> Reading:
        self.span = (first, last)
        return self.read(source, *rest)


@pytest.fixture
def opened(embedded_settings: Settings) -> Iterator[Edges]:
    """Open edges; what they ask of a server's database, tests/test_editions_and_removals.py asks, too."""
    with edges(embedded_settings, create=True, sources=[POSTS]) as opened:
        yield opened


def play(monkeypatch: pytest.MonkeyPatch, *answers: Reading | Exception) -> Scripted:
    reader = Scripted(*answers)
    monkeypatch.setattr(reading_sources, "reader_of", lambda type: reader)
    monkeypatch.setattr(back_filling, "back_filler_of", lambda type: reader)
    return reader


def post(text: str, own_id: str = "1", **values: Any) -> Arrival:
    document = Document(
        id=document_id(source="posts", own_id=own_id, url=""),
        source="posts", outlet="Posts", kind=Kind.SOCIAL, society="XA", language="en", url="",
        title="", text=text, published_at=NOW - timedelta(days=1), fetched_at=NOW,
        **values,
    )  # fmt: skip
    return Arrival(f"posts/{own_id}", document)


def rows(opened: Edges, sql: str) -> list[tuple[Any, ...]]:
    return opened.database.query(sql).rows


def test_edits_and_deletions_reach_the_tables(
    opened: Edges, monkeypatch: pytest.MonkeyPatch
) -> None:
    edited = post(AGAINST, edited_at=NOW)
    reader = play(
        monkeypatch,
        Reading(documents=(post(FOR), post(FOR + " Indeed.", "2")), memory=Memory(cursor="7")),
        Reading(
            documents=(edited,), removed=(post(FOR, "2").document.id,), memory=Memory(cursor="8")
        ),
        Reading(documents=(edited,), memory=Memory(cursor="9")),
    )
    for hour in range(3):
        at = NOW + timedelta(hours=hour)
        (run,) = collect(opened, now=at).runs
        drain(opened, clock=lambda: NOW + timedelta(hours=3))
        assert (run.outcome, run.new, run.known) == ("ok", (2, 1, 0)[hour], (0, 0, 1)[hour])
        assert run.removed == (0, 1, 0)[hour]
    assert [memory.cursor for memory in reader.memories] == ["", "7", "8"]
    assert sorted(rows(opened, "SELECT text FROM document_texts FINAL")) == [("",), (AGAINST,)]
    counted = "SELECT sum(support), sum(oppose) FROM daily_counts FINAL WHERE target = 'regular'"
    assert rows(opened, counted) == [(1, 1)]


def test_whatever_an_account_said_goes_with_it(
    opened: Edges, monkeypatch: pytest.MonkeyPatch
) -> None:
    play(
        monkeypatch,
        Reading(documents=(post(FOR, "1", author_key="a1"), post(AGAINST, "2", author_key="b2"))),
        Reading(removed_authors=("a1", "c3")),
    )
    collect(opened, now=NOW)
    drain(opened, clock=lambda: NOW)
    (run,) = collect(opened, now=NOW + timedelta(hours=1)).runs
    assert run.removed == 1
    left = rows(opened, "SELECT text, author_key FROM document_texts FINAL ORDER BY text")
    assert left == [("", ""), (AGAINST, "b2")]


def test_addresses_and_handles_are_scrubbed_before_anything_is_published(
    opened: Edges, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = f"{FOR} Write to ann.lee@mail.example, says @ann_lee."
    play(monkeypatch, Reading(documents=(post(told),)))
    collect(opened, now=NOW)
    consumer = opened.bus.subscribe(["barometer.documents.v1"], "of the test")
    (message,) = consumer.poll(10, 5.0)
    consumer.close()
    assert b"ann" not in message.value and b"[e-mail]" in message.value


def test_a_gap_and_what_was_passed_over_stand_in_the_run(
    opened: Edges, monkeypatch: pytest.MonkeyPatch
) -> None:
    gap = Gap(since=NOW - timedelta(hours=9), until=NOW - timedelta(hours=2))
    play(monkeypatch, Reading(passed_over=40, gap=gap, notes=("it was slow",)))
    (run,) = collect(opened, now=NOW).runs
    assert (run.passed_over, run.gap_since, run.gap_until) == (40, gap.since, gap.until)
    assert run.error.startswith("it was slow; what was said from ") and "is lost" in run.error
    assert source_runs.runs_since(opened.database, NOW) == [run]


def test_a_failure_that_learned_something_is_remembered(
    opened: Edges, monkeypatch: pytest.MonkeyPatch
) -> None:
    learned = FailedButLearned(
        "it says that we ask too often", memory=Memory(cursor="twice"), retry_after=timedelta(hours=2),
        http_status=429,
    )  # fmt: skip
    reader = play(
        monkeypatch, Reading(memory=Memory(cursor="3")), learned, FetchFailed("away"), Reading()
    )
    hours = 0.0
    for outcome in ("ok", "failed", "failed", "ok"):
        (run,) = collect(opened, now=NOW + timedelta(hours=hours), only=["posts"]).runs
        assert run.outcome == outcome
        hours += 3
    assert [memory.cursor for memory in reader.memories] == ["", "3", "twice", "twice"]


def test_pages_are_read_for_what_is_new_where_the_source_wants_it(
    opened: Edges, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []

    class Pages:
        def with_article_text(self, documents: Any, **around: Any) -> WithTexts:
            asked.append([each.text for each in documents])
            longer = [
                msgspec.structs.replace(each, text=f"{each.text} And more.") for each in documents
            ]
            return WithTexts(documents=tuple(longer), worth=3, found=2, without={"answered 404": 1})

    monkeypatch.setattr(article_texts, "_pages", Pages)
    play(
        monkeypatch,
        Reading(documents=(post(FOR),)),
        Reading(documents=(post(FOR), post(AGAINST, "2"))),
    )
    bulk = msgspec.structs.replace(opened, sources=(BULK,))
    (run,) = collect(bulk, now=NOW).runs
    drain(opened, clock=lambda: NOW)
    assert run.error == "2 of 3 pages of articles were read (1 answered 404)"
    collect(bulk, now=NOW + timedelta(hours=1))
    drain(opened, clock=lambda: NOW)
    assert asked == [[FOR], [AGAINST]]
    texts = rows(opened, "SELECT text FROM document_texts FINAL ORDER BY text")
    assert texts == [(f"{FOR} And more.",), (f"{AGAINST} And more.",)]


def test_the_past_is_filled_reading_by_reading_and_goes_on_after_a_failure(
    opened: Edges, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = play(
        monkeypatch,
        Reading(documents=(post(FOR),), memory=Memory(cursor="a"), more=True, retry_after=timedelta(seconds=9)),
        FetchFailed("it broke off"),
        Reading(documents=(post(AGAINST, "2"),), memory=Memory(cursor="b")),
    )  # fmt: skip
    waited: list[float] = []
    span = (date(2026, 9, 1), date(2026, 9, 30))

    def fill() -> back_filling.BackFill:
        return back_fill(opened, POSTS, *span, clock=lambda: NOW, wait=waited.append)

    first = fill()
    assert (first.finished, first.new, waited) == (False, 1, [9.0])
    again = fill()
    assert (again.finished, again.new) == (True, 1)
    assert [memory.cursor for memory in reader.memories] == ["", "a", "a"]
    assert reader.span == (
        datetime(2026, 9, 1, tzinfo=UTC),
        datetime(2026, 9, 30, 23, 59, 59, 999999, UTC),
    )
    state = source_runs.states(opened.database)
    assert list(state) == ["import:posts 2026-09-01..2026-09-30"], "no reading of the source itself"
    drain(opened, clock=lambda: NOW)
    assert len(rows(opened, "SELECT id FROM documents FINAL")) == 2


def test_a_source_that_asks_for_a_long_pause_is_left_to_be_gone_on_with(
    opened: Edges, monkeypatch: pytest.MonkeyPatch
) -> None:
    play(monkeypatch, Reading(more=True, retry_after=timedelta(hours=1)))
    done = back_fill(opened, POSTS, date(2026, 9, 1), date(2026, 9, 2), clock=lambda: NOW)
    assert not done.finished


def test_a_source_without_a_past_says_so(opened: Edges) -> None:
    feed = msgspec.structs.replace(POSTS, type=SourceType.FEED)
    with pytest.raises(Mistake, match="has no past to read"):
        back_fill(opened, feed, date(2026, 9, 1), date(2026, 9, 2), clock=lambda: NOW)
