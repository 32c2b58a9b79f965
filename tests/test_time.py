"""Clocks that jump, nights with an hour too many or too few, leap days, week 53, and whose day a document counts on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest

from alerts.channel_rules import ChannelRule
from alerts.delivery import ChannelState, Delivery, failed, is_due
from alerts.incident_life import REMIND_AFTER, reminders
from alerts.week import days_of_week, previous_week, week_of
from flows.clock_ahead import start_after_what_is_written
from flows.collecting import due, next_state
from flows.digesting import last_full_week
from flows.reading_sources import Answer
from flows.running import Schedule
from flows.serving import digest_times
from flows.settings import Settings
from ingest.document import Document, Kind
from ingest.failure_score import FailureKind
from ingest.reading import Memory, Reading
from ingest.rfc3339 import parse_time
from ingest.source import Source
from storage import database as versions
from storage import source_runs
from storage.database import Database
from storage.source_runs import SourceState
from tests.judged_documents import document, judged, store
from tests.told import AT, incident, message

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
YEAR = timedelta(days=365)
MINUTE = timedelta(minutes=1)


# -- The day of a document -------------------------------------------------------------------------


def published(written: str, number: int = 1) -> Document:
    moment = parse_time(written)
    return msgspec.structs.replace(document(number), published_at=moment, fetched_at=moment)


@pytest.mark.parametrize(
    ("written", "day"),
    [
        # One moment, written in the zones of one country.
        ("2026-11-19T22:30:00-05:00", date(2026, 11, 20)),
        ("2026-11-19T19:30:00-08:00", date(2026, 11, 20)),
        ("2026-11-19T17:30:00-10:00", date(2026, 11, 20)),
        # Half past two comes twice in Rome on this night, and both are of one day.
        ("2026-10-25T02:30:00+02:00", date(2026, 10, 25)),
        ("2026-10-25T02:30:00+01:00", date(2026, 10, 25)),
        ("2026-03-29T01:59:59+01:00", date(2026, 3, 29)),
        ("2026-03-29T00:30:00+01:00", date(2026, 3, 28)),
        ("2028-02-29T23:59:59Z", date(2028, 2, 29)),
        ("2028-03-01T00:30:00+01:00", date(2028, 2, 29)),
        ("2027-01-01T00:30:00+13:45", date(2026, 12, 31)),
        ("2026-12-31T20:00:00-09:30", date(2027, 1, 1)),
        ("2026-02-28", date(2026, 2, 28)),
    ],
)
def test_a_document_counts_on_the_day_in_utc_wherever_it_was_written(
    written: str, day: date
) -> None:
    assert published(written).day == day


def test_the_day_of_a_document_is_the_same_in_every_table_whatever_the_zone_of_the_server(
    database: Database,
) -> None:
    """The ClickHouse server of these tests stands in Paris, where clocks change and midnight is another one."""
    edges_of_days = [
        "2026-03-28T23:59:59Z", "2026-03-29T00:00:00Z", "2026-03-29T01:30:00Z", "2026-10-24T22:30:00Z",
        "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2028-02-29T00:00:00Z", "2028-02-29T23:59:59Z",
        "2026-12-31T23:30:00Z", "2027-01-01T00:00:00Z",
    ]  # fmt: skip
    batch = [judged(published(written, number)) for number, written in enumerate(edges_of_days)]
    store(database, *batch)
    wanted: dict[date, int] = {}
    for one in batch:
        day = one.document.published_at.date()
        assert one.document.day == day
        wanted[day] = wanted.get(day, 0) + 1
    for table in ("documents", "readings"):
        rows = database.query(f"SELECT day, toUInt64(count()) FROM {table} FINAL GROUP BY day").rows
        assert dict(rows) == wanted, table
    counted = "SELECT day, sum(support) FROM daily_counts FINAL GROUP BY day"
    assert dict(database.query(counted).rows) == wanted
    stored = database.query("SELECT id, published_at FROM documents FINAL").rows
    assert dict(stored) == {one.document.id: one.document.published_at for one in batch}


# -- Weeks -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("week", "before", "monday"),
    [
        ("2027-W01", "2026-W53", date(2027, 1, 4)),  # 2026 has 53 weeks
        ("2026-W53", "2026-W52", date(2026, 12, 28)),
        ("2026-W01", "2025-W52", date(2025, 12, 29)),
        ("2028-W10", "2028-W09", date(2028, 3, 6)),  # over a leap day
    ],
)
def test_weeks_follow_each_other_over_new_year_and_leap_days(
    week: str, before: str, monday: date
) -> None:
    assert previous_week(week) == before
    assert days_of_week(week)[0] == monday
    assert week_of(monday - timedelta(days=1)) == before


@pytest.mark.parametrize(
    ("now", "week"),
    [
        ("2027-01-03T23:59:00+00:00", "2026-W52"),
        ("2027-01-04T07:00:00+00:00", "2026-W53"),
        ("2027-01-11T07:00:00+00:00", "2027-W01"),
        ("2028-03-06T07:00:00+00:00", "2028-W09"),
    ],
)
def test_the_digest_of_week_53_is_that_of_week_53(now: str, week: str) -> None:
    moment = datetime.fromisoformat(now)
    assert last_full_week(Settings(), moment) == week


# -- The schedule over changes of clocks -----------------------------------------------------------

NIGHTS = (
    ("Europe/Rome", 2), ("America/New_York", 2), ("America/Santiago", 0), ("Australia/Lord_Howe", 2),
    ("Africa/Casablanca", 2), ("Pacific/Chatham", 3), ("Asia/Beirut", 0), ("America/Havana", 0),
)  # fmt: skip
"""Zones whose clocks change at that hour, by an hour or half an hour, and for Ramadan."""


def told(settings: Settings, start: datetime, end: datetime) -> Iterator[tuple[datetime, str]]:
    """When a run tells a digest, and of which week."""
    schedule = Schedule(settings)
    now = start
    while now < end:
        if "weekly" in schedule.due(now):
            schedule.succeeded("weekly", now)
            yield now, last_full_week(settings, now)
        now += timedelta(minutes=30)


@pytest.mark.parametrize(("zone", "hour"), NIGHTS, ids=[zone for zone, _ in NIGHTS])
def test_each_week_of_a_year_is_told_once_in_every_zone(zone: str, hour: int) -> None:
    """On Sunday night, when clocks change."""
    settings = Settings(
        digest_day=7, digest_hour=hour, timezone=zone, collect_minutes=1440, watch_minutes=1440
    )
    start = datetime(2026, 9, 2, tzinfo=UTC)
    found = list(told(settings, start, start + timedelta(weeks=36)))
    weeks = [week for _, week in found]
    assert weeks == [previous_week(week_of((start + timedelta(weeks=n)).date())) for n in range(36)]
    for when, _ in found:
        here = when.astimezone(ZoneInfo(zone))
        due = datetime(here.year, here.month, here.day, hour, tzinfo=ZoneInfo(zone))
        assert here.isoweekday() == 7
        assert abs(when - due.astimezone(UTC)) <= timedelta(minutes=90)


@pytest.mark.parametrize(
    ("zone", "hour"), [("Europe/Rome", 2), ("America/Havana", 0)], ids=["two", "midnight"]
)
@pytest.mark.parametrize("start", [date(2026, 3, 2), date(2026, 10, 12)], ids=["spring", "autumn"])
def test_prefect_asks_for_each_digest_over_a_night_that_lacks_or_repeats_its_hour(
    zone: str, hour: int, start: date
) -> None:
    """Prefect follows the cron lines that `serve` gives it. Where the hour is missing it comes an hour early: told is told."""
    from prefect.server.schemas.schedules import CronSchedule

    settings = Settings(digest_day=7, digest_hour=hour, timezone=zone)
    first = datetime(start.year, start.month, start.day, 12, tzinfo=UTC)
    ((cron, where),) = digest_times(settings, first)
    followed = CronSchedule(cron=cron, timezone=where)
    moments = asyncio.run(followed.get_dates(n=6, start=first))
    asked = [last_full_week(settings, one) for one in moments]
    assert asked == [previous_week(week_of(start + timedelta(weeks=n))) for n in range(6)]
    for one in moments:
        day = one.astimezone(ZoneInfo(zone)).date() + timedelta(days=one.hour == 23)
        wanted = datetime(day.year, day.month, day.day, hour, tzinfo=ZoneInfo(zone))
        assert abs(one.timestamp() - wanted.timestamp()) <= 3600


# -- Clocks that jump ------------------------------------------------------------------------------


def test_a_run_goes_on_through_jumps_of_the_clock_and_tells_no_week_twice() -> None:
    schedule = Schedule(Settings(collect_minutes=15))
    weeks = []
    for now in (NOW, NOW + 15 * MINUTE, NOW + YEAR, NOW + YEAR + 15 * MINUTE, NOW + 30 * MINUTE):
        steps = schedule.due(now)
        assert steps[:3] == ["collect", "score", "watch"], now
        if "weekly" in steps:
            schedule.succeeded("weekly", now)
            weeks.append(last_full_week(Settings(), now))
    # The week that is asked for again was told: its row says so, and nobody hears of it twice.
    assert weeks == ["2026-W48", "2027-W47", "2026-W48"]
    assert schedule.due(NOW + 31 * MINUTE) == []


def test_a_reminder_that_a_clock_sent_that_ran_ahead_puts_off_no_later_one() -> None:
    one = incident(told_at=AT + YEAR)
    (again,) = reminders([one], AT)
    assert again.incident == one
    # Two machines may be apart a little without a reminder at each watch.
    assert reminders([incident(told_at=AT + 2 * MINUTE)], AT) == ()
    assert reminders([incident(told_at=AT - REMIND_AFTER + MINUTE)], AT) == ()


def test_a_channel_is_reminded_although_its_last_message_is_of_a_time_to_come() -> None:
    rule = ChannelRule(name="press", settings=None, url_file="")
    reminder = msgspec.structs.replace(message(), kind="reminder")
    assert rule.wants(reminder, AT, told_at=AT + YEAR)
    assert not rule.wants(reminder, AT, told_at=AT + MINUTE)
    assert not rule.wants(reminder, AT, told_at=AT - MINUTE)


def test_a_delivery_that_was_put_off_by_a_clock_that_ran_ahead_is_due() -> None:
    fine = ChannelState(channel="press")
    one = failed(Delivery(message="m", channel="press"), "nobody answers", NOW + YEAR)
    assert is_due(one, fine, NOW)
    soon = failed(Delivery(message="m", channel="press"), "nobody answers", NOW)
    assert not is_due(soon, fine, NOW)


COURIER = Source(
    name="courier",
    url="https://courier.example/feed",
    outlet="Courier",
    kind=Kind.NEWS,
    society="XA",
    language="en",
)


@pytest.mark.parametrize("ahead", [timedelta(hours=6), timedelta(days=3), YEAR])
def test_a_source_that_was_read_by_a_clock_that_ran_ahead_is_read_when_it_is_put_right(
    ahead: timedelta,
) -> None:
    read = Answer(reading=Reading(memory=Memory()))
    state = next_state(COURIER, SourceState(source="courier"), read, NOW + ahead)
    assert due([COURIER], {"courier": state}, NOW) == [COURIER]
    # Another failure must not keep its silence from being noticed until that time comes.
    refused = Answer(fault="nobody answers", failure=FailureKind.SOFT)
    state = next_state(COURIER, state, refused, NOW)
    assert state.last_success_at == NOW
    assert due([COURIER], {"courier": state}, NOW + MINUTE) == []
    state = next_state(COURIER, state, read, NOW + timedelta(hours=1))
    assert due([COURIER], {"courier": state}, NOW + timedelta(hours=1, minutes=1)) == []


def test_a_clock_that_runs_behind_reads_a_source_at_its_pace() -> None:
    read = Answer(reading=Reading(memory=Memory()))
    state = next_state(COURIER, SourceState(source="courier"), read, NOW - YEAR)
    assert due([COURIER], {"courier": state}, NOW) == [COURIER]


def test_what_is_written_after_the_clock_was_put_back_is_the_newest(
    database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A new process each time: its clock is all that it has to count from."""

    def new_process(clock: datetime) -> None:
        monkeypatch.setattr(versions, "_last_version", 0)
        monkeypatch.setattr("time.time_ns", lambda: int(clock.timestamp() * 1_000_000_000))
        caplog.clear()
        start_after_what_is_written(database, clock)

    def remember(cursor: str) -> None:
        source_runs.store_state(database, SourceState(source="courier", cursor=cursor))

    def remembered() -> str:
        return source_runs.states(database)["courier"].cursor

    new_process(NOW)
    remember("before")
    new_process(NOW + YEAR)
    remember("ahead")
    assert remembered() == "ahead"
    assert caplog.text == ""
    new_process(NOW + MINUTE)
    assert caplog.records[0].levelno == logging.WARNING
    assert "was written on 2027-11-30 12:00 UTC, which is to come" in caplog.text
    remember("put right")
    assert remembered() == "put right"
    new_process(NOW + 2 * MINUTE)
    remember("later")
    assert remembered() == "later"
