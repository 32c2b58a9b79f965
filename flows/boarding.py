"""The board: what the database holds, collected into one record, made into pages, written into a folder.

    points, counts, readings, incidents, digests, source runs -collect-> Board -render-> pages -write_folder-> folder

Everything is read anew each time: what was deleted since is on no page any more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from alerts.board import (
    Board,
    DigestView,
    SeriesView,
    SocietyPage,
    SourceRow,
    outlet_rows,
    topic_rows,
)
from alerts.board_level import DAYS, level_on, levels, rows_between
from alerts.board_pages import render
from alerts.board_words import floor_sentence
from alerts.conflation import conflation
from alerts.confusion import NONE, Confusion
from alerts.floor_watch import FloorState, Side
from alerts.incident import Incident
from alerts.k_floor import (
    Hidden,
    MarksByDay,
    WithheldDays,
    contributors,
    days_left_out,
    is_published,
    marks_between,
    shown_point,
    withheld_days,
)
from alerts.net_support_change import SupportChange, change_between
from alerts.point import Point, StanceCount, State
from alerts.signal import Signal
from alerts.source_gap import SourceGap
from alerts.spillover_sentence import spillover_sentence
from classify.target import TARGETS
from flows.board_evidence import incident_views
from flows.board_folder import Written, write_folder
from flows.correcting import confusions_of
from flows.degraded_days import find_gaps
from flows.floors import load_floors
from flows.following import stand_toward
from flows.source_coverage import collect_coverage
from flows.spillovers import spillovers
from flows.wiring import Edges
from ingest.document import UNKNOWN_SOCIETY
from storage import anchors as entered
from storage import contributors as stored_contributors
from storage import (
    coverage,
    daily_counts,
    incidents,
    points,
    reading_counts,
    signals,
    source_health,
    source_runs,
    told,
)
from storage.daily_counts import Series

HISTORY_DAYS = 400
"""Days that the board shows: a year, and the weeks before it to compare with."""

RECENT_DAYS = 28
"""Days of topics, outlets, conflation and signals: four of each weekday."""

MOST_DIGESTS = 260
"""Weeks of the archive: five years."""

NO_SOCIETY = "No single society"
"""What documents are shown under that speak of no society in particular."""

CountsByDay = Mapping[date, Sequence[StanceCount]]


class _Counted:
    """What was counted of one series, who spoke in it, and which days are below the k-floor."""

    def __init__(self, counts: CountsByDay, marks: MarksByDay) -> None:
        self.counts, self.marks = counts, marks
        self.withheld: WithheldDays = withheld_days(counts, marks)

    def marks_of_outlets(self, first: date, last: date) -> dict[str, set[int]]:
        """Contributors by outlet on the days that are shown."""
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        return marks_between(self.marks, first, last, days_left_out(days, self.withheld))


def write_board(edges: Edges, folder: Path, *, now: datetime) -> Written:
    """Write the board as of `now` into `folder`.

    Raises Mistake for a folder that holds something else, and for floors that cannot be used.
    """
    board = collect_board(edges, now=now, names=edges.society_names)
    return write_folder(folder, render(board))


def collect_board(edges: Edges, *, now: datetime, names: Mapping[str, str]) -> Board:
    """Everything that the pages show, as of `now`: days that are over."""
    database = edges.database
    last = now.astimezone(UTC).date() - timedelta(days=1)
    by_series = points.points_between(database, last - timedelta(days=HISTORY_DAYS - 1), last)
    first = min((point.day for one in by_series.values() for point in one), default=last)
    recent = max(first, last - timedelta(days=RECENT_DAYS - 1))
    known = [one for one in incidents.stored_incidents(database) if one.drop_day <= last]
    shared = _Shared(edges, by_series, known, first=first, last=last, recent=recent, now=now)
    called = {UNKNOWN_SOCIETY: NO_SOCIETY, **names}
    pages = [
        shared.society(code, called.get(code, ""))
        for code in sorted({society for society, _ in by_series})
    ]
    return Board(
        now=now,
        first=first,
        last=last,
        recent=recent,
        societies=tuple(pages),
        coverage=collect_coverage(edges, called, now=now),
        incidents=incident_views(
            edges,
            [one for one in known if one.drop_day >= first],
            shared.standing,
            shared.leads,
            last,
        ),
        digests=tuple(
            DigestView(
                week=one.week,
                title=one.title,
                text=one.body,
                html=one.html,
                written_at=one.created_at,
            )
            for one in told.newest_digests(database, MOST_DIGESTS)
        ),
        models=tuple(coverage.models_between(database, recent, last)),
        simulated=edges.settings.simulated,
    )


class _Shared:
    """What is read once for all societies."""

    def __init__(
        self,
        edges: Edges,
        by_series: Mapping[Series, Sequence[Point]],
        known: Sequence[Incident],
        *,
        first: date,
        last: date,
        recent: date,
        now: datetime,
    ) -> None:
        database = edges.database
        self.edges, self.by_series, self.known = edges, by_series, known
        self.first, self.last, self.recent = first, last, recent
        self.confusions = confusions_of(edges.classifier, {target for _, target in by_series})
        self.floors = {(one.society, one.target): one for one in load_floors(edges.settings, now)}
        self.standing = stand_toward(tuple(self.floors.values()), by_series)
        self.leads = spillovers(database, last)
        span = last - recent + timedelta(days=1)
        self.flags = reading_counts.flags_between(database, recent, last)
        self.topics = reading_counts.topics_between(database, recent, last)
        self.marks = stored_contributors.by_topic(database, recent, last)
        before = recent - span, recent - timedelta(days=1)
        self.flags_before = reading_counts.flags_between(database, *before)
        self.topics_before = reading_counts.topics_between(database, *before)
        self.marks_before = stored_contributors.by_topic(database, *before)
        self.signals: Sequence[Signal] = signals.signals_between(database, recent, last)
        self.anchors = [one for one in entered.anchors(database) if one.day <= last]
        self.events = [one for one in entered.events(database) if first <= one.day <= last]
        self.health = source_health.health_since(database, now - timedelta(days=DAYS))
        self.states = source_runs.states(database)
        degraded = {
            (point.society, point.day)
            for one in by_series.values()
            for point in one
            if point.state is State.DEGRADED and point.day >= recent
        }
        self.gaps: Mapping[tuple[str, date], SourceGap] = find_gaps(database, degraded)

    def society(self, society: str, name: str) -> SocietyPage:
        """One society. Its counts are read here, so that those of all are never in memory together."""
        targets = sorted((t for s, t in self.by_series if s == society), key=_turn)
        series = [(society, target) for target in targets]
        span = self.first - timedelta(days=2 * DAYS), self.last
        counts = daily_counts.counts_of_series(self.edges.database, series, *span)
        marks = stored_contributors.of_series(self.edges.database, series, *span)
        of_target = {
            target: _Counted(counts.get((society, target), {}), marks.get((society, target), {}))
            for target in targets
        }
        views = {t: self._series(society, t, of_target[t]) for t in targets}
        speaking = self.marks.get(society, {})
        flags = self.flags.get(society, [])
        relevant = sum(row.relevant for row in flags)
        relevant_before = sum(row.relevant for row in self.flags_before.get(society, []))
        gaps = [gap for (code, _), gap in self.gaps.items() if code == society]
        return SocietyPage(
            society=society,
            name=name,
            series=tuple(views.values()),
            documents=relevant
            if is_published(speaking.get("", ())) or not relevant
            else Hidden.FEW,
            topics=topic_rows(
                self.topics.get(society, {}),
                relevant,
                self.topics_before.get(society, {}),
                relevant_before,
                (speaking, self.marks_before.get(society, {})),
            ),
            conflation=conflation(society, flags, contributors=contributors(speaking.get("", ()))),
            outlets=outlet_rows(
                [self._outlets(of_target[target]) for target in targets],
                [of_target[target].marks_of_outlets(self.recent, self.last) for target in targets],
            ),
            sources=self._sources(society),
            gaps=tuple(sorted(gaps, key=lambda gap: gap.day, reverse=True)),
            signals=tuple(one for one in reversed(self.signals) if one.society == society),
            spillover=spillover_sentence(self.leads[society]) if society in self.leads else "",
            anchors=tuple(
                sorted(
                    (one for one in self.anchors if one.society == society),
                    key=lambda one: (one.day, one.id),
                )
            ),
            events=tuple(one for one in self.events if one.society == society),
        )

    def _series(self, society: str, target: str, counted: _Counted) -> SeriesView:
        days = self.by_series[society, target]
        counts, withheld = counted.counts, counted.withheld
        degraded = {point.day for point in days if point.state is State.DEGRADED}
        confusion = self.confusions.get(target, NONE)
        floor = self.floors.get((society, target))
        level = level_on(
            society,
            target,
            counts,
            self.last,
            confusion=confusion,
            degraded=degraded,
            withheld=withheld,
        )
        return SeriesView(
            target=target,
            points=tuple(map(shown_point, days)),
            levels=levels(
                counts,
                self.first,
                self.last,
                confusion=confusion,
                degraded=degraded,
                withheld=withheld,
            ),
            level=level,
            change=_change(counted, self.last, level, confusion, degraded),
            floor=floor,
            floor_says=_floor_says(self.standing[society, target]) if floor else "",
            incidents=tuple(
                one for one in self.known if (one.society, one.target) == (society, target)
            ),
        )

    def _outlets(self, counted: _Counted) -> dict[str, int]:
        """Documents of the recent period by outlet."""
        found: dict[str, int] = {}
        for row in rows_between(counted.counts, self.recent, self.last, withheld=counted.withheld):
            found[row.outlet] = found.get(row.outlet, 0) + row.n
        return found

    def _sources(self, society: str) -> tuple[SourceRow, ...]:
        rows = []
        for source in self.edges.sources:
            if source.society != society or not source.enabled:
                continue
            health = self.health.get(source.name)
            state = self.states.get(source.name)
            rows.append(
                SourceRow(
                    source=source.name,
                    outlet=source.outlet,
                    outcome=health.last_outcome if health else "",
                    last_success=state.last_success_at if state else None,
                    attempts=health.attempts if health else 0,
                    failed=health.failures if health else 0,
                    error=health.last_error if health and health.failures else "",
                )
            )
        return tuple(sorted(rows, key=lambda row: row.source))


def _turn(target: str) -> tuple[int, str]:
    """Targets of the codebook in its order, then the user's own by name."""
    order = [one.name for one in TARGETS]
    return (order.index(target), "") if target in order else (len(order), target)


def _change(
    counted: _Counted,
    last: date,
    level: Point,
    confusion: Confusion,
    degraded: set[date],
) -> SupportChange | None:
    """The level against that of the seven days before; None unless both can be used."""
    end = last - timedelta(days=DAYS)
    counts, withheld = counted.counts, counted.withheld
    before = level_on(
        level.society,
        level.target,
        counts,
        end,
        confusion=confusion,
        degraded=degraded,
        withheld=withheld,
    )
    if not level.state is before.state is State.OK:
        return None
    weeks = (end - timedelta(days=DAYS - 1), end), (end + timedelta(days=1), last)
    old, new = (rows_between(counts, *days, degraded=degraded, withheld=withheld) for days in weeks)
    return change_between(old, new, confusion)


def _floor_says(state: FloorState) -> str:
    return "" if state.side is Side.UNKNOWN else floor_sentence(state)
