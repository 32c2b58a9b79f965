"""From drop to incident: what opens one, makes it worse, ends it, and how loudly people are told."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.detector import Watched, detect
from alerts.drop import Drop, Settled
from alerts.floor_watch import Side
from alerts.incident import ChangeKind, Incident, Rule, Status, incident_id, step
from alerts.incident_life import (
    NotPossible,
    acknowledge,
    is_silenced,
    reminders,
    resolve,
    silence,
)
from alerts.incident_severity import grade_incidents
from alerts.net_support import no_data
from alerts.point import Point, State
from alerts.simulated_series import simulated_series

FOUND = date(2026, 3, 10)
SERIES = ("XA", "regular")


def morning_after(day: date, hour: int = 6) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=UTC) + timedelta(days=1)


def drop(found: date = FOUND, target: str = "regular") -> Drop:
    return Drop(
        society="XA",
        target=target,
        detected_on=found,
        since=found - timedelta(days=3),
        baseline=20.0,
        net_support=-10.0,
        change=-30.0,
        lower=-42.0,
        upper=-18.0,
        score=6.0,
        threshold=5.0,
        reason="net support was -10.0",
    )


def opened(found: date = FOUND, target: str = "regular") -> Incident:
    (incident,) = step([], [drop(found, target)], {}, morning_after(found)).incidents
    return incident


def day(number: int, net_support: float, state: State = State.OK) -> Point:
    """A point `number` days after the detection."""
    return Point(
        society="XA",
        target="regular",
        day=FOUND + timedelta(days=number),
        support=20,
        neutral=20,
        oppose=20,
        outlets=6,
        net_support=net_support,
        lower=net_support - 20,
        upper=net_support + 20,
        n_eff=40.0,
        state=state,
    )


def test_a_fresh_drop_opens_an_incident_that_keeps_its_baseline() -> None:
    now = morning_after(FOUND)
    result = step([], [drop()], {}, now)
    (incident,) = result.incidents
    assert incident.id == "XA-regular-2026-03-10"
    assert incident.status == Status.OPEN
    assert (incident.drop_day, incident.detected_on) == (date(2026, 3, 7), FOUND)
    assert (incident.opened_at, incident.resolved_at) == (now, None)
    assert (incident.baseline, incident.net_support, incident.change) == (20.0, -10.0, -30.0)
    (change,) = result.changes
    assert (change.kind, change.at, change.reason) == ("opened", now, "net support was -10.0")
    assert change.incident == incident
    assert result.history == ()


def test_a_repeated_watch_opens_nothing_twice() -> None:
    again = step([opened()], [drop()], {}, morning_after(FOUND, hour=9))
    assert (again.incidents, again.changes, again.history) == ((), (), ())


@pytest.mark.parametrize(("days_late", "is_news"), [(0, True), (3, True), (4, False), (400, False)])
def test_a_drop_of_more_than_three_days_ago_is_history(days_late: int, is_news: bool) -> None:
    now = datetime(2026, 3, 10, 23, 59, tzinfo=UTC) + timedelta(days=days_late)
    result = step([], [drop()], {}, now)
    assert bool(result.incidents) is bool(result.changes) is is_news
    assert result.history == (() if is_news else (drop(),))


def test_the_day_of_now_is_counted_in_utc() -> None:
    east = datetime.fromisoformat("2026-03-14T01:30:00+02:00")  # still the 13th in UTC
    assert len(step([], [drop()], {}, east).incidents) == 1


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        step([], [], {}, datetime(2026, 3, 10))  # noqa: DTZ001 - the fault that is tested


def test_no_incident_opens_while_one_is_open_in_the_same_series() -> None:
    later = FOUND + timedelta(days=40)
    result = step([opened()], [drop(later), drop(later, "asylum")], {}, morning_after(later))
    assert [i.target for i in result.incidents] == ["asylum"]


def test_two_fresh_drops_of_one_series_open_one_incident() -> None:
    result = step([], [drop(), drop(FOUND - timedelta(days=1))], {}, morning_after(FOUND))
    assert [i.detected_on for i in result.incidents] == [FOUND - timedelta(days=1)]


def test_an_incident_is_resolved_on_the_thirteenth_good_day_and_not_before() -> None:
    """+20 fell by 30: the line is +10. Seven days fill the average, on seven days it must hold."""
    for days, status in ((12, None), (13, Status.RESOLVED)):
        points = {SERIES: [day(i, 12.0) for i in range(1, days + 1)]}
        now = morning_after(FOUND + timedelta(days=days))
        result = step([opened()], [], points, now)
        assert [i.status for i in result.incidents] == ([status] if status else [])
    (change,) = result.changes
    assert change.kind == ChangeKind.RESOLVED
    assert change.incident.resolved_at == now
    assert change.incident.baseline == 20.0
    assert "averaged +12.0 over the last 7 days" in change.reason
    assert "at or above +10.0" in change.reason


def test_half_of_the_way_back_is_not_enough() -> None:
    points = {SERIES: [day(i, 5.0) for i in range(1, 60)]}
    assert step([opened()], [], points, morning_after(FOUND + timedelta(days=60))).changes == ()


def test_one_bad_average_among_the_last_seven_keeps_it_open() -> None:
    good = [day(i, 12.0) for i in range(1, 20)]
    now = morning_after(FOUND + timedelta(days=20))
    assert step([opened()], [], {SERIES: good}, now).changes
    good[12] = day(13, -60.0)
    assert step([opened()], [], {SERIES: good}, now).changes == ()


def test_neither_silence_nor_bad_days_resolve_an_incident() -> None:
    now = morning_after(FOUND + timedelta(days=30))
    for state in (State.INSUFFICIENT, State.DEGRADED):
        points = {SERIES: [day(i, 30.0, state) for i in range(1, 30)]}
        assert step([opened()], [], points, now).changes == ()
    silent = [no_data("XA", "regular", FOUND + timedelta(days=i)) for i in range(1, 30)]
    assert step([opened()], [], {SERIES: silent}, now).changes == ()
    assert step([opened()], [], {}, now).changes == ()


def test_days_before_the_detection_do_not_count_as_recovery() -> None:
    points = {SERIES: [day(i, 20.0) for i in range(-30, 7)]}
    assert step([opened()], [], points, morning_after(FOUND + timedelta(days=7))).changes == ()


def test_a_resolved_incident_stays_resolved_and_its_drop_opens_nothing() -> None:
    points = {SERIES: [day(i, 12.0) for i in range(1, 14)]}
    now = morning_after(FOUND + timedelta(days=13))
    (resolved,) = step([opened()], [drop()], points, now).incidents
    assert step([resolved], [drop()], points, now) == step([resolved], [], {}, now)
    assert step([resolved], [drop()], points, morning_after(FOUND)).incidents == ()


def test_a_row_of_the_database_is_as_good_as_an_incident() -> None:
    row = msgspec.structs.asdict(opened()) | {"status": "resolved"}
    points = {SERIES: [day(i, 12.0) for i in range(1, 14)]}
    now = morning_after(FOUND + timedelta(days=13))
    assert step([Incident(**row)], [], points, now).changes == ()
    assert step([Incident(**row | {"status": "open"})], [], points, now).changes != ()


# -- after the opening ---------------------------------------------------------------------------------


def deeper(on: date, net_support: float = -25.0) -> Drop:
    """From the level that the first one fell to."""
    return msgspec.structs.replace(
        drop(on),
        baseline=-10.0,
        net_support=net_support,
        change=net_support + 10,
        lower=net_support,
        upper=net_support + 20,
        reason="it fell further",
    )


def test_a_further_fall_makes_the_open_incident_worse_once_against_its_own_baseline() -> None:
    on = FOUND + timedelta(days=5)
    now = morning_after(on)
    result = step([opened()], [drop(), deeper(on)], {}, now)
    (incident,), (change,) = result.incidents, result.changes
    assert (change.kind, change.reason, change.incident) == ("worse", "it fell further", incident)
    assert incident.id == opened().id
    assert (incident.baseline, incident.net_support, incident.change) == (20.0, -25.0, -45.0)
    assert (incident.lower, incident.upper) == (-55.0, -35.0)
    assert (incident.detected_on, incident.deepened_on) == (FOUND, on)
    again = step([incident], [drop(), deeper(on)], {}, now)
    assert (again.incidents, again.changes) == ((), ())
    # one that lies no lower is no news
    higher = step([incident], [deeper(on + timedelta(days=3), -20.0)], {}, morning_after(on))
    assert (higher.incidents, higher.changes) == ((), ())


def settled(detected_on: date = FOUND, change: float = -12.0) -> Settled:
    return Settled(
        society="XA",
        target="regular",
        detected_on=detected_on,
        day=detected_on + timedelta(days=7),
        change=change,
        lower=change - 4,
        upper=change + 4,
    )


def test_the_size_after_seven_days_is_kept_with_the_fall_that_it_belongs_to() -> None:
    now = morning_after(FOUND + timedelta(days=7))
    (incident,) = step([opened()], [], {}, now, [settled()]).incidents
    size = (incident.settled_change, incident.settled_lower, incident.settled_upper)
    assert size == (-12.0, -16.0, -8.0)
    assert incident.change == -30.0  # what was told stays
    assert step([incident], [], {}, now, [settled()]).incidents == ()
    assert step([opened()], [], {}, now, [settled(FOUND - timedelta(days=1))]).incidents == ()


def test_below_a_floor_an_incident_opens_and_is_not_resolved_until_the_level_is_back() -> None:
    breach = msgspec.structs.replace(drop(), baseline=-5.0, change=-5.0)
    now = morning_after(FOUND)
    (incident,) = step([], [], {}, now, floor_breaches=[breach]).incidents
    assert (incident.rule, incident.baseline) == (Rule.FLOOR, -5.0)
    assert step([], [drop()], {}, now).incidents[0].rule == Rule.FALL
    points = {SERIES: [day(i, 12.0) for i in range(1, 20)]}
    later = morning_after(FOUND + timedelta(days=20))
    assert step([incident], [], points, later, held=[SERIES]).changes == ()
    assert step([incident], [], points, later).changes[0].kind == "resolved"
    # a fall that is found on the same day is told as such, once
    both = step([], [drop()], {}, now, floor_breaches=[breach])
    assert [one.rule for one in both.incidents] == [Rule.FALL]


def test_people_are_reminded_until_somebody_acknowledges_it() -> None:
    incident = opened()
    three_days = incident.opened_at + timedelta(hours=72)
    assert reminders([incident], three_days - timedelta(minutes=1)) == ()
    (change,) = reminders([incident], three_days)
    assert (change.kind, change.incident) == ("reminder", incident)
    assert "nobody has acknowledged it" in change.reason
    told = msgspec.structs.replace(incident, told_at=three_days)
    assert reminders([told], three_days + timedelta(hours=71)) == ()
    assert len(reminders([told], three_days + timedelta(hours=72))) == 1
    assert reminders([told], three_days + timedelta(hours=72), degraded=["XA"]) == ()
    taken = acknowledge(told, " Mara ", "calling the desk", three_days)
    assert (taken.acknowledged_by, taken.acknowledged_at) == ("Mara", three_days)
    assert taken.note == "calling the desk"
    assert reminders([taken], three_days + timedelta(days=30)) == ()


def test_a_silenced_incident_is_quiet_for_as_long_as_that() -> None:
    incident = opened()
    until = incident.opened_at + timedelta(days=10)
    quiet = silence(incident, until, incident.opened_at)
    assert is_silenced(quiet, until - timedelta(seconds=1))
    assert not is_silenced(quiet, until)
    assert not is_silenced(incident, until)
    assert reminders([quiet], until - timedelta(hours=1)) == ()
    assert len(reminders([quiet], until)) == 1


def test_somebody_may_say_that_it_is_over() -> None:
    now = morning_after(FOUND)
    incident, change = resolve(opened(), "Mara", "the survey had a bug", now)
    assert (incident.status, incident.resolved_at) == (Status.RESOLVED, now)
    assert (change.kind, change.reason) == ("resolved", "resolved by Mara: the survey had a bug")


def test_what_cannot_be_done_to_an_incident_is_refused_with_the_reason() -> None:
    now = morning_after(FOUND)
    over, _ = resolve(opened(), "Mara", "", now)
    for attempt in (
        lambda: acknowledge(over, "Jo", "", now),
        lambda: silence(over, now + timedelta(days=1), now),
        lambda: resolve(over, "Jo", "", now),
    ):
        with pytest.raises(NotPossible, match=r"was resolved on 2026-03-11; nothing is left"):
            attempt()
    with pytest.raises(NotPossible, match="nobody is named"):
        acknowledge(opened(), " ", "", now)
    with pytest.raises(NotPossible, match="nobody is named"):
        resolve(opened(), "", "", now)
    with pytest.raises(NotPossible, match="is past"):
        silence(opened(), now, now)
    with pytest.raises(NotPossible, match="was acknowledged by Mara"):
        acknowledge(acknowledge(opened(), "Mara", "", now), "Jo", "", now)


# -- severity --------------------------------------------------------------------------------------------


def with_size(change: float, target: str = "regular") -> Incident:
    return msgspec.structs.replace(
        opened(),
        id=f"XA-{target}-2026-03-10",
        target=target,
        settled_change=change,
        settled_lower=change - 4,
        settled_upper=change + 4,
    )


def test_a_fall_of_ten_points_that_a_week_confirms_is_severe_and_people_hear_of_it() -> None:
    now = morning_after(FOUND)
    (first,), worse = grade_incidents([opened()], {}, FOUND, now)
    assert (first.severity, worse) == ("alert", ())
    assert grade_incidents([first], {}, FOUND, now) == ((), ())
    week = FOUND + timedelta(days=7)
    sized = msgspec.structs.replace(with_size(-12.0), grade=first.grade)
    (severe,), (change,) = grade_incidents([sized], {}, week, morning_after(week))
    assert (severe.severity, change.kind, change.incident) == ("severe", "worse", severe)
    assert "-12.0 (-16.0 to -8.0)" in change.reason
    assert grade_incidents([severe], {}, week, morning_after(week)) == ((), ())
    fortnight = week + timedelta(days=14)
    (critical,), (change,) = grade_incidents([severe], {}, fortnight, morning_after(fortnight))
    assert (critical.severity, change.kind) == ("critical", "worse")
    small = msgspec.structs.replace(with_size(-6.0), grade=first.grade)
    (alert,), worse = grade_incidents([small], {}, week, morning_after(week))
    assert (alert.severity, worse) == ("alert", ())


def test_two_severe_targets_of_a_society_are_critical() -> None:
    both = [with_size(-12.0), with_size(-14.0, "asylum")]
    graded, _ = grade_incidents(both, {}, FOUND, morning_after(FOUND))
    assert {one.target: one.severity for one in graded} == {
        "regular": "critical",
        "asylum": "critical",
    }


def test_a_fall_below_a_floor_is_severe() -> None:
    (one,), _ = grade_incidents([opened()], {SERIES: Side.BELOW}, FOUND, morning_after(FOUND))
    assert one.severity == "severe"
    floor = msgspec.structs.replace(opened(), rule=Rule.FLOOR)
    (one,), _ = grade_incidents([floor], {SERIES: Side.BELOW}, FOUND, morning_after(FOUND))
    assert one.severity == "alert"


days_of_a_series = st.lists(
    st.tuples(st.floats(-100, 100), st.sampled_from([State.OK, State.OK, State.INSUFFICIENT])),
    max_size=30,
)


@given(days_of_a_series, st.lists(st.integers(-40, 3), max_size=3, unique=True), st.integers(0, 35))
def test_a_step_on_its_own_result_changes_nothing(
    days: list[tuple[float, State]], founds: list[int], days_on: int
) -> None:
    points = {SERIES: [day(i + 1, net, state) for i, (net, state) in enumerate(days)]}
    now = morning_after(FOUND + timedelta(days=days_on))
    drops = [drop(FOUND + timedelta(days=days_on + f)) for f in founds]
    first = step([opened()], drops, points, now)
    state_after = {i.id: i for i in [opened(), *first.incidents]}
    still_open = [i for i in state_after.values() if i.status == Status.OPEN]
    assert len({(i.society, i.target) for i in still_open}) == len(still_open)
    for known in (list(state_after.values()), still_open):
        again = step(known, drops, points, now)
        assert (again.incidents, again.changes) == ((), ())


def test_a_fall_and_its_recovery_from_documents_to_the_end() -> None:
    """Support falls by 40 on 14 February and is back on 10 March."""
    series = simulated_series(
        5, days=100, documents=100, level=15, fall=40, falls_after=40, recovers_after=64
    )
    open_incidents: list[Incident] = []
    timeline: list[tuple[str, date]] = []
    for number in range(30, 100):
        seen = series.points[: number + 1]
        now = morning_after(seen[-1].day)
        counts = {p.day: series.counts[p.day] for p in seen}
        watched = Watched(society=SERIES[0], target=SERIES[1], counts=counts)
        result = step(open_incidents, detect(watched), {SERIES: seen}, now)
        timeline += [(c.kind.value, now.date()) for c in result.changes]
        known = {i.id: i for i in [*open_incidents, *result.incidents]}
        open_incidents = [i for i in known.values() if i.status == Status.OPEN]
    assert [kind for kind, _ in timeline] == ["opened", "resolved"]
    assert date(2026, 2, 15) < timeline[0][1] <= date(2026, 2, 19)
    assert date(2026, 3, 17) < timeline[1][1] <= date(2026, 3, 30)


def test_the_id_is_a_function_of_series_and_day() -> None:
    assert incident_id("XA", "regular", FOUND) == opened().id
    assert len({incident_id(s, t, FOUND) for s in ("XA", "XB") for t in ("a", "b")}) == 4
