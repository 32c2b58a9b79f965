"""The board's charts: where each line, band and label of a picture of net support lies.

    figures of days -draw-> Chart -templates/board/chart.html.j2-> SVG

Positions across and down are in percent of the plot, so that a chart is as wide as the page and its words keep
their size on a phone; paths are drawn in a square of 1,000 x 1,000 that is stretched over the plot, with strokes that
are not. Days without a figure that can be used are gaps in a line or hollow marks, never a zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

import msgspec

from alerts.board_scale import (
    SIZE,
    Curve,
    GridLine,
    Place,
    Tick,
    grid_values,
    of_days,
    span_of,
    ticks,
)
from alerts.board_words import signed
from alerts.incident import Incident, Status
from alerts.point import State

_LABEL_GAP = 17.0
"""Pixels between the middles of two labels at the right."""


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """A level that is marked. Its label stands at the right edge, or above its beginning where it ends in the left half."""

    kind: str
    """baseline, fallen, floor or recovery: each has a dash of its own."""
    label: str
    value: float
    since: date | None = None
    """First day that it is drawn on; None: from the edge."""
    until: date | None = None


class DrawnCurve(msgspec.Struct, frozen=True, kw_only=True):
    """Paths of one curve; an empty one is not drawn."""

    style: str
    """What its colour and its dash go by."""
    line: str
    band: str
    dots: str
    hollow: str
    label: str
    x: float
    """Of its last figure …"""
    y: float
    """… and the same down."""
    label_y: float
    """Of its label, moved so that labels do not lie on each other."""


class DrawnRule(msgspec.Struct, frozen=True, kw_only=True):
    """A marked level."""

    kind: str
    label: str
    y: float
    label_y: float
    """Of its label, moved so that labels do not lie on each other."""
    x1: float
    x2: float
    inside: bool
    """Whether the label stands in the plot, above the beginning of the line."""


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """The days of an incident, from the first of the fall."""

    x: float
    width: float
    severity: str
    number: int
    """In the list of incidents beside the chart, from 1; 0 where there is none."""
    is_open: bool


class EventMark(msgspec.Struct, frozen=True, kw_only=True):
    """The day of an event."""

    x: float
    letter: str
    """In the list of events beside the chart."""


class Chart(msgspec.Struct, frozen=True, kw_only=True):
    """A chart with everything in its place."""

    ident: str
    """Part of the ids of its title and description: letters and digits of our own."""
    title: str
    desc: str
    """What it shows, in words."""
    height: int
    """Pixels of the plot."""
    low: float
    high: float
    """Net support at its lower and upper edge."""
    grid: tuple[GridLine, ...]
    ticks: tuple[Tick, ...]
    curves: tuple[DrawnCurve, ...]
    rules: tuple[DrawnRule, ...]
    spans: tuple[Span, ...]
    events: tuple[EventMark, ...] = ()


def draw(
    curves: Sequence[Curve],
    first: date,
    last: date,
    *,
    ident: str,
    title: str,
    desc: str,
    height: int,
    rules: Sequence[Rule] = (),
    incidents: Sequence[Incident] = (),
    events: Sequence[tuple[date, str]] = (),
    limits: tuple[float, float] | None = None,
) -> Chart:
    """The chart of `curves` from `first` to `last`; `limits` of net support where several charts share a scale. `events`:
    days and the letters that mark them.
    """
    low, high = limits or span_of(curves, first, last, [rule.value for rule in rules])
    place = Place(first, max(last, first), low, high)
    drawn_curves, drawn_rules = _apart(
        [_curve(curve, place) for curve in curves], [_rule(rule, place) for rule in rules], height
    )
    return Chart(
        ident=ident,
        title=title,
        desc=desc,
        height=height,
        low=low,
        high=high,
        grid=tuple(
            GridLine(y=place.down(value), label=signed(value), zero=value == 0)
            for value in grid_values(low, high)
        ),
        ticks=tuple(ticks(place)),
        curves=drawn_curves,
        rules=drawn_rules,
        spans=tuple(
            _span(incident, number, place)
            for number, incident in enumerate(incidents, start=1)
            if _in_view(incident, place)
        ),
        events=tuple(
            EventMark(x=place.across(day), letter=letter)
            for day, letter in events
            if place.first <= day <= place.last
        ),
    )


def _curve(curve: Curve, place: Place) -> DrawnCurve:
    line: list[list[tuple[int, int]]] = []
    bands: list[list[tuple[int, int]]] = []
    hollow: list[tuple[int, int]] = []
    before: date | None = None
    end: tuple[float, float] | None = None
    for one in of_days(curve.line, place.first, place.last):
        if one.net_support is None:
            continue
        at = place.pixel(one.day, one.net_support)
        if one.state is not State.OK:
            hollow.append(at)
            continue
        if before is None or one.day - before > timedelta(days=1):
            line.append([])
            bands.append([])
        before = one.day
        end = (place.across(one.day), place.down(one.net_support))
        line[-1].append(at)
        if one.lower is not None and one.upper is not None:
            bands[-1] += [place.pixel(one.day, one.upper), place.pixel(one.day, one.lower)]
    dots: list[tuple[int, int]] = []
    for one in of_days(curve.dots, place.first, place.last):
        if one.net_support is not None:
            marks = dots if one.state is State.OK else hollow
            marks.append(place.pixel(one.day, one.net_support))
    x, y = end or (0.0, 0.0)
    return DrawnCurve(
        style=style_of(curve.target),
        line="".join(map(_joined, line)) if curve.joined else "",
        band="".join(_outline(band, place) for band in bands if band),
        dots=_marks(dots),
        hollow=_marks(hollow),
        label=curve.label if end else "",
        x=x,
        y=y,
        label_y=y,
    )


def style_of(target: str) -> str:
    """The four targets of the codebook have a colour and a dash each; a user's own share one."""
    return target if target in ("regular", "irregular", "asylum", "general") else "own"


