"""The weekly digest: written from the counts of a week, kept by week, told once."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from alerts.digest import WEEKS_BEFORE, build_digest
from alerts.digest_text import digest_message
from alerts.message import Message
from alerts.week import days_of_week, previous_week, week_of
from flows.correcting import confusions_of
from flows.excerpting import Period, find_excerpts
from flows.settings import Settings
from flows.telling import enqueue, tell
from flows.wiring import Edges
from storage import coverage, daily_counts, deliveries, digests, incidents, source_runs
from storage.digests import StoredDigest

INCIDENTS_QUOTED = 5
"""Incidents of a week whose documents are quoted: the first ones, a handful of documents in all."""


def last_full_week(settings: Settings, now: datetime) -> str:
    """The last ISO week that is over both where the readers live and in UTC, whose days the figures have."""
    return previous_week(min(_weeks(settings, now)))


def digest_due(settings: Settings, now: datetime) -> bool:
    """True from `digest_hour` on `digest_day` until the week ends, in the readers' time zone.

    East of Greenwich a week ends earlier than in UTC; its digest waits until it is over in both.
    """
    here, in_utc = _weeks(settings, now)
    local = now.astimezone(ZoneInfo(settings.timezone))
    asked_for = (local.isoweekday(), local.time()) >= (
        settings.digest_day,
        time(settings.digest_hour),
    )
    return asked_for and in_utc >= here


def _weeks(settings: Settings, now: datetime) -> tuple[str, str]:
    """The week of `now` where the readers live, and in UTC. They differ for some hours around midnight."""
    zones = (ZoneInfo(settings.timezone), UTC)
    here, in_utc = (week_of(now.astimezone(zone).date()) for zone in zones)
    return here, in_utc


def digest_week(edges: Edges, week: str, *, now: datetime) -> StoredDigest:
    """Write the digest of `week`, save it, then tell it unless it was told before.

    Written again, its text follows late documents; people are not told twice. Raises ValueError for what is
    no ISO week.
    """
    message = write_digest(edges, week, now)
    before = digests.stored(edges.database, week)
    digest = StoredDigest(
        week=week,
        title=message.title,
        body=message.body,
        created_at=now,
        told_at=before.told_at if before else None,
    )
    digests.store(edges.database, digest)
    if digest.told_at is None:
        enqueue(edges, [message], now)
        tell(edges, now)
        if any(one.told_at for one in deliveries.deliveries_of(edges.database, [message.id])):
            digest = msgspec.structs.replace(digest, told_at=now)
            digests.store(edges.database, digest)
    return digest


def write_digest(edges: Edges, week: str, now: datetime) -> Message:
    """The digest of `week` as a message, from what the database holds now."""
    monday, sunday = days_of_week(week)
    first, _ = days_of_week(previous_week(week, WEEKS_BEFORE))
    start = datetime.combine(monday, time(), UTC)
    end = start + timedelta(days=7)
    runs = source_runs.runs_since(edges.database, start)
    digest = build_digest(
        week,
        daily_counts.counts_between(edges.database, first, sunday),
        confusions=confusions_of(edges.classifier, [each.name for each in edges.targets]),
        incidents=incidents.stored_incidents(edges.database),
        ledger=coverage.ledger_between(edges.database, start, end),
        attempts=[run for run in runs if run.started_at < end],
        models=coverage.models_between(edges.database, monday, sunday),
        now=now,
        simulated=edges.settings.simulated,
    )
    periods = {
        one.id: Period(one.society, one.target, monday, sunday)
        for one in digest.incidents[:INCIDENTS_QUOTED]
    }
    found = find_excerpts(edges, list(periods.values()))
    quoted = {name: found[period] for name, period in periods.items() if period in found}
    return digest_message(msgspec.structs.replace(digest, excerpts=quoted))
