"""What people do with an incident, and when they are reminded of it.

    opened -ack-> acknowledged: no reminders        -silence-> nothing but its end, for a while        -resolve-> over

Pure: every function gives the incident as it is afterwards.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import msgspec

from alerts.incident import Change, ChangeKind, Incident, Status

REMIND_AFTER = timedelta(hours=72)
"""Opinion moves in days: a reminder every few hours would teach people to look away."""


class NotPossible(ValueError):
    """It cannot be done to this incident; the text says why, and what to do instead."""


def acknowledge(incident: Incident, by: str, note: str, now: datetime) -> Incident:
    """Somebody looks after it: nobody is reminded of it any more. Raises NotPossible."""
    _refuse_resolved(incident)
    if not by.strip():
        raise NotPossible("nobody is named; write who acknowledges it, --by NAME")
    if incident.acknowledged_at is not None:
        raise NotPossible(
            f"{incident.id} was acknowledged by {incident.acknowledged_by} on "
            f"{incident.acknowledged_at:%Y-%m-%d %H:%M} UTC; nothing is left to do"
        )
    return msgspec.structs.replace(
        incident, acknowledged_at=now, acknowledged_by=by.strip(), note=note or incident.note
    )


def silence(incident: Incident, until: datetime, now: datetime) -> Incident:
    """Nothing is told of it until then, but that it is over. Raises NotPossible."""
    _refuse_resolved(incident)
    if until <= now:
        raise NotPossible(f"{until:%Y-%m-%d %H:%M} UTC is past; name a time to come")
    return msgspec.structs.replace(incident, silenced_until=until)


def resolve(incident: Incident, by: str, note: str, now: datetime) -> tuple[Incident, Change]:
    """Somebody says that it is over; people are told who and why. Raises NotPossible."""
    _refuse_resolved(incident)
    if not by.strip():
        raise NotPossible("nobody is named; write who resolves it, --by NAME")
    resolved = msgspec.structs.replace(
        incident, status=Status.RESOLVED, resolved_at=now, note=note or incident.note
    )
    said = f": {note}" if note else ""
    reason = f"resolved by {by.strip()}{said}"
    return resolved, Change(kind=ChangeKind.RESOLVED, incident=resolved, reason=reason, at=now)


def is_silenced(incident: Incident, now: datetime) -> bool:
    """Whether nothing is told of it now."""
    return incident.silenced_until is not None and now < incident.silenced_until


def reminders(
    incidents: Sequence[Incident],
    now: datetime,
    *,
    degraded: Collection[str] = (),
    untold: Collection[str] = (),
    after: timedelta = REMIND_AFTER,
) -> tuple[Change, ...]:
    """Reminders that are due: of open incidents that nobody has acknowledged or silenced, `after` people were last
    told. None for the societies in `degraded`: while their sources are down nobody can see whether it goes on. None
    for the incidents (ids) in `untold`, of which a message still waits.
    """
    return tuple(
        Change(
            kind=ChangeKind.REMINDER,
            incident=one,
            reason=f"open since {one.opened_at:%Y-%m-%d}, and nobody has acknowledged it",
            at=now,
        )
        for one in incidents
        if one.status != Status.RESOLVED
        and one.acknowledged_at is None
        and not is_silenced(one, now)
        and one.society not in degraded
        and one.id not in untold
        # A time to come was written by a clock that ran ahead; it must not put a reminder off until then.
        and abs(now - (one.told_at or one.opened_at)) >= after
    )


def _refuse_resolved(incident: Incident) -> None:
    if incident.status == Status.RESOLVED:
        on = f" on {incident.resolved_at:%Y-%m-%d}" if incident.resolved_at else ""
        raise NotPossible(f"{incident.id} was resolved{on}; nothing is left to do")
