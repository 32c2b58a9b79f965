"""The board: everything that its pages show, as one record. alerts/board_pages.py makes a folder of pages of it.

Texts in it are as they came (titles, outlets, sentences, notes, codes): the pages escape them for the place where
they are shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime

import msgspec

from alerts.anchor import Anchor
from alerts.conflation import Conflation
from alerts.event import Event
from alerts.fall_facts import DayFigure, FallFacts
from alerts.floor import Floor
from alerts.harmless_text import harmless_line
from alerts.incident import Incident, Status
from alerts.k_floor import (
    Hidden,
    Marks,
    Published,
    each_its_own,
    is_published,
    parts_of_a_total,
)
from alerts.net_support_change import SupportChange
from alerts.point import Point
from alerts.signal import Signal
from alerts.source_coverage import SourceCoverage
from alerts.source_gap import SourceGap

NAME = 80
"""Characters of a name that are shown; whoever names an outlet or a target may write a novel."""


class SeriesView(msgspec.Struct, frozen=True, kw_only=True):
    """One series (society, target)."""

    target: str
    points: tuple[Point, ...]
    """Its days as they are published (`shown_point`), oldest first; a day without a row has no figure."""
    levels: tuple[DayFigure, ...] = ()
    """Its seven-day levels, oldest first (alerts/board_level.py)."""
    level: Point
    """The seven-day level of the last day of the board; its counts are those of the seven days."""
    change: SupportChange | None = None
    """Of the level against the seven days before; None unless both can be used."""
    floor: Floor | None = None
    """That a person set."""
    floor_says: str = ""
    """One sentence on where the series stands toward it."""
    incidents: tuple[Incident, ...] = ()
    """Of this series, newest first."""

    @property
    def open_incident(self) -> Incident | None:
        """The one that is open, if one is; a series has one at a time."""
        return next((one for one in self.incidents if one.status == Status.OPEN), None)


class TopicRow(msgspec.Struct, frozen=True, kw_only=True):
    """Documents of one society that speak of a topic."""

    topic: str
    documents: Published
    share: float | None
    """Of the documents about migration, 0 to 1; None where the number is not published."""
    before: float | None
    """The same in the period before; None where that is not published."""


class OutletRow(msgspec.Struct, frozen=True, kw_only=True):
    """Documents of one outlet by target, in the order of the society's series."""

    outlet: str
    documents: tuple[Published, ...]


class SourceRow(msgspec.Struct, frozen=True, kw_only=True):
    """How reading one source goes."""

    source: str
    outlet: str
    outcome: str
    """Of the last attempt: ok, unchanged, failed or interrupted; empty where there was none."""
    last_success: datetime | None
    attempts: int
    """In the period of the board's last week …"""
    failed: int
    """… of which so many failed."""
    error: str = ""
    """Of the last attempt."""


class SocietyPage(msgspec.Struct, frozen=True, kw_only=True):
    """What the board shows of one society."""

    society: str
    """ISO 3166-1 code."""
    name: str = ""
    """What people call it; its code where nobody said."""
    series: tuple[SeriesView, ...]
    """Regular and irregular first, then the other targets, the user's own last."""
    documents: Published = 0
    """About migration, in the recent period (`Board.recent`)."""
    topics: tuple[TopicRow, ...] = ()
    conflation: Conflation | None = None
    """Of the recent period."""
    outlets: tuple[OutletRow, ...] = ()
    sources: tuple[SourceRow, ...] = ()
    gaps: tuple[SourceGap, ...] = ()
    """Days on which too many sources were down."""
    signals: tuple[Signal, ...] = ()
    """What was seen and is no fall."""
    spillover: str = ""
    """One sentence: whether attitudes toward irregular migration move first."""
    anchors: tuple[Anchor, ...] = ()
    """Published survey results, shown and never used."""
    events: tuple[Event, ...] = ()
    """What happened in the days of the board; oldest first."""

    @property
    def title(self) -> str:
        """Its name, or its code where it has none, short enough for a heading."""
        return harmless_line(self.name or self.society, NAME)

    @property
    def open_incidents(self) -> tuple[Incident, ...]:
        """In the order of its series."""
        return tuple(one for view in self.series if (one := view.open_incident) is not None)


class LifeEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Something that became of an incident."""

    at: datetime
    what: str
    """opened, worse, reminder, acknowledged, silenced, resolved."""
    text: str = ""


class IncidentView(msgspec.Struct, frozen=True, kw_only=True):
    """One incident, its evidence and its life."""

    facts: FallFacts
    life: tuple[LifeEvent, ...] = ()
    """Oldest first."""

    @property
    def incident(self) -> Incident:
        """The incident itself."""
        return self.facts.incident


class DigestView(msgspec.Struct, frozen=True, kw_only=True):
    """The digest of one week as people were told it."""

    week: str
    """2026-W47."""
    title: str
    text: str
    """Plain text of 78 columns."""
    html: str = ""
    """The page that it was stored with; empty for one that was written before there were pages."""
    written_at: datetime


class Board(msgspec.Struct, frozen=True, kw_only=True):
    """The whole board, as of `now`. The order of societies does not matter: pages list them by name, never by figure."""

    now: datetime
    """When it was written; aware."""
    first: date
    """First day of its series …"""
    last: date
    """… and the last, which is over."""
    recent: date
    """First day of the recent period, which ends with `last`: topics, outlets and conflation are of it."""
    societies: tuple[SocietyPage, ...] = ()
    coverage: tuple[SourceCoverage, ...] = ()
    """The sources of the list, in any order."""
    incidents: tuple[IncidentView, ...] = ()
    digests: tuple[DigestView, ...] = ()
    models: tuple[str, ...] = ()
    """Models whose judgements are counted."""
    simulated: bool = False

    def __post_init__(self) -> None:
        if self.now.tzinfo is None:
            raise ValueError("now has no time zone; pass an aware time, e.g. datetime.now(UTC)")


def published(
    documents: Mapping[str, int], marks: Mapping[str, Marks] | None = None
) -> dict[str, Published]:
    """Numbers of documents that add up to a known total, as the k-floor lets them be published. `marks` are their
    contributors; without them each document counts as its own.
    """
    return parts_of_a_total(documents, each_its_own(documents) if marks is None else marks)


def outlet_rows(
    documents: Sequence[Mapping[str, int]],
    marks: Sequence[Mapping[str, Marks]] | None = None,
) -> tuple[OutletRow, ...]:
    """A row for every outlet by name; `documents` are those by outlet, one mapping for each target, and `marks` their
    contributors.
    """
    names = sorted({name for column in documents for name in column}, key=str.casefold)
    of_columns = [None] * len(documents) if marks is None else marks
    columns = [
        published({name: column.get(name, 0) for name in names}, of_column)
        for column, of_column in zip(documents, of_columns, strict=True)
    ]
    return tuple(
        OutletRow(outlet=name, documents=tuple(column[name] for column in columns))
        for name in names
    )


def topic_rows(
    documents: Mapping[str, int],
    total: int,
    before: Mapping[str, int],
    total_before: int,
    marks: tuple[Mapping[str, Marks], Mapping[str, Marks]] | None = None,
) -> tuple[TopicRow, ...]:
    """The topics that have documents, in the order of their names; a document may speak of several, so that
    shares do not add up and nothing can be worked out by subtraction. `marks` are the contributors of both periods by
    topic; without them each document counts as its own.
    """
    now, then = (each_its_own(documents), each_its_own(before)) if marks is None else marks

    def shown(topic: str, of_topics: Mapping[str, Marks]) -> bool:
        return is_published(of_topics.get(topic, ()))

    return tuple(
        TopicRow(
            topic=topic,
            documents=number if shown(topic, now) else Hidden.FEW,
            share=number / total if shown(topic, now) and total else None,
            before=before.get(topic, 0) / total_before
            if shown(topic, then) and total_before
            else None,
        )
        for topic, number in sorted(documents.items())
        if number
    )


def life_of(incident: Incident, told: Sequence[LifeEvent] = ()) -> tuple[LifeEvent, ...]:
    """The life of an incident, oldest first: what its row says, and what people were `told` of it on the way."""
    events = [LifeEvent(at=incident.opened_at, what="opened", text=incident.reason)]
    events += [one for one in told if one.what not in ("opened", "resolved")]
    if incident.acknowledged_at is not None:
        by = f"by {incident.acknowledged_by}" if incident.acknowledged_by else ""
        events.append(
            LifeEvent(
                at=incident.acknowledged_at,
                what="acknowledged",
                text=": ".join(filter(None, (by, incident.note))),
            )
        )
    if incident.resolved_at is not None:
        why = next((one.text for one in told if one.what == "resolved"), "")
        events.append(LifeEvent(at=incident.resolved_at, what="resolved", text=why))
    return tuple(sorted(events, key=lambda event: event.at))
