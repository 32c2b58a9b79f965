"""Tell the operators of each source that fell silent, once."""

from __future__ import annotations

import logging
from datetime import datetime

from alerts.silence import silence_sentence, silences_to_store
from flows.source_conditions import conditions
from flows.wiring import Edges
from storage import silences

log = logging.getLogger("barometer.watch")


def tell_silences(edges: Edges, now: datetime) -> None:
    """A warning for each source that is silent as of `now` and was not before."""
    found = conditions(
        edges.database,
        edges.sources,
        now,
        collect_minutes=edges.settings.collect_minutes,
        news={},
    )
    changed = silences_to_store(silences.lasting(edges.database, now), found, now)
    for one in changed:
        if one.ended_at is None:
            log.warning("silent: %s", silence_sentence(one, found[one.source]))
        else:
            log.info("silent no more: %s", one.source)
    # Told first: a crash between them tells again, and never not at all.
    silences.store(edges.database, changed)
