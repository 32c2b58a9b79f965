"""Judging again: every row still counts once, under what it is now; kill it anywhere and start it again."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from classify.classifier import Classifier
from classify.disposition import Disposition
from classify.lexicon import LexiconClassifier
from flows.finding_falls import find_falls
from flows.publishing import publish
from flows.reclassifying import (
    ReclassifyReport,
    Selection,
    count_unjudged,
    reclassify,
)
from flows.scoring import drain
from flows.settings import Settings
from flows.watching import watch
from flows.wiring import Edges, edges
from ingest.document import Document
from storage import coverage, daily_counts, incidents, ledger, points, stored_documents
from storage.database import next_version
from storage.stored_documents import Count
from tests.figures import figures
from tests.fixtures_command import Place
from tests.fixtures_flows import as_environment
from tests.judged_documents import NOW, TOPIC, document
from tests.killed_reclassifier import judge_again_until_death
from tests.mortal_process import died
from tests.rows import ABOUT, ELSEWHERE
from tests.second_model import SecondModel

DOCUMENTS = 60
BATCH = 7
"""Documents in a batch, small enough for several batches a month."""

FIRST, LAST = date(2026, 8, 20), date(2026, 11, 18)

POINTS = (
    "SELECT society, target, day, support, neutral, oppose, outlets, net_support, n_eff, state"
    " FROM points FINAL ORDER BY society, target, day"
)


def some(number: int, **values: Any) -> Document:
    """A document of one of two societies and languages, in one of three months."""
    one = document(number, day=LAST - timedelta(days=number % 90), outlet=f"Outlet {number % 3}")
    words = ELSEWHERE[0] if number % 10 == 9 else ABOUT[number % len(ABOUT)]
    german = number % 6 == 5
    if german and number % 10 != 9:
        words = (
            "Die Einwanderung von Fachkräften muss leichter werden, sagen viele Betriebe im Land"
        )
    values = {
        "id": f"{number * 7919 % 2**32:08x}" * 4,
        "text": f"{words} ({number})",
        "title": "",
        "society": ("XA", "XB")[number % 2],
        "language": "de" if german else "en",
        **values,
    }
    return msgspec.structs.replace(one, **values)


def judging_with(opened: Edges, classifier: Classifier, *, batch: int = BATCH) -> Edges:
    settings = opened.settings.model_copy(update={"batch_size": batch})
    return msgspec.structs.replace(opened, classifier=classifier, settings=settings)


def score(opened: Edges, *documents: Document, classifier: Classifier | None = None) -> None:
    """Through the bus, as everything comes. Without documents: the usual ones."""
    arrivals = [(f"feed:courier/{n}", one) for n, one in enumerate(documents)] or [
        (f"feed:courier/{n}", some(n)) for n in range(DOCUMENTS)
    ]
    publish(opened.bus, arrivals, [])
    # Two of them come again by another row.
    publish(
        opened.bus, [(f"feed:herald/{n}", arrivals[n][1]) for n in (0, 1) if n < len(arrivals)], []
    )
    drain(judging_with(opened, classifier or opened.classifier, batch=500), clock=lambda: NOW)
    watch(opened, now=NOW)


def held(opened: Edges, sql: str) -> list[tuple[Any, ...]]:
    return opened.database.query(sql).rows


def kept(opened: Edges) -> dict[str, list[tuple[Any, ...]]]:
    """Every figure and the points, and when each row was read."""
    return {
        **figures(opened.database),
        "points": held(opened, POINTS),
        "read at": held(opened, "SELECT origin, at FROM dispositions FINAL ORDER BY origin"),
    }


def counted(opened: Edges) -> list[tuple[Any, ...]]:
    """Daily counts that are not zero."""
    return held(
        opened,
        "SELECT society, target, day, outlet, sum(support), sum(neutral), sum(oppose) FROM daily_counts FINAL"
        " WHERE support + neutral + oppose > 0"
        " GROUP BY society, target, day, outlet ORDER BY society, target, day, outlet",
    )


def ledger_of(opened: Edges) -> dict[str, str]:
    return dict(held(opened, "SELECT origin, disposition FROM dispositions FINAL"))


@pytest.fixture
def opened(settings: Settings) -> Iterator[Edges]:
    """Both modes: SQLite and chdb, a broker and a ClickHouse server."""
    with edges(settings, create=True, sources=[]) as opened:
        yield opened


@pytest.fixture
def embedded(embedded_settings: Settings) -> Iterator[Edges]:
    """SQLite and chdb only."""
    with edges(embedded_settings, create=True, sources=[]) as opened:
        yield opened


@pytest.fixture(scope="module")
def scored_folder(tmp_path_factory: pytest.TempPathFactory, migrated_chdb: Path) -> Path:
    """A bus and a database after the usual documents were scored, to copy."""
    folder = tmp_path_factory.mktemp("scored") / "scored"
    folder.mkdir()
    shutil.copytree(migrated_chdb, folder / "clickhouse", symlinks=True)
    with edges(settings_in(folder), create=True, sources=[]) as opened:
        score(opened)
    return folder


def settings_in(folder: Path) -> Settings:
    return Settings(
        bus_url=f"sqlite:///{folder}/bus.db",
        database_url=f"chdb:///{folder}/clickhouse",
        alert_log=folder / "alerts.log",
    )


@pytest.fixture
def scored(scored_folder: Path, tmp_path: Path) -> Iterator[Edges]:
    """SQLite and chdb only, after the usual documents were scored."""
    folder = shutil.copytree(scored_folder, tmp_path / "scored", symlinks=True)
    with edges(settings_in(folder), sources=[]) as opened:
        yield opened


# What becomes of the figures


def test_the_figures_are_those_of_a_first_scoring_with_the_new_model(
    opened: Edges, tmp_path: Path
) -> None:
    score(opened)
    report = reclassify(judging_with(opened, SecondModel()), Selection())
    now = ledger_of(opened)
    again, figures_again = counted(opened), held(opened, POINTS)

    # What the first model found off topic had no text to judge again, so the other never sees it either.
    off_topic = Counter(now.values())["off_topic"] - report.off_topic
    assert off_topic > 0
    folder = tmp_path / "other"
    folder.mkdir()
    other = Settings(
        bus_url=f"sqlite:///{folder}/bus.db", database_url=f"chdb:///{folder}/clickhouse"
    )
    judged_again = {
        row
        for (row,) in held(
            opened, "SELECT origin FROM dispositions FINAL WHERE reason LIKE 'judged again%'"
        )
    }
    if opened.database.url.startswith("chdb"):  # one folder at a time
        opened.database.close()
    with edges(other, create=True, sources=[]) as fresh:
        publish(fresh.bus, [(f"feed:courier/{n}", some(n)) for n in range(DOCUMENTS)], [])
        drain(judging_with(fresh, SecondModel()), clock=lambda: NOW)
        watch(fresh, now=NOW)
        wanted = ledger_of(fresh)
        assert {origin: wanted[origin] for origin in judged_again} == {
            origin: now[origin] for origin in judged_again
        }
        lost = [
            f"'{some(n).id}'" for n in range(DOCUMENTS) if f"feed:courier/{n}" not in judged_again
        ]
        seen = held(
            fresh,
            "SELECT society, target, day, outlet, countIf(stance = 'support'), countIf(stance = 'neutral'),"
            " countIf(stance = 'oppose') FROM judgements FINAL"
            f" WHERE document_id NOT IN ({', '.join(lost)}) AND stance != 'not_addressed'"
            " GROUP BY society, target, day, outlet ORDER BY society, target, day, outlet",
        )
    assert again == seen
    assert figures_again


def test_every_row_counts_once_under_what_it_is_now_and_when_it_was_read(opened: Edges) -> None:
    score(opened)
    before, was = kept(opened), ledger_of(opened)
    told = coverage.ledger_between(opened.database, NOW, NOW + timedelta(seconds=1))
    report = reclassify(judging_with(opened, SecondModel()), Selection())
    now, after = ledger_of(opened), kept(opened)

    assert set(now) == set(was)
    assert after["read at"] == before["read at"]
    assert sum(told.values()) == len(was) == DOCUMENTS + 2
    totals = ledger.totals(opened.database)
    assert sum(totals.values()) == DOCUMENTS + 2
    assert totals == {word: Counter(now.values())[word.value] for word in Disposition}
    assert coverage.ledger_between(opened.database, NOW, NOW + timedelta(seconds=1)) == {
        word.value: n for word, n in totals.items() if n
    }
    moved = {origin for origin in was if was[origin] != now[origin]}
    assert len(moved) == report.moved
    assert {(was[origin], now[origin]) for origin in moved} == {
        ("judged", "off_topic"),
        ("unsupported_language", "judged"),
        ("unsupported_language", "off_topic"),
    }
    reasons = dict(
        held(
            opened,
            "SELECT reason, count() FROM dispositions FINAL WHERE reason LIKE 'judged again%'"
            " GROUP BY reason",
        )
    )
    assert set(reasons) == {
        "judged again by second-1: was judged",
        "judged again by second-1: was unsupported language",
    }
    assert sum(reasons.values()) == report.read - report.no_text
    models = held(opened, "SELECT DISTINCT model FROM judgements FINAL")
    assert models == [("second-1",)]
    cells = {(society, day) for society, _, day, *_ in after["daily_counts"]}
    assert daily_counts.miscounted(opened.database, cells) == []


def test_a_second_run_finds_nothing_to_do(scored: Edges) -> None:
    again = judging_with(scored, SecondModel())
    found = sum(one.documents for one in count_unjudged(again, Selection()))
    report = reclassify(again, Selection())
    assert (report.read, report.no_text) == (found, 0)
    before = kept(scored)
    assert count_unjudged(again, Selection()) == []
    assert reclassify(again, Selection()) == ReclassifyReport()
    assert kept(scored) == before


def test_documents_of_the_same_model_are_left_alone(scored: Edges) -> None:
    before = kept(scored)
    judged = {"judged"}
    assert judged.isdisjoint(one.disposition.value for one in count_unjudged(scored, Selection()))
    reclassify(scored, Selection())
    after = kept(scored)
    for name in ("documents", "judgements", "readings", "daily_counts", "points"):
        assert after[name] == before[name]


def test_back_to_the_first_model_gives_the_first_figures(scored: Edges) -> None:
    counts, was = counted(scored), ledger_of(scored)
    reclassify(judging_with(scored, SecondModel()), Selection())
    assert counted(scored) != counts
    back = judging_with(scored, LexiconClassifier())
    report = reclassify(back, Selection(off_topic=True))
    assert counted(scored) == counts
    now = ledger_of(scored)
    # Only what neither model ever judged lost its text: German, and off topic for the second model.
    lost = {origin for origin in was if now[origin] != was[origin]}
    assert {was[origin] for origin in lost} == {"unsupported_language"}
    assert {now[origin] for origin in lost} == {"off_topic"}
    assert report.no_text == len(lost) + sum(word == "off_topic" for word in was.values())


def test_a_language_that_the_new_model_does_not_know_is_not_counted_any_more(
    embedded: Edges,
) -> None:
    score(embedded, classifier=SecondModel(decide=lambda text: "support"))
    german = [
        one for one in map(some, range(DOCUMENTS)) if one.language == "de" and "(" in one.text
    ]
    reclassify(judging_with(embedded, LexiconClassifier()), Selection())
    now = ledger_of(embedded)
    away = [n for n in range(DOCUMENTS) if some(n).language == "de"]
    assert {now[f"feed:courier/{n}"] for n in away} <= {"unsupported_language", "off_topic"}
    ids = ", ".join(f"'{one.id}'" for one in german)
    stances = held(
        embedded, f"SELECT DISTINCT stance FROM judgements FINAL WHERE document_id IN ({ids})"
    )
    assert stances == [("not_addressed",)]
    flags = held(
        embedded,
        f"SELECT DISTINCT relevance, topics FROM readings FINAL WHERE document_id IN ({ids})",
    )
    assert flags == [(0.0, [])]


# Text


def test_text_goes_where_no_model_ever_judged_and_stays_where_one_did(scored: Edges) -> None:
    was = ledger_of(scored)
    reclassify(judging_with(scored, SecondModel()), Selection())
    texts = dict(
        held(
            scored,
            "SELECT origin, text FROM (SELECT id, origin FROM documents FINAL)"
            " ALL LEFT JOIN (SELECT id, text FROM document_texts FINAL) USING (id)",
        )
    )
    for origin, now in ledger_of(scored).items():
        if origin in texts:
            expected = now == "judged" or was[origin] == "judged"
            assert bool(texts[origin]) is expected, (origin, was[origin], now)
    first = held(scored, "SELECT count() FROM documents FINAL")
    assert first == [(DOCUMENTS,)]


def test_what_has_no_text_any_more_is_told_and_left_as_it_is(embedded: Edges) -> None:
    score(embedded, classifier=LexiconClassifier())
    gone = sum(word == "off_topic" for word in ledger_of(embedded).values())
    before = kept(embedded)
    again = judging_with(embedded, LexiconClassifier())
    everything = Selection(off_topic=True)
    (off_topic, foreign) = count_unjudged(again, everything)
    assert off_topic == Count(
        disposition=Disposition.OFF_TOPIC, model="", documents=gone, no_text=gone
    )
    assert (foreign.disposition, foreign.no_text) == (Disposition.UNSUPPORTED_LANGUAGE, 0)
    report = reclassify(again, everything)
    assert report.no_text == gone > 0
    assert str(report) == (
        f"{gone + foreign.documents} read again = 0 judged + 0 off topic"
        f" + {foreign.documents} unsupported language + {gone} without text"
        " (0 were something else before)"
    )
    assert kept(embedded)["judgements"] == before["judgements"]
    assert dict(ledger_of(embedded))  # and their rows are where they were
    assert sum(one.documents for one in count_unjudged(again, everything)) == gone


# What is chosen


@pytest.mark.parametrize(
    ("selection", "chosen"),
    [
        (Selection(since=date(2026, 11, 1)), lambda one: one.day >= date(2026, 11, 1)),
        (Selection(until=date(2026, 10, 15)), lambda one: one.day <= date(2026, 10, 15)),
        (
            Selection(since=date(2026, 9, 5), until=date(2026, 9, 25), society="XB"),
            lambda one: date(2026, 9, 5) <= one.day <= date(2026, 9, 25) and one.society == "XB",
        ),
        (Selection(society="XC"), lambda one: False),
        (Selection(since=date(2027, 1, 1)), lambda one: False),
        (Selection(since=date(1, 1, 1), until=date(9999, 12, 31)), lambda one: True),
    ],
)
def test_days_and_society_choose(scored: Edges, selection: Selection, chosen: Any) -> None:
    was = ledger_of(scored)
    wanted = {
        f"feed:courier/{n}"
        for n in range(DOCUMENTS)
        if chosen(some(n)) and was[f"feed:courier/{n}"] != "off_topic"
    }
    again = judging_with(scored, SecondModel())
    assert sum(one.documents for one in count_unjudged(again, selection)) == len(wanted)
    report = reclassify(again, selection)
    assert report.read == len(wanted)
    changed = held(
        scored, "SELECT origin FROM dispositions FINAL WHERE reason LIKE 'judged again%'"
    )
    assert {origin for (origin,) in changed} == wanted


@pytest.mark.parametrize("limit", [1, BATCH, 30])
def test_a_limit_takes_the_newest_months_and_the_next_run_the_rest(
    scored: Edges, limit: int
) -> None:
    again = judging_with(scored, SecondModel())
    found = sum(one.documents for one in count_unjudged(again, Selection()))
    report = reclassify(again, Selection(limit=limit))
    assert report.read == min(limit, found)
    done = held(
        scored,
        "SELECT min(toYYYYMM(day)), max(toYYYYMM(day)) FROM documents WHERE origin IN"
        " (SELECT origin FROM dispositions FINAL WHERE reason LIKE 'judged again%')",
    )
    left = [
        key.day
        for month in stored_documents.months(scored.database, _search(again))
        for key in stored_documents.unjudged(
            scored.database, _search(again).within(month), "", 1_000
        )
    ]
    assert len(left) == found - report.read
    if left:
        assert max(left).strftime("%Y%m") <= str(done[0][0])
    assert reclassify(again, Selection()).read == found - report.read


def _search(opened: Edges) -> stored_documents.Search:
    return stored_documents.Search(
        model=opened.classifier.model,
        mark=f"judged again by {opened.classifier.model}: ",
        others=(Disposition.UNSUPPORTED_LANGUAGE,),
        first=FIRST - timedelta(days=400),
        last=LAST,
    )


def test_pages_do_not_overlap_and_leave_nothing_out(
    scored: Edges, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flows.reclassifying.KEYS_PER_PAGE", 4)
    again = judging_with(scored, SecondModel(), batch=3)
    lines: list[ReclassifyReport] = []
    found = sum(one.documents for one in count_unjudged(again, Selection(off_topic=True)))
    report = reclassify(again, Selection(off_topic=True), progress=lines.append)
    assert report.read == found == DOCUMENTS
    assert report.batches == len(lines) > DOCUMENTS / 4
    ids = held(scored, "SELECT count(), uniqExact(document_id, target) FROM judgements FINAL")
    assert ids[0][0] == ids[0][1]
    for line in lines:
        words = (line.judged, line.off_topic, line.unsupported_language, line.no_text)
        assert line.read == sum(words)


def test_rows_of_a_machine_whose_clock_is_ahead_are_replaced_too(scored: Edges) -> None:
    ahead = next_version() + 3_600_000_000
    for table in ("readings", "judgements", "dispositions"):
        names = [row[0] for row in held(scored, f"DESCRIBE TABLE {table}")]
        columns = ", ".join(names)
        values = ", ".join(str(ahead) if name == "version" else name for name in names)
        scored.database.execute(
            f"INSERT INTO {table} ({columns}) SELECT {values} FROM {table} FINAL"
        )
    again = judging_with(scored, SecondModel())
    assert reclassify(again, Selection()).moved > 0
    assert count_unjudged(again, Selection()) == []
    assert held(scored, "SELECT DISTINCT model FROM judgements FINAL") == [("second-1",)]


# Alerts


def day_of(text: str) -> int:
    found = re.search(r"day (\d+)", text)
    assert found is not None
    return int(found[1])


def mostly(text: str, supporting: int) -> str:
    """So many of the ten documents of an outlet's day support."""
    return "support" if int(text.rsplit(" ", 1)[1]) < supporting else "oppose"


