"""What is forgotten is nowhere any more: no row, no message, no file, no byte has it; and every figure is what it was."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from classify.disposition import Disposition
from flows.boarding import write_board
from flows.erasing import erase
from flows.forgetting import Forgotten, Wanted, find, forget
from flows.publishing import publish
from flows.scoring import drain
from flows.settings import Settings
from flows.wiring import Edges, edges
from storage import ledger
from tests.planted_document import (
    KEY,
    NEIGHBOURS,
    NOW,
    PLANTED,
    TRACES,
    URL,
    plant,
    settings_with_files,
    with_word_list,
)

COUNTED = (
    "SELECT society, target, day, outlet, story, support, neutral, oppose FROM daily_counts FINAL"
    " WHERE support + neutral + oppose > 0 ORDER BY society, target, day, outlet, story, support"
)
JUDGED = (
    "SELECT society, target, day, outlet, stance, p_support, model FROM judgements FINAL"
    " ORDER BY society, target, day, outlet, p_support"
)

LABELLED = (
    "SELECT week, stratum, population, drawn, place, annotator, targets, stances"
    " FROM (SELECT * FROM gold_samples FINAL) ALL INNER JOIN (SELECT * FROM gold_labels FINAL) USING document_id"
    " ORDER BY place"
)
"""Labels of samples: what is estimated from them must not change either."""


@pytest.fixture
def planted(settings: Settings, tmp_path: Path) -> Iterator[Edges]:
    """A document everywhere, in either mode."""
    with edges(settings_with_files(settings, tmp_path), create=True, sources=[]) as opened:
        plant(opened)
        assert opened.settings.board is not None
        write_board(opened, opened.settings.board, now=NOW)
        yield opened


def rows(opened: Edges, sql: str) -> list[tuple[Any, ...]]:
    return opened.database.query(sql).rows


def figures(opened: Edges) -> list[list[tuple[Any, ...]]]:
    return [rows(opened, COUNTED), rows(opened, JUDGED), rows(opened, LABELLED)]


def in_files(folder: Path) -> set[str]:
    """Traces in any file below a folder."""
    found = set()
    for path in folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            found |= {f"{trace[:20]} in {path}" for trace in TRACES if trace.encode() in data}
    return found


def test_a_document_that_was_everywhere_is_nowhere(planted: Edges, tmp_path: Path) -> None:
    before, totals = figures(planted), ledger.totals(planted.database)
    wanted = Wanted(urls=(f"{URL}?utm_campaign=x",), author_keys=(KEY,))
    found = find(planted, wanted)
    assert (found.ids, found.stored, len(found.letters)) == ([PLANTED.id], 1, 4)
    everywhere = {
        *("documents", "document_texts", "readings", "judgements", "dispositions"),
        *("story_members", "story_keys", "dead_letters", "digests", "messages", "bus"),
        *("gold_samples", "gold_labels"),
        *("file alerts.log", "file alerts.atom"),
    }
    assert everywhere <= {place for place, count in found.places.items() if count}
    assert [count for place, count in found.places.items() if place.startswith("board digest")]

    done = forget(planted, wanted, found, now=NOW)
    is_kafka = planted.settings.bus_url.startswith("kafka:")
    left = {place: after for place, _, after in done.places if after}
    assert left.keys() == ({"bus"} if is_kafka else set())
    assert ("Kafka keeps records" in " ".join(done.left)) is is_kafka
    assert figures(planted) == before
    assert ledger.totals(planted.database) == totals
    ((note,),) = rows(
        planted, "SELECT note FROM retention_log WHERE what = 'forgotten by url, author'"
    )
    assert note == ("no trace left" if not is_kafka else f"{left['bus']} traces left")

    # Neighbours stay, and what quoted them.
    kept = {text for (text,) in rows(planted, "SELECT text FROM document_texts FINAL")}
    assert kept == {one.text for one in NEIGHBOURS}
    assert len(rows(planted, "SELECT origin FROM dead_letters FINAL")) == 1
    for table in ("digests", "messages"):
        for (body,) in rows(planted, f"SELECT body FROM {table} FINAL"):
            assert NEIGHBOURS[1].url in body

    # What was on its way, and what comes again, is counted once and not read.
    report = drain(planted, clock=lambda: NOW)
    assert (report.read, report.dead) == (1, 1)
    publish(planted.bus, [("feed:third/0", PLANTED)], [])
    assert drain(planted, clock=lambda: NOW).dead == 1
    after = ledger.totals(planted.database)
    assert after[Disposition.DEAD] == totals[Disposition.DEAD] + 2
    assert sum(after.values()) == sum(totals.values()) + 2
    assert figures(planted) == before
    assert not find(planted, wanted).places["documents"]
    assert erase(planted, now=NOW).documents == 1  # what brought it goes, too
    assert erase(planted, now=NOW).documents == 0
    if not is_kafka:
        planted.database.close()  # the engine stops, and leaves no file that is not needed
        planted.bus.close()
        assert in_files(tmp_path) == set()


def whole(opened: Edges, wanted: Wanted) -> Forgotten:
    done = forget(opened, wanted, find(opened, wanted), now=NOW)
    assert done.is_whole, done.places
    return done


def test_authors_and_sources_are_forgotten_with_what_is_still_on_its_way(
    embedded_settings: Settings, tmp_path: Path
) -> None:
    with edges(with_word_list(embedded_settings), create=True, sources=[]) as opened:
        plant(opened)
        before = figures(opened)
        assert whole(opened, Wanted(author_keys=(KEY,))).documents == 1
        assert {row[0] for row in rows(opened, "SELECT author_key FROM document_texts")} == {""}
        assert drain(opened, clock=lambda: NOW).dead == 1
        publish(opened.bus, [("feed:courier/9", NEIGHBOURS[1])], [])  # comes again
        assert whole(opened, Wanted(sources=("courier",))).documents == 2
        kept = {text for (text,) in rows(opened, "SELECT text FROM document_texts FINAL")}
        assert kept == {NEIGHBOURS[2].text}
        assert rows(opened, "SELECT origin FROM dead_letters FINAL") == []
        assert figures(opened) == before
