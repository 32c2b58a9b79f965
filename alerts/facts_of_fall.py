"""The facts of a fall, from what is stored of its series: which days count, what the change is made of, what moved.

    change of an incident + points, counts and topics of its days -facts_of_fall-> FallFacts

Alerts, `barometer incidents show` and the board tell the same facts, so they are made here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, timedelta

from alerts.board_level import CountsByDay, rows_between
from alerts.confusion import NONE, Confusion
from alerts.decomposition import Decomposition, decompose
from alerts.excerpt import Excerpt
from alerts.fall_facts import DayFigure, FallFacts, OutletMove, TopicMove
from alerts.incident import Change, Incident
from alerts.message import figures_command
from alerts.net_support import estimate_point
from alerts.point import Point, StanceCount, State
from alerts.topic_counts import TopicCounts
from alerts.topic_share import FEWEST

BEFORE_DAYS = 28
"""Days before a fall that it is compared with, four whole weeks."""

SHOWN_BEFORE, SHOWN_AFTER = 60, 30
"""Days before a fall, and after its end, that a chart shows."""

MOST_SHOWN = 400
"""Days that a chart shows, the last ones: a level may lie below its floor for years."""

MOST_MOVES = 8
"""Outlets, and topics, that are named."""

Days = tuple[date, date]
"""The first and the last of them."""


def days_of_fall(incident: Incident) -> Days:
    """From its first day to the day that found it, or found it deeper."""
    return incident.drop_day, incident.deepened_on or incident.detected_on


def days_before(incident: Incident) -> Days:
    """Those that the fall is compared with."""
    return incident.drop_day - timedelta(days=BEFORE_DAYS), incident.drop_day - timedelta(days=1)


def days_shown(incident: Incident, last: date) -> Days:
    """Those of its chart: the fall with what was before it, up to `last` while it lasts."""
    end = last
    if incident.resolved_at is not None:
        over = max(incident.resolved_at.astimezone(UTC).date(), incident.detected_on)
        end = min(last, over + timedelta(days=SHOWN_AFTER))
    first = incident.drop_day - timedelta(days=SHOWN_BEFORE)
    return max(first, end - timedelta(days=MOST_SHOWN - 1)), end


def facts_of_fall(
    change: Change,
    points: Sequence[Point],
    counts: CountsByDay,
    topics: tuple[TopicCounts, TopicCounts],
    last: date,
    *,
    confusion: Confusion = NONE,
    society_name: str = "",
    excerpts: Sequence[Excerpt] = (),
    spillover: str = "",
    floor: str = "",
    model: str = "",
) -> FallFacts:
    """What people are told of `change`, with the days up to `last`.

    `points` and `counts` are those of the series, of days before, of and after the fall; others are passed over.
    `topics` are those of the days before and of the fall. Days on which sources were down count on neither side.
    """
    incident = change.incident
    degraded = {point.day for point in points if point.state is State.DEGRADED}
    before = rows_between(counts, *days_before(incident), degraded=degraded)
    after = rows_between(counts, *days_of_fall(incident), degraded=degraded)
    parts = decompose(before, after, confusion=confusion)
    level = estimate_point(incident.society, incident.target, last, after, confusion=confusion)
    return FallFacts(
        incident=incident,
        kind=change.kind,
        reason=change.reason,
        society_name=society_name,
        days=figures(points, *days_shown(incident, last)),
        n=level.n,
        n_eff=level.n_eff,
        within=parts.within if parts else None,
        mix=parts.mix if parts else None,
        entry_exit=parts.entry_exit if parts else None,
        outlets=outlet_moves(parts, before, after) if parts else (),
        topics=topic_moves(*topics),
        excerpts=tuple(excerpts),
        spillover=spillover,
        floor=floor,
        sql=figures_command(incident.society, incident.target),
        model=model,
    )


def figures(points: Sequence[Point], first: date, last: date) -> tuple[DayFigure, ...]:
    """What was published of the days from `first` to `last`."""
    return tuple(
        DayFigure(
            day=point.day,
            net_support=point.net_support,
            lower=point.lower,
            upper=point.upper,
            state=point.state,
        )
        for point in points
        if first <= point.day <= last
    )


def outlet_moves(
    parts: Decomposition, before: Sequence[StanceCount], after: Sequence[StanceCount]
) -> tuple[OutletMove, ...]:
    """What outlets gave to the change, the largest first. One with fewer than FEWEST documents on a side that it is on
    is not named: it would be about single documents.
    """
    few = _few(before) | _few(after)
    return tuple(
        OutletMove(
            outlet=part.outlet,
            contribution=part.contribution,
            net_support_before=part.net_support_before,
            net_support_after=part.net_support_after,
        )
        for part in parts.outlets
        if part.outlet not in few
    )[:MOST_MOVES]


def _few(rows: Sequence[StanceCount]) -> set[str]:
    documents: dict[str, int] = {}
    for row in rows:
        documents[row.outlet] = documents.get(row.outlet, 0) + row.n
    return {outlet for outlet, number in documents.items() if number < FEWEST}


def topic_moves(before: TopicCounts, after: TopicCounts) -> tuple[TopicMove, ...]:
    """Topics whose share moved most. None that fewer than FEWEST documents speak of, before or since."""
    moves = [
        TopicMove(topic=topic, before=before.share(topic), after=after.share(topic))
        for topic in _told(before.by_topic) & _told(after.by_topic)
    ]
    return tuple(sorted(moves, key=lambda one: (-abs(one.after - one.before), one.topic)))[
        :MOST_MOVES
    ]


def _told(documents: Mapping[str, int]) -> set[str]:
    return {topic for topic, number in documents.items() if number >= FEWEST}
