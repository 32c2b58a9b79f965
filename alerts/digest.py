"""The digest of one week: figures and what they are made of, incidents and signals, ledger and failing sources, as
data that a text or a page can show.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

import msgspec

from alerts.anchor import Anchor
from alerts.baseline import BASELINE_WEEKS, Baseline, baseline_of
from alerts.change_label import LabelledChange, labelled_change
from alerts.conflation import Conflation
from alerts.confusion import NONE, Confusion, correction
from alerts.event import Event
from alerts.excerpt import Excerpt
from alerts.incident import Incident, Status
from alerts.k_floor import (
    NO_DAYS,
    MarksByDay,
    WithheldDays,
    days_left_out,
    withheld_days,
)
from alerts.net_support import add_by_outlet, estimate_point
from alerts.net_support_change import SupportChange, change_between
from alerts.point import Point, StanceCount, State
from alerts.signal import Signal
from alerts.spillover import Spillover
from alerts.topic_share import TopicShare
from alerts.week import days_of_week, previous_week
from classify.disposition import Disposition

WEEKS_BEFORE = 4
"""Weeks shown before the one of the digest."""


class SourceAttempt(Protocol):
    """One attempt to read a source: what storage keeps in `source_runs`."""

    @property
    def source(self) -> str:
        """Name of the source."""
        ...

    @property
    def outcome(self) -> str:
        """ok, unchanged, failed or interrupted."""
        ...

    @property
    def error(self) -> str:
        """Why it failed; empty when it did not."""
        ...


class FailingSource(msgspec.Struct, frozen=True, kw_only=True):
    """A source whose last attempt of the week failed."""

    source: str
    failed: int
    """Attempts that failed …"""
    attempts: int
    """… of so many."""
    error: str
    """Of the last attempt."""


class SeriesWeek(msgspec.Struct, frozen=True, kw_only=True):
    """One series in the week of a digest."""

    society: str
    target: str
    week: Point
    """This week; its `day` is the Monday, its counts are those of the whole week."""
    before: tuple[Point, ...]
    """The WEEKS_BEFORE weeks before it, oldest first; the last one is last week."""
    change: SupportChange | None
    """This week minus last week; None unless both have documents."""
    parts: LabelledChange | None = None
    """What that change is made of, and whether it is opinion or mix; None as `change`."""
    baseline: Baseline | None = None
    """The weeks before taken together; None where there are too few."""

    @property
    def comparable(self) -> bool:
        """Whether this week and last have enough data for the change to be quoted."""
        return self.change is not None and self.week.state is self.last_week.state is State.OK

    @property
    def last_week(self) -> Point:
        """The week before."""
        return self.before[-1]


class Digest(msgspec.Struct, frozen=True, kw_only=True):
    """One week. Series stand in the order of their names, never of their figures."""

    week: str
    monday: date
    sunday: date
    series: tuple[SeriesWeek, ...]
    incidents: tuple[Incident, ...]
    """Open at the end of the week, or opened or resolved in it; oldest first."""
    ledger: Mapping[str, int]
    """Rows read by disposition; every disposition is there."""
    sources: int
    """Sources that were tried in the week."""
    failing: tuple[FailingSource, ...]
    models: tuple[str, ...]
    """Models whose judgements are counted."""
    simulated: bool
    created_at: datetime
    excerpts: Mapping[str, Sequence[Excerpt]] = msgspec.field(default_factory=dict)
    """What documents of the week say, by the id of the incident that they belong to."""
    society_names: Mapping[str, str] = msgspec.field(default_factory=dict)
    """What to call a society, by its code; the code where there is none."""
    topics: tuple[TopicShare, ...] = ()
    conflations: tuple[Conflation, ...] = ()
    """One a society at most, in the order of their codes."""
    spillovers: Mapping[str, Spillover] = msgspec.field(default_factory=dict)
    """Whether attitudes toward irregular migration move first, by society."""
    signals: tuple[Signal, ...] = ()
    """Seen in the week and not alerted; by series and day."""
    events: tuple[Event, ...] = ()
    """What happened in the week, as somebody entered it."""
    anchors: tuple[Anchor, ...] = ()
    """Surveys whose fieldwork ended in the week; shown and never used."""
    typical: Mapping[str, Sequence[Excerpt]] = msgspec.field(default_factory=dict)
    """What documents of the week say most clearly, by society: not what is typical, nor what most people met."""
    labelled: Mapping[str, int] = msgspec.field(default_factory=dict)
    """Labelled documents of the matrix that corrects a target's figures, by target; others are not corrected."""

    @property
    def rows_read(self) -> int:
        """Rows of the ledger: each has exactly one disposition."""
        return sum(self.ledger.values())


