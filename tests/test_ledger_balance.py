"""The balance of the ledger: rows produced against what became of them, known from those who published them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from classify.disposition import Disposition
from flows import cli
from flows.importing import import_file
from flows.ledger_balance import LedgerBalance, ledger_balance
from flows.publishing import publish
from flows.scoring import drain
from flows.wiring import Edges
from ingest.field_mapping import FieldMapping
from storage import daily_counts, dead_letters, ledger, rows_published
from storage.database import Database, next_version
from storage.ledger_balance import balance
from tests.emptied import swallow
from tests.fixtures_flows import as_environment
from tests.judged_documents import document
from tests.rows import NOW, write_rows

ROWS = 60


# First in this file: a process has one chdb folder at a time, and the other tests share one.
def test_the_view_says_the_same_on_both_databases(database: Database) -> None:
    day = date(2026, 11, 2)
    at = datetime(2026, 11, 3, tzinfo=UTC)
    rows_published.record(database, [(f"o/{n}", "a") for n in range(6)], at)
    rows_published.record(database, [("o/0", "a")], at)  # told twice
    entries = [
        ledger.Entry(origin="o/0", document_id="d0", source="a", disposition=Disposition.JUDGED),
        ledger.Entry(origin="o/1", document_id="d0", source="a", disposition=Disposition.JUDGED),
        ledger.Entry(origin="o/2", document_id="d2", source="a", disposition=Disposition.OFF_TOPIC),
        ledger.Entry(origin="o/3", document_id="d0", source="a", disposition=Disposition.DUPLICATE),
        ledger.Entry(origin="o/4", document_id="", source="a", disposition=Disposition.DEAD),
        ledger.Entry(origin="x/1", document_id="d9", source="x", disposition=Disposition.UNSUPPORTED_LANGUAGE),
    ]  # fmt: skip
    ledger.record(database, entries, at, next_version())
    ledger.record(database, entries[:3], at, next_version())
    columns = ["document_id", "society", "target", "day", "outlet", "stance", "version"]
    judgements = [
        ("d0", "XA", "regular", day, "A", "support", 1),
        ("d0", "XA", "regular", date(2026, 12, 2), "A", "support", 1),  # on two days
        ("d1", "XA", "regular", day, "A", "not_addressed", 1),
    ]
    database.insert("judgements", columns, judgements)
    daily_counts.recount(database, [("XA", day), ("XA", date(2026, 12, 2))])
    found = balance(database)
    assert (found.produced, found.disposed, found.waiting, found.from_elsewhere) == (7, 6, 1, 1)
    assert (found.judged, found.off_topic, found.unsupported_language) == (2, 1, 1)
    assert (found.duplicate, found.dead) == (1, 1)
    # One document is judged under two rows, and on two days.
    assert (found.counted_twice, found.not_counted) == (2, 0)
    database.execute(
        "INSERT INTO daily_counts (society, target, day, outlet, story, support, neutral, oppose, version)"
        " SELECT society, target, day, outlet, story, 0, 0, 0, version + 1 FROM daily_counts FINAL WHERE day = %(day)s",
        {"day": day},
    )
    assert balance(database).not_counted == 1
    assert balance(database).counted_twice == 2


@pytest.fixture
def opened(emptied_edges: Edges) -> Edges:
    """SQLite and chdb, opened once for the file and emptied for each test."""
    return emptied_edges


def asked(opened: Edges) -> LedgerBalance:
    return ledger_balance(opened.bus, opened.database)


def imported(opened: Edges, folder: Path) -> dict[Disposition, int]:
    """Rows on the bus, and what must become of them."""
    fate = write_rows(folder / "rows.jsonl", ROWS)
    import_file(opened, folder / "rows.jsonl", now=NOW, mapping=FieldMapping())
    return {word: fate[word] for word in Disposition}


def test_what_waits_on_the_bus_is_no_loss_and_what_is_scored_adds_up(
    opened: Edges, tmp_path: Path
) -> None:
    fate = imported(opened, tmp_path)
    before = asked(opened)
    assert (before.balance.produced, before.backlog, before.lost) == (ROWS, ROWS, 0)
    assert before.on_the_bus == ROWS
    assert before.holds
    assert "60 messages wait on the bus" in before.sentence()

    drain(opened, clock=lambda: NOW)
    after = asked(opened)
    books = after.balance
    assert books.produced == books.disposed == ROWS
    assert {word: getattr(books, word.value) for word in Disposition} == fate
    assert (books.from_elsewhere, books.counted_twice, books.not_counted) == (0, 0, 0)
    assert after.holds
    assert after.sentence().startswith("The ledger balances: every row produced became exactly one")


def test_a_row_that_left_the_bus_without_a_disposition_is_lost_and_named(
    opened: Edges, tmp_path: Path
) -> None:
    imported(opened, tmp_path)
    lost = swallow(opened, 3)
    assert asked(opened).lost == lost  # seen at once, whatever waits behind it
    drain(opened, clock=lambda: NOW)
    found = asked(opened)
    assert (found.lost, found.on_the_bus, found.holds) == (lost, 0, False)
    assert found.balance.produced == found.balance.disposed + lost
    assert len(found.missing) == lost
    assert all(row.origin.startswith("import:") for row in found.missing)
    assert found.missing[0].source == "import:rows.jsonl"


def test_a_publisher_that_was_killed_before_it_told_is_no_loss(opened: Edges) -> None:
    publish(opened.bus, [("feed:a/1", document(1)), ("feed:a/2", document(2))], [])
    rows_published.record(opened.database, [("feed:a/1", "a")], NOW)
    drain(opened, clock=lambda: NOW)
    found = asked(opened)
    assert (found.balance.produced, found.balance.from_elsewhere) == (2, 1)
    assert found.holds
    # It reads the same again and tells now.
    rows_published.record(opened.database, [("feed:a/1", "a"), ("feed:a/2", "a")], NOW)
    assert asked(opened).balance.from_elsewhere == 0


def test_a_day_that_counts_more_than_was_judged_is_said_and_a_recount_mends_it(
    opened: Edges, tmp_path: Path
) -> None:
    imported(opened, tmp_path)
    drain(opened, clock=lambda: NOW)
    opened.database.execute(
        "INSERT INTO daily_counts (society, target, day, outlet, story, support, neutral, oppose, version)"
        " SELECT society, target, day, outlet, story, support + 2, neutral, oppose, version + 1"
        " FROM daily_counts FINAL WHERE support > 0 LIMIT 1"
    )
    opened.database.execute(
        "INSERT INTO daily_counts (society, target, day, outlet, story, support, neutral, oppose, version)"
        " SELECT society, target, day, outlet, story, support, neutral, oppose - 1, version + 1"
        " FROM daily_counts FINAL WHERE oppose > 0 AND support = 0 LIMIT 1"
    )
    found = asked(opened)
    assert (found.balance.counted_twice, found.balance.not_counted) == (2, 1)
    assert not found.holds
    assert "2 counted twice, 1 not counted" in found.sentence()
    days = opened.database.query("SELECT DISTINCT society, day FROM judgements").rows
    daily_counts.recount(opened.database, days)
    assert asked(opened).holds


def test_a_letter_that_was_replayed_and_is_lost_on_its_way_is_said(
    opened: Edges, tmp_path: Path
) -> None:
    imported(opened, tmp_path)
    drain(opened, clock=lambda: NOW)
    (one, *_) = dead_letters.stored(opened.database)
    dead_letters.store(opened.database, [one.letter], next_version(), status="replayed")
    found = asked(opened)
    assert (found.balance.replays_waiting, found.lost, found.holds) == (1, 1, False)


def test_the_command_shows_the_account_and_exits_with_1_when_it_does_not_balance(
    opened: Edges,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    for name, value in as_environment(opened.settings).items():
        monkeypatch.setenv(name, value)
    imported(opened, tmp_path)
    assert cli.run(["health", "--ledger"]) == 0
    said = capfd.readouterr().out
    assert "     60   produced: read, and published" in said
    assert "The same in any client: SELECT * FROM ledger_balance" in said
    assert all(len(line) <= 100 for line in said.splitlines())
    swallow(opened, ROWS)
    assert cli.run(["health", "--ledger"]) == 1
    said = capfd.readouterr().out
    words = " ".join(said.split())
    assert "60 rows were published and are neither in the ledger nor on the bus" in words
    assert said.count("without a disposition: import:") == 10
