"""Deliveries: told once, tried again with patience, and a channel that never works is left alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from alerts.channel import ChannelFailed
from alerts.channel_rules import ChannelRule
from alerts.delivery import (
    FIRST_PAUSE,
    LONGEST_PAUSE,
    MAX_ERROR,
    MOST_FAILURES,
    ChannelState,
    Delivery,
    accepted,
    after_acceptance,
    after_failure,
    disabled_sentence,
    enabled,
    failed,
    is_due,
    pause_after,
    postponed,
)
from tests.people import People
from tests.told import message

NOW = datetime(2026, 3, 11, 6, tzinfo=UTC)
NEW = Delivery(message="m", channel="press")
FINE = ChannelState(channel="press")


def test_what_is_new_is_due_and_what_was_told_is_not() -> None:
    assert is_due(NEW, FINE, NOW)
    told = accepted(NEW, NOW)
    assert told == Delivery(message="m", channel="press", attempts=1, told_at=NOW)
    assert not is_due(told, FINE, NOW + timedelta(days=365))


def test_told_twice_is_told_as_of_the_first_time() -> None:
    told = accepted(NEW, NOW)
    assert accepted(told, NOW + timedelta(hours=1)) == told


def test_after_a_failure_it_waits_and_knows_why() -> None:
    later = failed(NEW, "nobody answers", NOW)
    assert later.attempts == 1
    assert later.error == "nobody answers"
    assert later.next_at == NOW + FIRST_PAUSE
    assert not is_due(later, FINE, NOW + FIRST_PAUSE - timedelta(seconds=1))
    assert is_due(later, FINE, NOW + FIRST_PAUSE)
    assert accepted(later, NOW).error == ""


def test_pauses_double_up_to_an_hour_and_stay_there() -> None:
    minutes = [pause_after(attempts) / timedelta(minutes=1) for attempts in range(1, 9)]
    assert minutes == [1, 2, 4, 8, 16, 32, 60, 60]
    assert pause_after(10**9) == LONGEST_PAUSE
    assert pause_after(0) == FIRST_PAUSE


def test_waiting_for_morning_is_no_attempt() -> None:
    morning = NOW + timedelta(hours=8)
    waiting = postponed(NEW, morning)
    assert (waiting.attempts, waiting.error) == (0, "")
    assert not is_due(waiting, FINE, NOW)
    assert is_due(waiting, FINE, morning)


def test_a_long_error_is_cut() -> None:
    assert len(failed(NEW, "x" * 10_000, NOW).error) == MAX_ERROR
    assert len(after_failure(FINE, "x" * 10_000, permanent=True, now=NOW).error) == MAX_ERROR


# -- A channel that never works --------------------------------------------------------------------


def after(*permanent: bool) -> ChannelState:
    state = FINE
    for number, each in enumerate(permanent):
        at = NOW + timedelta(minutes=number)
        state = after_failure(state, f"failure {number}.", permanent=each, now=at)
    return state


def test_five_failures_that_do_not_pass_switch_a_channel_off() -> None:
    assert after(*[True] * (MOST_FAILURES - 1)).disabled_at is None
    off = after(*[True] * MOST_FAILURES)
    assert off.disabled_at == NOW + timedelta(minutes=4)
    assert off.failures == 5
    assert not is_due(NEW, off, NOW + timedelta(days=30))


def test_it_says_so_and_how_to_switch_it_on() -> None:
    assert disabled_sentence(FINE) == ""
    assert disabled_sentence(after(*[True] * 5)) == (
        "The channel press has been switched off since 2026-03-11 06:04 UTC, after 5 failures in a row that do not "
        "pass by themselves, the last: failure 4. Mend that, then run `barometer channels enable press`: it will "
        "be told all that has waited."
    )


def test_failures_that_pass_switch_nothing_off_however_many() -> None:
    state = after(*[False] * 1_000)
    assert state.disabled_at is None
    assert state.failures == 0
    assert state.error == "failure 999."


def test_a_failure_that_passes_makes_good_for_none_that_does_not() -> None:
    assert after(True, True, False, True, False, True, True).disabled_at is not None


def test_what_was_accepted_makes_good_for_all() -> None:
    state = after_acceptance(after(*[True] * 4))
    assert state == FINE
    assert after_failure(state, "again", permanent=True, now=NOW).disabled_at is None


def test_switched_off_stays_switched_off_as_of_the_first_time() -> None:
    off = after(*[True] * 9)
    assert off.disabled_at == NOW + timedelta(minutes=4)
    assert off.failures == 9


def test_switched_on_again_it_is_told_what_has_waited() -> None:
    on = enabled(after(*[True] * 5))
    assert on == FINE
    assert is_due(failed(NEW, "x", NOW), on, NOW + LONGEST_PAUSE)


# -- A whole day -----------------------------------------------------------------------------------


class Receiver(People):
    """People who may be away, and count how often somebody asks for them."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def send(self, message: object) -> None:
        self.asked += 1
        super().send(message)  # type: ignore[arg-type]


def play(people: Receiver, minutes: int, away: range) -> tuple[Delivery, ChannelState]:
    """Every minute whoever is due is told; people are away in the minutes `away`."""
    told = message()
    delivery, state = Delivery(message=told.id, channel=people.name), ChannelState(channel="people")
    for minute in range(minutes):
        now = NOW + timedelta(minutes=minute)
        people.reachable = minute not in away
        if not is_due(delivery, state, now):
            continue
        try:
            people.send(told)
        except ChannelFailed as error:
            delivery = failed(delivery, error.reason, now)
            state = after_failure(state, error.reason, permanent=error.permanent, now=now)
        else:
            delivery, state = accepted(delivery, now), after_acceptance(state)
    return delivery, state


@pytest.mark.parametrize("hours", [0, 1, 24, 72])
def test_who_was_away_is_told_once_within_an_hour_of_coming_back(hours: int) -> None:
    people = Receiver()
    delivery, state = play(people, 60 * (hours + 6), range(60 * hours))
    assert [each.id for each in people.told] == [message().id]
    assert delivery.told_at is not None
    back = NOW + timedelta(hours=hours)
    assert back <= delivery.told_at <= back + LONGEST_PAUSE
    assert state == ChannelState(channel="people")
    assert people.asked <= 7 + hours + 1


def test_quiet_hours_and_failures_go_together() -> None:
    rule = ChannelRule(name="press", settings=None, url_file="x", quiet_hours=None)
    assert rule.free_at(message(), NOW) == NOW
    waiting = postponed(failed(NEW, "nobody answers", NOW), NOW + timedelta(hours=8))
    assert waiting.attempts == 1
    assert waiting.next_at == NOW + timedelta(hours=8)
