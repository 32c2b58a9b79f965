"""The digest that did not come: those who run Barometer hear of it once, from the watch or from the self-monitor."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from alerts.concern import Concern, Kind
from alerts.message import Message
from alerts.operator_message import operator_message
from alerts.week import days_of_week
from flows.digesting import last_full_week
from flows.settings import Settings
from flows.telling import enqueue_once
from flows.wiring import Edges
from storage import deliveries, digests, points
from storage.database import Database

GRACE = timedelta(hours=6)
"""After the hour of the digest; two runs of the schedule are missed by then."""


def tell_of_overdue_digest(edges: Edges, now: datetime) -> None:
    """Save the message to the operators, once a week, for the next round of telling."""
    late = overdue_digest(edges.database, edges.settings, now)
    if late is not None:
        enqueue_once(edges, late, now)


def overdue_digest(database: Database, settings: Settings, now: datetime) -> Message | None:
    """The message to the operators about overdue_concern; None where there is none."""
    late = overdue_concern(database, settings, now)
    return message_of(late, now, simulated=settings.simulated) if late is not None else None


def message_of(late: Concern, now: datetime, *, simulated: bool) -> Message:
    """The message that tells of it, the same whoever noticed: the watch or the self-monitor."""
    return operator_message(
        id=late.message,
        title=late.title,
        what=late.what,
        remedy=late.remedy,
        now=now,
        simulated=simulated,
    )


def overdue_concern(database: Database, settings: Settings, now: datetime) -> Concern | None:
    """The concern when the digest of the last full week should be there and nobody was told it.

    None for a week without a single point: the monitor did not run yet. The id of its message is a function of the
    week, so that it is told once.
    """
    week = last_full_week(settings, now)
    monday, sunday = days_of_week(week)
    due = _due(settings, sunday)
    if now < due + GRACE or not points.series_between(database, monday, sunday):
        return None
    stored = digests.stored(database, week)
    if stored is not None and (stored.told_at or _told(database, week)):
        return None
    how = "was not written" if stored is None else "was written and no channel accepted it"
    return Concern(
        kind=Kind.DIGEST,
        name=week,
        title=f"The digest of week {week} is overdue",
        what=f"The digest of week {week} was due on {due.astimezone(UTC):%Y-%m-%d %H:%M} UTC and {how}.",
        remedy=f"Write and send it with:\n  barometer digest --week {week}\n"
        "Look at the channels with:\n  barometer channels list",
        message=f"overdue-digest-{week}",
    )


def _due(settings: Settings, sunday: date) -> datetime:
    """When the digest of the week that ends on `sunday` is due: not before the week is over in UTC, too."""
    day = sunday + timedelta(days=settings.digest_day)
    here = datetime.combine(day, time(settings.digest_hour), ZoneInfo(settings.timezone))
    return max(here, datetime.combine(sunday + timedelta(days=1), time(), UTC))


def _told(database: Database, week: str) -> bool:
    return any(one.told_at for one in deliveries.deliveries_of(database, [f"digest-{week}"]))
