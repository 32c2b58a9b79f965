"""Days on which sources were down are degraded and open no incident; repaired and quiet ones are as any other."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256

import msgspec
import pytest

from alerts.lost_stretch import LostStretch
from alerts.point import State
from alerts.source_gap import SourceAttempts, SourceVolume, Trouble
from classify.disposition import Disposition
from classify.judge import Judged
from flows.degraded_days import find_gaps
from flows.settings import Settings
from flows.watching import estimate_counted_days, watch
from flows.wiring import Edges, edges
from storage import points, source_gaps, source_runs
from storage.database import Database, next_version
from storage.incidents import stored_incidents
from storage.source_runs import SourceRun
from tests.judged_documents import TOPIC, document, judged, store
from tests.people import People

FIRST = date(2026, 9, 1)
SERIES = ("XA", TOPIC)

DEAD = 30
"""Days after FIRST from which on the courier cannot be read."""

FEEDS = ("courier", "herald", "post", "echo")


@pytest.fixture
def opened(settings: Settings) -> Iterator[Edges]:
    """Both modes: SQLite and chdb, a broker and a ClickHouse server."""
    with edges(settings, create=True, sources=[]) as opened:
        yield msgspec.structs.replace(opened, channels=(People(),))


@pytest.fixture
def embedded(embedded_settings: Settings) -> Iterator[Edges]:
    """SQLite and chdb only, where what is decided is the same whatever it was read from."""
    with edges(embedded_settings, create=True, sources=[]) as opened:
        yield msgspec.structs.replace(opened, channels=(People(),))


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def moment(number: int, hour: float) -> datetime:
    return datetime.combine(day(number), time(), UTC) + timedelta(hours=hour)


def morning_after(number: int) -> datetime:
    """01:00 UTC of the day after."""
    return moment(number + 1, 1)


def read(
    database: Database,
    *numbers: int,
    outcome: str = "ok",
    of: Iterable[str] = FEEDS,
    hour: float = 20,
) -> None:
    """One attempt at each of these sources on each of these days."""
    runs = [
        SourceRun(
            run=f"{source}-{at:%m-%d-%H%M}",
            source=source,
            started_at=at,
            finished_at=at,
            outcome=outcome,
            new=10 if outcome == "ok" else 0,
        )
        for at in (moment(number, hour) for number in numbers)
        for source in of
    ]
    rows = [(*msgspec.structs.astuple(run), next_version()) for run in runs]
    database.insert("source_runs", [*SourceRun.__struct_fields__, "version"], rows)


def by(
    source: str, number: int, supporting: int, opposing: int, *, society: str = "XA"
) -> list[Judged]:
    """Documents of one source, each outlet having one."""
    stances = ["support"] * supporting + ["oppose"] * opposing
    found = []
    for n, stance in enumerate(stances):
        key = sha256(f"{society}/{source}/{number}/{n}".encode()).digest()
        one = document(int.from_bytes(key[:16]), day=day(number), outlet=source, society=society)
        found.append(judged(msgspec.structs.replace(one, source=source), stance))
    return found


def fill(
    opened: Edges, numbers: Iterable[int], *, of: Iterable[str] = FEEDS, opposing: int = 6
) -> None:
    """Days on which the courier, 40 % of all, supports and of ten documents of each other so many oppose."""
    batch = [
        one
        for n in numbers
        for source in of
        for one in by(source, n, *((20, 0) if source == "courier" else (10 - opposing, opposing)))
    ]
    store(opened.database, *batch)


def without_the_courier(opened: Edges, last: int) -> None:
    """Well until DEAD; from then on there is nothing of the courier, and the others fall."""
    fill(opened, range(DEAD))
    fill(opened, range(DEAD, last + 1), of=FEEDS[1:], opposing=10)
    read(opened.database, *range(last + 1), of=FEEDS[1:])
    read(opened.database, *range(DEAD), of=["courier"])


def states(opened: Edges) -> dict[int, State]:
    """By number of the day."""
    stored = points.points_between(opened.database, day(-9), day(99)).get(SERIES, [])
    return {(one.day - FIRST).days: one.state for one in stored}


# Dead, quiet, repaired


def test_a_dead_feed_makes_the_days_of_its_society_degraded_and_opens_no_incident(
    opened: Edges, caplog: pytest.LogCaptureFixture
) -> None:
    last = DEAD + 6
    without_the_courier(opened, last)
    fill_another_society(opened, last)
    read(opened.database, *range(DEAD, last + 1), outcome="failed", of=["courier"])
    with caplog.at_level(logging.WARNING, "barometer.watch"):
        for number in range(DEAD, last + 1):
            assert watch(opened, now=morning_after(number)).opened == ()
    found = states(opened)
    assert {found[number] for number in range(DEAD)} == {State.OK}
    assert {found[number] for number in range(DEAD, last + 1)} == {State.DEGRADED}
    assert stored_incidents(opened.database) == []
    assert (
        f"degraded: XA {day(DEAD)}: sources that usually bring 40 % of the documents about migration"
        " were down: courier (40 %) could not be read"
    ) in caplog.messages
    other = points.points_between(opened.database, day(0), day(last))["XB", TOPIC]
    assert {one.state for one in other} == {State.OK}


def fill_another_society(opened: Edges, last: int) -> None:
    """XB has a feed and two files that were imported, one of which ends a day earlier."""
    sources = ("globe", "import:forum.csv", "import:letters.csv")
    batch = [
        one
        for number in range(last + 1)
        for source in (sources if number < last else sources[:2])
        for one in by(source, number, 8, 8, society="XB")
    ]
    store(opened.database, *batch)
    read(opened.database, *range(last + 1), of=["globe"])


def test_a_quiet_source_is_no_gap_and_its_days_are_watched(opened: Edges) -> None:
    last = DEAD + 6
    without_the_courier(opened, last)
    read(opened.database, *range(DEAD, last + 1), outcome="unchanged", of=["courier"])
    found = [watch(opened, now=morning_after(number)).opened for number in range(DEAD, last + 1)]
    assert {*states(opened).values()} == {State.OK}
    assert any(found)  # the same figures open an incident where no source was down


def test_a_feed_that_is_repaired_and_still_holds_the_day_makes_it_ok(embedded: Edges) -> None:
    without_the_courier(embedded, DEAD)
    read(embedded.database, DEAD, outcome="failed", of=["courier"])
    watch(embedded, now=morning_after(DEAD))
    assert states(embedded)[DEAD] is State.DEGRADED
    read(embedded.database, DEAD + 1, of=["courier"], hour=9)
    fill(embedded, [DEAD], of=["courier"])
    assert watch(embedded, now=moment(DEAD + 1, 10)).points == 1
    assert states(embedded)[DEAD] is State.OK


def test_a_feed_that_is_repaired_and_no_longer_holds_the_day_leaves_it_degraded(
    embedded: Edges,
) -> None:
    without_the_courier(embedded, DEAD)
    read(embedded.database, DEAD, outcome="failed", of=["courier"])
    read(embedded.database, DEAD + 1, of=["courier"], hour=9)
    watch(embedded, now=moment(DEAD + 1, 10))
    assert states(embedded)[DEAD] is State.DEGRADED
    store(embedded.database, *by("courier", DEAD, 4, 0))  # a fifth of it is found later
    watch(embedded, now=moment(DEAD + 9, 10))
    assert states(embedded)[DEAD] is State.OK


def test_a_source_that_lost_most_of_a_day_makes_it_degraded_although_it_was_read_on_it(
    opened: Edges,
) -> None:
    without_the_courier(opened, DEAD + 1)
    for number, lost in ((DEAD, 16), (DEAD + 1, 3)):
        read(opened.database, number, of=["courier"])
        tell_lost(opened.database, number, hour=21, since=21 - lost, until=21)
    watch(opened, now=morning_after(DEAD + 1))
    found = states(opened)
    assert (found[DEAD], found[DEAD + 1]) == (State.DEGRADED, State.OK)
    gaps = find_gaps(opened.database, [("XA", day(DEAD)), ("XA", day(DEAD + 1))])
    assert [(gap.day, gap.sources[0].trouble) for gap in gaps.values()] == [
        (day(DEAD), Trouble.LOST)
    ]


def tell_lost(
    database: Database,
    number: int,
    *,
    hour: float,
    since: float,
    until: float,
    source: str = "courier",
    outcome: str = "ok",
) -> None:
    """A reading that tells what the source no longer gave; hours after the beginning of the day of this number."""
    run = SourceRun(
        run=f"lost-{source}-{number}-{hour}",
        source=source,
        started_at=moment(number, hour),
        finished_at=moment(number, hour),
        outcome=outcome,
        gap_since=moment(number, since),
        gap_until=moment(number, until),
    )
    source_runs.store_run(database, run)


SMALL = ("gazette", "courier", "herald")
"""They bring three documents a day: too few to be missed, had they been read."""


def small_feeds_and_files(opened: Edges, last: int) -> None:
    """Nine documents a day of three feeds, but for the last day, and 20 of four imported files."""
    files = [f"import:{n}.csv" for n in range(4)]
    batch = [one for n in range(last + 1) for source in files for one in by(source, n, 3, 2)]
    batch += [one for n in range(last) for source in SMALL for one in by(source, n, 2, 1)]
    store(opened.database, *batch)
    read(opened.database, *range(last), of=SMALL)


def test_a_verdict_that_changes_is_stored_although_nothing_was_counted_anew(
    embedded: Edges,
) -> None:
    small_feeds_and_files(embedded, DEAD)
    read(embedded.database, DEAD, outcome="failed", of=SMALL)
    watch(embedded, now=morning_after(DEAD))
    assert states(embedded)[DEAD] is State.DEGRADED
    assert watch(embedded, now=morning_after(DEAD)).points == 0
    # The feeds answer again, and said nothing on that day.
    read(embedded.database, DEAD + 1, of=SMALL, hour=9)
    assert watch(embedded, now=moment(DEAD + 1, 10)).points == 1
    assert states(embedded)[DEAD] is State.OK
    assert watch(embedded, now=moment(DEAD + 1, 10)).points == 0


def test_a_day_is_judged_when_it_is_over(embedded: Edges) -> None:
    without_the_courier(embedded, DEAD)
    read(embedded.database, DEAD, outcome="failed", of=["courier"])
    watch(embedded, now=moment(DEAD, 23))
    assert states(embedded)[DEAD] is State.OK
    assert watch(embedded, now=morning_after(DEAD)).points == 1
    assert states(embedded)[DEAD] is State.DEGRADED


def test_days_that_are_estimated_anew_without_a_watch_stay_degraded(embedded: Edges) -> None:
    without_the_courier(embedded, DEAD)
    read(embedded.database, DEAD, outcome="failed", of=["courier"])
    watch(embedded, now=morning_after(DEAD))
    fill(embedded, range(DEAD - 1, DEAD + 1), of=FEEDS[1:])  # counted anew, as after reclassifying
    assert estimate_counted_days(embedded) == 2
    found = states(embedded)
    assert (found[DEAD - 1], found[DEAD]) == (State.OK, State.DEGRADED)


# Days without any document


def test_a_day_without_a_document_has_a_point_where_sources_were_down(opened: Edges) -> None:
    fill(opened, range(DEAD))
    read(opened.database, *range(DEAD))
    store(opened.database, *by("courier", -40, 3, 3, society="XC"))  # not seen for long
    read(opened.database, DEAD, outcome="failed")
    watch(opened, now=morning_after(DEAD - 1))
    assert max(states(opened)) == DEAD - 1
    assert watch(opened, now=morning_after(DEAD)).points == 1
    assert states(opened)[DEAD] is State.NO_DATA
    stored = points.points_between(opened.database, day(DEAD), day(DEAD))
    assert [(one.n, one.net_support) for one in stored[SERIES]] == [(0, None)]
    assert [*stored] == [SERIES]
    assert watch(opened, now=morning_after(DEAD)).points == 0
    # What arrives late takes the place of the point.
    read(opened.database, DEAD + 1)
    fill(opened, [DEAD])
    watch(opened, now=morning_after(DEAD + 1))
    assert states(opened)[DEAD] is State.OK


def test_a_day_without_a_document_has_no_point_where_every_source_was_read(embedded: Edges) -> None:
    fill(embedded, range(DEAD))
    read(embedded.database, *range(DEAD + 1))
    assert watch(embedded, now=morning_after(DEAD)).points == DEAD
    assert watch(embedded, now=morning_after(DEAD)).points == 0


def test_a_monitor_that_stood_still_looks_at_all_the_days_that_it_missed(embedded: Edges) -> None:
    fill(embedded, range(DEAD))
    read(embedded.database, *range(DEAD))
    watch(embedded, now=morning_after(DEAD - 1))
    read(embedded.database, DEAD + 9, hour=8)
    fill(embedded, [DEAD + 9])
    watch(embedded, now=moment(DEAD + 9, 9))
    found = states(embedded)
    # What the feeds were read for on the last day may still have held the two days before it: it did not.
    assert {found[number] for number in range(DEAD, DEAD + 9)} == {State.NO_DATA}
    assert (found[DEAD - 1], found[DEAD + 9]) == (State.OK, State.OK)


# What the tables tell


def test_attempts_are_told_by_source_and_day(database: Database) -> None:
    read(database, 0, hour=3, of=["courier"])
    read(database, 0, outcome="failed", hour=21, of=["courier"])
    read(database, 0, outcome="failed", hour=22, of=["courier"])
    read(database, 1, outcome="unchanged", hour=0, of=["courier"])
    read(database, 1, outcome="unchanged", hour=23.9, of=["courier"])
    read(database, 0, outcome="interrupted", of=["herald"])
    read(database, 0, of=["import:posts.csv"])
    read(database, 2, of=["courier"])
    read(database, -1, hour=23.9, of=["courier"])
    assert source_gaps.attempts_between(database, day(0), day(1)) == {
        "courier": {
            day(0): SourceAttempts(
                source="courier",
                day=day(0),
                last_success=moment(0, 3),
                last_failure=moment(0, 22),
                brought=True,
            ),
            day(1): SourceAttempts(
                source="courier",
                day=day(1),
                last_success=moment(1, 23.9),
                last_failure=None,
                brought=False,
            ),
        }
    }


def test_what_was_lost_is_told_by_source_whenever_its_reading_told_it(database: Database) -> None:
    read(database, 0, 1, 2)
    for _ in range(2):  # a run that is written again says the same
        tell_lost(database, 3, hour=2, since=-50, until=-30)
    tell_lost(database, 3, hour=3, since=-31, until=-23)
    tell_lost(database, 9, hour=3, since=-200, until=-180, source="herald")
    tell_lost(database, 3, hour=4, since=-50, until=-30, source="import:x.csv")
    tell_lost(database, 3, hour=4, since=-50, until=-30, source="post", outcome="failed")
    assert source_gaps.lost_between(database, day(1), day(1)) == {
        "courier": [LostStretch(since=moment(3, -50), until=moment(3, -23))],
        "herald": [LostStretch(since=moment(9, -200), until=moment(9, -180))],
    }
    assert source_gaps.lost_between(database, day(2), day(2)) == {
        "courier": [LostStretch(since=moment(3, -31), until=moment(3, -23))]
    }
    assert source_gaps.lost_between(database, day(3), day(9)) == {}


def test_documents_are_told_by_society_source_and_day(database: Database) -> None:
    for _ in range(2):  # a replay adds nothing
        store(database, *by("courier", 28, 2, 1), *by("courier", 0, 1, 0), *by("courier", -1, 1, 0))
    off = Judged(document=document(7, day=day(28)), disposition=Disposition.OFF_TOPIC)
    store(database, off, *by("herald", 28, 1, 0, society="XB"))
    found = source_gaps.usual_volumes(database, [("XA", day(28))])
    assert found == {
        "XA": {
            "courier": {
                day(0): volume(0, 1),
                day(28): volume(28, 4, relevant=3),
            }
        }
    }
    # Cells that lie apart ask for their own days only.
    both = source_gaps.usual_volumes(database, [("XA", day(-1)), ("XB", day(40))])
    assert ([*both["XA"]["courier"]], [*both["XB"]]) == ([day(-1), day(28)], ["herald"])
    assert source_gaps.usual_volumes(database, []) == {}


def volume(number: int, documents: int, *, relevant: int | None = None) -> SourceVolume:
    return SourceVolume(
        source="courier",
        society="XA",
        day=day(number),
        documents=documents,
        relevant=documents if relevant is None else relevant,
    )


def test_a_document_that_is_judged_no_more_is_not_relevant(database: Database) -> None:
    (one,) = by("courier", 0, 1, 0)
    store(database, one)
    assert one.reading is not None
    reading = msgspec.structs.replace(one.reading, relevance=0.0)
    store(database, msgspec.structs.replace(one, reading=reading))
    found = source_gaps.usual_volumes(database, [("XA", day(0))])
    assert found["XA"]["courier"][day(0)] == volume(0, 1, relevant=0)


def test_gaps_are_found_among_the_cells_that_are_asked_for(database: Database) -> None:
    read(database, *range(28), of=["courier"])
    for society in ("XA", "XB"):
        store(
            database, *(one for n in range(28) for one in by("courier", n, 2, 1, society=society))
        )
    read(database, 28, outcome="failed", of=["courier"])
    cells = [("XA", day(27)), ("XA", day(28)), ("XC", day(28))]
    (gap,) = find_gaps(database, cells).values()
    assert (gap.society, gap.day, gap.sources[0].trouble) == ("XA", day(28), Trouble.UNREAD)
    assert find_gaps(database, []) == {}
