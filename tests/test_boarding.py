"""Boarding: what the database holds comes onto the pages, over both modes; and the folder loses nothing of anybody's."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from alerts.board_pages import render
from alerts.fall_facts import FallFacts
from alerts.incident import ChangeKind
from alerts.k_floor import Hidden
from alerts.message import Message
from alerts.point import State
from alerts.source_condition import Condition
from flows import board_folder
from flows.board_folder import INDEX, write_folder
from flows.boarding import NO_SOCIETY, collect_board, write_board
from flows.commands.board import command
from flows.mistake import Mistake
from flows.settings import Settings
from flows.watching import estimate_counted_days
from flows.wiring import Edges, edges
from ingest.document import Kind
from ingest.source import Source
from storage import digests, incidents, reading_counts, source_health, source_runs, told
from storage.database import Database
from storage.digests import StoredDigest
from storage.source_runs import SourceRun, SourceState
from tests.board_page import visible_text
from tests.judged_documents import TOPIC, a_day, document, judged, store
from tests.sample_board import sample_incident

FIRST = date(2026, 9, 1)
DAYS = 40
NOW = datetime(2026, 10, 11, 6, tzinfo=UTC)
LAST = date(2026, 10, 10)

COURIER = Source(
    name="courier",
    url="https://courier.example/feed",
    outlet="Courier",
    kind=Kind.NEWS,
    society="XA",
    language="en",
)


@pytest.fixture
def opened(settings: Settings) -> Iterator[Edges]:
    """Both modes: SQLite and chdb, a broker and a ClickHouse server."""
    with edges(settings, create=True, sources=[COURIER]) as opened:
        yield opened


@pytest.fixture
def embedded(embedded_settings: Settings) -> Iterator[Edges]:
    """SQLite and chdb only, where what is decided is the same whatever it was read from."""
    with edges(embedded_settings, create=True, sources=[COURIER]) as opened:
        yield opened


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def fill(opened: Edges) -> None:
    """Forty days of one society, the last nine of which fell, and three of another; estimated."""
    batch = [
        one
        for number in range(DAYS)
        if number != 20
        for one in a_day(day(number), *((6, 2) if number < 31 else (2, 6)))
    ]
    batch += [
        one
        for number in range(37, 40)
        for one in a_day(day(number), 1, 1, society="XB", first_number=number * 100)
    ]
    batch += [judged(document(9_000 + n, day=day(39), outlet="Tiny"), "oppose") for n in range(3)]
    store(opened.database, *batch)
    estimate_counted_days(opened)


INCIDENT = sample_incident("XA", TOPIC, LAST, 9)


def test_what_is_stored_comes_onto_the_board(opened: Edges) -> None:
    fill(opened)
    incidents.store_incidents(opened.database, [INCIDENT])
    digests.store(
        opened.database,
        StoredDigest(
            week="2026-W40",
            title="Week 40",
            body="It was calm.\n",
            created_at=NOW,
            html='<!DOCTYPE html><div role="main"><p>It was calm, says the page.</p></div>',
        ),
    )
    board = collect_board(opened, now=NOW, names={"XA": "Alderland"})
    assert (board.first, board.last, board.now) == (FIRST, LAST, NOW)
    assert board.recent == LAST - timedelta(days=27)
    assert [(page.society, page.title) for page in board.societies] == [
        ("XA", "Alderland"),
        ("XB", "XB"),
    ]
    (view,) = board.societies[0].series
    assert [point.day for point in view.points] == [day(n) for n in range(DAYS) if n != 20]
    assert view.level.n == 7 * 32 + 3
    assert view.level.state is State.OK
    assert view.level.net_support is not None and view.level.net_support < 0
    assert view.change is not None and view.change.upper < 0
    assert day(20) not in [one.day for one in view.levels]
    assert view.incidents == (INCIDENT,)
    assert [digest.text for digest in board.digests] == ["It was calm.\n"]
    assert board.models == ("m1",)
    page = board.societies[0]
    documents = 27 * 32 + 3
    assert page.documents == documents
    assert [(row.topic, row.documents, row.share) for row in page.topics] == [
        ("legal_pathways", documents, 1.0),
        ("welfare_labour", documents, 1.0),
    ]
    assert page.conflation is not None
    assert (page.conflation.n, page.conflation.share) == (documents, 1.0)
    rows = {row.outlet: row.documents for row in page.outlets}
    assert rows["Tiny"] == (Hidden.FEW,)
    assert [number for (number,) in rows.values()].count(Hidden.PROTECTS) == 1
    assert board.societies[1].series[0].level.n == 3 * 8
    files = render(board)
    assert "It was calm, says the page." in visible_text(files["digest/2026-W40.html"])
    assert "Alderland" in visible_text(files["index.html"])
    assert f"incident/{INCIDENT.id}.html" in files


def test_the_evidence_of_an_incident_is_found_anew(opened: Edges) -> None:
    fill(opened)
    acknowledged = msgspec.structs.replace(
        INCIDENT, acknowledged_at=INCIDENT.opened_at, acknowledged_by="Ada Example", note="seen"
    )
    incidents.store_incidents(opened.database, [acknowledged])
    facts = FallFacts(incident=INCIDENT, kind=ChangeKind.WORSE, reason="it is severe now")
    message = Message(
        id="m",
        incident=INCIDENT.id,
        kind="worse",
        reason="several",
        title="t",
        body="b",
        created_at=INCIDENT.opened_at + timedelta(hours=1),
        falls=(facts,),
    )
    incidents.store_messages(opened.database, [message], told_at=NOW)
    untold = msgspec.structs.replace(message, id="n", kind="reminder", falls=())
    incidents.store_messages(opened.database, [untold])
    (view,) = collect_board(opened, now=NOW, names={}).incidents
    found = view.facts
    assert found.n == 4 * 32
    assert found.within is not None and found.within < -50
    assert found.mix == pytest.approx(0, abs=1e-6)
    assert {move.outlet for move in found.outlets} == {"Courier", "Herald", "Post", "Echo"}
    assert {(move.topic, move.before, move.after) for move in found.topics} == {
        ("legal_pathways", 1.0, 1.0),
        ("welfare_labour", 1.0, 1.0),
    }
    assert found.excerpts and all(one.url.startswith("https://") for one in found.excerpts)
    assert found.model == "m1"
    assert "society = 'XA' AND target = 'regular'" in found.sql
    assert found.days[0].day == FIRST and found.days[-1].day == LAST
    assert [(event.what, event.text) for event in view.life] == [
        ("opened", INCIDENT.reason),
        ("acknowledged", "by Ada Example: seen"),
        ("worse", "it is severe now"),
    ]


def test_a_floor_and_a_source_that_fails_are_told(embedded: Edges, tmp_path: Path) -> None:
    fill(embedded)
    floors = tmp_path / "floors.toml"
    floors.write_text(
        '[[floor]]\nsociety = "XA"\ntarget = "regular"\nvalue = 90\nset_by = "Ada Example"\n'
        'set_on = 2026-09-02\nreason = "The board wants to be told."\n'
    )
    for number, outcome in enumerate(("ok", "failed", "failed")):
        source_runs.store_run(
            embedded.database,
            SourceRun(
                run=str(number),
                source="courier",
                started_at=NOW - timedelta(hours=9 - number),
                finished_at=NOW - timedelta(hours=9 - number),
                outcome=outcome,
                error="it is gone" if outcome == "failed" else "",
            ),
        )
    source_runs.store_state(
        embedded.database,
        SourceState(source="courier", failures=2, last_success_at=NOW - timedelta(hours=9)),
    )
    with_floors = msgspec.structs.replace(
        embedded, settings=embedded.settings.model_copy(update={"floors": floors})
    )
    page = collect_board(with_floors, now=NOW, names={}).societies[0]
    (view,) = page.series
    assert view.floor is not None and view.floor.set_by == "Ada Example"
    assert view.floor_says.startswith("The level has been below it since 2026-09-")
    (row,) = page.sources
    assert (row.outcome, row.attempts, row.failed, row.error) == ("failed", 3, 2, "it is gone")
    assert row.last_success == NOW - timedelta(hours=9)


def attempt(database: Database, source: str, at: datetime, **others: Any) -> None:
    """One attempt at a source, that succeeded unless `others` say otherwise."""
    run = SourceRun(
        run=f"{source}-{at.isoformat()}", source=source, started_at=at, finished_at=at, outcome="ok"
    )
    source_runs.store_run(database, msgspec.structs.replace(run, **others))


def test_what_each_source_brought_comes_onto_the_board(opened: Edges) -> None:
    database = opened.database
    sources = [
        msgspec.structs.replace(COURIER, name=name, society=society)
        for name, society in (("courier", "XA"), ("herald", "XB"), ("post", "unknown"))
    ]
    noon = NOW.replace(hour=12)
    for n in range(1, 29):
        for hour in (0, 6):  # two readings on each day
            at = noon - timedelta(days=n) + timedelta(hours=hour)
            attempt(database, "courier", at, new=20, passed_over=3, removed=1)
    attempt(database, "courier", noon - timedelta(days=40), new=9, passed_over=99, removed=99)
    attempt(
        database,
        "courier",
        noon - timedelta(days=2, minutes=7),
        outcome="failed",
        error="it is gone",
        failure="hard",
    )
    attempt(database, "courier", NOW, error="it has moved")
    attempt(
        database,
        "courier",
        NOW - timedelta(minutes=1),
        gap_since=NOW - timedelta(hours=9),
        gap_until=NOW - timedelta(hours=2),
    )
    attempt(database, "herald", NOW - timedelta(days=1), outcome="failed", error="no answer")
    for name, failures, read in (("courier", 0, NOW), ("herald", 1, None)):
        source_runs.store_state(
            database, SourceState(source=name, failures=failures, last_success_at=read)
        )
    with_three = msgspec.structs.replace(opened, sources=tuple(sources))
    courier, herald, post = collect_board(with_three, now=NOW, names={"XA": "Alderland"}).coverage
    assert courier.news == (40,) * 28
    assert (courier.state.condition, courier.state.yesterday, courier.state.usual) == (
        Condition.OK,
        40,
        40.0,
    )
    assert (courier.type, courier.place, courier.outlet) == ("feed", "Alderland", "Courier")
    assert (courier.passed_over, courier.removed) == (28 * 2 * 3, 28 * 2)
    assert (courier.attempts, courier.failed) == (28 * 2 + 3, 1)
    assert (courier.error, courier.failure) == ("it is gone", "hard")
    assert courier.failed_at == noon - timedelta(days=2, minutes=7)
    assert courier.note == "it has moved"
    assert [one.length for one in courier.lost] == [timedelta(hours=7)]
    assert (herald.state.condition, herald.error) == (Condition.FAILING, "no answer")
    assert (herald.news, herald.note, herald.place) == ((None,) * 28, "", "")
    assert (post.state.condition, post.attempts, post.error) == (Condition.NEW, 0, "")
    assert (post.place, post.failed_at) == (NO_SOCIETY, None)


@pytest.mark.parametrize(("minutes", "expected"), [(15, Condition.SILENT), (60, Condition.OK)])
def test_a_source_cannot_be_read_more_often_than_the_collector_looks(
    embedded: Edges, minutes: int, expected: Condition
) -> None:
    read = NOW - timedelta(minutes=100)
    source_runs.store_state(embedded.database, SourceState(source="courier", last_success_at=read))
    settings = embedded.settings.model_copy(update={"collect_minutes": minutes})
    edges_of = msgspec.structs.replace(embedded, settings=settings)
    (courier,) = collect_board(edges_of, now=NOW, names={}).coverage
    assert courier.state.condition is expected


def test_an_empty_database_gives_an_empty_board(opened: Edges, tmp_path: Path) -> None:
    written = write_board(opened, tmp_path / "board", now=NOW)
    assert (written.written, written.removed) == (5, 0)
    index = (tmp_path / "board" / "index.html").read_bytes()
    assert "No society has a figure yet." in visible_text(index)


def test_what_is_deleted_is_on_no_page_any_more(embedded: Edges, tmp_path: Path) -> None:
    fill(embedded)
    folder = tmp_path / "board"
    named = msgspec.structs.replace(embedded, society_names={"XB": "Brennmark"})
    first = write_board(named, folder, now=NOW)
    assert "Brennmark" in (folder / "index.html").read_text("utf-8")
    again = write_board(named, folder, now=NOW)
    assert (again.written, again.unchanged, again.removed) == (0, first.written, 0)
    later = write_board(embedded, folder, now=NOW + timedelta(days=500))
    assert later.removed > 5
    assert not (folder / "society" / "XB.html").exists()


def test_the_figures_behind_the_pages_are_those_of_the_database(database: Database) -> None:
    """Topics, flags, attempts and what was told, each by itself."""
    store(
        database,
        *(judged(document(n, outlet=f"O{n % 2}")) for n in range(4)),
        judged(document(9, society="XB")),
    )
    first = last = document(1).day
    assert reading_counts.topics_between(database, first, last) == {
        "XA": {"legal_pathways": 4, "welfare_labour": 4},
        "XB": {"legal_pathways": 1, "welfare_labour": 1},
    }
    flags = reading_counts.flags_between(database, first, last)
    assert [(one.outlet, one.relevant, one.flagged) for one in flags["XA"]] == [
        ("O0", 2, 2),
        ("O1", 2, 2),
    ]
    tomorrow = last + timedelta(days=1)
    assert reading_counts.topics_between(database, tomorrow, tomorrow) == {}
    assert source_health.health_since(database, NOW) == {}
    run = SourceRun(run="r", source="import:x.csv", started_at=NOW, finished_at=NOW, outcome="ok")
    source_runs.store_run(database, run)
    assert source_health.health_since(database, NOW) == {}
    assert told.newest_digests(database, 5) == []
    assert told.changes_told(database, NOW) == []
    old = Message(
        id="x", incident="i", kind="opened", reason="why", title="t", body="b", created_at=NOW
    )
    incidents.store_messages(database, [old], told_at=NOW)
    assert [
        (one.incident, one.kind, one.reason, one.at) for one in told.changes_told(database, NOW)
    ] == [("i", "opened", "why", NOW)]


# The folder

SOME = {
    "index.html": b"<p>1",
    "digests.html": b"<p>2",
    "society/XA.html": b"<p>3",
    "data/overview.csv": b"a,b\r\n",
}


def names(folder: Path) -> set[str]:
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }


def test_a_folder_holds_what_was_written_last(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "board"
    assert str(write_folder(folder, SOME)) == "4 files, 4 of them new or changed, 0 removed"
    assert names(folder) == set(SOME)
    fewer = {path: content for path, content in SOME.items() if "XA" not in path}
    assert str(write_folder(folder, fewer)) == "3 files, 0 of them new or changed, 1 removed"
    assert names(folder) == set(fewer)
    assert [path.name for path in folder.glob("*.part")] == []


def test_files_of_others_stay(tmp_path: Path) -> None:
    write_folder(tmp_path, SOME)
    (tmp_path / "mine.html").write_text("mine")
    (tmp_path / "society" / "mine.txt").write_text("mine")
    (tmp_path / "society" / "XA.html").write_text("changed by hand")
    written = write_folder(tmp_path, {"index.html": b"<p>new"})
    assert written.removed == 2
    assert names(tmp_path) == {"index.html", "mine.html", "society/mine.txt", "society/XA.html"}


@pytest.mark.parametrize("path", ["index.html", "society/XA.html"])
def test_a_file_that_the_board_did_not_write_is_not_overwritten(tmp_path: Path, path: str) -> None:
    (tmp_path / path).parent.mkdir(exist_ok=True)
    (tmp_path / path).write_text("mine")
    with pytest.raises(Mistake, match="was not written by the board"):
        write_folder(tmp_path, SOME)
    assert names(tmp_path) == {path}
    assert (tmp_path / path).read_text() == "mine"


def test_a_link_that_leads_elsewhere_is_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    board = tmp_path / "board"
    board.mkdir()
    (board / "society").symlink_to(elsewhere)
    with pytest.raises(Mistake, match="leads elsewhere"):
        write_folder(board, SOME)
    (board / "society").unlink()
    write_folder(board, SOME)
    (board / "society" / "XA.html").unlink()
    (elsewhere / "x").write_text("mine")
    (board / "society" / "XA.html").symlink_to(elsewhere / "x")
    with pytest.raises(Mistake, match="was not written by the board"):
        write_folder(board, SOME)
    write_folder(board, {"index.html": b""})
    assert (elsewhere / "x").read_text() == "mine"


def test_an_index_that_was_tampered_with_makes_it_remove_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("x")
    board = tmp_path / "board"
    write_folder(board, SOME)
    index = json.loads((board / INDEX).read_text())
    index["../precious"] = index["/etc/hostname"] = ["0"]
    (board / INDEX).write_text(json.dumps(index))
    write_folder(board, {"index.html": b""})
    assert (tmp_path / "precious").exists()
    (board / INDEX).write_text("[]")
    with pytest.raises(Mistake, match="is not what the board wrote"):
        write_folder(board, SOME)


def test_what_is_no_file_of_a_board_is_never_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is no file of a board"):
        write_folder(tmp_path / "board", {"../x.html": b""})
    assert not (tmp_path / "board").exists()


def test_a_run_that_is_cut_off_is_made_good_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_folder(tmp_path, SOME)
    real = board_folder._replace
    left = 3

    def cut_off(place: Path, content: bytes) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise OSError(28, "No space left on device", str(place))
        real(place, content)

    changed = {path: content + b"!" for path, content in SOME.items() if path != "digests.html"}
    with monkeypatch.context() as patch:
        patch.setattr(board_folder, "_replace", cut_off)
        with pytest.raises(Mistake, match=r"Cannot write .*index.html: No space left on device"):
            write_folder(tmp_path, changed)
    # The overview leads only to what is there: it goes last, and nothing was removed before it.
    assert (tmp_path / "index.html").read_bytes() == SOME["index.html"]
    assert names(tmp_path) == set(SOME)
    assert write_folder(tmp_path, changed).removed == 1
    assert names(tmp_path) == set(changed)
    assert {path: (tmp_path / path).read_bytes() for path in changed} == changed


def test_a_reader_never_meets_half_a_file(tmp_path: Path) -> None:
    write_folder(tmp_path, SOME)
    before = (tmp_path / "index.html").stat().st_ino
    write_folder(tmp_path, SOME | {"index.html": b"<p>another"})
    assert (tmp_path / "index.html").stat().st_ino != before


# The command


def test_the_command_writes_the_folder_and_says_where(embedded: Edges, tmp_path: Path) -> None:
    fill(embedded)
    arguments = ["--output", str(tmp_path / "b")]
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 0, result.output
    assert re.fullmatch(
        r"\d+ files, \d+ of them new or changed, 0 removed: .*/b/index\.html\n", result.output
    )


def test_societies_are_called_what_the_settings_call_them(embedded: Edges, tmp_path: Path) -> None:
    fill(embedded)
    named = msgspec.structs.replace(embedded, society_names={"XA": "Alderland"})
    write_board(named, tmp_path / "b", now=NOW)
    assert "Alderland" in (tmp_path / "b" / "index.html").read_text("utf-8")
