"""Gather what people are told of a fall: its days, what it is made of, what documents say, and how to see for oneself.

    changes of incidents -> points, counts before and since, topics, excerpts, spillover, floor -> FallFacts

Everything is read anew each time, for alerts and for the board: documents that were deleted since do not come back.
Done for the incidents that are told or shown, never for all series.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date

from alerts.board_level import CountsByDay
from alerts.facts_of_fall import days_before, days_of_fall, days_shown, facts_of_fall
from alerts.fall_facts import FallFacts
from alerts.floor_watch import FloorState
from alerts.incident import Change, ChangeKind, Incident
from alerts.k_floor import MarksByDay
from alerts.point import Point
from alerts.spillover import Spillover
from alerts.spillover_sentence import spillover_sentence
from alerts.topic_counts import NO_TOPICS, TopicCounts
from flows.correcting import confusions_of
from flows.excerpting import Period, find_excerpts
from flows.spillovers import FOLLOWING, spillovers
from flows.wiring import Edges
from storage import contributors, coverage, daily_counts, points, series_topics
from storage.daily_counts import Series


def gather(
    edges: Edges,
    changes: Sequence[Change],
    floors: Mapping[Series, FloorState],
    last: date,
    *,
    quoted: Collection[str] | None = None,
    leads: Mapping[str, Spillover] | None = None,
) -> list[FallFacts]:
    """The facts of each change, in order; `last` is the last day that is over.

    `quoted`: ids of the incidents whose documents are quoted, each of which takes the classifier a second or so; where it
    is not given, those that are not over. `leads`: the spillovers, where they are known already.
    """
    if quoted is None:
        quoted = {c.incident.id for c in changes if c.kind is not ChangeKind.RESOLVED}
    if leads is None:
        asked = any(c.incident.target == FOLLOWING for c in changes)
        leads = spillovers(edges.database, last) if asked else {}
    excerpts = find_excerpts(
        edges, [_period(c.incident) for c in changes if c.incident.id in quoted]
    )
    confusions = confusions_of(edges.classifier, {c.incident.target for c in changes})
    places: dict[Series, list[int]] = {}
    for place, change in enumerate(changes):
        places.setdefault((change.incident.society, change.incident.target), []).append(place)
    found: dict[int, FallFacts] = {}
    for series, here in places.items():
        # one series at a time: the counts of all are never in memory together
        shown, counts, marks = _read(
            edges, series, [changes[place].incident for place in here], last
        )
        floor = floors.get(series)
        lead = leads.get(series[0]) if series[1] == FOLLOWING else None
        for place in here:
            incident = changes[place].incident
            found[place] = facts_of_fall(
                changes[place],
                shown,
                counts,
                _topics(edges, incident),
                last,
                confusion=confusions[incident.target],
                society_name=edges.society_names.get(incident.society, ""),
                excerpts=excerpts.get(_period(incident), ()) if incident.id in quoted else (),
                spillover=spillover_sentence(lead) if lead else "",
                floor=floor.reason if floor else "",
                model=", ".join(coverage.models_between(edges.database, *days_of_fall(incident))),
                marks=marks,
            )
    return [found[place] for place in range(len(changes))]


def _read(
    edges: Edges, series: Series, incidents: Iterable[Incident], last: date
) -> tuple[Sequence[Point], CountsByDay, MarksByDay]:
    """Points, counts and contributors of a series on all days that these incidents need."""
    needed = [
        days
        for one in incidents
        for days in (days_before(one), days_of_fall(one), days_shown(one, last))
    ]
    first, until = min(day for day, _ in needed), max(day for _, day in needed)
    shown = points.points_of_series(edges.database, [series], first, until)
    counts = daily_counts.counts_of_series(edges.database, [series], first, until)
    marks = contributors.of_series(edges.database, [series], first, until)
    return shown.get(series, ()), counts.get(series, {}), marks.get(series, {})


def _topics(edges: Edges, incident: Incident) -> tuple[TopicCounts, TopicCounts]:
    """Of the days before the fall, and of the fall."""
    series = (incident.society, incident.target)
    before, after = (
        series_topics.topics_of_series(edges.database, [series], *days).get(series, NO_TOPICS)
        for days in (days_before(incident), days_of_fall(incident))
    )
    return before, after


def _period(incident: Incident) -> Period:
    return Period(incident.society, incident.target, *days_of_fall(incident))