def _joined(points: Sequence[tuple[int, int]]) -> str:
    """A path through these points; a single one is a dot."""
    (x, y), *rest = points
    if not rest:
        return f"M{x} {y}h0"
    steps = []
    for to_x, to_y in rest:
        steps.append(f"{to_x - x}{'' if to_y < y else ' '}{to_y - y}")
        x, y = to_x, to_y
    text = "l" + steps[0]
    for step in steps[1:]:
        text += step if step.startswith("-") else f" {step}"
    return f"M{points[0][0]} {points[0][1]}{text}"


def _outline(band: Sequence[tuple[int, int]], place: Place) -> str:
    """A closed path along the upper limits and back along the lower, which come in turn; a single day is a narrow bar."""
    if len(band) == 2:
        half = max(1, round(SIZE / place.days / 4))
        (x, upper), (_, lower) = band
        band = [(x - half, upper), (x - half, lower), (x + half, upper), (x + half, lower)]
    return _joined([*band[::2], *band[::-2]]) + "z"


def _marks(points: Iterable[tuple[int, int]]) -> str:
    """A path of dots: strokes of no length, whose round ends are drawn."""
    return "".join(f"M{x} {y}h0" for x, y in points)


def _apart(
    curves: Sequence[DrawnCurve], rules: Sequence[DrawnRule], height: int
) -> tuple[tuple[DrawnCurve, ...], tuple[DrawnRule, ...]]:
    """The same with the labels at the right edge far enough from each other, in the order of their lines."""
    gap = 100 * _LABEL_GAP / height
    labelled: list[DrawnCurve | DrawnRule] = [
        *(curve for curve in curves if curve.label),
        *(rule for rule in rules if not rule.inside),
    ]
    labelled.sort(key=lambda one: one.y)
    places = [one.y for one in labelled]
    for n in range(1, len(places)):
        places[n] = max(places[n], places[n - 1] + gap)
    for n in range(len(places) - 1, -1, -1):
        places[n] = min(places[n], places[n + 1] - gap if n + 1 < len(places) else 100.0)
    moved = {id(one): round(y, 2) for one, y in zip(labelled, places, strict=True)}
    return (
        tuple(msgspec.structs.replace(c, label_y=moved.get(id(c), c.y)) for c in curves),
        tuple(msgspec.structs.replace(r, label_y=moved.get(id(r), r.y)) for r in rules),
    )


def _rule(rule: Rule, place: Place) -> DrawnRule:
    y = place.down(rule.value)
    x1 = 0.0 if rule.since is None else place.across(_kept(rule.since, place))
    x2 = 100.0 if rule.until is None else place.across(_kept(rule.until, place))
    return DrawnRule(
        kind=rule.kind,
        label=rule.label,
        y=y,
        label_y=y,
        x1=x1,
        x2=x2,
        inside=rule.until is not None and x1 < 50,
    )


def _kept(day: date, place: Place) -> date:
    return min(max(day, place.first), place.last)


def _in_view(incident: Incident, place: Place) -> bool:
    end = place.last
    if incident.status == Status.RESOLVED and incident.resolved_at is not None:
        end = incident.resolved_at.date()
    return incident.drop_day <= place.last and end >= place.first


def _span(incident: Incident, number: int, place: Place) -> Span:
    x = place.across(max(incident.drop_day, place.first))
    end = 100.0
    is_open = incident.status == Status.OPEN
    if not is_open and incident.resolved_at is not None:
        end = place.across(min(incident.resolved_at.date(), place.last))
    return Span(
        x=x,
        width=round(max(end - x, 0.0), 2),
        severity=incident.severity,
        number=number,
        is_open=is_open,
    )
