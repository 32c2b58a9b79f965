"""A gap: a day of a society on which sources were down that usually bring much of what it says about migration.

    attempts at each source + documents by source, society and day -source_gap-> SourceGap | None

The fall that such a day may show is a fall of the sample, so it is `degraded` and no detector uses it. Judged
are days that are over; whoever asks sees to that. A source is down on a day when

    lost         most of the day lies in stretches that it no longer gives, as it said itself when it was read again (a
                 stream that was away for too long), unless its documents came all the same, by a back-fill
    unread       nobody could read it on the day nor within REPAIR_DAYS after it (its last attempt failed),
                 unless its documents came all the same, by an import or a feed that held them longer
    partly read  it failed and was read in the morning only, or nobody read it before the day was over. A feed
                 that is read late may still hold the day, so it is down only if documents are lacking
    not asked    nobody tried (the collector stood still, the source was taken off the list) and documents
                 are lacking

A source that was read from noon on, and lost no stretch, is up, whatever it brought: a quiet source is no gap. Lacking is: fewer than
a fifth of what it brings on that weekday, where that is enough for chance not to explain it. Feeds that were
never read before the day are not judged, nor are imported files and what others publish: they have no attempts,
and nobody can say that they should have brought something.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType

import msgspec

from alerts.lost_stretch import LostStretch, lost_share

MISSING_SHARE = 0.3
"""Of a society's usual relevant documents: with that much missing the figure is of another set of sources
(detection.md A.1.4 publishes nothing above it). Less moves the figure little, and some feed is always down."""

USUAL_DAYS = 28
"""Days before a day that say what is usual: four of each weekday. An outage that lasts becomes the usual by and
by: a source that brought half counts for less than 30 % after 16 days, and the rest is measured again."""

REPAIR_DAYS = 2
"""Days after a day in which a reading still counts for it: feeds hold the newest 20 to 100 entries, some days of
most outlets. Three days after a day its verdict is final, unless documents of it arrive."""

LACKING = 0.2
"""Fewer than this share of the usual documents are too few. A lower share than a quiet day has, and far below
what is left when a feed is read a few hours late."""

ENOUGH_TO_LACK = 5.0
"""Documents a day from which a source can be lacking: with 5 usual ones chance alone brings none on fewer than
one day in a hundred (Poisson: exp(-5)), with 3 on one in twenty."""

MOSTLY = 0.5
"""Share of a day from which on a source that lost it was down; and of its usual documents from which on they came
all the same."""


class SourceAttempts(msgspec.Struct, frozen=True, kw_only=True):
    """Attempts to read one source on one day (UTC), at least one."""

    source: str
    day: date
    last_success: datetime | None
    """Read, changed or not; None when every attempt failed."""
    last_failure: datetime | None
    """None when every attempt succeeded."""
    brought: bool
    """Whether any of them published a document."""

    @property
    def failed_at_last(self) -> bool:
        """Whether the last attempt of the day failed."""
        if self.last_failure is None:
            return False
        return self.last_success is None or self.last_failure > self.last_success


class SourceVolume(msgspec.Struct, frozen=True, kw_only=True):
    """Documents of one source and society that were published on one day."""

    source: str
    society: str
    day: date
    documents: int
    """Stored, whatever became of them: they show whether the source was heard."""
    relevant: int
    """Those about migration: only they weigh in the society's figures. By all documents a general news feed
    would outweigh the outlets that the figures come from."""


AttemptsByDay = Mapping[date, SourceAttempts]
"""Of one source."""

VolumeByDay = Mapping[date, SourceVolume]
"""Of one source and society."""

NOTHING_LOST: Mapping[str, Sequence[LostStretch]] = MappingProxyType({})


class Trouble(StrEnum):
    """What stands against a source on a day."""

    LOST = "lost a stretch that it no longer gives"
    UNREAD = "could not be read"
    PARTLY_READ = "was read only in part or late"
    NOT_ASKED = "was not asked"


class MissingSource(msgspec.Struct, frozen=True, kw_only=True):
    """A source that was down."""

    source: str
    share: float
    """Of the society's usual relevant documents, 0..1."""
    trouble: Trouble
    documents: int
    """Of it, on the day."""
    usual: float
    """Documents that it brings on this weekday."""

    def __str__(self) -> str:
        there = f", {self.documents} of about {self.usual:.0f} documents are there"
        return (
            f"{self.source} ({100 * self.share:.0f} %) {self.trouble.value}"
            f"{'' if self.trouble is Trouble.UNREAD else there}"
        )


