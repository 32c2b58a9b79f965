"""The incidents that the board shows: the newest, each with its evidence, found anew, and its life.

What was told at the time is not taken over: documents that were deleted since must not come back with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta

from alerts.board import IncidentView, LifeEvent, life_of
from alerts.floor_watch import FloorState
from alerts.incident import Change, ChangeKind, Incident, Status
from alerts.spillover import Spillover
from flows.gathering import gather
from flows.wiring import Edges
from storage import told
from storage.daily_counts import Series

MOST_INCIDENTS = 300
"""Pages of incidents; the newest."""

MOST_QUOTED = 20
"""Incidents whose documents are quoted, the newest: each takes the classifier a second or so."""

QUOTED_DAYS = 90
"""Days after which no document is quoted any more: their text expires."""


def incident_views(
    edges: Edges,
    incidents: Sequence[Incident],
    floors: Mapping[Series, FloorState],
    leads: Mapping[str, Spillover],
    last: date,
) -> tuple[IncidentView, ...]:
    """The newest of these incidents with evidence and life; `leads` are the spillovers by society."""
    newest = sorted(incidents, key=lambda one: (one.opened_at, one.id), reverse=True)
    newest = newest[:MOST_INCIDENTS]
    if not newest:
        return ()
    recent = [one for one in newest if one.detected_on >= last - timedelta(days=QUOTED_DAYS)]
    facts = gather(
        edges,
        [_as_it_stands(one) for one in newest],
        floors,
        last,
        quoted={one.id for one in recent[:MOST_QUOTED]},
        leads=leads,
    )
    since = datetime.combine(min(one.drop_day for one in newest), time(), UTC)
    life: dict[str, list[LifeEvent]] = {}
    for change in told.changes_told(edges.database, since):
        event = LifeEvent(at=change.at, what=change.kind, text=change.reason)
        life.setdefault(change.incident, []).append(event)
    return tuple(
        IncidentView(facts=each, life=life_of(each.incident, life.get(each.incident.id, ())))
        for each in facts
    )


def _as_it_stands(incident: Incident) -> Change:
    """An incident as the last that became of it: it was opened, or it is over."""
    return Change(
        kind=ChangeKind.OPENED if incident.status == Status.OPEN else ChangeKind.RESOLVED,
        incident=incident,
        reason=incident.reason,
        at=incident.resolved_at or incident.opened_at,
    )
