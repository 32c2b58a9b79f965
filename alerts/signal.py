"""Signals: what was seen and is no fall that people are told of. They stand in tables, digest and board.

amplification   a fall in the per-document count alone: copies of stories, not opinion
mix             net support fell because outlets grew, shrank, came or went, not within outlets
shock           one day far below its outlets' own past
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from enum import StrEnum

import msgspec

from alerts.change_label import ChangeLabel, LabelledChange
from alerts.drop import Drop, Shock

MIX_DAYS, MIX_BEFORE_DAYS = 7, 28
"""A week, and the four before it, that are compared for mix."""

MIX_SIGMAS = 3.0

SAME_FALL_DAYS = 7
"""A fall per story that was found so many days before or after is the same one as that per document."""


class SignalKind(StrEnum):
    """What was seen."""

    AMPLIFICATION = "amplification"
    MIX = "mix"
    SHOCK = "shock"


class Signal(msgspec.Struct, frozen=True, kw_only=True):
    """One thing seen in one series: a row of the table `signals`."""

    kind: SignalKind
    society: str
    target: str
    day: date
    """On which it was seen."""
    since: date
    change: float
    """In points of net support."""
    text: str
    """One sentence for people."""


def amplifications(per_document: Sequence[Drop], per_story: Sequence[Drop]) -> tuple[Signal, ...]:
    """Falls that the per-document count shows and the per-story count does not (drops of the same series)."""
    return tuple(
        _signal(
            SignalKind.AMPLIFICATION,
            (drop.society, drop.target),
            (drop.since, drop.detected_on),
            drop.change,
            f"Counted by document, net support fell by {-drop.change:.1f} points since {drop.since}; with "
            "copies of a story counted once it did not: a few stories were printed often",
        )
        for drop in per_document
        if not any(_same_fall(drop, story) for story in per_story)
    )


def mix_signal(
    society: str, target: str, since: date, day: date, change: LabelledChange
) -> Signal | None:
    """A fall of the days `since` to `day`, against those before, that is no fall within outlets; None where it is no
    fall, or one of opinion. The whole must lie MIX_SIGMAS standard errors below: every series is asked every day.
    """
    half = (change.whole.upper - change.whole.lower) / 2
    if change.label is not ChangeLabel.MIX or change.whole.change + MIX_SIGMAS / 1.96 * half >= 0:
        return None
    within = change.within.change if change.within else 0.0
    return _signal(
        SignalKind.MIX,
        (society, target),
        (since, day),
        change.whole.change,
        f"Net support was {-change.whole.change:.1f} points lower from {since} to {day} than in the "
        f"{MIX_BEFORE_DAYS} days before because other outlets wrote, or wrote more: within outlets it changed by "
        f"{within:+.1f}, which is not beyond chance",
    )


def shock_signals(shocks: Sequence[Shock]) -> tuple[Signal, ...]:
    """Unusual days as signals."""
    return tuple(
        _signal(
            SignalKind.SHOCK,
            (shock.society, shock.target),
            (shock.day, shock.day),
            shock.change,
            f"An unusual day, {-shock.change:.1f} points below what the same outlets wrote before "
            f"({shock.sigmas:.1f} standard deviations); not yet a fall",
        )
        for shock in shocks
    )


def _signal(
    kind: SignalKind, series: tuple[str, str], days: tuple[date, date], change: float, text: str
) -> Signal:
    """`days`: since when, and on which it was seen."""
    (society, target), (since, day) = series, days
    return Signal(
        kind=kind,
        society=society,
        target=target,
        day=day,
        since=since,
        change=change,
        text=text,
    )


def _same_fall(drop: Drop, other: Drop) -> bool:
    margin = timedelta(days=SAME_FALL_DAYS)
    return (
        (drop.society, drop.target) == (other.society, other.target)
        and other.since - margin <= drop.detected_on
        and drop.since - margin <= other.detected_on
    )
