"""Dead letters replayed after a fix: what is a document now is counted once, under its old origin."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from classify.disposition import Disposition
from classify.judge import Judged
from flows import judging
from flows.importing import import_file
from flows.replaying import ReplayReport, replay
from flows.scoring import drain
from flows.settings import load_settings
from flows.wiring import Edges, edges
from ingest import row as row_module
from ingest.dead_letter import DeadLetter, dead_letter
from ingest.document import Document, encode_document
from ingest.field_mapping import mapping_from_pairs
from storage import dead_letters, ledger
from storage.database import next_version
from tests.fixtures_command import Place
from tests.rows import ABOUT

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=10)

GOOD = {"outlet": "Courier", "society": "XA", "lang": "en", "published_at": "2026-11-19"}


@pytest.fixture
def opened(migrated: Place) -> Iterator[Edges]:
    """Open edges over an empty, migrated place."""
    with edges(load_settings(), sources=[]) as found:
        yield found


def import_rows(opened: Edges, place: Place, *rows: dict[str, object], now: datetime = NOW) -> None:
    """Import and score these rows."""
    place.write("rows.jsonl", "\n".join(json.dumps(row) for row in rows))
    import_file(opened, place.folder / "rows.jsonl", now=now, mapping=mapping_from_pairs())
    drain(opened, clock=lambda: now)


def store(opened: Edges, letter: DeadLetter) -> None:
    """A dead letter in the tables and in the ledger, as scoring leaves it."""
    dead_letters.store(opened.database, [letter], next_version())
    entry = ledger.Entry(
        origin=letter.origin,
        document_id="",
        source=letter.source,
        disposition=Disposition.DEAD,
        reason=letter.reason,
    )
    ledger.record(opened.database, [entry], NOW, next_version())


def totals(opened: Edges) -> dict[str, int]:
    return {word.value: n for word, n in ledger.totals(opened.database).items() if n}


def test_nothing_to_replay_is_said(migrated: Place) -> None:
    said = migrated.run("dead-letters", "replay")
    assert (said.status, said.err) == (0, "")
    assert said.out == "0 dead letters tried: 0 replayed, 0 still dead\n"
    assert migrated.run("dead-letters", "list").out == "No dead letters.\n"


def test_a_row_whose_day_has_come_is_judged_and_leaves_the_dead(
    opened: Edges, migrated: Place
) -> None:
    ahead = (NOW + timedelta(days=3)).isoformat()
    import_rows(
        opened,
        migrated,
        {**GOOD, "text": ABOUT[0]},
        {**GOOD, "text": ABOUT[1], "published_at": ahead},
        {**GOOD, "text": ABOUT[2], "outlet": ""},
    )
    assert totals(opened) == {"judged": 1, "dead": 2}
    assert replay(opened, now=NOW + timedelta(hours=1)) == ReplayReport(tried=2, replayed=0)
    assert replay(opened, now=LATER) == ReplayReport(tried=2, replayed=1)
    drain(opened, clock=lambda: LATER)
    assert totals(opened) == {"judged": 2, "dead": 1}
    assert opened.database.query("SELECT count() FROM documents FINAL").rows == [(2,)]
    (left,) = dead_letters.stored(opened.database)
    assert left.letter.reason == "outlet is missing"


def test_replaying_again_publishes_nothing(opened: Edges, migrated: Place) -> None:
    import_rows(
        opened, migrated, {**GOOD, "text": ABOUT[0], "published_at": "2026-11-23T00:00:00Z"}
    )
    assert replay(opened, now=LATER).replayed == 1
    assert migrated.waiting() == 1
    assert replay(opened, now=LATER) == ReplayReport(tried=0, replayed=0)
    assert migrated.waiting() == 1
    drain(opened, clock=lambda: LATER)
    assert totals(opened) == {"judged": 1}
    assert replay(opened, now=LATER) == ReplayReport(tried=0, replayed=0)
    assert totals(opened) == {"judged": 1}


def test_a_crash_between_publishing_and_marking_counts_once(
    opened: Edges, migrated: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_rows(
        opened, migrated, {**GOOD, "text": ABOUT[0], "published_at": "2026-11-23T00:00:00Z"}
    )

    def crash(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(dead_letters, "store", crash)
        with pytest.raises(KeyboardInterrupt):
            replay(opened, now=LATER)
    # Still on the bus: published again under the same origin.
    assert replay(opened, now=LATER).replayed == 1
    assert migrated.waiting() == 2
    drain(opened, clock=lambda: LATER)
    assert totals(opened) == {"judged": 1}
    assert dead_letters.stored(opened.database) == []
    assert opened.database.query("SELECT count() FROM documents FINAL").rows == [(1,)]


def test_a_letter_that_was_judged_before_it_was_marked_is_no_letter_any_more(
    opened: Edges, migrated: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_rows(
        opened, migrated, {**GOOD, "text": ABOUT[0], "published_at": "2026-11-23T00:00:00Z"}
    )

    def crash(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(dead_letters, "store", crash)
        with pytest.raises(KeyboardInterrupt):
            replay(opened, now=LATER)
    drain(opened, clock=lambda: LATER)
    assert totals(opened) == {"judged": 1}
    assert dead_letters.stored(opened.database) == []
    assert replay(opened, now=LATER) == ReplayReport(tried=0, replayed=0)


def test_a_letter_that_the_ledger_never_knew_is_taken_back_when_its_row_is_judged(
    opened: Edges, migrated: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker blames a document, stores the letter, and is killed before the ledger; the next one judges it well."""
    migrated.write("rows.jsonl", json.dumps({**GOOD, "text": ABOUT[0]}))
    import_file(opened, migrated.folder / "rows.jsonl", now=NOW, mapping=mapping_from_pairs())

    def fail(documents: Sequence[Document], *_: object) -> list[Judged]:
        if documents:
            raise RuntimeError("out of memory")
        return []

    def crash(database: object, entries: Sequence[ledger.Entry], *_: object) -> None:
        if entries:
            raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(judging, "judge", fail)
        broken.setattr(ledger, "record", crash)
        with pytest.raises(KeyboardInterrupt):
            drain(opened, clock=lambda: NOW)
    (blamed,) = dead_letters.stored(opened.database)
    assert blamed.letter.reason == "judging it failed (RuntimeError: out of memory)"
    assert totals(opened) == {}
    # Killed once more, after the letter was taken back and before the ledger.
    with monkeypatch.context() as broken:
        broken.setattr(ledger, "record", crash)
        with pytest.raises(KeyboardInterrupt):
            drain(opened, clock=lambda: LATER)
    drain(opened, clock=lambda: LATER)
    assert totals(opened) == {"judged": 1}
    assert dead_letters.stored(opened.database) == []


