"""What is kept for a time goes when it is over, by whole days; what is counted stays; a log and `health` say so."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import msgspec
import pytest

from alerts.quotation import REMOVED
from classify.disposition import Disposition
from classify.judge import Judged
from flows.checking import check_health
from flows.publishing import publish
from flows.reclassifying import Selection, count_unjudged
from flows.retaining import retain
from flows.scoring import drain
from flows.settings import Settings
from flows.wiring import Edges, edges
from ingest.bus import DEAD_LETTERS, DOCUMENTS
from ingest.document import Document
from storage import (
    concerns,
    dead_letters,
    documents,
    forgetting,
    ledger,
    removals,
    retention,
    stored_documents,
    stories,
)
from storage.database import Database, next_version
from storage.retention import RetentionRun
from tests.judged_documents import NOW, document, judged, store
from tests.planted_document import (
    NEIGHBOURS,
    PLANTED,
    TRACES,
    letters,
    plant,
    settings_with_files,
)
from tests.test_forget import COUNTED, figures, in_files, rows

TODAY = NOW.date()
LAST = TODAY - timedelta(days=90)
"""The oldest day whose words are kept for 90 days."""


def days_of(database: Database) -> list[date]:
    found = database.query("SELECT DISTINCT day FROM document_texts ORDER BY day").rows
    return [day for (day,) in found]


def test_words_go_by_whole_days_and_what_is_counted_stays(database: Database) -> None:
    days = [LAST + timedelta(days=n) for n in (-400, -1, 0, 1)]
    batch = [judged(document(n, day=day)) for n, day in enumerate(days)]
    foreign = Judged(
        document=document(9, day=days[1]), disposition=Disposition.UNSUPPORTED_LANGUAGE
    )
    store(database, *batch, foreign)
    before = database.query(COUNTED).rows
    assert retention.kept(database).oldest_text == days[0]
    assert retention.expire_texts(database, LAST) == 3
    assert retention.expire_texts(database, LAST) == 0
    assert days_of(database) == days[2:]
    assert database.query(COUNTED).rows == before
    assert len(database.query("SELECT id FROM documents FINAL").rows) == 5
    found, lost = stored_documents.documents_of(
        database, [one.document.id for one in batch], days[0], days[-1]
    )
    assert [one.id for one in found] == [one.document.id for one in batch[2:]]
    assert set(lost.values()) == {"its text is not kept any more"}
    titles = database.query("SELECT title, url FROM documents_read ORDER BY day, id").rows
    assert [bool(title) for title, _ in titles] == [False, False, False, True, True]
    assert all(url for _, url in titles)  # an address is no text
    assert documents.known_origins(database, [batch[0].document.id])


def test_signatures_go_by_the_month_and_dead_letters_by_the_day(database: Database) -> None:
    from ingest.story_clustering import unsettled

    for day in (date(2026, 6, 30), date(2026, 8, 1)):
        stories.store(database, unsettled([document(day.month, day=day, story="")]))
    members = "SELECT DISTINCT day FROM story_members UNION ALL SELECT DISTINCT day FROM story_keys"
    assert len(database.query(members).rows) == 4
    assert (
        retention.expire_signatures(database, LAST) == 1
    )  # 22 August: of August some days are left
    assert {day for (day,) in database.query(members).rows} == {date(2026, 8, 1)}

    old = [
        msgspec.structs.replace(each, read_at=NOW - timedelta(days=31)) for each in letters()[:2]
    ]
    dead_letters.store(database, old[:1], next_version())
    dead_letters.store(database, old[1:], next_version(), status="replayed")
    dead_letters.store(database, letters()[2:], next_version())
    assert retention.expire_letters(database, NOW - timedelta(days=30)) == 2
    while forgetting.mutations_left(database):
        pass
    assert database.query("SELECT count() FROM dead_letters").rows == [(3,)]
    assert retention.expire_letters(database, NOW - timedelta(days=30)) == 0
    kept = retention.kept(database)
    assert (kept.letters, kept.oldest_letter) == (3, letters()[0].read_at.date())


def test_old_checks_of_the_self_monitor_go_and_newer_ones_stay(database: Database) -> None:
    for days in (95, 91, 89, 0):
        check = concerns.SelfCheck(at=NOW - timedelta(days=days), concerns=1, backlog=None)
        for _ in range(2):  # a check that was written twice is one
            concerns.store_check(database, check)
    before = NOW - timedelta(days=90)
    assert retention.expire_checks(database, before) == 2
    while forgetting.mutations_left(database):
        pass
    assert retention.expire_checks(database, before) == 0
    kept = [NOW - check.at for check in concerns.newest_checks(database, 10)]
    assert kept == [timedelta(days=0), timedelta(days=89)]


def test_the_log_has_a_row_for_each_thing_and_knows_when_it_last_ran(database: Database) -> None:
    assert retention.last_run(database) is None
    first = RetentionRun(at=NOW, what=retention.TEXTS, kept_days=90, removed=7, oldest_left=LAST)
    later = msgspec.structs.replace(first, at=NOW + timedelta(days=1), removed=0, note="nothing")
    for _ in range(2):
        retention.log(database, [first, later])
    assert retention.last_run(database) == later.at
    logged = database.query("SELECT what, removed, oldest_left FROM retention_log ORDER BY at")
    assert logged.rows == [(retention.TEXTS, 7, LAST), (retention.TEXTS, 0, LAST)]


def test_words_that_were_edited_or_taken_away_lose_their_old_versions(database: Database) -> None:
    one, other = document(1), document(2)
    store(database, judged(one), judged(other))
    store(database, judged(msgspec.structs.replace(one, text="It says something else now.")))
    removals.blank(database, [other.id])
    assert retention.merge_superseded(database) == 1
    texts = {text for (text,) in database.query("SELECT text FROM document_texts").rows}
    assert texts == {"It says something else now.", ""}


@pytest.fixture
def opened(embedded_settings: Settings, tmp_path: Any) -> Iterator[Edges]:
    settings = settings_with_files(embedded_settings, tmp_path).model_copy(update={"board": None})
    bus = f"{settings.bus_url}&retention_days=0.0000001"
    with edges(settings.model_copy(update={"bus_url": bus}), create=True, sources=[]) as opened:
        plant(opened)
        yield opened


def test_a_round_lets_everything_go_that_is_over(opened: Edges, tmp_path: Any) -> None:
    drain(opened, clock=lambda: NOW)
    before, totals = figures(opened), ledger.totals(opened.database)
    removals.remove(opened.database, "courier", [NEIGHBOURS[1].id], NOW)

    # Nothing is old: only what was deleted at its source goes, and what everybody read.
    early = retain(opened, now=NOW)
    removed = {run.what: run.removed for run in early.runs}
    assert removed.pop(retention.MESSAGES) > 0
    assert removed.pop(retention.REMOVED) == 1
    assert set(removed.values()) == {0}
    assert rows(opened, f"SELECT count() FROM documents WHERE id = '{NEIGHBOURS[1].id}'") == [(0,)]
    assert list(opened.bus.kept([DOCUMENTS, DEAD_LETTERS])) == []

    # A day before it is over, and the day.
    eve = NOW + timedelta(days=88)
    assert retain(opened, now=eve).removed(retention.TEXTS) == 0
    report = retain(opened, now=eve + timedelta(days=1))
    removed = {run.what: run.removed for run in report.runs}
    assert removed[retention.TEXTS] == 3
    assert removed[retention.QUOTATIONS] >= 4  # a digest, two messages, the log, the feed
    assert "3 texts" in str(report) and "no day" in str(report)
    assert figures(opened) == before
    assert ledger.totals(opened.database) == totals
    for table in ("digests", "messages"):
        bodies = [body for (body,) in rows(opened, f"SELECT body FROM {table} FINAL")]
        assert all(body.count(REMOVED) == 2 for body in bodies), bodies
    assert retain(opened, now=eve + timedelta(days=2)).removed(retention.QUOTATIONS) == 0

    # Dead letters went long before; what expired cannot be judged again, and is told.
    assert rows(opened, "SELECT count() FROM dead_letters") == [(0,)]
    other = msgspec.structs.replace(opened, classifier=_Other(opened.classifier))
    counts = count_unjudged(other, Selection())
    assert sum(one.documents for one in counts) == sum(one.no_text for one in counts) > 0

    logged = rows(opened, "SELECT what, kept_days, removed FROM retention_log WHERE removed > 0")
    assert (retention.TEXTS, 90, 3) in logged
    checks = {check.part: check for check in _health(opened, eve + timedelta(days=2))}
    assert checks["retention"].state == "up"
    assert "no words are kept" in checks["retention"].detail
    late = {check.part: check for check in _health(opened, eve + timedelta(days=9))}
    assert (late["retention"].state, "run `barometer retain`" in late["retention"].detail) == (
        "note",
        True,
    )
    opened.database.close()
    opened.bus.close()
    assert {trace for trace in in_files(tmp_path) if TRACES[0][:20] not in trace} == set()


class _Other:
    """The same classifier under another name."""

    def __init__(self, classifier: Any) -> None:
        self._classifier = classifier
        self.model = "another-1"

    def __getattr__(self, name: str) -> Any:
        return getattr(self._classifier, name)


def _health(opened: Edges, now: datetime) -> Any:
    return check_health(opened.settings, now=now)


def test_an_edition_of_what_is_gone_is_not_kept_either(opened: Edges) -> None:
    removals.remove(opened.database, "courier", [PLANTED.id], NOW)
    edited: Document = msgspec.structs.replace(
        PLANTED, text="It was edited once more: visas for migrants.", edited_at=NOW
    )
    publish(opened.bus, [("feed:courier/0/edited-again", edited)], [])
    drain(opened, clock=lambda: NOW)
    texts = rows(
        opened, f"SELECT text FROM document_texts WHERE id = '{PLANTED.id}' AND text != ''"
    )
    assert all("once more" not in text for (text,) in texts)
    retain(opened, now=NOW)
    assert rows(opened, f"SELECT text FROM document_texts WHERE id = '{PLANTED.id}'") == []
