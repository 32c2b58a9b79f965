"""The facts of a fall, from what is stored of its series: which days count, what the change is made of, what moved.

    change of an incident + points, counts and topics of its days -facts_of_fall-> FallFacts

Alerts, `barometer incidents show` and the board tell the same facts, so they are made here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, date, timedelta

from alerts.board_level import CountsByDay, rows_between
from alerts.confusion import NONE, Confusion
from alerts.decomposition import Decomposition, decompose
from alerts.excerpt import Excerpt
from alerts.fall_facts import DayFigure, FallFacts, OutletMove, TopicMove
from alerts.incident import Change, Incident
from alerts.k_floor import (
    Marks,
    MarksByDay,
    days_left_out,
    each_its_own,
    is_published,
    marks_between,
    shown_point,
    withheld_days,
    withheld_parts,
)
from alerts.message import figures_command
from alerts.net_support import estimate_point
from alerts.point import Point, StanceCount, State
from alerts.topic_counts import TopicCounts

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
    marks: MarksByDay | None = None,
) -> FallFacts:
    """What people are told of `change`, with the days up to `last`.

    `points` and `counts` are those of the series, of days before, of and after the fall; others are passed over.
    `topics` are those of the days before and of the fall. Days on which sources were down count on neither side.
    `marks` are the contributors of the days; without them each document counts as its own.
    """
    incident = change.incident
    degraded = {point.day for point in points if point.state is State.DEGRADED}
    withheld = {} if marks is None else withheld_days(counts, marks)
    sides = days_before(incident), days_of_fall(incident)
    before, after = (
        rows_between(counts, *days, degraded=degraded, withheld=withheld) for days in sides
    )
    of_outlets = None
    if marks is not None:
        of_outlets = tuple(
            marks_between(marks, *days, _passed_over(days, degraded, withheld)) for days in sides
        )
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
        outlets=outlet_moves(parts, before, after, of_outlets) if parts else (),
        topics=topic_moves(*topics),
        excerpts=tuple(excerpts),
        spillover=spillover,
        floor=floor,
        sql=figures_command(incident.society, incident.target),
        model=model,
    )


def _passed_over(
    days: Days, degraded: Collection[date], withheld: Mapping[date, Marks]
) -> set[date]:
    """Days that count on neither side: sources were down, or they are below the k-floor."""
    first, last = days
    shown = (first + timedelta(days=number) for number in range((last - first).days + 1))
    return {*degraded, *days_left_out((day for day in shown if day not in degraded), withheld)}


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
        for point in map(shown_point, points)
        if first <= point.day <= last
    )


def outlet_moves(
    parts: Decomposition,
    before: Sequence[StanceCount],
    after: Sequence[StanceCount],
    marks: Sequence[Mapping[str, Marks]] | None = None,
) -> tuple[OutletMove, ...]:
    """What outlets gave to the change, the largest first. One below the k-floor on a side that it is on is not named, nor
    is another without which it could be worked out: what all outlets gave is known. `marks` are the contributors of both
    sides by outlet; without them each document counts as its own.
    """
    sides = _documents(before), _documents(after)
    of_sides = tuple(map(each_its_own, sides)) if marks is None else tuple(marks)
    hidden = withheld_parts(sides, of_sides)
    return tuple(
        OutletMove(
            outlet=part.outlet,
            contribution=part.contribution,
            net_support_before=part.net_support_before,
            net_support_after=part.net_support_after,
        )
        for part in parts.outlets
        if part.outlet not in hidden
    )[:MOST_MOVES]


def _documents(rows: Sequence[StanceCount]) -> dict[str, int]:
    documents: dict[str, int] = {}
    for row in rows:
        documents[row.outlet] = documents.get(row.outlet, 0) + row.n
    return documents


def topic_moves(before: TopicCounts, after: TopicCounts) -> tuple[TopicMove, ...]:
    """Topics whose share moved most. None that is below the k-floor, before or since."""
    moves = [
        TopicMove(topic=topic, before=before.share(topic), after=after.share(topic))
        for topic in _told(before) & _told(after)
    ]
    return tuple(sorted(moves, key=lambda one: (-abs(one.after - one.before), one.topic)))[
        :MOST_MOVES
    ]


def _told(counts: TopicCounts) -> set[str]:
    marks = each_its_own(counts.by_topic) if counts.marks is None else counts.marks
    return {topic for topic in counts.by_topic if is_published(marks.get(topic, ()))}