class SourceGap(msgspec.Struct, frozen=True, kw_only=True):
    """A society's day that is degraded."""

    society: str
    day: date
    sources: tuple[MissingSource, ...]
    """At least one; the largest share first."""

    @property
    def share(self) -> float:
        """What is missing of the society's usual relevant documents, MISSING_SHARE..1."""
        return sum(one.share for one in self.sources)

    @property
    def reason(self) -> str:
        """One sentence that names the sources."""
        return (
            f"{self.society} {self.day}: sources that usually bring {100 * self.share:.0f} % of the "
            f"documents about migration were down: {'; '.join(map(str, self.sources))}"
        )


def source_gap(
    society: str,
    day: date,
    attempts: Mapping[str, AttemptsByDay],
    volumes: Mapping[str, VolumeByDay],
    lost: Mapping[str, Sequence[LostStretch]] = NOTHING_LOST,
) -> SourceGap | None:
    """The gap of one society on one day; None when its figure may be used.

    All by source: attempts of the day, of the USUAL_DAYS before it and the REPAIR_DAYS after it (as far as they
    have come), `volumes` of this society on the day and the USUAL_DAYS before it, stretches that were lost. Other days
    are passed over.
    None too where nothing relevant came in these days: then nothing is usual.
    """
    before = [day - timedelta(days=n) for n in range(1, USUAL_DAYS + 1)]
    relevant = {
        source: sum(by_day[d].relevant for d in before if d in by_day)
        for source, by_day in volumes.items()
    }
    total = sum(relevant.values())
    missing = [
        one
        for source, count in relevant.items()
        if count
        and (found := trouble(attempts.get(source, {}), day, lost.get(source, ())))
        and (one := _missing(source, count / total, found, volumes[source], day))
    ]
    # 3 of 10 documents are a share of 0.3, however the division rounds
    if not missing or sum(one.share for one in missing) < MISSING_SHARE - 1e-9:
        return None
    missing.sort(key=lambda one: (-one.share, one.source))
    return SourceGap(society=society, day=day, sources=tuple(missing))


def trouble(by_day: AttemptsByDay, day: date, lost: Sequence[LostStretch] = ()) -> Trouble | None:
    """What the attempts at one source, and what it lost, say against it on `day`; None when it was read, or never judged.

    Needs no documents: a caller can pass over the days on which every source was read. A source without a
    document published in the USUAL_DAYS before has nothing to miss, as a feed has that never worked.
    """
    before = [
        by_day[d] for n in range(1, USUAL_DAYS + 1) if (d := day - timedelta(days=n)) in by_day
    ]
    if not any(one.brought for one in before):
        return None
    if lost and lost_share(lost, day) >= MOSTLY:
        return Trouble.LOST
    since = [by_day[d] for n in range(REPAIR_DAYS + 1) if (d := day + timedelta(days=n)) in by_day]
    on_the_day = by_day.get(day)
    if on_the_day is not None and on_the_day.last_success is not None:
        noon = datetime.combine(day, time(12), UTC)
        # Once a day, in the morning, is how some sources are read; only a failure makes that too little.
        if on_the_day.last_success >= noon or on_the_day.last_failure is None:
            return None
    if any(one.last_success for one in since):
        return Trouble.PARTLY_READ
    last = max(before + since, key=lambda one: one.day)
    return Trouble.UNREAD if last.failed_at_last else Trouble.NOT_ASKED


def _missing(
    source: str, share: float, found: Trouble, by_day: VolumeByDay, day: date
) -> MissingSource | None:
    """The source with its documents, unless they show that it is not missing."""
    weeks = USUAL_DAYS // 7
    same_weekday = [day - timedelta(weeks=n) for n in range(1, weeks + 1)]
    usual = sum(by_day[d].documents for d in same_weekday if d in by_day) / weeks
    documents = by_day[day].documents if day in by_day else 0
    too_few = documents < LACKING * usual
    if found is Trouble.UNREAD:
        down = too_few or not documents
    elif found is Trouble.LOST:  # the hours that were read always bring some
        down = documents < MOSTLY * usual or not documents
    else:
        down = too_few and usual >= ENOUGH_TO_LACK
    if not down:
        return None
    return MissingSource(
        source=source, share=share, trouble=found, documents=documents, usual=usual
    )
