"""Watching: days counted anew are estimated, falls of the present are told once, the past is only amended."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone

import msgspec
import pytest

from alerts.channel import Channel, ChannelFailed
from alerts.channel_rules import ChannelRule
from alerts.confusion import correction
from alerts.delivery import Delivery
from alerts.detector import DetectorSettings, Found
from alerts.drop import Drop
from alerts.incident import Status
from alerts.message import Message
from alerts.point import Point, StanceCount, State
from alerts.severity import Severity
from alerts.signal import SignalKind
from classify.judge import Judged
from flows import finding_falls, watching
from flows.correcting import confusion_of
from flows.finding_falls import find_falls
from flows.settings import Settings
from flows.watching import watch
from flows.wiring import Edges, edges
from storage import daily_counts, deliveries, incidents, points, signals
from storage.daily_counts import Series
from storage.database import Database, DatabaseUnavailable, next_version
from storage.incidents import stored_incidents, untold_messages
from tests.judged_documents import OUTLETS, TOPIC, a_day, document, judged, store
from tests.people import People

FIRST = date(2026, 9, 1)
FALL = 30
"""Days after FIRST on which support falls."""

SERIES = ("XA", TOPIC)


@pytest.fixture
def people() -> People:
    return People()


@pytest.fixture
def opened(settings: Settings, people: People) -> Iterator[Edges]:
    """Both modes: SQLite and chdb, a broker and a ClickHouse server."""
    with edges(settings, create=True, sources=[]) as opened:
        yield with_channels(opened, people)


@pytest.fixture
def embedded(embedded_settings: Settings, people: People) -> Iterator[Edges]:
    """SQLite and chdb only, where what is decided is the same whatever it was read from."""
    with edges(embedded_settings, create=True, sources=[]) as opened:
        yield with_channels(opened, people)


def with_channels(opened: Edges, *channels: Channel) -> Edges:
    return msgspec.structs.replace(opened, channels=channels)


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def morning_after(number: int) -> datetime:
    """01:00 UTC of the day after; the day `number` is over."""
    after = day(number + 1)
    return datetime(after.year, after.month, after.day, 1, tzinfo=UTC)


def fill(opened: Edges, numbers: range, supporting: int = 7, opposing: int = 3) -> None:
    """Store so many days of four outlets."""
    batch = [one for n in numbers for one in a_day(day(n), supporting, opposing)]
    store(opened.database, *batch)


def fill_with_a_fall(opened: Edges, *, until: int = FALL + 3) -> None:
    fill(opened, range(FALL))
    fill(opened, range(FALL, until + 1), supporting=1, opposing=9)


def stored_points(opened: Edges) -> list[Point]:
    return points.points_between(opened.database, day(-100), day(400)).get(SERIES, [])


def watch_until_found(opened: Edges) -> int:
    """The number of the day on which the fall was found, watching each morning from the fall on."""
    for number in range(FALL, FALL + 4):
        if watch(opened, now=morning_after(number)).opened:
            return number
    pytest.fail("the fall was not found")


# Estimating


def test_every_counted_day_becomes_a_point_and_a_second_watch_estimates_nothing(
    opened: Edges,
) -> None:
    fill(opened, range(3))
    store(opened.database, judged(document(1, day=day(3)), asylum="not_addressed"))
    report = watch(opened, now=morning_after(3))
    assert (report.points, report.series, report.told) == (5, 2, 0)
    found = stored_points(opened)
    assert [(one.day, one.n, one.state) for one in found] == [
        (day(0), 40, State.OK),
        (day(1), 40, State.OK),
        (day(2), 40, State.OK),
        (day(3), 1, State.INSUFFICIENT),
    ]
    scores = correction(confusion_of(opened.classifier, "regular")).scores
    counted = (found[0].support, found[0].neutral, found[0].oppose)
    assert counted[0] - counted[2] == 16
    corrected = 100 * sum(a * n for a, n in zip(scores, counted, strict=True)) / 40
    assert found[0].net_support == pytest.approx(corrected)
    assert corrected > 100 * 16 / 40 + 5  # the classifier's errors had pulled it toward the middle
    assert points.points_between(opened.database, day(3), day(3))["XA", "asylum"][0].n == 0
    again = watch(opened, now=morning_after(3))
    assert (again.points, again.series) == (0, 2)
    assert str(again) == (
        "0 points estimated, 2 series watched, 0 incidents opened, 0 resolved,"
        " 0 messages told, 0 untold"
    )


def test_late_documents_amend_the_day_that_they_were_published_on(opened: Edges) -> None:
    fill(opened, range(3))
    watch(opened, now=morning_after(3))
    before = stored_points(opened)
    store(opened.database, *a_day(day(1), 0, 10, first_number=5_000))
    assert watch(opened, now=morning_after(3)).points == 1
    after = stored_points(opened)
    assert (after[0], after[2]) == (before[0], before[2])
    assert (after[1].support, after[1].oppose) == (28, 52)


def test_what_was_miscounted_is_counted_anew_before_it_is_estimated(opened: Edges) -> None:
    fill(opened, range(2))
    # A worker whose clock is ahead had read before the last documents were stored.
    stale = [("XA", TOPIC, day(1), "Courier", "", 1, 0, 0, next_version() + 3_600_000_000)]
    columns = "society target day outlet story support neutral oppose version".split()
    opened.database.insert("daily_counts", columns, stale)
    watch(opened, now=morning_after(2))
    assert [one.n for one in stored_points(opened)] == [40, 40]
    key = ("XA", TOPIC, day(1))
    assert daily_counts.outlet_counts(opened.database, [key])[key][0] == StanceCount(
        outlet="Courier", support=7, neutral=0, oppose=3
    )
    assert watch(opened, now=morning_after(2)).points == 0


# Falls


def test_a_day_that_was_counted_by_a_clock_far_behind_is_estimated_in_the_hour_of_all_counts(
    opened: Edges, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(opened, range(20, 22))
    watch(opened, now=morning_after(21))
    month_ago = next_version() - 30 * 86_400_000_000
    with monkeypatch.context() as behind:
        behind.setattr(daily_counts, "next_version", lambda: month_ago)
        fill(opened, range(1, 2))
    now = datetime.now(UTC) + timedelta(days=1)
    assert watch(opened, now=now.replace(hour=12)).points == 0
    assert watch(opened, now=now.replace(hour=3)).points > 0


def test_a_fall_opens_one_incident_that_is_told_once(opened: Edges, people: People) -> None:
    fill_with_a_fall(opened)
    found = watch_until_found(opened)
    (incident,) = stored_incidents(opened.database)
    assert (incident.society, incident.target, incident.status) == (*SERIES, Status.OPEN)
    assert (incident.drop_day, incident.detected_on) == (day(FALL), day(found))
    for later in range(found, FALL + 4):
        report = watch(opened, now=morning_after(later))
        assert (report.opened, report.told, report.untold) == ((), 0, 0)
    (message,) = people.told
    assert message.id == f"{incident.id}-opened"
    assert "m1" in message.body, "whose judgements are counted, not the model of today"
    (after,) = stored_incidents(opened.database)
    assert (after.id, after.baseline, after.net_support) == (
        incident.id,
        incident.baseline,
        incident.net_support,
    )


def test_people_are_told_the_name_of_the_society(embedded: Edges, people: People) -> None:
    fill_with_a_fall(embedded)
    watch_until_found(msgspec.structs.replace(embedded, society_names={"XA": "Alderland"}))
    (message,) = people.told
    assert "in Alderland" in message.title
    assert (message.society, message.falls[0].society_name) == ("XA", "Alderland")


def test_a_day_that_is_not_over_is_estimated_and_not_watched(embedded: Edges) -> None:
    fill(embedded, range(FALL))
    fill(embedded, range(FALL, FALL + 1), supporting=1, opposing=9)
    number = FALL
    while not drops_of(embedded):
        number += 1
        fill(embedded, range(number, number + 1), supporting=1, opposing=9)
    midnight = datetime.combine(day(number + 1), datetime.min.time(), UTC)
    last_minute = midnight - timedelta(minutes=1)
    assert watch(embedded, now=last_minute).opened == ()
    assert stored_points(embedded)[-1].day == day(number)
    # The same moment as clocks further east have it, where the next day has begun.
    east = last_minute.astimezone(timezone(timedelta(hours=13)))
    assert east.date() == day(number + 1)
    assert watch(embedded, now=east).opened == ()
    assert [one.detected_on for one in watch(embedded, now=midnight).opened] == [day(number)]


def drops_of(opened: Edges) -> tuple[Drop, ...]:
    watching.estimate_counted_days(opened)
    return find_falls(opened, [SERIES], day(0), day(99)).drops


def test_a_fall_in_the_past_that_is_filled_in_late_is_no_news(
    embedded: Edges, people: People
) -> None:
    fill_with_a_fall(embedded)
    fill(embedded, range(FALL + 4, FALL + 14), supporting=1, opposing=9)
    report = watch(embedded, now=morning_after(FALL + 13))
    assert drops_of(embedded)
    assert (report.opened, report.points) == ((), FALL + 14)
    assert (stored_incidents(embedded.database), people.told) == ([], [])


def test_an_incident_is_resolved_when_support_has_come_back(opened: Edges, people: People) -> None:
    fill_with_a_fall(opened)
    found = watch_until_found(opened)
    # What was published since is judged anew and did not fall; then nobody wrote for four days.
    fill(opened, range(found + 1, FALL + 4), supporting=7, opposing=3)
    fill(opened, range(FALL + 8, FALL + 30))
    days = [*range(found + 1, FALL + 4), *range(FALL + 8, FALL + 30)]
    for number in (*days[:11:4], *days[11:]):  # each morning where it matters
        if watch(opened, now=morning_after(number)).resolved:
            break
    (incident,) = stored_incidents(opened.database)
    assert incident.status is Status.RESOLVED
    assert incident.resolved_at == morning_after(number)
    assert number == days[12]  # the thirteenth day with enough data
    kinds = [message.kind for message in people.told]
    assert (kinds[0], kinds[-1]) == ("opened", "resolved")
    assert set(kinds[1:-1]) == {"reminder"}  # nobody acknowledged it
    for later in (number, number + 1, FALL + 29):
        watch(opened, now=morning_after(later))
    assert len(people.told) == len(kinds)


# Copies of a story, and what else is no fall


def copies(number: int, *, of: int) -> list[Judged]:
    """A day of four outlets as always, and one opposing story that is printed so many times."""
    first = 900_000 + 1_000 * number
    printed = [
        judged(
            document(first + n, day=day(number), outlet=OUTLETS[n % 4], story=f"copied-{number}"),
            "oppose",
        )
        for n in range(of)
    ]
    return [*a_day(day(number), 7, 3), *printed]


def test_a_story_that_is_printed_often_is_amplification_and_no_fall(
    embedded: Edges, people: People
) -> None:
    fill(embedded, range(FALL))
    for number in range(FALL, FALL + 5):
        store(embedded.database, *copies(number, of=60))
        assert watch(embedded, now=morning_after(number)).opened == ()
    assert people.told == []
    seen = signals.signals_between(embedded.database, day(0), day(99))
    assert {one.kind for one in seen} == {SignalKind.AMPLIFICATION}
    assert (seen[0].society, seen[0].target) == SERIES
    assert seen[0].change < -20
    (point,) = points.points_between(embedded.database, day(FALL), day(FALL))[SERIES]
    before = points.points_between(embedded.database, day(FALL - 1), day(FALL - 1))[SERIES][0]
    assert point.n == before.n + 60
    assert before.net_support is not None and before.per_story.net_support is not None
    assert point.net_support is not None and point.per_story.net_support is not None
    assert point.net_support < before.net_support - 50
    assert point.per_story.net_support > before.per_story.net_support - 5  # one story of 41
    assert point.n_eff < 5 < point.per_story.n_eff  # what many copies are worth
    assert point.outlet_balanced.net_support == pytest.approx(point.net_support, abs=15)


def test_only_series_with_new_days_are_looked_at(
    embedded: Edges, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[list[str]] = []

    def record(panel: object, names: list[Series], *_: object) -> tuple[Found, ...]:
        looked.append([society for society, _ in names])
        return tuple(Found() for _ in names)

    monkeypatch.setattr(finding_falls, "find_in_panel", record)
    for society in ("XA", "XB"):
        number = ord(society[1]) * 10
        store(embedded.database, *a_day(day(0), 5, 5, society=society, first_number=number))
    watch(embedded, now=morning_after(0))
    watch(embedded, now=morning_after(0))
    store(embedded.database, *a_day(day(0), 5, 5, society="XB", first_number=5_000))
    watch(embedded, now=morning_after(0))
    store(embedded.database, *a_day(day(1), 5, 5, society="XA", first_number=7_000))
    watch(embedded, now=morning_after(0))  # a day that is not over is not looked at yet …
    watch(embedded, now=morning_after(1))  # … but is when it is, though nothing came since
    assert looked == [["XA", "XB"], ["XB"], ["XA"]]


# Telling


def test_what_nobody_took_is_told_at_the_next_watch_once(opened: Edges, people: People) -> None:
    fill_with_a_fall(opened)
    people.reachable = False
    for number in range(FALL, FALL + 4):
        report = watch(opened, now=morning_after(number))
    assert (report.told, report.untold) == (0, 1)
    assert len(untold_messages(opened.database)) == len(stored_incidents(opened.database)) == 1
    people.reachable = True
    report = watch(opened, now=morning_after(FALL + 4))
    assert (report.told, report.untold) == (1, 0)
    assert watch(opened, now=morning_after(FALL + 4)).told == 0
    assert len(people.told) == 1


def test_a_channel_that_is_down_for_a_day_gets_its_message_when_it_is_back_once(
    opened: Edges, people: People
) -> None:
    fill_with_a_fall(opened)
    deaf = People("deaf")
    deaf.reachable = False
    both = with_channels(opened, deaf, people)
    found = watch_until_found(both)
    assert (len(people.told), untold_messages(opened.database)) == (1, [])
    (waits,) = deliveries.waiting(opened.database)
    assert (waits.channel, waits.attempts, waits.error) == ("deaf", 1, "nobody answers")
    watch(both, now=morning_after(found) + timedelta(seconds=30))  # not yet: a minute's pause
    assert deliveries.waiting(opened.database)[0].attempts == 1
    watch(both, now=morning_after(found) + timedelta(hours=2))
    assert deliveries.waiting(opened.database)[0].attempts == 2
    deaf.reachable = True
    for hours in (24, 25, 26):
        watch(both, now=morning_after(found) + timedelta(hours=hours))
    assert [message.id for message in deaf.told] == [people.told[0].id]
    assert len(people.told) == 1
    assert deliveries.waiting(opened.database) == []


class Wrong(People):
    """A channel whose settings are wrong."""

    def send(self, message: Message) -> None:
        raise ChannelFailed("the password was refused; mend the url", permanent=True)


def test_a_channel_with_wrong_settings_is_switched_off_and_says_so(
    embedded: Edges, people: People, caplog: pytest.LogCaptureFixture
) -> None:
    fill_with_a_fall(embedded)
    wrong = Wrong("press")
    both = with_channels(embedded, wrong, people)
    found = watch_until_found(both)
    for hours in range(1, 12):
        watch(both, now=morning_after(found) + timedelta(hours=hours))
    state = deliveries.channel_states(embedded.database)["press"]
    assert (state.failures, state.error) == (5, "the password was refused; mend the url")
    assert state.disabled_at is not None
    assert deliveries.waiting(embedded.database)[0].attempts == 5
    assert "has been switched off since" in caplog.text
    assert "`barometer channels enable press`" in caplog.text
    assert len(people.told) == 1


def test_who_is_told_what_is_said_by_the_rules(embedded: Edges, people: People) -> None:
    fill_with_a_fall(embedded)
    elsewhere, grave = People("elsewhere"), People("grave")
    ruled = msgspec.structs.replace(
        with_channels(embedded, elsewhere, grave, people),
        rules={
            "elsewhere": ChannelRule(
                name="elsewhere", settings=None, url_file="", societies=("XB",)
            ),
            "grave": ChannelRule(
                name="grave", settings=None, url_file="", least_severity=Severity.CRITICAL
            ),
            "people": ChannelRule(
                name="people", settings=None, url_file="", quiet_hours=(time(22), time(7))
            ),
        },
    )
    found = None
    for number in range(FALL, FALL + 4):
        if watch(ruled, now=morning_after(number)).opened:
            found = number
            break
    assert found is not None
    assert people.told == []  # it is one o'clock in the morning
    watch(ruled, now=morning_after(found) + timedelta(hours=6))
    assert [message.kind for message in people.told] == ["opened"]
    assert (elsewhere.told, grave.told) == ([], [])


def test_a_watch_that_ends_before_the_incident_is_saved_tells_it_once_at_the_next(
    embedded: Edges, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_with_a_fall(embedded)
    watching.estimate_counted_days(embedded)

    def crash(*arguments: object) -> None:
        raise DatabaseUnavailable("the server went away")

    with monkeypatch.context() as patch:
        patch.setattr(incidents, "store_incidents", crash)
        with pytest.raises(DatabaseUnavailable):
            watch(embedded, now=morning_after(FALL + 3))
    assert (people.told, stored_incidents(embedded.database)) == ([], [])
    assert watch(embedded, now=morning_after(FALL + 3)).told == 1
    assert watch(embedded, now=morning_after(FALL + 3)).told == 0
    assert len(people.told) == 1


def test_a_watch_that_ends_after_telling_tells_it_again_under_the_same_id(
    embedded: Edges, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill_with_a_fall(embedded)
    real = deliveries.store

    def crash(database: Database, stored: Sequence[Delivery]) -> None:
        if any(one.told_at for one in stored):
            raise DatabaseUnavailable("the server went away")
        real(database, stored)

    with monkeypatch.context() as patch:
        patch.setattr(deliveries, "store", crash)
        with pytest.raises(DatabaseUnavailable):
            watch(embedded, now=morning_after(FALL + 3))
    assert watch(embedded, now=morning_after(FALL + 3)).told == 1
    assert watch(embedded, now=morning_after(FALL + 3)).told == 0
    assert len({message.id for message in people.told}) == 1
    assert len(people.told) == 2


# The budget of false alarms


def test_all_series_share_the_budget_of_false_alarms(
    embedded: Edges, monkeypatch: pytest.MonkeyPatch
) -> None:
    used: list[DetectorSettings] = []

    def record(
        panel: object, names: list[Series], scores: object, settings: DetectorSettings
    ) -> tuple[Found, ...]:
        used.append(settings)
        return tuple(Found() for _ in names)

    monkeypatch.setattr(finding_falls, "find_in_panel", record)
    for society in ("XA", "XB", "XC"):
        number = ord(society[1]) * 10
        store(embedded.database, *a_day(day(0), 5, 5, society=society, first_number=number))
    frugal = msgspec.structs.replace(
        embedded, settings=embedded.settings.model_copy(update={"false_alarms_per_year": 4})
    )
    assert watch(frugal, now=morning_after(0)).series == 3
    assert used == [DetectorSettings(false_alarm_days=365 / 4, series=3)]
