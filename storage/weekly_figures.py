"""Weekly figures at rest, and what they are estimated from: the parts of weeks, changes, shares, spillovers.

A part that a week had and has no more gets a row that says so, which the views leave out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta

import msgspec

from alerts.k_floor import K_FLOOR
from alerts.spillover import Spillover
from alerts.week import week_of
from alerts.weekly_figures import WeekChange, WeekFigure, WeekRow
from alerts.weekly_shares import ReadingRow, WeekShare
from storage.daily_counts import Series
from storage.database import Database, Row, next_version
from storage.statements import query

_KEY = ("society", "target", "monday", "dimension", "part", "week")
_COUNTS = ("n", "outlets", "support", "neutral", "oppose")
_FIGURE = ("net_support", "lower", "upper", "n_eff")
_WEIGHTINGS = ("per_story", "outlet_balanced")

_FIGURE_COLUMNS = (
    *_KEY,
    *("state", "withheld", "degraded_days", "models"),
    *_COUNTS,
    *_FIGURE,
    *(f"{name}_{weighting}" for weighting in _WEIGHTINGS for name in _FIGURE),
    *("gone", "version"),
)

_CHANGE_COLUMNS = (*WeekChange.__struct_fields__, "week", "gone", "version")
_SHARE_COLUMNS = (*WeekShare.__struct_fields__, "week", "gone", "version")

_SPILLOVER_COLUMNS = ("society", "day", *Spillover.__struct_fields__, "sentence", "version")


def week_rows(
    database: Database, series: Sequence[Series], first: date, last: date
) -> dict[Series, list[WeekRow]]:
    """Documents that address the targets of these series, by what the parts of a week are made of."""
    found: dict[Series, list[WeekRow]] = {}
    result = database.query(
        query("week_rows"),
        {
            "series": tuple(series),
            "societies": tuple(sorted({society for society, _ in series})),
            "first": first,
            "last": last,
            "kept": K_FLOOR,
        },
    )
    for society, target, day, outlet, kind, language, topic, story, *rest in result.rows:
        support, neutral, oppose, marks, models = rest
        found.setdefault((society, target), []).append(
            WeekRow(
                day=day,
                outlet=outlet,
                kind=kind,
                language=language,
                topic=topic,
                story=story,
                support=support,
                neutral=neutral,
                oppose=oppose,
                marks=tuple(marks),
                models=tuple(models),
            )
        )
    return found


def week_readings(
    database: Database, societies: Sequence[str], first: date, last: date
) -> dict[str, list[ReadingRow]]:
    """Documents about migration of these societies, by what the shares of a week are made of."""
    found: dict[str, list[ReadingRow]] = {}
    result = database.query(
        query("week_readings"), {"societies": tuple(societies), "first": first, "last": last}
    )
    names = ReadingRow.__struct_fields__
    for society, *row in result.rows:
        *values, marks = row
        found.setdefault(society, []).append(
            ReadingRow(**dict(zip(names, [*values, tuple(marks)], strict=True)))
        )
    return found


def store_figures(
    database: Database, monday: date, series: Collection[Series], figures: Sequence[WeekFigure]
) -> None:
    """Store what these series have in a week; a part that is stored and not among them is gone."""
    version = next_version()
    had = _stored(database, "week_parts", {"series": tuple(sorted(series)), "monday": monday})
    rows = [_figure_row(one, version) for one in figures]
    keys = {(r[0], r[1], r[3], r[4]) for r in rows}
    empty: Mapping[str, object] = {
        "week": week_of(monday),
        "state": "no_data",
        "withheld": 0,
        "degraded_days": 0,
        "models": [],
        "gone": 1,
        "version": version,
    }
    for society, target, dimension, part in sorted(had - keys):
        key = {"society": society, "target": target, "dimension": dimension, "part": part}
        values = {**empty, **key, "monday": monday}
        rows.append(tuple(values.get(name) for name in _FIGURE_COLUMNS))
    database.insert("weekly_figures", _FIGURE_COLUMNS, rows)


def _figure_row(one: WeekFigure, version: int) -> Row:
    point = one.point
    figures: tuple[object, ...] = (None,) * (len(_COUNTS) + 3 * len(_FIGURE))
    if not point.withheld:
        figures = (
            *(point.n, point.outlets, point.support, point.neutral, point.oppose),
            *(point.net_support, point.lower, point.upper, point.n_eff),
            *msgspec.structs.astuple(point.per_story),
            *msgspec.structs.astuple(point.outlet_balanced),
        )
    return (
        *(point.society, point.target, point.day, one.dimension, one.part, one.week),
        *(point.state.value, int(point.withheld), one.degraded_days, list(one.models)),
        *figures,
        *(0, version),
    )


def store_changes(
    database: Database, monday: date, series: Collection[Series], changes: Sequence[WeekChange]
) -> None:
    """The same of changes."""
    version = next_version()
    had = _stored(database, "week_outlets", {"series": tuple(sorted(series)), "monday": monday})
    gone = [
        WeekChange(society=society, target=target, monday=monday, outlet=outlet)
        for society, target, outlet in sorted(
            had - {(one.society, one.target, one.outlet) for one in changes}
        )
    ]
    week = week_of(monday)
    database.insert(
        "weekly_changes",
        _CHANGE_COLUMNS,
        [
            (*(_plain(value) for value in msgspec.structs.astuple(one)), week, flag, version)
            for flag, rows in ((0, changes), (1, gone))
            for one in rows
        ],
    )


def store_shares(
    database: Database, monday: date, societies: Collection[str], shares: Sequence[WeekShare]
) -> None:
    """The same of shares."""
    version = next_version()
    had = _stored(
        database, "week_shares", {"societies": tuple(sorted(societies)), "monday": monday}
    )
    gone = [
        WeekShare(society=society, monday=monday, dimension=dimension, part=part)
        for society, dimension, part in sorted(
            had - {(one.society, one.dimension, one.part) for one in shares}
        )
    ]
    database.insert(
        "weekly_shares",
        _SHARE_COLUMNS,
        [
            (*(_plain(value) for value in msgspec.structs.astuple(one)), one.week, flag, version)
            for flag, rows in ((0, shares), (1, gone))
            for one in rows
        ],
    )


def store_spillovers(database: Database, day: date, found: Mapping[str, Spillover]) -> None:
    """Store the answers on the year up to `day`, by society."""
    version = next_version()
    database.insert(
        "spillovers",
        _SPILLOVER_COLUMNS,
        [
            (
                society,
                day,
                *(_plain(value) for value in msgspec.structs.astuple(one)),
                one.sentence,
                version,
            )
            for society, one in found.items()
        ],
    )


def spillovers_known(database: Database, day: date) -> set[str]:
    """Societies whose spillover on the year up to `day` is stored."""
    return {society for (society,) in database.query(query("spillovers_on"), {"day": day}).rows}


def days_of(monday: date) -> tuple[date, date]:
    """Monday and Sunday."""
    return monday, monday + timedelta(days=6)


def _stored(database: Database, name: str, values: Mapping[str, object]) -> set[tuple[str, ...]]:
    return {tuple(row) for row in database.query(query(name), values).rows}


def _plain(value: object) -> object:
    return int(value) if isinstance(value, bool) else getattr(value, "value", value)
