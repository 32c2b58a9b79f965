"""An incident that somebody says is over: saved, and told like one that ended by itself."""

from __future__ import annotations

from datetime import datetime

from alerts.incident import Incident
from alerts.incident_life import resolve
from flows.telling import enqueue, tell
from flows.watching import write_messages
from flows.wiring import Edges
from storage import incidents


def resolve_by_hand(edges: Edges, incident: Incident, by: str, note: str, now: datetime) -> bool:
    """Whether somebody has been told already. Raises NotPossible."""
    resolved, change = resolve(incident, by, note, now)
    messages = write_messages(edges, [change], {}, now)
    enqueue(edges, messages, now)
    incidents.store_incidents(edges.database, [resolved])
    return bool(tell(edges, now).messages)
