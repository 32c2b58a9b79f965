"""A concern: something that is wrong with Barometer itself, from when it was first seen until it is over.

    concerns found + concerns that last -concerns_now-> what is stored, and what operators are told
    first seen -patience-> told -a day-> reminded … -not found any more-> told that it is over

It is told when it has lasted for the patience of its kind (a broker that restarts is no news), once; then at most daily
while it lasts; then once that it is over, if it was told at all. What a check could not look at stays as it was.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

REMIND_AFTER = timedelta(days=1)


class Kind(StrEnum):
    """What a concern is about."""

    EDGE = "edge"
    """Bus, database or Prefect cannot be reached."""
    CHANNEL = "channel"
    """A channel is switched off."""
    SOURCE = "source"
    """A source is silent."""
    LAG = "lag"
    """Nothing was judged for too long."""
    BACKLOG = "backlog"
    """More is published than is judged."""
    LEDGER = "ledger"
    """A row was lost, or counted twice."""
    DIGEST = "digest"
    """The digest of a week did not come."""
    INCIDENT = "incident"
    """An incident that nobody has acknowledged."""


PATIENCE = {Kind.EDGE: timedelta(minutes=5), Kind.LEDGER: timedelta(hours=1)}
"""How long a concern lasts before it is told; others are told at once."""

OF_PEOPLE = frozenset({Kind.SOURCE, Kind.INCIDENT, Kind.CHANNEL})
"""Kinds that leave the pipeline itself complete: some feed is always silent somewhere."""


class Concern(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is wrong."""

    kind: Kind
    name: str
    """Which one of its kind; empty where there is only one."""
    title: str
    """A few words, without a full stop."""
    what: str
    """A sentence with the figures."""
    remedy: str
    """A sentence: what to do."""
    message: str = ""
    """Id of the message that tells of it where others tell the same; empty: none."""
    began_at: datetime | None = None
    """When it was first seen; None before it is stored."""
    told_at: datetime | None = None
    """When operators were last told of it; None before."""
    ended_at: datetime | None = None
    """None while it lasts."""

    @property
    def key(self) -> tuple[str, str]:
        """The same for the same thing, whatever its figures."""
        return self.kind.value, self.name


class News(msgspec.Struct, frozen=True, kw_only=True):
    """What operators are to be told now; each concern as it is to be stored once they were told."""

    begun: tuple[Concern, ...] = ()
    lasting: tuple[Concern, ...] = ()
    over: tuple[Concern, ...] = ()

    @property
    def concerns(self) -> tuple[Concern, ...]:
        """All of them."""
        return (*self.begun, *self.lasting, *self.over)


class ConcernsNow(msgspec.Struct, frozen=True, kw_only=True):
    """The concerns after a check."""

    lasting: tuple[Concern, ...]
    """As they are to be stored before anybody is told."""
    over: tuple[Concern, ...]
    """Those that ended and were never told; they are stored and that is all."""
    news: News


def concerns_now(
    before: Sequence[Concern],
    found: Sequence[Concern],
    now: datetime,
    *,
    unseen: Collection[Kind] = (),
) -> ConcernsNow:
    """`before` are those that last, `found` what a check at `now` saw; of the kinds `unseen` it could say nothing."""
    known = {one.key: one for one in before}
    lasting: dict[tuple[str, str], Concern] = {}
    for one in found:
        old = known.get(one.key)
        lasting[one.key] = msgspec.structs.replace(
            one,
            # A clock that ran ahead when it began must not keep it from being told.
            began_at=min(old.began_at or now, now) if old else now,
            told_at=min(old.told_at, now) if old and old.told_at else None,
            ended_at=None,
        )
    kept = {key: one for key, one in known.items() if key not in lasting and one.kind in unseen}
    gone = [
        msgspec.structs.replace(one, ended_at=now)
        for key, one in known.items()
        if key not in lasting and key not in kept
    ]
    return ConcernsNow(
        lasting=(*lasting.values(), *kept.values()),
        over=tuple(one for one in gone if one.told_at is None),
        news=News(
            begun=_told(now, [one for one in lasting.values() if _is_to_be_told(one, now)]),
            lasting=_told(
                now,
                [
                    one
                    for one in lasting.values()
                    if one.told_at is not None and now - one.told_at >= REMIND_AFTER
                ],
            ),
            over=_told(now, [one for one in gone if one.told_at is not None]),
        ),
    )


def _is_to_be_told(one: Concern, now: datetime) -> bool:
    patience = PATIENCE.get(one.kind, timedelta(0))
    return one.told_at is None and now - (one.began_at or now) >= patience


def _told(now: datetime, concerns: Sequence[Concern]) -> tuple[Concern, ...]:
    return tuple(msgspec.structs.replace(one, told_at=now) for one in concerns)
