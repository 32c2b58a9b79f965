"""How loudly people are told: watch, alert, severe or critical, of one series on one day.

    watch      an odd day (shock), or a level that is low or unusually low for this society
    alert      a drop alert is open, or the level is below the floor that a person set
    severe     both of these, or one of them and a week that is 10 points lower, surely by more than 5
    critical   severe for 14 days, or severe for two targets of the society

Up at once, down by one step after 7 days that call for less.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from enum import IntEnum

import msgspec

from alerts.floor_watch import Side
from alerts.unusual import Unusual

SEVERE_CHANGE = -10.0
"""Points: the change of the last week that is severe …"""

SEVERE_UPPER = -5.0
"""… when the upper limit of its interval is below this."""

CRITICAL_DAYS = 14
"""Days that are severe before they are critical."""

CRITICAL_TARGETS = 2
"""Targets of one society that are severe at a time: no longer a matter of one programme."""

STEP_DOWN_DAYS = 7
"""Days that call for less before severity goes down by one, so that people aren't told up and down."""


class Severity(IntEnum):
    """Ordered: a larger one is worse."""

    NONE = 0
    WATCH = 1
    ALERT = 2
    SEVERE = 3
    CRITICAL = 4


class Situation(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one series on one day. What is not known calls for nothing."""

    day: date
    drop_open: bool = False
    """A drop alert is open."""
    shock: bool = False
    """One odd day, which may be nothing."""
    floor: Side = Side.UNKNOWN
    """Toward the floor that a person set; unknown where there is none."""
    unusual: Unusual = Unusual.UNKNOWN
    change: float | None = None
    """Mean of the last 7 ok days against the baseline, in points."""
    lower: float | None = None
    """95 % interval of the change; None with it."""
    upper: float | None = None


class Grade(msgspec.Struct, frozen=True, kw_only=True):
    """The severity of one series, and what the next day needs to know."""

    severity: Severity
    since: date
    """Day on which it became this severity."""
    severe_since: date | None
    """First of the days on which it has been severe or worse without a break; None when it is not."""
    held_on: date
    """Last day that called for at least this severity, or on which it came down to it."""
    called_for: Severity
    """What the day alone calls for."""
    reason: str
    """One sentence for people."""


def grade(
    situation: Situation, before: Grade | None = None, *, other_severe_targets: int = 0
) -> Grade:
    """The severity on the day of `situation`, after what it was `before`; grading a day twice changes nothing.

    `other_severe_targets`: targets of the same society, besides this one, that call for severe on the day
    (`grade_society` counts them). Raises ValueError for a day before that of `before`, and for a change
    without its interval.
    """
    day = situation.day
    if before is not None and day < before.held_on:
        raise ValueError(f"{day} comes after {before.held_on}; days must be graded in order")
    called, why = called_for(situation)
    severe_since = before.severe_since if before is not None else None
    if called >= Severity.SEVERE:
        days = (day - (severe_since or day)).days
        if days >= CRITICAL_DAYS:
            called, why = Severity.CRITICAL, f"{why}, severe for {days} days"
        elif other_severe_targets + 1 >= CRITICAL_TARGETS:
            called = Severity.CRITICAL
            why = f"{why}, and {_others(other_severe_targets)} severe too"
    severity, since, held_on, reason = _settle(day, called, why, before)
    return Grade(
        severity=severity,
        since=since,
        severe_since=(severe_since or day) if severity >= Severity.SEVERE else None,
        held_on=held_on,
        called_for=called,
        reason=reason,
    )


def grade_society(
    situations: Mapping[str, Situation], before: Mapping[str, Grade]
) -> dict[str, Grade]:
    """The grades of one society's targets on one day, each knowing how many others are severe.

    A target that is not in `before` starts anew. Raises ValueError as `grade`.
    """
    severe = {
        target for target, each in situations.items() if called_for(each)[0] >= Severity.SEVERE
    }
    return {
        target: grade(situation, before.get(target), other_severe_targets=len(severe - {target}))
        for target, situation in situations.items()
    }


def called_for(situation: Situation) -> tuple[Severity, str]:
    """What the day alone calls for, up to severe, and why. Raises ValueError for a change without its interval."""
    upper = situation.upper
    if situation.change is not None and (upper is None or situation.lower is None):
        raise ValueError(f"{situation.day} has a change without its interval; pass lower and upper")
    below = situation.floor is Side.BELOW
    alerts = ["a drop alert is open"] * situation.drop_open
    alerts += ["the level is below its floor"] * below
    if alerts:
        why = " and ".join(alerts)
        change = situation.change
        if (
            change is not None
            and upper is not None
            and change <= SEVERE_CHANGE
            and upper < SEVERE_UPPER
        ):
            interval = f"{change:+.1f} ({situation.lower:+.1f} to {upper:+.1f})"
            return Severity.SEVERE, f"{why}, and the last week changed by {interval}"
        return (Severity.SEVERE if len(alerts) == 2 else Severity.ALERT), why
    signs = ["one day stands out"] * situation.shock
    if situation.unusual in (Unusual.LOW, Unusual.UNUSUALLY_LOW):
        signs.append(f"the level is {situation.unusual} for this society")
    if signs:
        return Severity.WATCH, " and ".join(signs)
    return Severity.NONE, "nothing calls for attention"


def _settle(
    day: date, called: Severity, why: str, before: Grade | None
) -> tuple[Severity, date, date, str]:
    """Severity, since when, held on which day, and why: up at once, down one step after STEP_DOWN_DAYS."""
    if before is None or called > before.severity:
        return called, day, day, f"{_word(called)}: {why}"
    if called == before.severity:
        return called, before.since, day, f"{_word(called)}: {why}"
    down_on = before.held_on + timedelta(days=STEP_DOWN_DAYS)
    if day < down_on:
        return (
            before.severity,
            before.since,
            before.held_on,
            f"{_word(before.severity)} until {down_on}, though the day calls for {_word(called)}: {why}",
        )
    lower = Severity(before.severity - 1)
    return lower, day, day, f"{_word(lower)}, one step down after {STEP_DOWN_DAYS} days: {why}"


def _word(severity: Severity) -> str:
    return severity.name.lower()


def _others(n: int) -> str:
    return "another target of the society is" if n == 1 else f"{n} other targets of the society are"
