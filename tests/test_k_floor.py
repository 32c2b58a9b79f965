"""The k-floor: of fewer than ten contributors nothing is published, and nothing can be worked out by subtraction."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from alerts.board_data import data_files
from alerts.board_level import level_on, levels, rows_between
from alerts.board_pages import render
from alerts.conflation import FlaggedCount, conflation
from alerts.decomposition import decompose
from alerts.digest import build_digest
from alerts.digest_text import digest_message
from alerts.facts_of_fall import outlet_moves
from alerts.incident import Change, ChangeKind
from alerts.k_floor import (
    K_FLOOR,
    Hidden,
    contributors,
    days_left_out,
    is_published,
    marks_between,
    parts_of_a_total,
    withheld_days,
    withheld_parts,
)
from alerts.net_support import estimate_points
from alerts.point import StanceCount, State
from alerts.week import days_of_week
from classify.judge import Judged
from flows.boarding import collect_board
from flows.digesting import collect_digest
from flows.excerpting import Period, find_excerpts
from flows.gathering import gather
from flows.settings import Settings
from flows.watching import estimate_counted_days, watch
from flows.wiring import Edges, edges
from ingest.contributor import MONTHS, class_of, contributor_mark, month_class
from ingest.document import Document, Kind
from storage import contributors as stored
from storage import incidents, points, signals
from storage.database import Database, next_version
from storage.migrate import migrate, shipped_migrations
from tests.judged_documents import DAY, TOPIC, a_day, document, judged, store
from tests.people import People
from tests.sample_board import sample_incident

ROOT = Path(__file__).parents[1]


def post(number: int, author: str, *, day: date = DAY, outlet: str = "Forum") -> Document:
    """What a person wrote."""
    return msgspec.structs.replace(
        document(number, day=day, outlet=outlet), kind=Kind.SOCIAL, url="", author_key=author
    )


def article(number: int, *, outlet: str = "Courier", day: date = DAY) -> Document:
    return msgspec.structs.replace(document(number, day=day, outlet=outlet), author_key="")


def authors(number: int, *, month: int = 11) -> list[int]:
    """Marks of so many authors of a month."""
    return [n << 4 | month_class(date(2026, month, 1)) for n in range(number)]


def texts(number: int) -> list[int]:
    """Marks of so many edited texts."""
    return [n << 4 for n in range(number)]


# Who speaks


def test_an_author_is_one_contributor_however_much_they_write() -> None:
    marks = {contributor_mark(post(n, "ab12cd34")) for n in range(50)}
    assert contributors(marks) == 1
    # however many outlets carry it, and in edited media, too: a columnist is one person
    assert contributor_mark(post(1, "ab12cd34", outlet="Elsewhere")) in marks
    columnist = msgspec.structs.replace(document(7), author_key="ab12cd34")
    assert contributor_mark(columnist) in marks


def test_an_edited_text_without_author_is_a_contributor_of_its_own() -> None:
    assert contributors(contributor_mark(article(n)) for n in range(30)) >= 29
    official = msgspec.structs.replace(article(1), kind=Kind.OFFICIAL)
    assert contributor_mark(official) == contributor_mark(article(1))


def test_posts_whose_authors_are_not_known_are_one_contributor_an_outlet() -> None:
    assert contributors(contributor_mark(post(n, "")) for n in range(50)) == 1
    assert contributors(contributor_mark(post(n, "", outlet=f"o{n % 3}")) for n in range(50)) == 3


def test_the_month_of_an_author_key_is_told_and_no_other() -> None:
    november, december = post(1, "ab12"), post(1, "ab12", day=date(2026, 12, 3))
    assert class_of(contributor_mark(november)) == month_class(DAY)
    assert class_of(contributor_mark(november)) != class_of(contributor_mark(december))
    assert class_of(contributor_mark(article(1))) == 0
    months = {month_class(date(2020 + n // 12, n % 12 + 1, 1)) for n in range(MONTHS)}
    assert months == set(range(1, MONTHS + 1))
    assert 0 <= contributor_mark(november) < 2**16


def test_one_author_in_two_months_is_not_taken_for_two() -> None:
    # six authors in each of two months may be the same six
    assert contributors([*authors(6), *authors(6, month=12)]) == 6
    assert contributors([*authors(6), *authors(9, month=12), *texts(2)]) == 11
    assert contributors([]) == 0


@hypothesis_settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([0, 3, 4]),
            st.sets(st.integers(min_value=0, max_value=40), max_size=30),
        ),
        max_size=6,
    )
)
def test_keeping_ten_of_each_part_never_changes_whether_all_are_enough(
    parts: list[tuple[int, set[int]]],
) -> None:
    """A part is a row of a day: documents, and authors of one month. The table keeps its ten smallest marks."""
    rows = [sorted(n << 4 | (n % 2 and month) for n in members) for month, members in parts]
    whole = [mark for row in rows for mark in row]
    kept = [mark for row in rows for mark in row[:K_FLOOR]]
    assert is_published(whole) == is_published(kept)
    assert contributors(kept) <= contributors(whole)


def test_the_floor_is_said_in_one_place() -> None:
    assert K_FLOOR == 10
    assert f"fewer than {K_FLOOR}" == Hidden.FEW.value
    migration = (ROOT / "storage/migrations/0009_k_floor.sql").read_text()
    (kept,) = re.findall(r"arraySort\(groupUniqArrayIf\(.*?\)\), 1, (\d+)\)", migration)
    assert int(kept) >= K_FLOOR, "a higher floor needs a new migration that recounts"


# A total and its parts


def test_what_is_withheld_alone_takes_another_with_it() -> None:
    documents = {"a": 120, "b": 40, "c": 30}
    marks = {"a": authors(90), "b": authors(2), "c": texts(30)}
    assert parts_of_a_total(documents, marks) == {
        "a": 120,
        "b": Hidden.FEW,  # forty posts of two people
        "c": Hidden.PROTECTS,
    }
    assert withheld_parts([documents], [marks | {"b": texts(40)}]) == set()


def test_those_withheld_together_are_enough_people() -> None:
    documents = {"a": 120, "b": 4, "c": 5, "d": 30, "e": 60}
    marks = {"a": texts(120), "b": authors(1), "c": authors(1), "d": authors(20), "e": texts(60)}
    # b and c are one and the same author, so that d must go, too
    assert withheld_parts([documents], [marks]) == {"b", "c", "d"}


def test_the_move_of_an_outlet_that_is_not_named_cannot_be_worked_out() -> None:
    def count(outlet: str, support: int, oppose: int) -> StanceCount:
        return StanceCount(outlet=outlet, support=support, neutral=0, oppose=oppose)

    before = [count("a", 60, 20), count("b", 30, 10), count("few", 12, 0), count("d", 20, 20)]
    after = [count("a", 20, 60), count("b", 10, 30), count("few", 0, 12), count("d", 20, 20)]
    parts = decompose(before, after)
    assert parts is not None
    sides = [{"a": texts(80), "b": texts(40), "few": authors(3), "d": texts(40)} for _ in range(2)]
    named = {move.outlet for move in outlet_moves(parts, before, after, sides)}
    # the change is known, so "few" alone would be what the others leave
    assert "few" not in named
    assert len(named) == 2
    left = [one for one in parts.outlets if one.outlet not in named]
    assert sum(move.n for move in before if move.outlet in {one.outlet for one in left}) >= 50


# Days, weeks and levels

FIRST = date(2026, 11, 2)
"""A Monday."""


def days(counts: Sequence[tuple[int, int]]) -> dict[date, list[StanceCount]]:
    """Documents for and against, of two outlets each day."""
    return {
        FIRST + timedelta(days=n): [
            StanceCount(outlet=name, support=s, neutral=0, oppose=o) for name in ("a", "b")
        ]
        for n, (s, o) in enumerate(counts)
    }


def test_a_day_of_few_is_left_out_of_its_week_so_that_it_is_not_what_the_others_leave() -> None:
    counts = days([(10, 5)] * 3 + [(20, 0)] + [(10, 5)] * 3)
    marks = {day: {"a": texts(15), "b": texts(15)} for day in counts}
    thursday = FIRST + timedelta(days=3)
    marks[thursday] = {"a": authors(2), "b": authors(1)}
    withheld = withheld_days(counts, marks)
    assert set(withheld) == {thursday}
    last = FIRST + timedelta(days=6)
    rows = rows_between(counts, FIRST, last, withheld=withheld)
    assert sum(row.n for row in rows) == 6 * 30, "forty posts of two people are in no figure"
    level = level_on("XA", TOPIC, counts, last, withheld=withheld)
    without = level_on("XA", TOPIC, {d: c for d, c in counts.items() if d != thursday}, last)
    assert level == without
    *_, drawn = levels(counts, FIRST, last, withheld=withheld)
    assert drawn.net_support == pytest.approx(level.net_support)


def test_days_of_few_are_shown_together_where_together_they_are_enough() -> None:
    counts = days([(2, 1)] * 7)
    marks = {day: {"a": [n << 4 for n in range(3 * i, 3 * i + 3)]} for i, day in enumerate(counts)}
    withheld = withheld_days(counts, marks)
    assert set(withheld) == set(counts)
    assert days_left_out(counts, withheld) == set()
    last = FIRST + timedelta(days=6)
    assert level_on("XA", TOPIC, counts, last, withheld=withheld).n == 42
    drawn = {one.day: one for one in levels(counts, FIRST, last, withheld=withheld)}
    # three days have nine, four have twelve
    assert [drawn[FIRST + timedelta(days=n)].net_support is not None for n in range(7)] == [
        n >= 3 for n in range(7)
    ]
    assert drawn[FIRST].state is State.INSUFFICIENT
    early = level_on("XA", TOPIC, counts, FIRST + timedelta(days=2), withheld=withheld)
    assert (early.net_support, early.n, early.withheld) == (None, 0, True)
    assert early.state is State.INSUFFICIENT, "there were documents: it is no day without data"


def test_a_week_of_few_has_no_figure_in_the_digest_and_says_so() -> None:
    week = "2026-W45"
    monday, _ = days_of_week(week)
    assert monday == FIRST
    counts = {
        FIRST + timedelta(days=n): [
            StanceCount(outlet=name, support=4, neutral=0, oppose=1) for name in ("a", "b")
        ]
        for n in range(-56, 7)
    }
    marks = {
        day: {"a": texts(10), "b": authors(5)}
        if day < FIRST
        else {"a": authors(4), "b": authors(5)}
        for day in counts
    }
    digest = build_digest(
        week,
        {("XA", TOPIC): counts},
        marks={("XA", TOPIC): marks},
        now=datetime(2026, 11, 10, tzinfo=UTC),
    )
    (series,) = digest.series
    assert series.week.withheld
    assert (series.week.net_support, series.week.n, series.change) == (None, 0, None)
    assert (series.parts, series.baseline) == (None, None)
    assert series.last_week.n == 70
    message = digest_message(digest)
    (row,) = [line for line in message.body.splitlines() if line.startswith("XA regular")]
    assert row.split()[:4] == ["XA", "regular", "*", "<10"]
    assert "70" not in row, "five authors a day for a week"
    assert "n &lt;10" in message.html
    assert "no document addressed the target" not in message.body


def test_conflation_needs_ten_who_speak() -> None:
    rows = [FlaggedCount(outlet="a", relevant=40, flagged=20)]
    assert conflation("XA", rows, contributors=K_FLOOR).share is not None
    few = conflation("XA", rows, contributors=K_FLOOR - 1)
    assert (few.share, few.flagged, few.state) == (None, None, State.INSUFFICIENT)


# From the tables to what is told


@pytest.fixture
def opened(settings: Settings) -> Iterator[Edges]:
    """Both modes: SQLite and chdb, a broker and a ClickHouse server."""
    with edges(settings, create=True, sources=[]) as opened:
        yield opened


LAST = date(2026, 10, 10)
NOW = datetime(2026, 10, 11, 6, tzinfo=UTC)


def flood(opened: Edges, people: int) -> None:
    """Forty quiet days of news in XA. In XB so many people write forty posts a day, and turn against it in the last days."""
    batch: list[Judged] = []
    for number in range(40):
        day = LAST - timedelta(days=39 - number)
        batch += a_day(day, 4, 4)
        supporting = 1 if number >= 37 else 7
        batch += [
            judged(
                msgspec.structs.replace(
                    post(
                        5_000_000 + 1_000 * number + n,
                        f"{n % people:08x}{day:%m}",
                        day=day,
                        outlet=f"Forum {n % 4}",
                    ),
                    society="XB",
                ),
                "support" if n // 4 < supporting else "oppose",
            )
            for n in range(40)
        ]
    store(opened.database, *batch)


def figures_of(files: dict[str, bytes], name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(files[name].decode())))


def test_what_a_few_people_wrote_is_published_nowhere(opened: Edges) -> None:
    people = People()
    opened = msgspec.structs.replace(opened, channels=(people,))
    flood(opened, people=4)
    report = watch(opened, now=NOW)
    # no alert, no incident, no signal of what four people say
    assert (report.opened, people.told) == ((), [])
    assert incidents.stored_incidents(opened.database) == []
    assert {one.society for one in signals.signals_between(opened.database, FIRST, LAST)} <= {"XA"}
    # not in the view
    shown = opened.database.query(
        "SELECT count(), countIf(withheld = 1), count(net_support), count(n), count(support), count(n_eff)"
        " FROM daily_support WHERE society = 'XB'"
    )
    assert shown.rows == [(40, 40, 0, 0, 0, 0)]
    own = opened.database.query(
        "SELECT count(), countIf(withheld = 1) FROM daily_support WHERE society = 'XA'"
    )
    assert own.rows == [(40, 0)]
    # nor on the board: figures, charts, tables and the files behind them
    board = collect_board(opened, now=NOW, names={})
    page = {each.society: each for each in board.societies}["XB"]
    (view,) = page.series
    assert all(one.net_support is None and one.n == 0 for one in view.points)
    assert all(one.net_support is None for one in view.levels)
    assert (view.level.net_support, view.level.withheld, view.change) == (None, True, None)
    assert page.documents == Hidden.FEW
    assert page.conflation is not None and page.conflation.share is None
    assert {row.documents for row in page.topics} == {Hidden.FEW}
    assert page.outlets == (), "of no day that is shown"
    files = data_files(board)
    for row in figures_of(files, f"data/series.XB.{TOPIC}.csv"):
        assert row["n"] == Hidden.FEW.value
        assert not any(row[c] for c in row if c not in ("day", "n", "state", "level_state"))
    (overview,) = [r for r in figures_of(files, "data/overview.csv") if r["society"] == "XB"]
    assert (overview["n"], overview["net_support"]) == (Hidden.FEW.value, "")
    text = render(board)["society/XB.html"].decode()
    assert "40 texts" not in text and "280" not in text
    # nor in the digest
    digest = collect_digest(opened, "2026-W40", NOW)
    of_xb = [one for one in digest.series if one.society == "XB"]
    assert [one.week.withheld for one in of_xb] == [True]
    assert not [one for one in digest.topics if one.society == "XB"]
    assert "XB" not in digest.typical


def test_what_ten_people_wrote_is(opened: Edges) -> None:
    people = People()
    opened = msgspec.structs.replace(opened, channels=(people,))
    flood(opened, people=14)
    report = watch(opened, now=NOW)
    assert [one.society for one in report.opened] == ["XB"]
    (message,) = people.told
    (fall,) = message.falls
    assert fall.n > 0 and fall.topics
    assert not fall.excerpts, "a post is counted, and never quoted"
    shown = opened.database.query(
        "SELECT count(net_support), min(n) FROM daily_support WHERE society = 'XB' AND withheld = 0"
    )
    assert shown.rows == [(40, 40)]
    board = collect_board(opened, now=NOW, names={})
    page = {each.society: each for each in board.societies}["XB"]
    assert page.series[0].level.n == 280
    assert isinstance(page.documents, int)


def test_facts_of_a_fall_that_few_are_left_of_name_nothing(opened: Edges) -> None:
    """An incident may be older than the floor, or have lost its authors since."""
    flood(opened, people=4)
    estimate_counted_days(opened)
    old = sample_incident("XB", TOPIC, LAST, 5)
    change = Change(kind=ChangeKind.OPENED, incident=old, reason="r", at=old.opened_at)
    (facts,) = gather(opened, [change], {}, LAST)
    assert (facts.n, facts.within, facts.outlets, facts.topics) == (0, None, (), ())
    assert all(day.net_support is None for day in facts.days)


def test_only_edited_texts_are_quoted(opened: Edges) -> None:
    against = "Close the work visa scheme, too many foreign workers push our wages down."
    store(
        opened.database,
        judged(msgspec.structs.replace(post(1, "ab12"), text=against, title=""), "oppose"),
        judged(
            msgspec.structs.replace(article(2, outlet="Herald"), text=against, title=""), "oppose"
        ),
    )
    period = Period("XA", TOPIC, DAY, DAY)
    assert [one.outlet for one in find_excerpts(opened, [period])[period]] == ["Herald"]


# What the tables keep


def test_a_row_keeps_its_contributors_and_judging_again_changes_none(database: Database) -> None:
    store(
        database,
        *(judged(post(n, f"{n:08x}")) for n in range(25)),
        *(judged(article(100 + n)) for n in range(3)),
        judged(article(200), "not_addressed"),
    )
    found = stored.of_series(database, [("XA", TOPIC)], DAY, DAY)["XA", TOPIC][DAY]
    assert len(found["Forum"]) == K_FLOOR, "no more than it takes"
    assert sorted(found["Courier"]) == sorted(
        {contributor_mark(article(100 + n)) for n in range(3)}
    )
    of_days = stored.of_days(database, [("XA", TOPIC, DAY), ("XA", "asylum", DAY)])
    assert contributors(of_days["XA", TOPIC, DAY]) >= K_FLOOR
    assert of_days["XA", "asylum", DAY] == ()
    store(database, *(judged(article(100 + n), "oppose", model="m2") for n in range(3)))
    assert stored.of_series(database, [("XA", TOPIC)], DAY, DAY)["XA", TOPIC][DAY] == found
    topics = stored.by_topic(database, DAY, DAY)["XA"]
    assert is_published(topics[""]) and set(topics) == {"", "legal_pathways", "welfare_labour"}
    assert marks_between({DAY: found}, DAY, DAY)["Forum"] == set(found["Forum"])


def test_a_database_of_before_gets_contributors_and_hides_what_it_cannot_tell(
    empty_database: Database,
) -> None:
    """News of before counts each text, posts of before count as one an outlet; marks are as Python makes them."""
    database = empty_database
    before = [one for one in shipped_migrations() if one.version < 9]
    migrate(database, NOW, before)
    columns = "document_id society target day outlet kind language story stance p_support p_neutral p_oppose p_not_addressed model version"  # fmt: skip
    kinds = [Kind.NEWS, Kind.SOCIAL]
    database.insert(
        "judgements",
        columns.split(),
        [
            (f"{n:032x}", society, TOPIC, DAY, f"o{n % 2}", kind.value, "en", f"s{n}", "support",
             0.7, 0.1, 0.1, 0.1, "m1", n)
            for society, kind in zip(("XA", "XB"), kinds, strict=True)
            for n in range(30)
        ],
    )  # fmt: skip
    migrate(database, NOW)
    rows = database.query("SELECT document_id, outlet, kind, contributor FROM judgements").rows
    assert len(rows) == 60
    for document_id, outlet, kind, mark in rows:
        one = msgspec.structs.replace(
            document(1, outlet=outlet), id=document_id, kind=Kind(kind), author_key=""
        )
        assert mark == contributor_mark(one)
    counted = stored.of_days(database, [("XA", TOPIC, DAY), ("XB", TOPIC, DAY)])
    assert is_published(counted["XA", TOPIC, DAY])
    assert contributors(counted["XB", TOPIC, DAY]) == 2


def test_a_point_of_before_is_withheld_until_it_is_estimated(database: Database) -> None:
    rows = [StanceCount(outlet=name, support=20, neutral=0, oppose=5) for name in "ab"]
    (point,) = estimate_points({("XA", TOPIC, DAY): rows}, {})
    database.insert(
        "points",
        ["society", "target", "day", "support", "neutral", "oppose", "outlets", "n_eff", "state", "version"],
        [("XA", TOPIC, DAY, 40, 0, 10, 2, 30.0, "ok", 1)],
    )  # fmt: skip
    view = "SELECT n, state, withheld FROM daily_support"
    assert database.query(view).rows == [(None, "insufficient", 1)]
    points.store(database, [(point, next_version())])
    assert database.query(view).rows == [(50, "ok", 0)]
    kept = points.points_between(database, DAY, DAY)["XA", TOPIC]
    assert kept == [point]
    points.store(database, [(msgspec.structs.replace(point, withheld=True), next_version())])
    assert points.points_between(database, DAY, DAY)["XA", TOPIC][0].withheld
    assert database.query(view).rows == [(None, "insufficient", 1)]