def test_a_fall_that_judging_again_shows_in_old_days_is_no_news(embedded: Edges) -> None:
    days, fall = 45, 30
    start = datetime(2026, 9, 1, 9, tzinfo=UTC)
    batch = [
        some(
            n,
            id=f"{n:032x}",
            outlet=f"Outlet {n % 4}",
            society="XA",
            language="en",
            story=f"story-{n}",
            published_at=start + timedelta(days=n // 40),
            text=f"The work visa scheme, day {n // 40}, part {n % 40 // 4}",
        )
        for n in range(days * 40)
    ]
    score(embedded, *batch, classifier=SecondModel("steady-1", decide=lambda text: mostly(text, 7)))
    now = start + timedelta(days=days)
    assert watch(embedded, now=now).opened == ()
    falling = SecondModel(
        "falling-1", decide=lambda text: mostly(text, 7 if day_of(text) < fall else 1)
    )
    again = judging_with(embedded, falling, batch=500)
    assert reclassify(again, Selection()).judged == len(batch)
    series = points.points_between(embedded.database, start.date(), now.date())
    assert [point.net_support for point in series["XA", TOPIC]][fall - 1 : fall + 1] == [
        pytest.approx(40),
        pytest.approx(-80),
    ]
    assert find_falls(embedded, series, start.date(), now.date()).drops, (
        "the fall is there to be found"
    )
    report = watch(again, now=now)
    assert (report.points, report.opened, report.told) == (0, (), 0)
    assert incidents.stored_incidents(embedded.database) == []


# Killed


def start_worker(settings: Settings, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, *arguments],
        env={**os.environ, **as_environment(settings)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.fixture(scope="module")
def undisturbed(
    scored_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list[tuple[Any, ...]]]:
    """The figures of a run that nobody kills; both modes must give these."""
    folder = tmp_path_factory.mktemp("reclassify") / "here"
    shutil.copytree(scored_folder, folder, symlinks=True)
    with edges(settings_in(folder), sources=[]) as opened:
        reclassify(judging_with(opened, SecondModel()), Selection())
        return kept(opened)


def test_killed_at_any_write_and_started_again_it_changes_no_figure(
    settings: Settings, undisturbed: dict[str, list[tuple[Any, ...]]]
) -> None:
    settings = settings.model_copy(update={"batch_size": BATCH})
    with edges(settings, create=True, sources=[]) as opened:
        score(opened)
        again = judging_with(opened, SecondModel())
        left = sum(one.documents for one in count_unjudged(again, Selection()))
    quick = settings.model_copy(update={"model": "lexicon"})  # opened, and never asked
    # The writes of a batch are readings, judgements, recount, ledger; after the batches of a month, the removal
    # of text. The sixth of these deaths ends the first batch and the eighth the month; the next two die around
    # its removal.
    for n, when in ((1, "before"), (1, "after"), (2, "after"), (3, "after"), (4, "before"), (4, "after"), (6, "after"), (7, "after"), (1, "before"), (1, "after"), (8, "after")):  # fmt: skip
        assert died(judge_again_until_death, quick, n, when) == -signal.SIGKILL
    with edges(settings, sources=[]) as opened:
        again = judging_with(opened, SecondModel())
        rest = sum(one.documents for one in count_unjudged(again, Selection()))
        ((done,),) = held(
            opened, "SELECT count() FROM dispositions FINAL WHERE reason LIKE 'judged again%'"
        )
        assert 0 < rest == left - done
        assert reclassify(again, Selection()).read == rest
        watch(opened, now=NOW)
        assert kept(opened) == undisturbed


def test_the_real_command_killed_in_the_middle_judges_only_the_rest(
    embedded_settings: Settings,
) -> None:
    settings = embedded_settings.model_copy(update={"batch_size": 4, "model": "lexicon"})
    with edges(settings, create=True, sources=[]) as opened:
        score(opened, classifier=SecondModel())
        found = sum(one.documents for one in count_unjudged(opened, Selection()))
    process = start_worker(settings, "-m", "flows.cli", "reclassify")
    assert process.stderr is not None
    for line in process.stderr:
        if b"batch 3:" in line:
            break
    process.kill()
    process.communicate()
    with edges(settings, sources=[]) as opened:
        rest = sum(one.documents for one in count_unjudged(opened, Selection()))
    assert 0 < rest <= found - 12
    finish = start_worker(settings, "-m", "flows.cli", "reclassify")
    out, errors = finish.communicate(timeout=120)
    assert finish.returncode == 0, errors.decode()
    assert out.decode().startswith(f"{rest} read again = ")
    lines = re.findall(rb"barometer.reclassify batch \d+: (\d+) read again = ", errors)
    assert sum(map(int, lines)) == rest
    with edges(settings, sources=[]) as opened:
        assert count_unjudged(opened, Selection()) == []
        totals = ledger.totals(opened.database)
        assert sum(totals.values()) == DOCUMENTS + 2
        cells = {(society, day) for society, _, day, *_ in counted(opened)}
        assert cells and daily_counts.miscounted(opened.database, cells) == []


# The command


def test_the_command_says_what_it_would_do_and_then_does_it(migrated: Place) -> None:
    migrated.set("BAROMETER_MODEL", "lexicon")
    with edges(sources=[]) as opened:
        score(opened, classifier=SecondModel())
        found = sum(one.documents for one in count_unjudged(opened, Selection()))
        before = kept(opened)
    said = migrated.run("reclassify", "--dry-run")
    assert (said.status, said.err) == (0, "")
    assert re.search(r"judged +second-1 +\d+ +0", said.out)
    assert said.out.endswith(f"{found} documents would be judged again by lexicon-1.\n")
    with edges(sources=[]) as opened:
        assert kept(opened) == before
    said = migrated.run("reclassify", "--limit", "5")
    assert said.status == 0
    assert said.out.startswith("5 read again = ")
    assert f"{found - 5} more are not judged by lexicon-1 yet" in said.out
    said = migrated.run("reclassify")
    assert said.out.startswith(f"{found - 5} read again = ")
    said = migrated.run("reclassify", "--dry-run", "--society", "xa", "--since", "2026-01-01")
    assert said.out == "0 documents would be judged again by lexicon-1.\n"


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        (["--since", "soon"], "'soon' does not match the format '%Y-%m-%d'"),
        (["--since", "2026-11-02", "--until", "2026-11-01"], "--since 2026-11-02 is after --until"),
        (["--society", "Narnia"], "--society 'Narnia' is not an ISO 3166-1 alpha-2 code"),
        (["--limit", "0"], "0 is not in the range x>=1"),
    ],
)
def test_what_cannot_be_meant_is_a_mistake(reading: Place, typed: list[str], says: str) -> None:
    said = reading.run("reclassify", *typed)
    assert said.status == 2
    assert says in said.sentence


def test_without_tables_it_says_what_to_do(place: Place) -> None:
    said = place.run("reclassify")
    assert said.status in (1, 2)
    assert "barometer migrate" in said.sentence
