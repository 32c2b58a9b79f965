"""How a source does, in one word: is it read, and does it bring what it usually brings?

    off       not asked
    new       never asked
    failing   the last attempt failed
    silent    not read for two poll periods: whatever it publishes is missing in the figures
    quiet     read, but yesterday brought far fewer documents than that weekday usually does
    flood     … or far more
    ok

Silence is judged by the clock, not by attempts: a source that fails is asked more and more seldom, and one that nobody
asks does not fail.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum

import msgspec

SILENT_POLLS = 2
"""Poll periods without a success after which a source is silent."""

USUAL_WEEKS = 4
"""Of the same weekday, at least FEWEST_WEEKS of them with an attempt, say what is usual."""

FEWEST_WEEKS = 2

FAR_FEWER, FAR_MORE = 0.2, 4.0
"""Of what is usual; and chance must not explain it."""

CHANCE = 1e-3
"""Of a Poisson count so far out, where what is usual is known from so few days (a Gamma with half a document more)."""


class Condition(StrEnum):
    """The word."""

    OFF = "off"
    NEW = "new"
    FAILING = "failing"
    SILENT = "silent"
    QUIET = "quiet"
    FLOOD = "flood"
    OK = "ok"


class SourceCondition(msgspec.Struct, frozen=True, kw_only=True):
    """The word and what it rests on."""

    condition: Condition
    last_success: datetime | None
    yesterday: int | None
    """Documents that were new on the last day that is over; None where nobody asked."""
    usual: float | None
    """Documents that this weekday usually brings; None where too few weeks are known."""


def condition_of(
    *,
    enabled: bool,
    poll: timedelta,
    failures: int,
    last_success: datetime | None,
    asked: bool,
    new_by_day: Mapping[date, int],
    now: datetime,
) -> SourceCondition:
    """`failures` in a row, `asked` whether there ever was an attempt; `new_by_day`: documents that were new, by day (UTC) on
    which there was an attempt.
    """
    day = now.date() - timedelta(days=1)
    before = [day - timedelta(weeks=n) for n in range(1, USUAL_WEEKS + 1)]
    known = [new_by_day[one] for one in before if one in new_by_day]
    usual = sum(known) / len(known) if len(known) >= FEWEST_WEEKS else None
    yesterday = new_by_day.get(day)
    return SourceCondition(
        condition=_word(
            enabled=enabled,
            asked=asked,
            failures=failures,
            silent=last_success is not None and now - last_success > SILENT_POLLS * poll,
            never=last_success is None,
            volume=_volume(yesterday, known) if usual is not None else Condition.OK,
        ),
        last_success=last_success,
        yesterday=yesterday,
        usual=usual,
    )


def _word(
    *, enabled: bool, asked: bool, failures: int, silent: bool, never: bool, volume: Condition
) -> Condition:
    if not enabled:
        return Condition.OFF
    if not asked:
        return Condition.NEW
    if silent or (never and failures >= SILENT_POLLS):
        return Condition.SILENT
    return Condition.FAILING if failures else volume


def _volume(yesterday: int | None, known: list[int]) -> Condition:
    """Quiet or flood where yesterday is far from usual and chance does not explain it."""
    usual = sum(known) / len(known)
    if yesterday is None:
        return Condition.OK
    if yesterday < FAR_FEWER * usual and _at_most(yesterday, known) < CHANCE:
        return Condition.QUIET
    if yesterday > FAR_MORE * usual and 1 - _at_most(yesterday - 1, known) < CHANCE:
        return Condition.FLOOD
    return Condition.OK


def _at_most(count: int, known: list[int]) -> float:
    """Probability of at most `count` documents on one day, given the days before: negative binomial, the predictive
    distribution of a Poisson count under Jeffreys' prior (Gelman et al. 2013, section 2.6).
    """
    if count < 0:
        return 0.0
    size, p = sum(known) + 0.5, len(known) / (len(known) + 1)
    log_term = size * math.log(p)
    total = math.exp(log_term)
    for k in range(count):
        log_term += math.log((size + k) / (k + 1) * (1 - p))
        total += math.exp(log_term)
    return min(total, 1.0)
