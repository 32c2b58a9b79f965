"""Nothing that comes stops the line: poison documents, documents that end the process, monstrous texts, a fast source."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest

from classify.classifier import Assessment, Classifier, ModelError
from classify.disposition import Disposition
from classify.target import Target
from flows import collecting, scoring
from flows.collecting import READ_AHEAD, collect
from flows.judging import ModelFails
from flows.publishing import publish
from flows.reading_sources import Answer
from flows.replaying import replay
from flows.scoring import DEATHS_ALONE, DEATHS_TOGETHER, BatchReport, MostlyInvalid, drain
from flows.wiring import GROUP, Edges
from ingest.bus import DEAD_LETTERS, DOCUMENTS
from ingest.document import MAX_TEXT_BYTES, Document, Kind, decode_document
from ingest.reading import Memory, Reading
from ingest.source import Source
from storage import dead_letters, in_hand, ledger
from storage.database import Database
from tests.judged_documents import document
from tests.rows import ABOUT, NOW

POISON = "POISON"


class Fragile:
    """A classifier that some texts are too much for."""

    def __init__(self, real: Classifier, error: BaseException, word: str = POISON) -> None:
        self._real = real
        self.error: BaseException | None = error
        self.word = word
        self.sizes: list[int] = []
        """Texts of each call."""

    @property
    def model(self) -> str:
        return self._real.model

    @property
    def languages(self) -> frozenset[str]:
        return self._real.languages

    def assess(self, texts: Sequence[str], targets: Sequence[Target]) -> list[Assessment]:
        self.sizes.append(len(texts))
        if self.error is not None and any(self.word in text for text in texts):
            raise self.error
        return self._real.assess(texts, targets)


@pytest.fixture
def opened(emptied_edges: Edges) -> Edges:
    """SQLite and chdb, opened once for the file and emptied for each test."""
    return emptied_edges


def fragile(opened: Edges, error: BaseException, word: str = POISON) -> tuple[Edges, Fragile]:
    """The same edges with a classifier that raises `error` for texts with a word."""
    classifier = Fragile(opened.classifier, error, word)
    return msgspec.structs.replace(opened, classifier=classifier), classifier


def about(number: int, mark: str = "") -> Document:
    text = f"{ABOUT[number % len(ABOUT)]} {mark} ({number})"
    return msgspec.structs.replace(document(number), text=text, title="")


def put(opened: Edges, numbers: Sequence[int], poisoned: Sequence[int] = ()) -> None:
    rows = [(f"feed:a/{n}", about(n, POISON if n in poisoned else "")) for n in numbers]
    publish(opened.bus, rows, [])


def score(opened: Edges, *, now: datetime = NOW, batch_size: int = 500) -> BatchReport:
    settings = opened.settings.model_copy(update={"batch_size": batch_size})
    return drain(msgspec.structs.replace(opened, settings=settings), clock=lambda: now)


def backlog(opened: Edges) -> int:
    return opened.bus.backlog([DOCUMENTS, DEAD_LETTERS], GROUP)


def totals(opened: Edges) -> dict[str, int]:
    return {word.value: n for word, n in ledger.totals(opened.database).items() if n}


# Documents that the model fails on


def test_a_poison_document_is_a_dead_letter_with_its_reason_and_the_others_are_judged(
    opened: Edges,
) -> None:
    broken, classifier = fragile(opened, RuntimeError("index out of range in self"))
    put(opened, range(40), poisoned=[7, 31])
    report = score(broken)
    assert (report.read, report.judged, report.dead) == (40, 38, 2)
    assert backlog(opened) == 0
    letters = {one.letter.origin: one.letter for one in dead_letters.stored(opened.database)}
    assert letters.keys() == {"feed:a/7", "feed:a/31"}
    letter = letters["feed:a/7"]
    assert letter.reason == "judging it failed (RuntimeError: index out of range in self)"
    assert letter.source == about(7).source
    assert letter.place == f"{about(7).url} (feed:a/7)"
    assert decode_document(letter.payload.encode()).text == about(7, POISON).text
    # Found by halves, not one by one.
    assert len(classifier.sizes) < 30

    # After a fix they are judged, once.
    classifier.error = None
    assert replay(broken, now=NOW).replayed == 2
    assert replay(broken, now=NOW).tried == 0
    assert score(broken).judged == 2
    assert totals(opened) == {"judged": 40}
    assert dead_letters.stored(opened.database) == []


def test_a_poison_document_that_is_replayed_without_a_fix_is_dead_again(opened: Edges) -> None:
    broken, classifier = fragile(opened, ValueError("no"))
    put(opened, range(3), poisoned=[1])
    score(broken)
    for _ in range(2):
        assert replay(broken, now=NOW).replayed == 1
        assert score(broken).dead == 1
        assert [one.letter.origin for one in dead_letters.stored(opened.database)] == ["feed:a/1"]
        assert totals(opened) == {"judged": 2, "dead": 1}
    classifier.error = None
    assert replay(broken, origins=["feed:a/9"], now=NOW).tried == 0
    assert replay(broken, origins=["feed:a/1"], now=NOW).replayed == 1
    assert score(broken).judged == 1


def test_an_edition_that_is_poison_leaves_the_post_as_it_was(opened: Edges) -> None:
    broken, _ = fragile(opened, ValueError("no"))
    put(opened, range(2))
    score(broken)
    edited = msgspec.structs.replace(about(1, POISON), edited_at=NOW - timedelta(minutes=5))
    publish(opened.bus, [("feed:a/1/edited", edited)], [])
    assert score(broken).dead == 1
    assert totals(opened) == {"judged": 2, "dead": 1}
    ((text,),) = opened.database.query(
        "SELECT text FROM document_texts FINAL WHERE id = %(id)s", {"id": edited.id}
    ).rows
    assert POISON not in text


def test_a_model_that_fails_on_everything_stops_the_worker_and_nothing_is_stored(
    opened: Edges,
) -> None:
    broken, _ = fragile(opened, MemoryError(), word="")
    put(opened, range(3))
    with pytest.raises(ModelFails) as stopped:
        score(broken)
    said = str(stopped.value)
    assert said.startswith(
        f"the model {opened.classifier.model} cannot judge anything (MemoryError)"
    )
    assert "Check BAROMETER_MODEL" in said
    assert (totals(opened), backlog(opened)) == ({}, 3)
    refused, _ = fragile(opened, ModelError("the weights are gone"), word="")
    with pytest.raises(ModelError):
        score(refused)
    assert backlog(opened) == 3
    assert score(opened).judged == 3


def test_a_batch_that_is_mostly_poison_stops_the_worker_with_a_clear_error(opened: Edges) -> None:
    broken, _ = fragile(opened, ValueError("no"))
    put(opened, range(25), poisoned=range(13))
    with pytest.raises(MostlyInvalid) as stopped:
        score(broken)
    assert str(stopped.value).startswith(
        "13 of 25 documents cannot be judged (the first: judging it failed (ValueError: no))"
    )
    assert (totals(opened), backlog(opened)) == ({}, 25)


# Documents that end the process


class Death(BaseException):
    """Stands for SIGKILL: nothing that follows is done."""


class Deadly(Fragile):
    """Ends the process at a text, unless it was mended."""

    died = False

    def assess(self, texts: Sequence[str], targets: Sequence[Target]) -> list[Assessment]:
        self.died = self.error is not None and any(self.word in text for text in texts)
        return super().assess(texts, targets)


@contextmanager
def process(monkeypatch: pytest.MonkeyPatch, name: str, classifier: Deadly) -> Iterator[None]:
    """A worker process of its own: when it dies it puts nothing down."""
    real = in_hand._write

    def write(database: Database, worker: str, origins: Sequence[str], now: Any) -> None:
        if origins or not classifier.died:
            real(database, worker, origins, now)

    with monkeypatch.context() as patched:
        patched.setattr(scoring, "_PROCESS", name)
        patched.setattr(in_hand, "_write", write)
        yield


def test_a_document_that_ends_the_process_is_isolated_and_then_a_dead_letter(
    opened: Edges, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(opened, range(12), poisoned=[5])
    classifier = Deadly(opened.classifier, Death())
    deadly = msgspec.structs.replace(opened, classifier=classifier)
    deaths = 0
    while True:
        with process(monkeypatch, f"worker {deaths}", classifier):
            try:
                score(deadly)
            except Death:
                deaths += 1
                assert deaths < 20
            else:
                break
    assert deaths == DEATHS_TOGETHER + DEATHS_ALONE
    assert totals(opened) == {"judged": 11, "dead": 1}
    assert backlog(opened) == 0
    (one,) = dead_letters.stored(opened.database)
    assert one.letter.origin == "feed:a/5"
    assert f"ended {DEATHS_ALONE} times without a word" in one.letter.reason
    # Those that were in hand beside it were judged alone, and are no letters.
    assert classifier.sizes.count(12) == DEATHS_TOGETHER

    # Replayed after a fix it is given another chance.
    classifier.error = None
    assert replay(deadly, now=NOW).replayed == 1
    assert score(deadly).judged == 1
    assert totals(opened) == {"judged": 12}


def test_a_worker_that_fails_with_an_error_is_not_taken_for_one_that_died(
    opened: Edges,
) -> None:
    put(opened, range(2))
    refused, _ = fragile(opened, ModelError("the weights are gone"), word="")
    for _ in range(DEATHS_TOGETHER + DEATHS_ALONE + 1):
        with pytest.raises(ModelError):
            score(refused)
    assert opened.database.query("SELECT count() FROM in_hand FINAL WHERE notEmpty(origins)").rows == [(0,)]  # fmt: skip
    assert score(opened).judged == 2


# Large texts, and sources that are faster than the model


def test_monstrous_texts_are_judged_with_the_others(opened: Edges) -> None:
    words = "visa " * (MAX_TEXT_BYTES // 5)
    marks = ("́" * (MAX_TEXT_BYTES // 2))[: MAX_TEXT_BYTES // 2]
    texts = [words, f"Asylum {marks[:-10]}", "visas" + "x" * (MAX_TEXT_BYTES - 5)]
    rows = [
        (f"feed:big/{n}", msgspec.structs.replace(about(100 + n), text=text))
        for n, text in enumerate(texts)
    ]
    publish(opened.bus, rows, [])
    put(opened, range(5))
    report = score(opened)
    assert report.read == 8
    assert report.judged >= 5
    assert report.dead == 0
    assert backlog(opened) == 0


def test_however_much_waits_a_worker_has_one_batch_in_hand(opened: Edges) -> None:
    patient, classifier = fragile(opened, ValueError("never"), word="nobody says this")
    put(opened, range(120))
    assert score(patient, batch_size=25).read == 120
    assert max(classifier.sizes) <= 25
    assert sum(classifier.sizes) == 120


def test_a_round_does_not_read_far_ahead_of_what_it_publishes(
    opened: Edges, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    ahead: list[int] = []

    def ask(read: object, source: Source, *_: object) -> Answer:
        asked.append(source.name)
        return Answer(reading=Reading(memory=Memory()))

    real = collecting.take

    def take(edges: Edges, source: Source, *others: Any) -> collecting.Taken:
        ahead.append(len(asked) - len(ahead))
        return real(edges, source, *others)

    monkeypatch.setattr(collecting, "ask", ask)
    monkeypatch.setattr(collecting, "take", take)
    sources = tuple(
        Source(
            name=f"source-{n}",
            url=f"https://source-{n}.example/feed",
            outlet="Courier",
            kind=Kind.NEWS,
            society="XA",
            language="en",
        )
        for n in range(3 * READ_AHEAD)
    )
    report = collect(msgspec.structs.replace(opened, sources=sources), now=NOW)
    assert [run.source for run in report.runs] == [source.name for source in sources]
    assert len(asked) == len(sources)
    assert max(ahead) <= READ_AHEAD + 1


def test_dispositions_have_a_word_for_what_was_poison(opened: Edges) -> None:
    broken, _ = fragile(opened, ValueError("no"))
    put(opened, [1], poisoned=[1])
    score(broken)
    assert ledger.recorded(opened.database, ["feed:a/1"]) == {"feed:a/1": Disposition.DEAD}
    ((reason,),) = opened.database.query("SELECT reason FROM dispositions FINAL").rows
    assert reason == "judging it failed (ValueError: no)"
