"""The weekly digest: which week is full where, written again without being told again, and honest when empty."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest

from alerts.incident import Incident, Status
from classify.disposition import Disposition
from flows.digesting import digest_due, digest_week, last_full_week
from flows.overdue import overdue_digest, tell_of_overdue_digest
from flows.settings import Settings
from flows.telling import tell
from flows.watching import estimate_counted_days
from flows.wiring import Edges, edges
from storage import digests, incidents, ledger, source_runs
from storage.database import DatabaseUnavailable, next_version
from storage.ledger import Entry
from storage.source_runs import SourceRun
from tests.judged_documents import TOPIC, a_day, document, judged, store
from tests.people import People

WEEK = "2026-W46"
"""9 to 15 November."""

MONDAY = date(2026, 11, 9)
NOW = datetime(2026, 11, 16, 8, tzinfo=UTC)


@pytest.fixture
def people() -> People:
    return People()


@pytest.fixture
def opened(settings: Settings, people: People) -> Iterator[Edges]:
    """Both modes, with a channel that remembers."""
    with edges(settings, create=True, sources=[]) as opened:
        yield msgspec.structs.replace(opened, channels=(people,))


def where(zone: str, *, day: int = 1, hour: int = 7) -> Settings:
    return Settings(timezone=zone, digest_day=day, digest_hour=hour)


def at(zone: str, *moment: int) -> datetime:
    """A moment by the clock of that zone."""
    year, month, day, hour, minute = moment
    return datetime(year, month, day, hour, minute, tzinfo=ZoneInfo(zone))


# Which week, and when


@pytest.mark.parametrize(
    ("zone", "moment", "week", "due"),
    [
        # UTC: on Monday at 07:00, and until Sunday's midnight.
        ("UTC", (2026, 11, 15, 23, 59), "2026-W45", True),
        ("UTC", (2026, 11, 16, 0, 0), "2026-W46", False),
        ("UTC", (2026, 11, 16, 6, 59), "2026-W46", False),
        ("UTC", (2026, 11, 16, 7, 0), "2026-W46", True),
        ("UTC", (2026, 11, 18, 3, 0), "2026-W46", True),
        # Rome: for an hour after Monday's midnight the week is not over in UTC.
        ("Europe/Rome", (2026, 11, 15, 23, 59), "2026-W45", True),
        ("Europe/Rome", (2026, 11, 16, 0, 30), "2026-W45", False),
        ("Europe/Rome", (2026, 11, 16, 1, 0), "2026-W46", False),
        ("Europe/Rome", (2026, 11, 16, 6, 59), "2026-W46", False),
        ("Europe/Rome", (2026, 11, 16, 7, 0), "2026-W46", True),
        # Auckland: at 07:00 on Monday it is Sunday evening in UTC, so its digest waits until 13:00.
        ("Pacific/Auckland", (2026, 11, 15, 23, 59), "2026-W45", True),
        ("Pacific/Auckland", (2026, 11, 16, 0, 1), "2026-W45", False),
        ("Pacific/Auckland", (2026, 11, 16, 7, 0), "2026-W45", False),
        ("Pacific/Auckland", (2026, 11, 16, 12, 59), "2026-W45", False),
        ("Pacific/Auckland", (2026, 11, 16, 13, 0), "2026-W46", True),
        # Los Angeles: Monday has begun in UTC while its Sunday goes on.
        ("America/Los_Angeles", (2026, 11, 15, 16, 0), "2026-W45", True),
        ("America/Los_Angeles", (2026, 11, 16, 6, 59), "2026-W46", False),
        ("America/Los_Angeles", (2026, 11, 16, 7, 0), "2026-W46", True),
    ],
)
def test_a_week_is_reported_when_it_is_over_for_its_readers_and_in_utc(
    zone: str, moment: tuple[int, ...], week: str, due: bool
) -> None:
    now = at(zone, *moment)
    assert last_full_week(where(zone), now) == week
    assert digest_due(where(zone), now) is due
    assert last_full_week(where(zone), now.astimezone(UTC)) == week
    assert digest_due(where(zone), now.astimezone(UTC)) is due


@pytest.mark.parametrize(
    ("zone", "moment", "in_utc"),
    [
        # Clocks went back on Sunday 25 October and forward on Sunday 29 March 2026.
        ("Europe/Rome", (2026, 10, 19, 7, 0), (2026, 10, 19, 5, 0)),
        ("Europe/Rome", (2026, 10, 26, 7, 0), (2026, 10, 26, 6, 0)),
        ("Europe/Rome", (2026, 3, 23, 7, 0), (2026, 3, 23, 6, 0)),
        ("Europe/Rome", (2026, 3, 30, 7, 0), (2026, 3, 30, 5, 0)),
        # In Auckland forward on 27 September and back on 5 April; there the hour is UTC's midnight.
        ("Pacific/Auckland", (2026, 9, 21, 12, 0), (2026, 9, 21, 0, 0)),
        ("Pacific/Auckland", (2026, 9, 28, 13, 0), (2026, 9, 28, 0, 0)),
        ("Pacific/Auckland", (2026, 4, 6, 12, 0), (2026, 4, 6, 0, 0)),
    ],
)
def test_the_hour_is_that_of_the_clock_on_the_wall_when_clocks_change(
    zone: str, moment: tuple[int, ...], in_utc: tuple[int, ...]
) -> None:
    now = at(zone, *moment)
    assert now == at("UTC", *in_utc)
    assert digest_due(where(zone), now)
    earlier = now.astimezone(UTC) - timedelta(seconds=1)
    assert not digest_due(where(zone), earlier)


def test_another_day_of_the_week_may_be_chosen() -> None:
    friday = where("Europe/Rome", day=5, hour=0)
    assert not digest_due(friday, at("Europe/Rome", 2026, 11, 19, 23, 59))
    assert digest_due(friday, at("Europe/Rome", 2026, 11, 20, 0, 0))
    assert last_full_week(friday, at("Europe/Rome", 2026, 11, 20, 0, 0)) == "2026-W46"
    assert digest_due(friday, at("Europe/Rome", 2026, 11, 22, 23, 59))
    assert not digest_due(friday, at("Europe/Rome", 2026, 11, 23, 3, 0))


def test_the_year_of_a_week_is_that_of_its_thursday() -> None:
    new_year = at("Europe/Rome", 2027, 1, 4, 8, 0)
    assert last_full_week(where("Europe/Rome"), new_year) == "2026-W53"


# What it says, and to whom


def fill_week(opened: Edges) -> None:
    for days_before, supporting in ((7, 7), (0, 4)):
        for n in range(3):
            day = MONDAY + timedelta(days=n - days_before)
            store(opened.database, *a_day(day, supporting, 3))


def test_a_digest_is_told_once_however_often_it_is_written(opened: Edges, people: People) -> None:
    fill_week(opened)
    first = digest_week(opened, WEEK, now=NOW)
    assert first.told_at == NOW
    assert digests.stored(opened.database, WEEK) == first
    (message,) = people.told
    assert (message.id, message.kind) == (f"digest-{WEEK}", "digest")
    assert (message.title, message.body) == (first.title, first.body)
    assert "XA regular" in first.body
    named = msgspec.structs.replace(opened, society_names={"XA": "Alderland"})
    assert "\nAlderland (XA)\n" in digest_week(named, WEEK, now=NOW).body

    # A late document changes the text and is no reason to tell people again.
    later = NOW + timedelta(hours=1)
    store(opened.database, judged(document(9, day=MONDAY, outlet="Gazette"), "oppose"))
    second = digest_week(opened, WEEK, now=later)
    assert (second.told_at, second.created_at) == (NOW, later)
    assert "85 judgements" in second.body and "84 judgements" in first.body
    assert digests.stored(opened.database, WEEK) == second
    assert len(people.told) == 1
    digest_week(opened, "2026-W45", now=later)
    assert [message.id for message in people.told] == [f"digest-{WEEK}", "digest-2026-W45"]


def test_a_digest_that_nobody_took_is_told_the_next_time(opened: Edges, people: People) -> None:
    fill_week(opened)
    people.reachable = False
    assert digest_week(opened, WEEK, now=NOW).told_at is None
    stored = digests.stored(opened.database, WEEK)
    assert stored is not None and stored.told_at is None
    people.reachable = True
    later = NOW + timedelta(hours=1)
    assert digest_week(opened, WEEK, now=later).told_at == later
    assert digest_week(opened, WEEK, now=later + timedelta(hours=1)).told_at == later
    assert len(people.told) == 1


def test_a_digest_is_kept_before_anybody_is_told(
    opened: Edges, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*arguments: object) -> None:
        raise DatabaseUnavailable("the server went away")

    with monkeypatch.context() as patch:
        patch.setattr(digests, "store", crash)
        with pytest.raises(DatabaseUnavailable):
            digest_week(opened, WEEK, now=NOW)
    assert people.told == []
    digest_week(opened, WEEK, now=NOW)
    assert len(people.told) == 1


def test_a_week_without_any_data_says_so(opened: Edges) -> None:
    digest = digest_week(opened, WEEK, now=NOW)
    assert digest.title == f"Attitudes toward migration, week {WEEK}: no incidents open"
    assert "No document of this week addressed a target, so there is no figure." in digest.body
    assert "0 rows: 0 judged, 0 off topic, 0 unsupported language, 0 duplicate, 0 dead." in (
        " ".join(digest.body.split())
    )
    assert "None was open this week." in digest.body
    assert "Judged by no model." in " ".join(digest.body.split())


def test_a_week_in_which_only_the_weeks_before_have_data_shows_no_figure_of_its_own(
    opened: Edges,
) -> None:
    store(opened.database, *a_day(MONDAY - timedelta(days=6), 7, 3))
    body = digest_week(opened, WEEK, now=NOW).body
    assert "No document of this week addressed a target, so there is no figure." in body
    assert "- no document addressed the target; this is no figure, not zero." in body


def test_the_digest_tells_of_its_own_week_only(opened: Edges) -> None:
    sunday = datetime(2026, 11, 15, 23, 59, tzinfo=UTC)
    monday = sunday + timedelta(minutes=1)
    entry = Entry(origin="a", document_id="", source="s", disposition=Disposition.JUDGED)
    for n, now in enumerate((sunday - timedelta(days=7), sunday, sunday, monday)):
        one = msgspec.structs.replace(entry, origin=f"feed:{n}")
        ledger.record(opened.database, [one], now, next_version())
    for n, (source, now, outcome) in enumerate(
        [
            ("courier", sunday - timedelta(days=7), "failed"),
            ("herald", sunday, "failed"),
            ("echo", sunday, "ok"),
            ("post", monday, "failed"),
        ]
    ):
        run = SourceRun(
            run=str(n),
            source=source,
            started_at=now,
            finished_at=now,
            outcome=outcome,
            error="it is gone" if outcome == "failed" else "",
        )
        source_runs.store_run(opened.database, run)
    incident = Incident(
        id="XA-regular-2026-11-15",
        society="XA",
        target=TOPIC,
        status=Status.OPEN,
        drop_day=MONDAY,
        detected_on=sunday.date(),
        opened_at=monday,
        resolved_at=None,
        baseline=12.0,
        net_support=-8.0,
        change=-20.0,
        lower=-30.0,
        upper=-10.0,
        reason="the evidence passed",
    )
    after = msgspec.structs.replace(incident, id="XB-…", society="XB", detected_on=monday.date())
    incidents.store_incidents(opened.database, [incident, after])
    body = " ".join(digest_week(opened, WEEK, now=NOW).body.split())
    assert "2 rows: 2 judged" in body
    assert "1 of 2 sources answered at last. herald failed 1 of 1 times: it is gone" in body
    assert "XA regular: fell from" in body and "XB regular" not in body


def test_what_is_no_week_is_refused_and_nothing_is_kept(opened: Edges, people: People) -> None:
    with pytest.raises(ValueError, match="2026-W54"):
        digest_week(opened, "2026-W54", now=NOW)
    assert people.told == []
    assert digests.stored(opened.database, "2026-W54") is None


# A digest that did not come


def test_operators_hear_of_a_digest_that_did_not_come_once(opened: Edges, people: People) -> None:
    six = NOW.replace(hour=13)
    assert overdue_digest(opened.database, opened.settings, six) is None  # nothing was monitored
    store(opened.database, *a_day(MONDAY, 5, 5))
    estimate_counted_days(opened)
    assert overdue_digest(opened.database, opened.settings, six - timedelta(minutes=1)) is None
    for hours in (0, 1, 2):
        tell_of_overdue_digest(opened, six + timedelta(hours=hours))
        tell(opened, six + timedelta(hours=hours))
    (message,) = people.told
    assert (message.kind, message.id) == ("operator", f"overdue-digest-{WEEK}")
    assert "was due on 2026-11-16 07:00 UTC and was not written" in " ".join(message.body.split())
    assert f"barometer digest --week {WEEK}" in message.body


def test_a_digest_that_no_channel_took_is_overdue_and_one_that_was_told_is_not(
    opened: Edges, people: People
) -> None:
    store(opened.database, *a_day(MONDAY, 5, 5))
    estimate_counted_days(opened)
    people.reachable = False
    digest_week(opened, WEEK, now=NOW)
    six = NOW.replace(hour=13)
    late = overdue_digest(opened.database, opened.settings, six)
    assert late is not None
    assert "no channel accepted it" in " ".join(late.body.split())
    people.reachable = True
    tell(opened, six)
    assert [message.kind for message in people.told] == ["digest"]
    assert overdue_digest(opened.database, opened.settings, six) is None
