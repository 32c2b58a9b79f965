"""The weeks of a series as analysts read them: the whole, its parts by topic, outlet, kind and language, and the change.

    counts of a week and of the week before, with contributors -figures_of_weeks-> WeekFigure, WeekChange

A week has the documents that the digest counts in it: its days, without those that the k-floor leaves out. What is below
the floor has no figure here, nor have the parts without which it could be worked out (alerts/k_floor.py).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta

import msgspec

from alerts.change_label import labelled_change
from alerts.confusion import NONE, Confusion
from alerts.decomposition import decompose
from alerts.k_floor import (
    MarksByDay,
    days_left_out,
    is_published,
    marks_between,
    withheld_days,
    withheld_parts,
)
from alerts.net_support import add_by_outlet, points_of_windows
from alerts.point import Point, StanceCount, State
from alerts.week import week_of

TOPIC, OUTLET, KIND, LANGUAGE = "topic", "outlet", "kind", "language"

MOST_DEGRADED = 3
"""Degraded days that a week may have; with more of them it is degraded."""


class WeekRow(msgspec.Struct, frozen=True, kw_only=True):
    """Documents of one outlet, kind, language, topic and story on a day that address a target."""

    day: date
    outlet: str
    kind: str
    language: str
    topic: str
    """Empty: whatever they speak of. A document is in the row of each of its topics, too."""
    story: str
    support: int
    neutral: int
    oppose: int
    marks: tuple[int, ...]
    """Contributors, at least ten of them where there are more."""
    models: tuple[str, ...] = ()


class SeriesWeeks(msgspec.Struct, frozen=True, kw_only=True):
    """What a week of a series is estimated from."""

    society: str
    target: str
    monday: date
    counts: Mapping[date, Sequence[StanceCount]]
    """Of the days of the week and of the week before."""
    marks: MarksByDay
    """Contributors of these days."""
    rows: Sequence[WeekRow] = ()
    """The week's documents by what its parts are made of."""
    degraded: Collection[date] = ()
    """Days of the week on which sources were down."""


class WeekFigure(msgspec.Struct, frozen=True, kw_only=True):
    """A week of a series, or a part of it."""

    point: Point
    """Its day is the Monday; nothing is in it where it is withheld."""
    dimension: str = ""
    """topic, outlet, kind or language; empty for the whole."""
    part: str = ""
    degraded_days: int = 0
    models: tuple[str, ...] = ()

    @property
    def week(self) -> str:
        """2026-W47."""
        return week_of(self.point.day)


class WeekChange(msgspec.Struct, frozen=True, kw_only=True):
    """A week against the week before, in points of net support: the whole (no outlet), or what an outlet gave to it."""

    society: str
    target: str
    monday: date
    outlet: str = ""
    change: float | None = None
    lower: float | None = None
    upper: float | None = None
    within: float | None = None
    within_lower: float | None = None
    within_upper: float | None = None
    mix: float | None = None
    entry: float | None = None
    exit: float | None = None
    label: str = ""
    net_support_before: float | None = None
    net_support_after: float | None = None
    share_before: float | None = None
    share_after: float | None = None
    n_before: int | None = None
    n_after: int | None = None
    state: str = ""
    """Of the whole: ok where both weeks are."""
    withheld: bool = False


class _Week(msgspec.Struct, frozen=True):
    """Days of a week that are shown, and what was counted on them."""

    rows: tuple[StanceCount, ...]
    marks: Mapping[str, set[int]]
    left_out: Collection[date]
    withheld: bool
    """It has documents, and none of them is shown."""
    few: Collection[str]
    """Outlets that are withheld wherever outlets are named, so that no view gives what another keeps."""


