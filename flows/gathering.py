"""Gather what people are told of a fall: its days, what it is made of, what documents say, and how to see for oneself.

    changes of incidents -> points, counts before and since, topics, excerpts, spillover, floor -> FallFacts

Done for the few incidents that are told, never for all series.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta

from alerts.decomposition import Decomposition, decompose
from alerts.fall_facts import DayFigure, FallFacts, OutletMove, TopicMove
from alerts.floor_watch import FloorState
from alerts.incident import Change, ChangeKind, Incident
from alerts.message import figures_command
from alerts.point import Point, State
from alerts.spillover_sentence import spillover_sentence
from flows.correcting import confusions_of
from flows.excerpting import Period, find_excerpts
from flows.spillovers import FOLLOWING, spillovers
from flows.wiring import Edges
from storage import daily_counts, points, series_topics
from storage.daily_counts import Series
from storage.series_topics import NO_TOPICS, TopicCounts

CHART_DAYS = 90
"""Days of the series that a chart shows."""

BEFORE_DAYS = 28
"""Days before a fall that it is compared with, four whole weeks."""

MOVED = 5
"""Outlets, and topics, that are named."""

FEWEST_OF_A_TOPIC = 10
"""Documents of a topic, before or since, below which it is not told: it would be about single documents."""


def gather(
    edges: Edges,
    changes: Sequence[Change],
    floors: Mapping[Series, FloorState],
    last: date,
) -> list[FallFacts]:
    """The facts of each change, in order; `last` is the last day that is over."""
    if not changes:
        return []
    series = sorted({(c.incident.society, c.incident.target) for c in changes})
    spans = {change.incident.id: _span(change.incident) for change in changes}
    first = min(since for since, _ in spans.values()) - timedelta(days=BEFORE_DAYS)
    until = max(until for _, until in spans.values())
    counts = daily_counts.counts_of_series(edges.database, series, first, until)
    shown = points.points_of_series(
        edges.database, series, last - timedelta(days=CHART_DAYS - 1), last
    )
    confusions = confusions_of(edges.classifier, {target for _, target in series})
    periods = {
        change.incident.id: Period(
            change.incident.society, change.incident.target, *spans[change.incident.id]
        )
        for change in changes
        if change.kind is not ChangeKind.RESOLVED
    }
    excerpts = find_excerpts(edges, list(periods.values()))
    leads = spillovers(
        edges.database, {society for society, target in series if target == FOLLOWING}, last
    )
    found = []
    for change in changes:
        incident = change.incident
        key = (incident.society, incident.target)
        since, until = spans[incident.id]
        days = counts.get(key, {})
        before = [
            row
            for day, rows in days.items()
            if since - timedelta(days=BEFORE_DAYS) <= day < since
            for row in rows
        ]
        after = [row for day, rows in days.items() if since <= day <= until for row in rows]
        parts = decompose(before, after, confusion=confusions[incident.target])
        used = [p for p in shown.get(key, ()) if p.state is State.OK and since <= p.day <= until]
        floor = floors.get(key)
        found.append(
            FallFacts(
                incident=incident,
                kind=change.kind,
                reason=change.reason,
                days=tuple(_figure(point) for point in shown.get(key, ())),
                n=sum(p.n for p in used),
                n_eff=sum(p.n_eff for p in used),
                within=parts.within if parts else None,
                mix=parts.mix if parts else None,
                entry_exit=parts.entry_exit if parts else None,
                outlets=_outlets(parts),
                topics=_topics(edges, key, since, until),
                excerpts=tuple(excerpts.get(periods[incident.id], ()))
                if incident.id in periods
                else (),
                spillover=spillover_sentence(leads[incident.society])
                if incident.target == FOLLOWING
                else "",
                floor=floor.reason if floor else "",
                sql=figures_command(incident.society, incident.target),
                model=edges.classifier.model,
            )
        )
    return found


def _span(incident: Incident) -> tuple[date, date]:
    """The days of the fall: from its first day to the day that found it, or found it deeper."""
    return incident.drop_day, incident.deepened_on or incident.detected_on


def _figure(point: Point) -> DayFigure:
    return DayFigure(
        day=point.day,
        net_support=point.net_support,
        lower=point.lower,
        upper=point.upper,
        state=point.state,
    )


def _outlets(parts: Decomposition | None) -> tuple[OutletMove, ...]:
    return tuple(
        OutletMove(
            outlet=one.outlet,
            contribution=one.contribution,
            net_support_before=one.net_support_before,
            net_support_after=one.net_support_after,
        )
        for one in (parts.outlets[:MOVED] if parts else ())
    )


def _topics(edges: Edges, series: Series, since: date, until: date) -> tuple[TopicMove, ...]:
    before = series_topics.topics_of_series(
        edges.database, [series], since - timedelta(days=BEFORE_DAYS), since - timedelta(days=1)
    ).get(series, NO_TOPICS)
    after = series_topics.topics_of_series(edges.database, [series], since, until).get(
        series, NO_TOPICS
    )
    return topic_moves(before, after)


def topic_moves(before: TopicCounts, after: TopicCounts) -> tuple[TopicMove, ...]:
    """Topics whose share moved most, none that only single documents speak of; empty without documents on one side."""
    if not before.documents or not after.documents:
        return ()
    moves = [
        TopicMove(topic=topic, before=before.share(topic), after=after.share(topic))
        for topic in sorted({*before.by_topic, *after.by_topic})
        if max(before.by_topic.get(topic, 0), after.by_topic.get(topic, 0)) >= FEWEST_OF_A_TOPIC
    ]
    return tuple(sorted(moves, key=lambda one: -abs(one.after - one.before))[:MOVED])
