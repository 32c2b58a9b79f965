"""What an author changes is judged anew and counts once; what an author deletes is gone, wherever it was on its way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from flows.publishing import publish
from flows.scoring import BatchReport, drain
from flows.settings import Settings
from flows.wiring import Edges, edges
from ingest.document import Document
from storage import ledger, removals
from tests.judged_documents import document
from tests.rows import ELSEWHERE, NOW

FOR = "Migrants are welcome here: seasonal workers should get visas, they deserve our support."
AGAINST = "Stop handing visas to migrant workers, they take our jobs and nobody wants them here."


@pytest.fixture
def opened(settings: Settings) -> Iterator[Edges]:
    """Open edges, in either mode."""
    with edges(settings, create=True, sources=[]) as opened:
        yield opened


@pytest.fixture
def embedded(embedded_settings: Settings) -> Iterator[Edges]:
    """SQLite and chdb only, where what is decided is the same whatever it was read from."""
    with edges(embedded_settings, create=True, sources=[]) as opened:
        yield opened


def post(text: str, edited: int = 0, number: int = 1) -> Document:
    """A post, as it was after so many hours."""
    one = msgspec.structs.replace(document(number), title="", text=text)
    at = NOW - timedelta(days=1) + timedelta(hours=edited)
    return msgspec.structs.replace(one, edited_at=at) if edited else one


def put(opened: Edges, *arrivals: tuple[str, Document]) -> BatchReport:
    publish(opened.bus, arrivals, [])
    return drain(opened, clock=lambda: NOW)


def rows(opened: Edges, sql: str) -> list[tuple[Any, ...]]:
    return opened.database.query(sql).rows


def counted(opened: Edges) -> list[tuple[Any, ...]]:
    """Documents of the target, by stance."""
    return rows(
        opened,
        "SELECT sum(support), sum(neutral), sum(oppose) FROM daily_counts FINAL WHERE target = 'regular'",
    )


def text(opened: Edges) -> list[tuple[Any, ...]]:
    return rows(
        opened,
        "SELECT text FROM (SELECT id FROM documents FINAL)"
        " ALL LEFT JOIN (SELECT id, text FROM document_texts FINAL) USING (id)",
    )


def test_an_edition_is_judged_in_the_place_of_what_was_read_before(opened: Edges) -> None:
    assert put(opened, ("o/1", post(FOR))).judged == 1
    assert counted(opened) == [(1, 0, 0)]
    report = put(opened, ("o/1/edited", post(AGAINST, edited=2)))
    assert (report.read, report.duplicate) == (1, 1)
    assert counted(opened) == [(0, 0, 1)]
    assert text(opened) == [(AGAINST,)]
    (reason,) = rows(opened, "SELECT reason FROM dispositions FINAL WHERE origin = 'o/1/edited'")[0]
    assert reason.startswith("edited ") and reason.endswith("first read as o/1")
    again = put(opened, ("o/1/edited", post(AGAINST, edited=2)))
    assert again.read == 0
    assert counted(opened) == [(0, 0, 1)]


def test_of_several_editions_in_one_batch_the_newest_counts(embedded: Edges) -> None:
    report = put(
        embedded,
        ("o/1/b", post(AGAINST, edited=5)),
        ("o/1/a", post("It was something else about migrants.", edited=2)),
        ("o/1", post(FOR)),
    )
    assert (report.read, report.judged, report.duplicate) == (3, 1, 2)
    assert text(embedded) == [(AGAINST,)]
    assert counted(embedded) == [(0, 0, 1)]


def test_an_edition_that_is_off_topic_takes_the_judgements_back(opened: Edges) -> None:
    put(opened, ("o/1", post(FOR)), ("o/2", post(FOR + " Really.", number=2)))
    assert counted(opened) == [(2, 0, 0)]
    put(opened, ("o/1/edited", post(ELSEWHERE[0], edited=1)))
    assert counted(opened) == [(1, 0, 0)]
    assert sorted(text(opened)) == [("",), (FOR + " Really.",)]


def test_a_second_row_that_is_no_edition_changes_nothing(embedded: Edges) -> None:
    put(embedded, ("o/1", post(FOR)))
    assert put(embedded, ("o/2", post(AGAINST))).duplicate == 1
    assert text(embedded) == [(FOR,)]


def test_a_deleted_document_says_nothing_any_more_and_stays_counted(opened: Edges) -> None:
    written = msgspec.structs.replace(post(FOR), url="https://a.example/1", author_key="ab12")
    put(opened, ("o/1", written), ("o/2", post(FOR + " Really.", number=2)))
    assert removals.of_authors(opened.database, written.source, ["ab12", "cd34"]) == [written.id]
    before = counted(opened), ledger.totals(opened.database)
    for _ in range(2):
        removals.remove(opened.database, "posts", [written.id, "f" * 32], NOW)
    assert (counted(opened), ledger.totals(opened.database)) == before
    said = rows(
        opened,
        "SELECT title, text, url, author_key FROM (SELECT id, url FROM documents FINAL)"
        " ALL LEFT JOIN (SELECT id, title, text, author_key FROM document_texts FINAL) USING (id)"
        " ORDER BY text",
    )
    assert said[0] == ("", "", "", "")
    assert said[1][1] == FOR + " Really."


def test_a_document_that_is_deleted_while_it_is_on_its_way_is_stored_without_its_words(
    opened: Edges,
) -> None:
    publish(opened.bus, [("o/1", post(FOR)), ("o/2", post(FOR + " Really.", number=2))], [])
    removals.remove(opened.database, "posts", [post(FOR).id], NOW)
    assert drain(opened, clock=lambda: NOW).judged == 2
    assert sorted(text(opened)) == [("",), (FOR + " Really.",)]
    put(opened, ("o/1/edited", post(AGAINST, edited=1)))
    assert sorted(text(opened)) == [("",), (FOR + " Really.",)]
