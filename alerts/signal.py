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

from alerts.drop import Drop, Shock

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
        Signal(
            kind=SignalKind.AMPLIFICATION,
            society=drop.society,
            target=drop.target,
            day=drop.detected_on,
            since=drop.since,
            change=drop.change,
            text=(
                f"Counted by document, net support fell by {-drop.change:.1f} points since {drop.since}; with "
                "copies of a story counted once it did not: a few stories were printed often"
            ),
        )
        for drop in per_document
        if not any(_same_fall(drop, story) for story in per_story)
    )


def shock_signals(shocks: Sequence[Shock]) -> tuple[Signal, ...]:
    """Unusual days as signals."""
    return tuple(
        Signal(
            kind=SignalKind.SHOCK,
            society=shock.society,
            target=shock.target,
            day=shock.day,
            since=shock.day,
            change=shock.change,
            text=(
                f"An unusual day, {-shock.change:.1f} points below what the same outlets wrote before "
                f"({shock.sigmas:.1f} standard deviations); not yet a fall"
            ),
        )
        for shock in shocks
    )


def _same_fall(drop: Drop, other: Drop) -> bool:
    margin = timedelta(days=SAME_FALL_DAYS)
    return (
        (drop.society, drop.target) == (other.society, other.target)
        and other.since - margin <= drop.detected_on
        and drop.since - margin <= other.detected_on
    )
