"""How each source of the list does, from what is stored of its readings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta

from alerts.source_condition import USUAL_WEEKS, SourceCondition, condition_of
from flows.settings import Settings
from flows.wiring import open_database
from ingest.source import Source
from storage import source_health, source_runs
from storage.database import Database, DatabaseError

NewsByDay = Mapping[str, Mapping[date, int]]
"""By source and day (UTC) with a reading that succeeded: documents that were new."""


def news_by_day(database: Database, now: datetime) -> NewsByDay:
    """Of the days that say what is usual."""
    first = now.astimezone(UTC).date() - timedelta(days=7 * USUAL_WEEKS + 1)
    return source_health.news_since(database, datetime.combine(first, time(), UTC))


def conditions(
    database: Database,
    sources: Sequence[Source],
    now: datetime,
    *,
    collect_minutes: int = 0,
    news: NewsByDay | None = None,
) -> dict[str, SourceCondition]:
    """By name of the source, in the order of the list.

    `collect_minutes`: how often the collector looks at all; a source cannot be read more often. Whoever has the `news`
    already passes them; an empty one asks about silence and failures only.
    """
    states = source_runs.states(database)
    news = news_by_day(database, now) if news is None else news
    return {
        source.name: condition_of(
            enabled=source.enabled,
            poll=timedelta(minutes=max(source.poll_minutes, collect_minutes)),
            failures=state.failures if state else 0,
            last_success=state.last_success_at if state else None,
            asked=state is not None,
            new_by_day=news.get(source.name, {}),
            now=now.astimezone(UTC),
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
        found = conditions(database, sources, now, collect_minutes=settings.collect_minutes)
    except DatabaseError as error:
        return {}, str(error)
    finally:
        database.close()
    return found, ""
