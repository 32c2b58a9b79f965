"""What is known of one fall when people are told of it: the one record that every text, mail, page and payload is made of."""

from __future__ import annotations

from datetime import date

import msgspec

from alerts.excerpt import Excerpt
from alerts.incident import ChangeKind, Incident
from alerts.point import State


class DayFigure(msgspec.Struct, frozen=True, kw_only=True):
    """One day of the series, as published."""

    day: date
    net_support: float | None
    lower: float | None
    upper: float | None
    state: State


class OutletMove(msgspec.Struct, frozen=True, kw_only=True):
    """What one outlet gave to the change, in points of net support."""

    outlet: str
    contribution: float
    net_support_before: float | None
    """In points; None where the outlet has no document before."""
    net_support_after: float | None


class TopicMove(msgspec.Struct, frozen=True, kw_only=True):
    """Share of the documents that speak of a topic, 0 to 1."""

    topic: str
    before: float
    after: float


class FallFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One incident, the change of it that is told, and the evidence. Texts in it are as they came: whoever shows
    them escapes them for the place where they are shown.
    """

    incident: Incident
    kind: ChangeKind
    reason: str
    """Why people are told now."""
    society_name: str = ""
    """What to call the society of the incident; empty where it has no name but its code."""
    days: tuple[DayFigure, ...] = ()
    """Those of the fall with what was before and after it, oldest first, for a chart; days without a point are not in it."""
    n: int = 0
    """Documents of the days of the fall."""
    n_eff: float = 0.0
    """How many independent ones they are worth."""
    within: float | None = None
    """Points of the change within outlets; None where it could not be split."""
    mix: float | None = None
    """By shifts of volume between outlets."""
    entry_exit: float | None = None
    """By outlets that came or went."""
    outlets: tuple[OutletMove, ...] = ()
    """Those that gave most to the change, the largest first; none that is there with a few documents alone."""
    topics: tuple[TopicMove, ...] = ()
    """Those that moved most; none that a few documents alone speak of."""
    excerpts: tuple[Excerpt, ...] = ()
    """For and against."""
    spillover: str = ""
    """One sentence: whether attitudes to irregular migration moved first; empty where that is not asked."""
    floor: str = ""
    """One sentence on the floor that a person set; empty where there is none."""
    sql: str = ""
    """The query that reproduces the series."""
    model: str = ""
    """Whose judgements of the days of the fall count."""
