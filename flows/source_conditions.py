"""How each source of the list does, from what is stored of its readings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

from alerts.source_condition import USUAL_WEEKS, SourceCondition, condition_of
from flows.settings import Settings
from flows.wiring import open_database
from ingest.source import Source
from storage import source_health, source_runs
from storage.database import Database, DatabaseError


def conditions(
    database: Database, sources: Sequence[Source], now: datetime
) -> dict[str, SourceCondition]:
    """By name of the source, in the order of the list."""
    states = source_runs.states(database)
    first = now.astimezone(UTC).date() - timedelta(days=7 * USUAL_WEEKS + 1)
    news = source_health.news_since(database, datetime.combine(first, time(), UTC))
    return {
        source.name: condition_of(
            enabled=source.enabled,
            poll=timedelta(minutes=source.poll_minutes),
            failures=state.failures if state else 0,
            last_success=state.last_success_at if state else None,
            asked=state is not None,
            new_by_day=news.get(source.name, {}),
            now=now,
        )
        for source in sources
        for state in [states.get(source.name)]
    }


def stored_conditions(
    settings: Settings, sources: Sequence[Source], now: datetime
) -> tuple[dict[str, SourceCondition], str]:
    """The same from the database of the settings; empty where it cannot be asked, with the reason."""
    try:
        database = open_database(settings)
    except DatabaseError as error:
        return {}, str(error)
    try:
        return conditions(database, sources, now), ""
    finally:
        database.close()
