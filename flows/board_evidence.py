"""The evidence that the board shows of each incident, found anew: parts of the change, outlets, topics, excerpts.

What was told at the time is not taken over: documents that were deleted since must not come back with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta

from alerts.board import IncidentView, LifeEvent, life_of
from alerts.board_incident import days_around
from alerts.board_level import rows_between
from alerts.confusion import NONE, Confusion
from alerts.decomposition import Decomposition, decompose
from alerts.excerpt import Excerpt
from alerts.fall_facts import FallFacts, OutletMove, TopicMove
from alerts.incident import ChangeKind, Incident, Status
from alerts.message import figures_command
from alerts.net_support import estimate_point
from alerts.point import Point, StanceCount
from alerts.topic_share import FEWEST
from classify.target import REGULAR
from flows.correcting import confusions_of
from flows.excerpting import Period, find_excerpts
from flows.wiring import Edges
from storage import coverage, daily_counts, reading_counts, told
from storage.daily_counts import Series

BEFORE_DAYS = 28
"""Days before a fall that it is compared with."""

MOST_INCIDENTS = 300
"""Pages of incidents; the newest."""

MOST_QUOTED = 20
"""Incidents whose documents are quoted, the newest: each takes the classifier a second or so."""

QUOTED_DAYS = 90
"""Days after which no document is quoted any more: their text expires."""

MOST_MOVES = 8
"""Outlets and topics of an incident."""


def incident_views(
    edges: Edges,
    incidents: Sequence[Incident],
    by_series: Mapping[Series, Sequence[Point]],
    spillover: Mapping[str, str],
    last: date,
) -> tuple[IncidentView, ...]:
    """The newest of these incidents with evidence and life; `spillover`: one sentence by society."""
    newest = sorted(incidents, key=lambda one: (one.opened_at, one.id), reverse=True)
    newest = newest[:MOST_INCIDENTS]
    if not newest:
        return ()
    recent = [one for one in newest if one.detected_on >= last - timedelta(days=QUOTED_DAYS)]
    excerpts = find_excerpts(edges, [_fall(one) for one in recent[:MOST_QUOTED]])
    since = datetime.combine(min(one.drop_day for one in newest), time(), UTC)
    life: dict[str, list[LifeEvent]] = {}
    for change in told.changes_told(edges.database, since):
        event = LifeEvent(at=change.at, what=change.kind, text=change.reason)
        life.setdefault(change.incident, []).append(event)
    confusions = confusions_of(edges.classifier, {one.target for one in newest})
    return tuple(
        IncidentView(
            facts=_facts(
                edges,
                one,
                by_series.get((one.society, one.target), ()),
                confusion=confusions.get(one.target, NONE),
                excerpts=excerpts,
                spillover=spillover.get(one.society, "") if one.target == REGULAR.name else "",
            ),
            life=life_of(one, life.get(one.id, ())),
        )
        for one in newest
    )


def _facts(
    edges: Edges,
    incident: Incident,
    points: Sequence[Point],
    *,
    confusion: Confusion,
    excerpts: Mapping[Period, tuple[Excerpt, ...]],
    spillover: str,
) -> FallFacts:
    series = (incident.society, incident.target)
    first, last = incident.drop_day - timedelta(days=BEFORE_DAYS), incident.detected_on
    counts = daily_counts.counts_of_series(edges.database, [series], first, last).get(series, {})
    before = rows_between(counts, first, incident.drop_day - timedelta(days=1))
    after = rows_between(counts, incident.drop_day, last)
    level = estimate_point(*series, last, after, confusion=confusion)
    parts = decompose(before, after, confusion=confusion)
    return FallFacts(
        incident=incident,
        kind=ChangeKind.OPENED if incident.status == Status.OPEN else ChangeKind.RESOLVED,
        reason=incident.reason,
        days=days_around(points, incident),
        n=level.n,
        n_eff=level.n_eff,
        within=parts.within if parts else None,
        mix=parts.mix if parts else None,
        entry_exit=parts.entry_exit if parts else None,
        outlets=_outlets(parts, before, after) if parts else (),
        topics=_topics(edges, incident),
        excerpts=excerpts.get(_fall(incident), ()),
        spillover=spillover,
        sql=figures_command(*series),
        model=", ".join(
            coverage.models_between(edges.database, incident.drop_day, incident.detected_on)
        ),
    )


def _outlets(
    parts: Decomposition, before: Sequence[StanceCount], after: Sequence[StanceCount]
) -> tuple[OutletMove, ...]:
    """What outlets gave to the change; none that has fewer than FEWEST documents on either side."""
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


def _topics(edges: Edges, incident: Incident) -> tuple[TopicMove, ...]:
    """Topics whose share moved most; none that fewer than FEWEST documents speak of, before or after."""
    spans = (
        (
            incident.drop_day - timedelta(days=BEFORE_DAYS),
            incident.drop_day - timedelta(days=1),
        ),
        (incident.drop_day, incident.detected_on),
    )
    shares = []
    for span in spans:
        flags = reading_counts.flags_between(edges.database, *span).get(incident.society, [])
        total = sum(row.relevant for row in flags)
        topics = reading_counts.topics_between(edges.database, *span).get(incident.society, {})
        shares.append({name: n / total for name, n in topics.items() if n >= FEWEST})
    before, after = shares
    moves = [
        TopicMove(topic=topic, before=before[topic], after=after[topic])
        for topic in before.keys() & after.keys()
    ]
    moves.sort(key=lambda move: (-abs(move.after - move.before), move.topic))
    return tuple(moves[:MOST_MOVES])


def _fall(incident: Incident) -> Period:
    return Period(incident.society, incident.target, incident.drop_day, incident.detected_on)
