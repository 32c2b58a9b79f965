"""What the board shows of every source of the list, collected from what is stored of its readings."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta

import msgspec

from alerts.source_coverage import DAYS, SourceCoverage
from flows.source_conditions import conditions, news_by_day
from flows.wiring import Edges
from storage import source_gaps, source_health


def collect_coverage(
    edges: Edges, names: Mapping[str, str], *, now: datetime
) -> tuple[SourceCoverage, ...]:
    """As of `now`, in the order of the list; `names` of societies by code."""
    database = edges.database
    today = now.astimezone(UTC).date()
    days = [today - timedelta(days=n) for n in range(DAYS, 0, -1)]
    news = news_by_day(database, now)
    states = conditions(
        database, edges.sources, now, collect_minutes=edges.settings.collect_minutes, news=news
    )
    totals = source_health.totals_since(database, datetime.combine(days[0], time(), UTC))
    lost = source_gaps.lost_between(database, days[0], today)
    found = []
    for source in edges.sources:
        one = SourceCoverage(
            source=source.name,
            outlet=source.outlet,
            type=source.type.value,
            society=source.society,
            place=names.get(source.society, ""),
            state=states[source.name],
            news=tuple(news.get(source.name, {}).get(day) for day in days),
            lost=tuple(lost.get(source.name, ())),
        )
        if (total := totals.get(source.name)) is not None:
            one = _with_totals(one, total)
        found.append(one)
    return tuple(found)


def _with_totals(one: SourceCoverage, total: source_health.SourceTotals) -> SourceCoverage:
    return msgspec.structs.replace(
        one,
        attempts=total.attempts,
        failed=total.failed,
        passed_over=total.passed_over,
        removed=total.removed,
        error=total.error,
        failure=total.failure,
        failed_at=total.failed_at,
        note=total.note,
    )