def build_digest(
    week: str,
    counts: Mapping[tuple[str, str], Mapping[date, Sequence[StanceCount]]],
    *,
    confusions: Mapping[str, Confusion] | None = None,
    incidents: Sequence[Incident] = (),
    ledger: Mapping[str, int] | None = None,
    attempts: Sequence[SourceAttempt] = (),
    models: Sequence[str] = (),
    now: datetime,
    simulated: bool = False,
    society_names: Mapping[str, str] | None = None,
    topics: Sequence[TopicShare] = (),
    conflations: Sequence[Conflation] = (),
    spillovers: Mapping[str, Spillover] | None = None,
    signals: Sequence[Signal] = (),
    typical: Mapping[str, Sequence[Excerpt]] | None = None,
    marks: Mapping[tuple[str, str], MarksByDay] | None = None,
    events: Sequence[Event] = (),
    anchors: Sequence[Anchor] = (),
) -> Digest:
    """The digest of `week` (`2026-W47`).

    `counts` holds, by (society, target) and day, the counts by outlet of this week and of the BASELINE_WEEKS weeks
    before it (WEEKS_BEFORE do, with a shorter baseline); other days are passed over. A week's figure is estimated
    from the sums by outlet over its days. `confusions`, by target, correct it for classifier error. `ledger` are rows
    read in the week by disposition, `attempts` the attempts at sources in the week, oldest first. The rest is shown as
    it is given, where it is given: `signals`, `events` and `anchors` of other weeks are passed over. `marks` are the contributors of the counts, by
    series (alerts/k_floor.py); without them each document counts as its own. Raises ValueError for what is not a
    week, or a `now` without time zone.
    """
    if now.tzinfo is None:
        raise ValueError("now has no time zone; pass an aware time, e.g. datetime.now(UTC)")
    monday, sunday = days_of_week(week)
    weeks = [previous_week(week, back) for back in range(BASELINE_WEEKS, -1, -1)]
    targets = sorted({target for _, target in counts})
    return Digest(
        week=week,
        monday=monday,
        sunday=sunday,
        series=tuple(
            _series_week(
                society,
                target,
                counts[society, target],
                weeks,
                (confusions or {}).get(target, NONE),
                _withheld(society, target, counts, marks),
            )
            for society, target in sorted(counts)
        ),
        incidents=_incidents_of_week(incidents, monday, sunday),
        ledger={d.value: int((ledger or {}).get(d.value, 0)) for d in Disposition},
        sources=len({attempt.source for attempt in attempts}),
        failing=_failing(attempts),
        models=tuple(sorted(set(models))),
        simulated=simulated,
        created_at=now,
        society_names=dict(society_names or {}),
        topics=tuple(topics),
        conflations=tuple(sorted(conflations, key=lambda each: each.society)),
        spillovers=dict(sorted((spillovers or {}).items())),
        signals=_signals_of_week(signals, monday, sunday),
        events=tuple(one for one in events if monday <= one.day <= sunday),
        anchors=tuple(one for one in anchors if monday <= one.day <= sunday),
        typical=dict(sorted((typical or {}).items())),
        labelled={
            target: documents
            for target in targets
            if (documents := _labelled((confusions or {}).get(target, NONE)))
        },
    )


def counts_of_week(
    counts: Mapping[date, Sequence[StanceCount]], week: str, withheld: WithheldDays = NO_DAYS
) -> tuple[StanceCount, ...]:
    """Counts by outlet, added up over the days of `week`, without those that the k-floor leaves out."""
    days = _days(week)
    left_out = days_left_out(days, withheld)
    return add_by_outlet(c for day in days if day not in left_out for c in counts.get(day, ()))


def _days(week: str) -> list[date]:
    monday, _ = days_of_week(week)
    return [monday + timedelta(days=i) for i in range(7)]


def _withheld(
    society: str,
    target: str,
    counts: Mapping[tuple[str, str], Mapping[date, Sequence[StanceCount]]],
    marks: Mapping[tuple[str, str], MarksByDay] | None,
) -> WithheldDays:
    if marks is None:
        return NO_DAYS
    return withheld_days(counts[society, target], marks.get((society, target), {}))


def _series_week(
    society: str,
    target: str,
    counts: Mapping[date, Sequence[StanceCount]],
    weeks: Sequence[str],
    confusion: Confusion,
    withheld: WithheldDays,
) -> SeriesWeek:
    by_week = [counts_of_week(counts, week, withheld) for week in weeks]
    shown = slice(-1 - WEEKS_BEFORE, None)
    points = []
    for week, of_week in zip(weeks[shown], by_week[shown], strict=True):
        point = estimate_point(society, target, days_of_week(week)[0], of_week, confusion=confusion)
        if not of_week and any(day in withheld for day in _days(week)):
            # not without documents, but below the k-floor
            point = msgspec.structs.replace(point, state=State.INSUFFICIENT, withheld=True)
        points.append(point)
    return SeriesWeek(
        society=society,
        target=target,
        week=points[-1],
        before=tuple(points[:-1]),
        change=change_between(by_week[-2], by_week[-1], confusion),
        parts=labelled_change(by_week[-2], by_week[-1], confusion),
        baseline=baseline_of(by_week[:-1], by_week[-1], confusion),
    )


def _labelled(confusion: Confusion) -> int:
    """Labelled documents of a matrix that is used; 0 without one."""
    used = confusion.corrects and not correction(confusion).refusal
    return sum(map(sum, confusion.counts)) if used else 0


def _signals_of_week(signals: Sequence[Signal], monday: date, sunday: date) -> tuple[Signal, ...]:
    return tuple(
        sorted(
            (s for s in signals if monday <= s.day <= sunday),
            key=lambda s: (s.society, s.target, s.day, s.kind),
        )
    )


def _incidents_of_week(
    incidents: Sequence[Incident], monday: date, sunday: date
) -> tuple[Incident, ...]:
    def concerns(incident: Incident) -> bool:
        if incident.detected_on > sunday:  # what Sunday's documents show is opened on Monday
            return False
        if incident.status == Status.OPEN or incident.resolved_at is None:
            return True
        return incident.resolved_at.astimezone(UTC).date() >= monday

    return tuple(
        sorted(
            (i for i in incidents if concerns(i)),
            key=lambda i: (i.detected_on, i.society, i.target),
        )
    )


def _failing(attempts: Sequence[SourceAttempt]) -> tuple[FailingSource, ...]:
    by_source: dict[str, list[SourceAttempt]] = {}
    for attempt in attempts:
        by_source.setdefault(attempt.source, []).append(attempt)
    return tuple(
        FailingSource(
            source=source,
            failed=sum(a.outcome == "failed" for a in tried),
            attempts=len(tried),
            error=tried[-1].error,
        )
        for source, tried in sorted(by_source.items())
        if tried[-1].outcome == "failed"
    )
