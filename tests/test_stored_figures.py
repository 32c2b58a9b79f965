"""What the tables keep and give back: every stored figure and every query file, over chdb and a ClickHouse server."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from alerts.incident import Incident, Status
from alerts.message import Message
from alerts.net_support import estimate_point
from alerts.point import Point, StanceCount, State
from classify.disposition import Disposition
from classify.judge import Judged
from ingest.dead_letter import DeadLetter, dead_letter
from storage import (
    coverage,
    daily_counts,
    dead_letters,
    digests,
    documents,
    incidents,
    ledger,
    points,
    source_runs,
)
from storage.database import Database, Result, next_version
from storage.digests import StoredDigest
from storage.ledger import Entry
from storage.source_runs import NEVER, SourceRun, SourceState
from tests.judged_documents import DAY, NOW, TOPIC, cells_of, document, judged, store


def counted(database: Database, day: date = DAY, target: str = TOPIC) -> list[StanceCount]:
    return daily_counts.outlet_counts(database, [("XA", target, day)])["XA", target, day]


def letter(number: int, reason: str = "text is empty", *, ago: int = 0) -> DeadLetter:
    return dead_letter(
        origin=f"import:run/{number}",
        source="import:posts.jsonl",
        place=f"posts.jsonl line {number}",
        reason=reason,
        payload=b'{"doc_id": "7", "text": "\xff"}',
        read_at=NOW - timedelta(hours=ago),
    )


INCIDENT = Incident(
    id="XA-regular-2026-11-16",
    society="XA",
    target=TOPIC,
    status=Status.OPEN,
    drop_day=date(2026, 11, 12),
    detected_on=date(2026, 11, 16),
    opened_at=NOW,
    resolved_at=None,
    baseline=12.5,
    net_support=-8.25,
    change=-20.75,
    lower=-30.5,
    upper=-11.0,
    reason="the evidence of 8.0 passed 6.0",
)


def message(kind: str = "opened", *, incident: str = INCIDENT.id, ago: int = 0) -> Message:
    return Message(
        id=f"{incident}-{kind}",
        incident=incident,
        kind=kind,
        reason="the evidence passed",
        title="Support for regular migration fell in XA",
        body="It fell.\n\nSince Thursday.\n",
        created_at=NOW - timedelta(hours=ago),
    )


def run(source: str, hours: int, **values: Any) -> SourceRun:
    at = NOW + timedelta(hours=hours)
    return SourceRun(
        run=f"{source}-{hours}",
        source=source,
        started_at=at,
        finished_at=at,
        **{"outcome": "ok", **values},
    )


# Documents, readings, judgements


def test_a_batch_is_stored_with_all_that_is_known_of_it(database: Database) -> None:
    one = document(1)
    off = Judged(document=document(2), disposition=Disposition.OFF_TOPIC)
    foreign = Judged(document=document(3), disposition=Disposition.UNSUPPORTED_LANGUAGE)
    store(database, judged(one, asylum="not_addressed"), off, foreign)
    columns = ", ".join(documents.DOCUMENT_COLUMNS[:-1])
    sql = (
        f"SELECT {columns}, title, text, author_key FROM documents"
        " ALL LEFT JOIN (SELECT id, title, text, author_key FROM document_texts) USING (id)"
    )
    rows = {row["id"]: row for row in database.query(sql).dicts()}
    kept = msgspec.structs.asdict(one) | {"kind": "news", "day": DAY}
    del kept["edited_at"]  # it says which edition is newer; what is stored is the newest
    assert rows[one.id] == kept | {"origin": f"feed:courier/{one.id}"}
    for name in ("title", "text", "url", "author_key"):
        assert rows[off.document.id][name] == ""
    assert rows[foreign.document.id]["text"] == foreign.document.text
    listed = database.query("SELECT id, title, published_at FROM documents_read WHERE title != ''")
    assert (one.id, one.title, one.published_at) in listed.rows
    reading = database.query(
        "SELECT document_id, society, day, outlet, relevance, topics, conflates, dehumanising, model FROM readings"
    )
    topics = ["legal_pathways", "welfare_labour"]
    assert reading.rows == [(one.id, "XA", DAY, "Courier", 0.9, topics, 1, 0, "m1")]
    stances = database.query(
        "SELECT target, stance, p_support, p_not_addressed, story, kind, language FROM judgements ORDER BY target"
    )
    assert stances.rows == [
        ("asylum", "not_addressed", 0.1, 0.7, one.story, "news", "en"),
        (TOPIC, "support", 0.7, 0.1, one.story, "news", "en"),
    ]


def test_the_row_that_brought_a_document_first_is_known_however_often_it_is_stored(
    database: Database,
) -> None:
    one = judged(document(1))
    for _ in range(3):
        store(database, one)
    assert documents.known_origins(database, [one.document.id, "f" * 32]) == {
        one.document.id: f"feed:courier/{one.document.id}"
    }
    assert documents.known_origins(database, []) == {}


def test_more_ids_than_fit_into_one_query_are_asked_for_in_pieces(database: Database) -> None:
    many = [Judged(document=document(n), disposition=Disposition.OFF_TOPIC) for n in range(4_300)]
    store(database, *many, recount=False)
    asked = [one.document.id for one in many] + ["f" * 32]
    assert set(documents.known_origins(database, asked)) == set(asked[:-1])
    entries = [
        Entry(
            origin=f"import:run/{n}",
            document_id="",
            source="s",
            disposition=Disposition.JUDGED,
        )
        for n in range(2_500)
    ]
    ledger.record(database, entries, NOW, next_version())
    known = ledger.recorded(database, [entry.origin for entry in entries] + ["import:run/none"])
    assert known == {entry.origin: Disposition.JUDGED for entry in entries}


# Daily counts


def test_documents_are_counted_by_outlet_and_stance_and_replaying_them_changes_nothing(
    database: Database,
) -> None:
    batch = [
        judged(document(1), "support"),
        judged(document(2), "support"),
        judged(document(3, outlet="Herald"), "oppose"),
        judged(document(4, outlet="Herald"), "neutral"),
        judged(document(5, outlet="Herald"), "not_addressed"),
        judged(document(6, day=DAY - timedelta(days=30)), "oppose"),
    ]
    expected = [
        StanceCount(outlet="Courier", support=2, neutral=0, oppose=0),
        StanceCount(outlet="Herald", support=0, neutral=1, oppose=1),
    ]
    for _ in range(2):
        store(database, *batch)
        assert counted(database) == expected
    assert daily_counts.counts_between(database, DAY, DAY) == {("XA", TOPIC): {DAY: expected}}
    both = daily_counts.counts_between(database, DAY - timedelta(days=30), DAY)
    assert list(both["XA", TOPIC]) == [DAY - timedelta(days=30), DAY]
    assert daily_counts.miscounted(database, cells_of(batch)) == []


def test_stories_are_counted_once_among_the_documents_that_address_the_target(
    database: Database,
) -> None:
    store(
        database,
        judged(document(1, story="a"), "support"),
        judged(document(2, story="a"), "oppose"),
        judged(document(3, story="b"), "support"),
        judged(document(4, story="c"), "not_addressed"),
    )
    told = [(c.story, c.support, c.oppose) for c in counted(database)]
    assert told == [(None, 1, 0), ("a", 1, 1)]


def test_judging_anew_moves_a_document_from_support_to_oppose(database: Database) -> None:
    store(database, judged(document(1), "support"), judged(document(2), "support"))
    store(database, judged(document(1), "oppose", model="m2"))
    assert counted(database) == [StanceCount(outlet="Courier", support=1, neutral=0, oppose=1)]
    assert coverage.models_between(database, DAY, DAY) == ["m1", "m2"]
    assert coverage.models_between(database, DAY + timedelta(days=1), DAY) == []


def test_an_outlet_whose_last_document_went_counts_nothing(database: Database) -> None:
    store(database, judged(document(1)), judged(document(2, outlet="Herald")))
    # The same document, now said to be of another outlet.
    store(database, judged(document(2, outlet="Courier")))
    assert counted(database) == [StanceCount(outlet="Courier", support=2, neutral=0, oppose=0)]
    zeros = database.query(
        "SELECT story, support + neutral + oppose FROM daily_counts FINAL WHERE outlet = 'Herald'"
    )
    assert zeros.rows == [("", 0)]


def test_thousands_of_days_are_counted_and_read_in_pieces(database: Database) -> None:
    first = date(2015, 1, 1)
    batch = [judged(document(n, day=first + timedelta(days=n))) for n in range(2_100)]
    store(database, *batch)
    days = [("XA", TOPIC, one.document.day) for one in batch]
    counts = daily_counts.outlet_counts(database, days)
    assert {sum(one.support for one in outlets) for outlets in counts.values()} == {1}
    assert len(counts) == 2_100
    assert daily_counts.miscounted(database, cells_of(batch)) == []


def test_days_that_nobody_counted_are_empty_and_no_days_are_no_query(database: Database) -> None:
    assert counted(database) == []
    daily_counts.recount(database, [])
    assert daily_counts.miscounted(database, []) == []
    assert daily_counts.outlet_counts(database, []) == {}


# Points


def point(day: date = DAY, support: int = 20, oppose: int = 10) -> Point:
    counts = [
        StanceCount(outlet=name, support=support, neutral=5, oppose=oppose)
        for name in ("Courier", "Herald", "Post")
    ]
    return estimate_point("XA", TOPIC, day, counts)


def test_points_come_back_as_they_were_the_newest_of_each_day(database: Database) -> None:
    empty = estimate_point("XA", TOPIC, DAY + timedelta(days=1), [])
    assert (empty.state, empty.net_support) == (State.NO_DATA, None)
    newer = point(support=10)
    points.store(database, [(point(), 5), (empty, 5)])
    points.store(database, [(newer, 7)])
    points.store(database, [(point(), 6)])  # a slower writer with older counts
    kept = points.points_between(database, DAY, DAY + timedelta(days=1))
    assert kept == {("XA", TOPIC): [newer, empty]}
    assert points.points_between(database, DAY + timedelta(days=2), NOW.date()) == {}
    points.store(database, [])
    shown = database.query("SELECT day, n, outlets, state FROM daily_support ORDER BY day")
    assert shown.rows == [(DAY, 75, 3, "ok"), (DAY + timedelta(days=1), 0, 0, "no_data")]


def test_only_days_counted_since_their_point_are_to_be_estimated(database: Database) -> None:
    other = DAY - timedelta(days=1)
    store(database, judged(document(1)), judged(document(2, day=other)))
    found = daily_counts.days_to_estimate(database)
    assert [(society, target, day) for society, target, day, _ in found] == [
        ("XA", TOPIC, other),
        ("XA", TOPIC, DAY),
    ]
    points.store(database, [(point(day), version) for _, _, day, version in found])
    assert daily_counts.days_to_estimate(database) == []
    assert daily_counts.newest_point(database) == max(version for *_, version in found)
    between = next_version()
    store(database, judged(document(3)))
    assert [row[2] for row in daily_counts.days_to_estimate(database)] == [DAY]
    assert [row[2] for row in daily_counts.days_to_estimate(database, between)] == [DAY]
    assert daily_counts.days_to_estimate(database, next_version()) == []


# Workers that count at the same time


class Interleaved:
    """The database of a worker that is held up in its next recount, its version in hand."""

    def __init__(self, database: Database, *, before: Callable[[], None]) -> None:
        self._database = database
        self._before: Callable[[], None] | None = before

    @property
    def url(self) -> str:
        return self._database.url

    @property
    def cluster(self) -> str:
        return self._database.cluster

    def version(self) -> tuple[int, ...]:
        return self._database.version()

    def execute(self, sql: str, parameters: Any = None) -> None:
        if self._before is not None and "INSERT INTO daily_counts" in sql:
            before, self._before = self._before, None
            before()
        self._database.execute(sql, parameters)

    def query(self, sql: str, parameters: Any = None) -> Result:
        return self._database.query(sql, parameters)

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Any]) -> None:
        self._database.insert(table, columns, rows)

    def close(self) -> None:
        """The test closes the database itself."""


def test_two_workers_that_count_one_day_at_once_count_all_of_it(database: Database) -> None:
    first, second = judged(document(1)), judged(document(2), "oppose")
    store(database, first, recount=False)
    # The second worker stores and counts everything while the first waits with its version in hand.
    daily_counts.recount(
        Interleaved(database, before=lambda: store(database, second)), cells_of([first])
    )
    assert counted(database) == [StanceCount(outlet="Courier", support=1, neutral=0, oppose=1)]


def test_a_worker_whose_clock_is_behind_still_has_the_last_word(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(database, judged(document(1)))
    an_hour_ago = next_version() - 3_600_000_000
    monkeypatch.setattr("storage.daily_counts.next_version", lambda: an_hour_ago)
    days = daily_counts.days_to_estimate(database)
    points.store(database, [(point(day), version) for _, _, day, version in days])
    store(database, judged(document(2), "oppose"))
    assert counted(database) == [StanceCount(outlet="Courier", support=1, neutral=0, oppose=1)]
    assert [row[2] for row in daily_counts.days_to_estimate(database)] == [DAY]


def stale_count(database: Database, version: int) -> None:
    """The rows of a worker whose clock is ahead and who had read before the newest documents were stored."""
    database.insert(
        "daily_counts",
        [
            "society",
            "target",
            "day",
            "outlet",
            "story",
            "support",
            "neutral",
            "oppose",
            "version",
        ],
        [("XA", TOPIC, DAY, "Courier", "", 1, 0, 0, version)],
    )


def test_a_count_that_saw_less_and_won_is_noticed_and_counted_anew(database: Database) -> None:
    store(database, judged(document(1)), judged(document(2), "oppose"), judged(document(3)))
    stale_count(database, next_version() + 3_600_000_000)
    cell = ("XA", DAY)
    assert daily_counts.miscounted(database, [cell, ("XA", NOW.date())]) == [cell]
    daily_counts.recount(database, [cell])
    assert daily_counts.miscounted(database, [cell]) == []
    assert counted(database) == [StanceCount(outlet="Courier", support=2, neutral=0, oppose=1)]


# The ledger


def entry(number: int, disposition: Disposition, reason: str = "") -> Entry:
    return Entry(
        origin=f"import:run/{number}",
        document_id=f"{number:032x}",
        source="import:posts.jsonl",
        disposition=disposition,
        reason=reason,
    )


def test_each_row_is_in_the_ledger_once_under_its_newest_word(database: Database) -> None:
    ledger.record(
        database,
        [entry(1, Disposition.JUDGED), entry(2, Disposition.DEAD, "cut off")],
        NOW,
        next_version(),
    )
    ledger.record(
        database,
        [entry(2, Disposition.JUDGED), entry(3, Disposition.DUPLICATE, "first read as 1")],
        NOW + timedelta(hours=1),
        next_version(),
    )
    ledger.record(database, [], NOW, next_version())
    assert ledger.totals(database) == {
        Disposition.JUDGED: 2,
        Disposition.OFF_TOPIC: 0,
        Disposition.UNSUPPORTED_LANGUAGE: 0,
        Disposition.DUPLICATE: 1,
        Disposition.DEAD: 0,
    }
    assert ledger.recorded(database, ["import:run/2", "import:run/9"]) == {
        "import:run/2": Disposition.JUDGED
    }
    assert ledger.recorded(database, []) == {}
    assert coverage.ledger_between(database, NOW, NOW + timedelta(hours=1)) == {"judged": 1}
    assert coverage.ledger_between(database, NOW, NOW + timedelta(hours=2)) == {
        "judged": 2,
        "duplicate": 1,
    }
    view = database.query("SELECT source, disposition, documents FROM ledger ORDER BY disposition")
    assert view.rows == [
        ("import:posts.jsonl", "duplicate", 1),
        ("import:posts.jsonl", "judged", 2),
    ]


# Dead letters


def test_dead_letters_come_newest_first_by_reason_and_status(database: Database) -> None:
    old, new = letter(1, ago=2), letter(2, "the date '1970' is before 2000")
    dead_letters.store(database, [old, new], next_version())
    dead_letters.store(database, [old], next_version())  # delivered again
    assert [one.letter for one in dead_letters.stored(database)] == [new, old]
    assert [one.letter for one in dead_letters.stored(database, reason="THE DATE")] == [new]
    assert [one.letter for one in dead_letters.stored(database, limit=1)] == [new]
    dead_letters.store(database, [new], next_version(), status="replayed")
    assert [one.letter for one in dead_letters.stored(database)] == [old]
    (replayed,) = dead_letters.stored(database, status="replayed")
    assert (replayed.letter, replayed.status) == (new, "replayed")
    assert replayed.letter.payload == r'{"doc_id": "7", "text": "\xff"}'
    dead_letters.store(database, [], next_version())


# Runs and states of sources


def test_runs_and_states_of_sources_come_back_and_the_newest_wins(database: Database) -> None:
    early, late = run("herald", -2), run("courier", 0, entries=3, new=1, known=1, dead=1)
    failed = run("courier", 1, outcome="failed", http_status=404, error="… is not there (404)")
    for one in (failed, early, late, late):
        source_runs.store_run(database, one)
    assert source_runs.runs_since(database, NOW - timedelta(days=1)) == [early, late, failed]
    assert source_runs.runs_since(database, NOW + timedelta(hours=1)) == [failed]

    assert source_runs.states(database) == {}
    fresh = SourceState(source="courier")
    known = SourceState(
        source="courier",
        etag='W/"v2"',
        last_modified="Fri, 20 Nov 2026 10:00:00 GMT",
        next_due_at=NOW + timedelta(minutes=15),
        failures=3,
        last_success_at=NOW,
    )
    source_runs.store_state(database, fresh)
    source_runs.store_state(database, SourceState(source="herald"))
    assert source_runs.states(database)["courier"] == fresh
    assert fresh.next_due_at == NEVER
    source_runs.store_state(database, known)
    assert source_runs.states(database) == {
        "courier": known,
        "herald": SourceState(source="herald"),
    }
    health = database.query("SELECT source, outcome, error, runs, failed FROM source_health")
    assert sorted(health.rows) == [
        ("courier", "ok", "", 2, 1),
        ("herald", "ok", "", 1, 0),
    ]


# Incidents, messages, digests


def test_incidents_come_newest_first_with_their_newest_status(database: Database) -> None:
    older = msgspec.structs.replace(
        INCIDENT, id="XB-asylum-2026-10-01", society="XB", opened_at=NOW - timedelta(days=40)
    )
    incidents.store_incidents(database, [older, INCIDENT])
    incidents.store_incidents(database, [INCIDENT])
    assert incidents.stored_incidents(database) == [INCIDENT, older]
    over = msgspec.structs.replace(
        older, status=Status.RESOLVED, resolved_at=NOW - timedelta(days=2)
    )
    incidents.store_incidents(database, [over])
    assert incidents.stored_incidents(database) == [INCIDENT, over]
    assert incidents.stored_incidents(database, status="open") == [INCIDENT]
    assert incidents.stored_incidents(database, status="resolved") == [over]
    incidents.store_incidents(database, [])


def test_messages_stay_untold_until_they_are_marked_told(database: Database) -> None:
    incidents.store_incidents(database, [INCIDENT])
    opened, resolved = message(ago=2), message("resolved")
    incidents.store_messages(database, [resolved, opened])
    assert incidents.untold_messages(database) == [opened.id, resolved.id]
    incidents.store_messages(database, [opened], told_at=NOW)
    assert incidents.untold_messages(database) == [resolved.id]
    incidents.store_messages(database, [])


def test_a_message_whose_incident_was_never_saved_is_not_told(database: Database) -> None:
    incidents.store_messages(database, [message(incident="XB-asylum-2026-11-01")])
    assert incidents.untold_messages(database) == []


def test_a_digest_is_kept_by_week_and_its_newest_text_wins(database: Database) -> None:
    assert digests.stored(database, "2026-W47") is None
    first = StoredDigest(week="2026-W47", title="Week", body="Text.\n", created_at=NOW)
    told = msgspec.structs.replace(first, body="Longer text.\n", told_at=NOW)
    digests.store(database, first)
    assert digests.stored(database, "2026-W47") == first
    digests.store(database, told)
    assert digests.stored(database, "2026-W47") == told
    assert digests.stored(database, "2026-W46") is None


# Coverage


def test_coverage_says_what_is_there_and_how_fresh_it_is(database: Database) -> None:
    nothing = coverage.coverage(database)
    assert (nothing.documents, nothing.newest_document, nothing.newest_judged) == (0, None, None)
    before = datetime.now(UTC).replace(microsecond=0)
    store(database, judged(document(1)), judged(document(1)))
    store(database, Judged(document=document(2), disposition=Disposition.OFF_TOPIC))
    dead_letters.store(database, [letter(1), letter(2)], next_version())
    dead_letters.store(database, [letter(2)], next_version(), status="replayed")
    incidents.store_incidents(database, [INCIDENT])
    held = coverage.coverage(database)
    assert (held.documents, held.judgements) == (2, 1)
    assert held.newest_document == document(1).published_at
    assert held.newest_judged is not None
    assert before <= held.newest_judged <= datetime.now(UTC)
    assert (held.dead_letters, held.open_incidents) == (1, 1)