def figures_of_weeks(
    weeks: Sequence[SeriesWeeks], confusions: Mapping[str, Confusion]
) -> tuple[list[WeekFigure], list[WeekChange]]:
    """Figures and changes of these weeks; all those of a target are estimated in one pass.

    `confusions` by target (NONE where it has none). Raises ValueError for a negative count.
    """
    figures: list[WeekFigure] = []
    changes: list[WeekChange] = []
    for target in sorted({one.target for one in weeks}):
        confusion = confusions.get(target, NONE)
        of_target = [one for one in weeks if one.target == target]
        now = [_week(one, one.monday) for one in of_target]
        before = [_week(one, one.monday - timedelta(days=7)) for one in of_target]
        wholes = _estimated(of_target, now, before, confusion)
        for one, week, last, (point, last_point) in zip(
            of_target, now, before, wholes, strict=True
        ):
            figures.append(
                WeekFigure(
                    point=point,
                    degraded_days=len(one.degraded),
                    models=tuple(sorted({model for row in one.rows for model in row.models})),
                )
            )
            changes += _changes(one, (last, week), (last_point, point), confusion)
        figures += _parts(of_target, now, confusion)
    return figures, changes


def _week(one: SeriesWeeks, monday: date) -> _Week:
    days = [monday + timedelta(days=number) for number in range(7)]
    counts = {day: rows for day in days if (rows := one.counts.get(day))}
    left_out = days_left_out(days, withheld_days(counts, one.marks))
    rows = add_by_outlet(
        row for day, of_day in counts.items() if day not in left_out for row in of_day
    )
    marks = marks_between(one.marks, monday, days[-1], left_out)
    few = withheld_parts([_by_outlet(rows)], [marks])
    return _Week(rows, marks, left_out, bool(left_out) and not rows, few)


def _estimated(
    weeks: Sequence[SeriesWeeks],
    now: Sequence[_Week],
    before: Sequence[_Week],
    confusion: Confusion,
) -> list[tuple[Point, Point]]:
    """The point of each week, and that of the week before it."""
    keys = [(one.society, one.target, one.monday) for one in weeks]
    found = points_of_windows(
        [*keys, *keys],
        [week.rows for week in (*now, *before)],
        [len(one.degraded) > MOST_DEGRADED for one in weeks] + [False] * len(weeks),
        confusion,
    )
    shown = [
        msgspec.structs.replace(point, state=State.INSUFFICIENT, withheld=True)
        if week.withheld
        else point
        for point, week in zip(found, (*now, *before), strict=True)
    ]
    return list(zip(shown[: len(weeks)], shown[len(weeks) :], strict=True))


def _parts(
    weeks: Sequence[SeriesWeeks], now: Sequence[_Week], confusion: Confusion
) -> list[WeekFigure]:
    keys: list[tuple[SeriesWeeks, str, str, bool]] = []
    windows: list[tuple[StanceCount, ...]] = []
    for one, week in zip(weeks, now, strict=True):
        shown = [row for row in one.rows if row.day not in week.left_out]
        for dimension in (TOPIC, OUTLET, KIND, LANGUAGE):
            by_part = _by_part(shown, dimension)
            hidden = _hidden(by_part, dimension, week)
            for part in sorted(by_part):
                keys.append((one, dimension, part, part in hidden))
                windows.append(() if part in hidden else _counts(by_part[part]))
    points = points_of_windows(
        [(one.society, one.target, one.monday) for one, *_ in keys],
        windows,
        [len(one.degraded) > MOST_DEGRADED for one, *_ in keys],
        confusion,
    )
    return [
        WeekFigure(
            point=msgspec.structs.replace(point, state=State.INSUFFICIENT, withheld=True)
            if hidden
            else point,
            dimension=dimension,
            part=part,
        )
        for (_, dimension, part, hidden), point in zip(keys, points, strict=True)
    ]


def _by_part(rows: Sequence[WeekRow], dimension: str) -> dict[str, list[WeekRow]]:
    """Rows by part. Topics overlap; the other dimensions part the rows that are of no topic in particular."""
    found: dict[str, list[WeekRow]] = {}
    for row in rows:
        if bool(row.topic) == (dimension == TOPIC):
            found.setdefault(getattr(row, dimension), []).append(row)
    return found


