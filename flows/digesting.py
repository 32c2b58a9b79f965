"""The weekly digest: written from the counts of a week, kept by week, told once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec

from alerts.baseline import BASELINE_WEEKS
from alerts.conflation import conflation
from alerts.digest import Digest, build_digest
from alerts.digest_page import digest_page
from alerts.digest_text import digest_message
from alerts.excerpt import Excerpt
from alerts.k_floor import contributors, is_published
from alerts.point import StanceCount
from alerts.topic_share import TopicShare
from alerts.week import days_of_week, previous_week, week_of
from flows.correcting import confusions_of
from flows.excerpting import Period, find_excerpts
from flows.settings import Settings
from flows.spillovers import spillovers
from flows.telling import enqueue, tell
from flows.wiring import Edges
from storage import anchors as entered
from storage import contributors as stored_contributors
from storage import (
    coverage,
    daily_counts,
    deliveries,
    digests,
    incidents,
    reading_counts,
    signals,
    source_runs,
)
from storage.daily_counts import Series
from storage.database import Database
from storage.digests import StoredDigest

SOCIETIES_QUOTED = 5
"""Societies of which typical documents are quoted, those with most documents."""

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
    digest = collect_digest(edges, week, now)
    message = digest_message(digest)
    before = digests.stored(edges.database, week)
    written = StoredDigest(
        week=week,
        title=message.title,
        body=message.body,
        created_at=now,
        html=digest_page(digest, title=message.title),
        told_at=before.told_at if before else None,
    )
    digests.store(edges.database, written)
    if written.told_at is None:
        enqueue(edges, [message], now)
        tell(edges, now)
        if any(one.told_at for one in deliveries.deliveries_of(edges.database, [message.id])):
            written = msgspec.structs.replace(written, told_at=now)
            digests.store(edges.database, written)
    return written


def collect_digest(edges: Edges, week: str, now: datetime) -> Digest:
    """The digest of `week`, from what the database holds now."""
    database = edges.database
    monday, sunday = days_of_week(week)
    first, _ = days_of_week(previous_week(week, BASELINE_WEEKS))
    start = datetime.combine(monday, time(), UTC)
    end = start + timedelta(days=7)
    counts = daily_counts.counts_between(database, first, sunday)
    counted = {society for society, _ in counts}
    flags = reading_counts.flags_between(database, monday, sunday)
    speaking = stored_contributors.by_topic(database, monday, sunday)
    marks = stored_contributors.of_series(database, sorted(counts), first, sunday)
    digest = build_digest(
        week,
        counts,
        confusions=confusions_of(edges.classifier, [each.name for each in edges.targets]),
        incidents=incidents.stored_incidents(database),
        ledger=coverage.ledger_between(database, start, end),
        attempts=[run for run in source_runs.runs_since(database, start) if run.started_at < end],
        models=coverage.models_between(database, monday, sunday),
        now=now,
        simulated=edges.settings.simulated,
        society_names=edges.society_names,
        topics=topic_shares(database, monday),
        conflations=[
            conflation(
                society, rows, contributors=contributors(speaking.get(society, {}).get("", ()))
            )
            for society, rows in flags.items()
        ],
        spillovers={
            society: lead
            for society, lead in spillovers(database, sunday).items()
            if society in counted
        },
        signals=signals.signals_between(database, monday, sunday),
        typical=typical_excerpts(edges, counts, monday, sunday),
        marks=marks,
        events=entered.events(database),
        anchors=entered.anchors(database),
    )
    periods = {
        one.id: Period(one.society, one.target, monday, sunday)
        for one in digest.incidents[:INCIDENTS_QUOTED]
    }
    found = find_excerpts(edges, list(periods.values()))
    quoted = {name: found[period] for name, period in periods.items() if period in found}
    return msgspec.structs.replace(digest, excerpts=quoted)


def topic_shares(database: Database, monday: date) -> list[TopicShare]:
    """Of every society: the shares of its topics in the week that begins on `monday` and in the week before; those that
    are at or above the k-floor in both.
    """
    week = (monday, monday + timedelta(days=6))
    before = (monday - timedelta(days=7), monday - timedelta(days=1))
    (now, n), (then, m) = (
        (
            reading_counts.topics_between(database, *days),
            {
                society: sum(row.relevant for row in rows)
                for society, rows in reading_counts.flags_between(database, *days).items()
            },
        )
        for days in (week, before)
    )
    speak_now, spoke_then = (
        stored_contributors.by_topic(database, *days) for days in (week, before)
    )

    def published(society: str, topic: str) -> bool:
        return all(
            is_published(marks.get(society, {}).get(topic, ())) for marks in (speak_now, spoke_then)
        )

    return [
        TopicShare(
            society=society,
            topic=topic,
            this_week=now.get(society, {}).get(topic, 0) / n[society],
            last_week=then.get(society, {}).get(topic, 0) / m[society],
            documents=n[society],
        )
        for society in sorted(n.keys() & m.keys())
        for topic in sorted(now.get(society, {}).keys() | then.get(society, {}).keys())
        if published(society, topic)
    ]


def typical_excerpts(
    edges: Edges,
    counts: Mapping[Series, Mapping[date, Sequence[StanceCount]]],
    monday: date,
    sunday: date,
) -> dict[str, Sequence[Excerpt]]:
    """Of the societies with most documents this week: what those on the target that most of them address say."""
    read: dict[str, list[tuple[int, str]]] = {}
    for (society, target), by_day in counts.items():
        n = sum(row.n for day, rows in by_day.items() if monday <= day <= sunday for row in rows)
        read.setdefault(society, []).append((n, target))
    most = sorted(read.items(), key=lambda one: (-sum(n for n, _ in one[1]), one[0]))
    periods = {
        society: Period(society, max(targets)[1], monday, sunday)
        for society, targets in most[:SOCIETIES_QUOTED]
        if max(targets)[0]
    }
    found = find_excerpts(edges, list(periods.values()))
    return {society: found[period] for society, period in periods.items() if period in found}
