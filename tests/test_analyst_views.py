"""The views for analysts: weeks, their parts and changes, shares, spillover, incidents; what they say and what they keep back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from alerts.point import State
from benchmarks.cookbook import views_page
from classify.judge import Judged
from flows.digesting import collect_digest
from flows.settings import Settings
from flows.watching import watch
from flows.weekly_figures import WEEKS_PER_WATCH, estimate_weeks
from flows.wiring import Edges, edges
from ingest.document import Document, Kind
from storage import incidents, weeks_to_estimate
from storage.database import Database, Result
from tests.fixtures_command import Place
from tests.judged_documents import TOPIC, a_day, document, judged, store
from tests.people import People
from tests.sample_board import sample_incident

ROOT = Path(__file__).parents[1]

SUNDAY = date(2026, 10, 11)
NOW = datetime(2026, 10, 12, 6, tzinfo=UTC)
WEEK = "2026-W41"


@pytest.fixture
def opened(settings: Settings) -> Iterator[Edges]:
    """Both modes: SQLite and chdb, a broker and a ClickHouse server."""
    with edges(settings, create=True, sources=[]) as opened:
        yield msgspec.structs.replace(opened, channels=(People(),))


def rows(opened: Edges, sql: str) -> list[tuple[Any, ...]]:
    return opened.database.query(sql).rows


def one_row(opened: Edges, sql: str) -> dict[str, object]:
    (found,) = opened.database.query(sql).dicts()
    return found


def written(day: date, number: int, **others: object) -> Document:
    """A document of XB; what is not said is as in tests/judged_documents.py."""
    made = document(7_000_000 + day.toordinal() % 1000 * 1000 + number, day=day, society="XB")
    return msgspec.structs.replace(made, **others)


def fortnight(opened: Edges, last_week: int = 4, this_week: int = 2) -> None:
    """Two weeks of XA up to Sunday: so many texts of each outlet for, four against, a day."""
    batch: list[Judged] = []
    for number in range(14):
        batch += a_day(SUNDAY - timedelta(days=number), this_week if number < 7 else last_week, 4)
    store(opened.database, *batch)


def test_every_view_and_every_column_is_described_where_it_is(database: Database) -> None:
    made = "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine = 'View'"
    described: dict[str, list[str]] = {}
    for view, name, meaning in database.query("SELECT view, name, meaning FROM view_columns").rows:
        described.setdefault(view, []).append(name)
        assert meaning
    assert {name for (name,) in database.query(made).rows} == set(described)
    for view, names in described.items():
        columns = [row[0] for row in database.query(f"DESCRIBE TABLE {view}").rows]
        assert names == ["", *columns], view


def test_a_week_in_sql_is_the_week_that_the_digest_told(opened: Edges) -> None:
    fortnight(opened)
    watch(opened, now=NOW)
    (told,) = collect_digest(opened, WEEK, NOW).series
    shown = one_row(opened, f"SELECT * FROM weekly_support WHERE week = '{WEEK}'")
    assert (shown["net_support"], shown["lower"], shown["upper"]) == pytest.approx(
        (told.week.net_support, told.week.lower, told.week.upper)
    )
    assert (shown["n"], shown["n_eff"]) == (told.week.n, pytest.approx(told.week.n_eff))
    assert shown["net_support_per_story"] == pytest.approx(told.week.per_story.net_support)
    assert (shown["state"], shown["withheld"], shown["models"]) == ("ok", 0, ["m1"])
    change = one_row(opened, f"SELECT * FROM weekly_change WHERE week = '{WEEK}'")
    assert told.change is not None and told.parts is not None
    assert (change["change"], change["lower"]) == pytest.approx(
        (told.change.change, told.change.lower)
    )
    assert change["label"] == told.parts.label.value
    assert change["n_after"] == told.week.n
    given = rows(
        opened,
        f"SELECT count(), sum(contribution), sum(within) FROM weekly_change_by_outlet WHERE week = '{WEEK}'",
    )
    assert given[0] == pytest.approx((4, told.change.change, change["within"]))


def test_parts_of_a_week_add_up_and_topics_overlap(opened: Edges) -> None:
    fortnight(opened)
    official = [
        judged(written(SUNDAY, n, society="XA", kind=Kind.OFFICIAL, language="de"), "neutral")
        for n in range(20)
    ]
    store(opened.database, *official)
    watch(opened, now=NOW)
    where = f"WHERE society = 'XA' AND week = '{WEEK}'"
    ((n, outlets),) = rows(opened, f"SELECT n, outlets FROM weekly_support {where}")
    assert (n, outlets) == (7 * 24 + 20, 4)
    for part in ("outlet", "kind", "language"):
        counted = f"SELECT sum(n), sum(oppose), min(withheld) FROM weekly_support_by_{part} {where}"
        assert rows(opened, counted) == [(n, 7 * 16, 0)]
    by_kind = f"SELECT kind, n, neutral, outlets FROM weekly_support_by_kind {where} ORDER BY kind"
    assert rows(opened, by_kind) == [("news", 168, 0, 4), ("official", 20, 20, 1)]
    by_topic = f"SELECT topic, n FROM weekly_support_by_topic {where} ORDER BY topic"
    assert rows(opened, by_topic) == [("legal_pathways", n), ("welfare_labour", n)]
    shares = f"SELECT topic, documents, share, n FROM weekly_topics {where} ORDER BY topic"
    assert rows(opened, shares) == [("legal_pathways", n, 1.0, n), ("welfare_labour", n, 1.0, n)]
    assert rows(opened, f"SELECT documents, share, n FROM weekly_conflation {where}") == [
        (n, 1.0, n)
    ]
    none = f"SELECT documents, share, state FROM weekly_dehumanising {where}"
    assert rows(opened, none) == [(0, 0.0, "ok")]
    languages = f"SELECT part, documents FROM weekly_coverage {where} AND dimension = 'language' ORDER BY part"
    assert rows(opened, languages) == [("de", 20), ("en", 168)]


def test_only_weeks_that_are_over_have_a_row_and_only_what_changed_is_estimated_again(
    opened: Edges,
) -> None:
    fortnight(opened)
    store(opened.database, *a_day(SUNDAY + timedelta(days=1), 3, 3))
    watch(opened, now=NOW)
    versions = "SELECT week, version FROM weekly_figures FINAL WHERE dimension = '' ORDER BY week"
    before: dict[str, int] = dict(rows(opened, versions))
    assert list(before) == ["2026-W40", WEEK]
    assert estimate_weeks(opened, NOW.date()) == 0
    watch(opened, now=NOW + timedelta(hours=1))
    assert dict(rows(opened, versions)) == before
    # a late document changes its week and the comparison of the next
    late = judged(document(1, day=date(2026, 9, 30)), "oppose")
    store(opened.database, late)
    watch(opened, now=NOW + timedelta(hours=2))
    assert {week for week, version in rows(opened, versions) if version > before[week]} == {
        "2026-W40",
        WEEK,
    }
    watch(opened, now=NOW + timedelta(days=7))
    ((n,),) = rows(opened, "SELECT n FROM weekly_support WHERE week = '2026-W42'")
    assert n == 24


def test_a_watch_that_was_cut_off_leaves_its_weeks_waiting(opened: Edges) -> None:
    fortnight(opened)
    watch(opened, now=NOW)
    weeks_to_estimate.wait(opened.database, [("XA", TOPIC, SUNDAY)])
    (waiting,) = weeks_to_estimate.waiting(opened.database, NOW.date())
    assert (waiting.monday, waiting.target) == (date(2026, 10, 5), TOPIC)
    # marked again while it is estimated: the newer mark stays
    weeks_to_estimate.wait(opened.database, [("XA", TOPIC, SUNDAY)])
    weeks_to_estimate.done(opened.database, [waiting])
    assert len(weeks_to_estimate.waiting(opened.database, NOW.date())) == 1
    assert estimate_weeks(opened, NOW.date()) == 1


def test_after_an_import_of_years_the_newest_weeks_come_first(opened: Edges) -> None:
    mondays = [date(2026, 10, 5) - timedelta(weeks=n) for n in range(WEEKS_PER_WATCH + 2)]
    store(opened.database, *(each for monday in mondays for each in a_day(monday, 3, 3)))
    watch(opened, now=NOW)
    shown = [monday for (monday,) in rows(opened, "SELECT monday FROM weekly_support ORDER BY 1")]
    assert shown == sorted(mondays)[2:]
    watch(opened, now=NOW + timedelta(hours=1))
    ((first,),) = rows(opened, "SELECT min(monday) FROM weekly_support")
    assert first == min(mondays)


def test_what_a_new_model_no_longer_says_is_shown_no_more(opened: Edges) -> None:
    fortnight(opened)
    watch(opened, now=NOW)
    again: list[Judged] = []
    for number in range(7):
        for one in a_day(SUNDAY - timedelta(days=number), 2, 4):
            assert one.reading is not None
            reading = msgspec.structs.replace(one.reading, topics=("return",), model="m2")
            judgements = tuple(msgspec.structs.replace(j, model="m2") for j in one.judgements)
            again.append(msgspec.structs.replace(one, reading=reading, judgements=judgements))
    store(opened.database, *again)
    watch(opened, now=NOW + timedelta(hours=1))
    topics = "SELECT DISTINCT topic FROM weekly_support_by_topic WHERE week = '{}' ORDER BY topic"
    assert rows(opened, topics.format(WEEK)) == [("return",)]
    assert rows(opened, topics.format("2026-W40")) == [("legal_pathways",), ("welfare_labour",)]
    models = "SELECT week, models FROM weekly_support ORDER BY week"
    assert rows(opened, models) == [("2026-W40", ["m1"]), (WEEK, ["m2"])]


def figures(result: Result) -> list[dict[str, object]]:
    """Rows without what names them."""
    named = {
        *("society", "target", "week", "monday", "day", "topic", "outlet", "kind", "language"),
        *("dimension", "part", "state", "withheld", "models", "degraded_days", "label"),
    }
    return [{k: v for k, v in row.items() if k not in named} for row in result.dicts()]


SAID = (
    *("daily_support", "weekly_support", "weekly_change", "weekly_change_by_outlet"),
    *(f"weekly_support_by_{part}" for part in ("topic", "outlet", "kind", "language")),
    *("weekly_topics", "weekly_conflation", "weekly_dehumanising", "weekly_coverage"),
)
"""Views that show counts or figures of what was said in a society."""


def posts(people: int, days: int = 14, texts: int = 40) -> list[Judged]:
    """So many people write forty posts a day in XB."""
    found = []
    for back in range(days):
        day = SUNDAY - timedelta(days=back)
        for n in range(texts):
            who = f"{n % people:08x}{day:%m}"
            one = written(day, n, kind=Kind.SOCIAL, outlet=f"Forum {n % 4}", author_key=who, url="")
            found.append(judged(one, "support" if n % 2 else "oppose"))
    return found


def test_no_view_shows_a_figure_of_what_fewer_than_ten_said(opened: Edges) -> None:
    fortnight(opened)
    store(opened.database, *posts(people=4))
    opened.database.execute(
        "INSERT INTO signals SELECT 'shock', 'XB', 'regular', toDate('2026-10-09'), toDate('2026-10-09'), -9., 'x', 1"
    )
    incidents.store_incidents(opened.database, [sample_incident("XB", TOPIC, SUNDAY, 5)])
    watch(opened, now=NOW)
    for view in SAID:
        shown = opened.database.query(f"SELECT * FROM {view} WHERE society = 'XB'")
        assert all(value is None for row in figures(shown) for value in row.values()), view
        assert all(row["withheld"] == 1 for row in shown.dicts()), view
        assert rows(opened, f"SELECT count() > 0 FROM {view} WHERE society = 'XA'") == [(1,)], view
    for view in ("signals_seen", "incidents_seen", "spillover", "documents_read"):
        assert rows(opened, f"SELECT count() FROM {view} WHERE society = 'XB'") == [(0,)], view


def test_every_view_with_a_society_is_held_to_the_floor(database: Database) -> None:
    """A view that is added must be in one of these lists, so that somebody thinks of it."""
    with_society = {
        view
        for view, name, _ in database.query("SELECT view, name, meaning FROM view_columns").rows
        if name == "society"
    }
    others = {"signals_seen", "incidents_seen", "spillover", "documents_read", "messages_told"}
    assert with_society == {*SAID, *others}


def test_what_ten_people_said_is_shown(opened: Edges) -> None:
    store(opened.database, *posts(people=14))
    incidents.store_incidents(opened.database, [sample_incident("XB", TOPIC, SUNDAY, 5)])
    watch(opened, now=NOW)
    week = one_row(opened, f"SELECT * FROM weekly_support WHERE week = '{WEEK}'")
    assert (week["n"], week["withheld"], week["state"]) == (280, 0, State.OK.value)
    assert rows(opened, "SELECT count() FROM incidents_seen") == [(1,)]
    # each forum has seven of the fourteen, and so is withheld; the kind and the language are not
    shown = f"SELECT outlet, n, withheld FROM weekly_support_by_outlet WHERE week = '{WEEK}'"
    assert {row[1:] for row in rows(opened, shown)} == {(None, 1)}
    assert rows(opened, "SELECT min(withheld), max(withheld) FROM weekly_support_by_kind") == [
        (0, 0)
    ]
    # a post is counted and never listed
    assert rows(opened, "SELECT count() FROM documents_read") == [(0,)]


def test_spillover_is_answered_once_a_day_for_each_society_with_both_series(opened: Edges) -> None:
    batch = [
        judged(one.document, irregular="oppose") if one.document else one
        for number in range(14)
        for one in a_day(SUNDAY - timedelta(days=number), 3, 3)
    ]
    store(opened.database, *batch)
    watch(opened, now=NOW)
    (row,) = opened.database.query("SELECT * FROM spillover").dicts()
    assert (row["society"], row["day"], row["verdict"]) == ("XA", SUNDAY, "too_short")
    assert "can't be tested" in str(row["sentence"])
    version = "SELECT max(version) FROM spillovers"
    before = rows(opened, version)
    watch(opened, now=NOW + timedelta(hours=1))
    assert rows(opened, version) == before


def test_the_views_can_be_listed_with_what_they_mean(place: Place) -> None:
    place.set("BAROMETER_DATABASE_URL", f"chdb:///{place.folder}/clickhouse")
    assert place.run("migrate").status == 0
    listed = place.run("sql", "--views", "--format", "csv")
    assert listed.status == 0
    assert listed.out.splitlines()[0] == "view,meaning"
    assert "weekly_change," in listed.out
    columns = place.run("sql", "--views", "weekly_change", "--format", "csv")
    assert "within,what the same outlets wrote differently" in columns.out
    unknown = place.run("sql", "--views", "weekly_chance")
    assert (unknown.status, unknown.out) == (2, "")
    assert "no view 'weekly_chance'" in unknown.err


def test_the_page_describes_the_views_as_the_database_does(database: Database) -> None:
    page = (ROOT / "docs" / "sql.md").read_text("utf-8")
    assert views_page(page, database) == page, "run `python -m benchmarks.cookbook`"