def test_a_mended_parser_brings_back_what_it_refused(
    opened: Edges, migrated: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    import_rows(opened, migrated, {**GOOD, "text": ABOUT[0], "published_at": "19.11.2026"})
    assert replay(opened, now=LATER).replayed == 0
    monkeypatch.setattr(
        row_module,
        "parse_time",
        lambda text: datetime.strptime(text, "%d.%m.%Y").replace(tzinfo=UTC),
    )
    assert replay(opened, now=LATER).replayed == 1
    drain(opened, clock=lambda: LATER)
    assert totals(opened) == {"judged": 1}
    assert opened.database.query("SELECT day FROM documents").rows[0][0].isoformat() == "2026-11-19"


def test_a_row_of_a_mapped_file_is_replayed_without_its_mapping(
    opened: Edges, migrated: Place
) -> None:
    migrated.write("poll.csv", "who,when,comment\nCourier,2026-11-23,More seasonal workers\n")
    mapping = mapping_from_pairs(
        ["outlet=who", "published_at=when", "text=comment"], ["lang=en", "society=XA"]
    )
    import_file(opened, migrated.folder / "poll.csv", now=NOW, mapping=mapping)
    drain(opened, clock=lambda: NOW)
    assert totals(opened) == {"dead": 1}
    assert replay(opened, now=LATER).replayed == 1
    drain(opened, clock=lambda: LATER)
    assert sum(totals(opened).values()) == 1
    ((source, outlet, society),) = opened.database.query(
        "SELECT source, outlet, society FROM documents"
    ).rows
    assert (source, outlet, society) == ("import:poll.csv", "Courier", "XA")


def test_an_entry_of_a_feed_is_read_anew_as_of_now(opened: Edges) -> None:
    entry = {
        **GOOD,
        "source_id": "courier",
        "text": ABOUT[0],
        "published_at": "2026-11-25T00:00:00Z",
        "fetched_at": f"{NOW:%Y-%m-%dT%H:%M:%SZ}",
    }
    store(
        opened,
        dead_letter(
            origin="feed:courier/dead/1",
            source="courier",
            place="https://courier.example/rss entry 1",
            reason="published_at is over a day in the future",
            payload=json.dumps(entry),
            read_at=NOW,
        ),
    )
    assert replay(opened, now=LATER).replayed == 1
    drain(opened, clock=lambda: LATER)
    assert totals(opened) == {"judged": 1}
    ((source, fetched_at),) = opened.database.query("SELECT source, fetched_at FROM documents").rows
    assert (source, fetched_at) == ("courier", LATER)


def test_a_message_that_was_a_document_all_along_is_replayed(opened: Edges) -> None:
    document = Document(
        id="a" * 32,
        source="courier",
        outlet="Courier",
        kind="news",  # type: ignore[arg-type]  # as it travels
        society="XA",
        language="en",
        url="",
        title="",
        text=ABOUT[0],
        published_at=NOW,
        fetched_at=NOW,
    )
    letter = dead_letter(
        origin="barometer.documents.v1/0/7",
        source="bus",
        place="barometer.documents.v1 partition 0 offset 7",
        reason="not a document",
        payload=encode_document(document),
        read_at=NOW,
    )
    store(opened, letter)
    store(opened, msgspec.structs.replace(letter, origin="x/0/8", payload=letter.payload[:50]))
    store(opened, msgspec.structs.replace(letter, origin="x/0/9", truncated=True))
    assert replay(opened, now=LATER) == ReplayReport(tried=3, replayed=1)
    drain(opened, clock=lambda: LATER)
    assert totals(opened) == {"judged": 1, "dead": 2}


def test_only_the_reason_that_was_mended_is_tried(opened: Edges, migrated: Place) -> None:
    ahead = "2026-11-23T00:00:00Z"
    import_rows(
        opened,
        migrated,
        {**GOOD, "text": ABOUT[0], "published_at": ahead},
        {**GOOD, "text": ABOUT[1], "outlet": ""},
    )
    assert replay(opened, reason="OUTLET", now=LATER) == ReplayReport(tried=1, replayed=0)
    assert replay(opened, reason="future", now=LATER) == ReplayReport(tried=1, replayed=1)


def test_the_commands_list_and_replay(migrated: Place) -> None:
    ahead = (datetime.now(UTC) + timedelta(days=3)).isoformat()
    rows = [
        {**GOOD, "text": "\x1b[2Jred", "published_at": ahead},
        {**GOOD, "text": ABOUT[1], "outlet": ""},
    ]
    migrated.write("rows.jsonl", "\n".join(json.dumps(row) for row in rows))
    assert migrated.run("import", "rows.jsonl").status == 0
    listed = migrated.run("dead-letters", "list")
    assert listed.out.splitlines()[0].split() == ["read", "at", "place", "reason"]
    assert "rows.jsonl line 1" in listed.out
    assert "rows.jsonl line 2" in listed.out
    (line,) = migrated.run("dead-letters", "list", "--reason", "future").out.splitlines()[2:]
    assert "over a day in the future" in line
    payload = migrated.run("dead-letters", "list", "--payload", "--limit", "1").out
    assert "payload" in payload
    assert "origin" in payload
    first, _ = map(json.loads, migrated.run("dead-letters", "list", "--json").out.splitlines())
    assert first.keys() == {
        "origin",
        "source",
        "place",
        "reason",
        "payload",
        "truncated",
        "read_at",
    }
    assert first["origin"].startswith("import:")
    only = migrated.run("dead-letters", "replay", "--origin", first["origin"])
    assert only.out == "1 dead letters tried: 0 replayed, 1 still dead\n"
    assert "\x1b" not in payload
    said = migrated.run("dead-letters", "replay")
    assert said.out == "2 dead letters tried: 0 replayed, 2 still dead\n"
    assert migrated.totals() == {"dead": 2}