def _counts(rows: Sequence[WeekRow]) -> tuple[StanceCount, ...]:
    return add_by_outlet(
        StanceCount(
            outlet=row.outlet,
            support=row.support,
            neutral=row.neutral,
            oppose=row.oppose,
            story=row.story or None,
        )
        for row in rows
    )


def _marks(rows: Sequence[WeekRow]) -> set[int]:
    return {mark for row in rows for mark in row.marks}


def _hidden(by_part: Mapping[str, Sequence[WeekRow]], dimension: str, week: _Week) -> set[str]:
    """Parts that are withheld."""
    marks = {part: _marks(rows) for part, rows in by_part.items()}
    if dimension == TOPIC:
        return {part for part, of_part in marks.items() if not is_published(of_part)}
    if dimension == OUTLET:
        return {*week.few, *(by_part.keys() - {row.outlet for row in week.rows})}
    # An outlet that is withheld must not be what its kind or language has beside its other outlets.
    for part, rows in by_part.items():
        of_few = [row for row in rows if row.outlet in week.few]
        if of_few and not is_published(_marks(of_few)):
            marks[part] = set()
    documents = {
        part: sum(row.support + row.neutral + row.oppose for row in rows)
        for part, rows in by_part.items()
    }
    return withheld_parts([documents], [marks])


def _changes(
    one: SeriesWeeks, sides: tuple[_Week, _Week], points: tuple[Point, Point], confusion: Confusion
) -> list[WeekChange]:
    """The change of the whole and what each outlet gave to it; none unless both weeks have documents."""
    before, after = sides
    if before.withheld or after.withheld:
        return [_change(one, state=State.INSUFFICIENT.value, withheld=True)]
    labelled = labelled_change(before.rows, after.rows, confusion)
    parts = decompose(before.rows, after.rows, confusion=confusion)
    if labelled is None or parts is None:
        return []
    within = labelled.within
    states = [point.state for point in points]
    found = [
        _change(
            one,
            change=labelled.whole.change,
            lower=labelled.whole.lower,
            upper=labelled.whole.upper,
            within=within.change if within else None,
            within_lower=within.lower if within else None,
            within_upper=within.upper if within else None,
            mix=labelled.mix,
            entry=labelled.entry,
            exit=labelled.exit,
            label=labelled.label.value,
            net_support_before=points[0].net_support,
            net_support_after=points[1].net_support,
            share_before=1.0,
            share_after=1.0,
            n_before=points[0].n,
            n_after=points[1].n,
            state=next((state.value for state in states if state is not State.OK), State.OK.value),
        )
    ]
    documents = [_by_outlet(side.rows) for side in sides]
    hidden = withheld_parts(documents, [side.marks for side in sides]).union(
        *(side.few for side in sides)
    )
    for part in parts.outlets:
        if part.outlet in hidden:
            found.append(_change(one, outlet=part.outlet, withheld=True))
            continue
        found.append(
            _change(
                one,
                outlet=part.outlet,
                change=part.contribution,
                within=part.within,
                mix=part.mix,
                entry=part.entry,
                exit=part.exit,
                net_support_before=part.net_support_before,
                net_support_after=part.net_support_after,
                share_before=part.share_before,
                share_after=part.share_after,
                n_before=documents[0].get(part.outlet, 0),
                n_after=documents[1].get(part.outlet, 0),
            )
        )
    return found


def _change(one: SeriesWeeks, **values: object) -> WeekChange:
    made = WeekChange(society=one.society, target=one.target, monday=one.monday)
    return msgspec.structs.replace(made, **values)


def _by_outlet(rows: Sequence[StanceCount]) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in rows:
        found[row.outlet] = found.get(row.outlet, 0) + row.n
    return found
