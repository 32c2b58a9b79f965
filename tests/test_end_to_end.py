"""From what is read to what people are told, over real HTTP, bus and database: embedded and server mode alike."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from classify.corpus import held_out, load_corpus
from classify.disposition import Disposition
from classify.judge import judge
from flows.collecting import collect
from flows.demo.outlets import USUAL, Outlets
from flows.demo.scenario import expected_rows, simulate, sources
from flows.demo.truth import compare
from flows.digesting import digest_week
from flows.importing import import_file
from flows.scoring import drain
from flows.settings import Settings
from flows.watching import watch
from flows.wiring import Edges, edges
from ingest.bus import DOCUMENTS
from ingest.document import decode_document
from ingest.field_mapping import FieldMapping
from storage import ledger
from storage.incidents import stored_incidents, untold_messages
from tests.figures import figures
from tests.rows import NOW, write_rows


def import_rows(opened: Edges, path: Path, now: datetime = NOW) -> int:
    """Import, and score all of it; rows read."""
    read = import_file(opened, path, now=now, mapping=FieldMapping()).read
    assert drain(opened, clock=lambda: now).read == read
    return read


def test_every_row_read_has_exactly_one_disposition(settings: Settings, tmp_path: Path) -> None:
    fate = write_rows(tmp_path / "rows.jsonl", 400)
    with edges(settings, create=True, sources=[]) as opened:
        assert import_rows(opened, tmp_path / "rows.jsonl") == 400
        assert ledger.totals(opened.database) == dict(fate)
        (held,) = opened.database.query("SELECT count() FROM documents FINAL").rows
        assert held[0] == 400 - fate[Disposition.DUPLICATE] - fate[Disposition.DEAD]


def test_daily_counts_are_what_a_plain_count_of_the_judged_documents_gives(
    settings: Settings, tmp_path: Path
) -> None:
    write_rows(tmp_path / "rows.jsonl", 200)
    with edges(settings, create=True, sources=[]) as opened:
        import_file(opened, tmp_path / "rows.jsonl", now=NOW, mapping=FieldMapping())
        listener = opened.bus.subscribe([DOCUMENTS], "plain count")
        messages = []
        while not listener.caught_up():
            messages += listener.poll(500, 1.0)
        listener.close()
        drain(opened, clock=lambda: NOW)
        documents = {one.id: one for one in (decode_document(m.value) for m in messages)}
        plain: Counter[tuple[str, str, date, str, str]] = Counter()
        for one in judge(list(documents.values()), opened.classifier):
            for judgement in one.judgements:
                document = one.document
                plain[document.society, judgement.target, document.day, document.outlet, judgement.stance.value] += 1  # fmt: skip
        counted = opened.database.query(
            "SELECT society, target, day, outlet, support, neutral, oppose FROM daily_counts FINAL"
        )
        stored: Counter[tuple[str, str, date, str, str]] = Counter()
        for society, target, day, outlet, support, neutral, oppose in counted.rows:
            for stance, n in (("support", support), ("neutral", neutral), ("oppose", oppose)):
                stored[society, target, day, outlet, stance] += n
        assert +stored == Counter({k: n for k, n in plain.items() if k[4] != "not_addressed"})
        assert sum(stored.values()) > 100


def test_reading_everything_again_only_adds_duplicates(settings: Settings, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    write_rows(path, 120)
    with edges(settings, create=True, sources=[]) as opened:
        import_rows(opened, path)
        before, counts = figures(opened.database), ledger.totals(opened.database)
        import_rows(opened, path, now=NOW + timedelta(hours=1))
        after, again = figures(opened.database), ledger.totals(opened.database)
        for unchanged in ("documents", "judgements", "readings", "daily_counts"):
            assert after[unchanged] == before[unchanged]
        assert sum(again.values()) == 240
        assert again[Disposition.JUDGED] == counts[Disposition.JUDGED]
        assert again[Disposition.DEAD] == 2 * counts[Disposition.DEAD]


@pytest.mark.timeout(900)  # 8,000 rows, beside another process of tests
def test_a_fall_is_found_from_the_feeds_and_people_are_told_once(settings: Settings) -> None:
    # The fall comes after 22 days, of which the detector needs 14.
    world = simulate(filter(held_out, load_corpus()), seed=1, end_day=date(2026, 11, 15), days=33)
    fall = world.truth.fall_day
    # The first poll reads the whole past, and comes before one of the outlets goes down for two days.
    start = datetime(fall.year, fall.month, fall.day, 1, tzinfo=UTC) + timedelta(days=2)
    mornings = [start + timedelta(days=n) for n in range(9)]
    # The model takes most of the time; what is judged by the word list takes the same way.
    model = "lexicon" if settings.bus_url.startswith("kafka:") else "bundled"
    settings = settings.model_copy(update={"host_pause": 0.0, "simulated": True, "model": model})
    with (
        Outlets(world, now=start) as outlets,
        edges(settings, create=True, sources=sources(world, outlets.base_url)) as opened,
    ):
        noticed = False
        for now in mornings:
            outlets.advance(now, newest=None if now == start else USUAL)
            collect(opened, now=now)
            drain(opened, clock=lambda now=now: now)  # type: ignore[misc]
            watch(opened, now=now)
            found = stored_incidents(opened.database)
            if noticed:
                break  # a morning later it was not told again
            noticed = ("XB", "regular") in {(one.society, one.target) for one in found}
        report = compare(
            world.truth,
            found,
            ledger.totals(opened.database),
            expected=expected_rows(world, now),
        )
        assert report.adds_up, report.ledger
        assert report.found
        assert report.delay_days is not None and 0 <= report.delay_days <= 9
        # What is said of lawful migration where it fell is judged to be partly about migration in general.
        assert {(one.society, one.target) for one in report.false_alerts} <= {("XB", "general")}
        told = settings.alert_log.read_text("utf-8")
        assert told.count("[simulated] Support for regular migration fell in XB") == 1
        assert not untold_messages(opened.database)

        # The same morning again: nothing new, nothing told twice.
        watch(opened, now=now)
        digest_week(opened, "2026-W44", now=now)
        digest_week(opened, "2026-W44", now=now)
        again = settings.alert_log.read_text("utf-8")
        assert again.count("Support for regular migration fell in XB") == 1
        assert again.count("digest-2026-W44") == 1
        assert again.startswith(told)


def test_a_saved_json_feed_is_imported_as_a_feed(embedded_settings: Settings) -> None:
    feed = Path(__file__).parent / "feeds" / "feed.json"
    with edges(embedded_settings, create=True, sources=[]) as opened:
        guessed = import_file(opened, feed, now=NOW, mapping=FieldMapping())
        later = NOW + timedelta(minutes=1)
        said = import_file(opened, feed, now=later, mapping=FieldMapping(), form="feed")
        assert guessed.published == said.published > 0
        done = drain(opened, clock=lambda: later)
        assert done.read == guessed.read + said.read
        assert done.duplicate == said.published
