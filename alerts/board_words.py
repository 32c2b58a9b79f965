"""The board's sentences and words: a figure is never shown without its interval, nor one that may not be used without its state."""

from __future__ import annotations

from datetime import UTC, date, datetime

from alerts.board import NAME, Board, SeriesView
from alerts.fall_facts import DayFigure
from alerts.floor_watch import FloorState
from alerts.harmless_text import harmless_line
from alerts.incident import Incident, Rule, Status
from alerts.k_floor import Hidden
from alerts.message import about
from alerts.net_support_change import SupportChange
from alerts.point import Point, State
from alerts.source_coverage import coverage_sentence

STATES = {
    State.OK: "enough texts",
    State.INSUFFICIENT: "too few texts or outlets: do not quote it",
    State.DEGRADED: "sources were down: do not quote it",
    State.NO_DATA: "no text addressed it",
}
"""State of a figure -> what a reader should know."""

OUTCOMES = {
    "ok": "read",
    "unchanged": "read, nothing new",
    "failed": "could not be read",
    "interrupted": "was interrupted",
    "": "not asked yet",
}
"""Outcome of an attempt at a source -> words."""

SEVERITIES = ("watch", "alert", "severe", "critical")
"""From least to most; each has a shape of its own (parts.html.j2)."""

_MINUS = "\N{MINUS SIGN}"


def signed(value: float, digits: int = 0) -> str:
    """`+12`, `−3` with a true minus, and plain `0` for what rounds to it."""
    text = f"{value:+.{digits}f}"
    if not text.strip("+-0."):
        return text[1:]
    return text.replace("-", _MINUS)


def interval(lower: float | None, upper: float | None, digits: int = 0) -> str:
    """`−8 to +52`; empty without one."""
    if lower is None or upper is None:
        return ""
    return f"{signed(lower, digits)} to {signed(upper, digits)}"


def percent(share: float | None, digits: int = 0) -> str:
    """`12 %`; empty without a share."""
    return "" if share is None else f"{100 * share:.{digits}f}\N{NO-BREAK SPACE}%"


def called(target: str) -> str:
    """What a target is called in a sentence."""
    return harmless_line(about(target), NAME)


def subject(target: str) -> str:
    """What a target is called at the beginning of a line."""
    text = called(target)
    return text[:1].upper() + text[1:]


def texts_of(point: Point) -> str:
    """How many texts a figure rests on; `fewer than 10` where it is withheld."""
    return Hidden.FEW.value if point.withheld else f"{point.n:,}"


def independent(point: Point) -> str:
    """How many independent texts they are worth; empty where it is withheld."""
    return "" if point.withheld else f"{point.n_eff:,.0f}"


def rests_on(point: Point) -> str:
    """What a level rests on, and whether it may be used."""
    if point.withheld:
        return STATES[point.state]
    said = f"{point.n:,} texts, worth {point.n_eff:,.0f} independent ones"
    return said if point.state is State.OK else f"{said}; {STATES[point.state]}"


def change_words(change: SupportChange | None) -> str:
    """The change against the seven days before, where that is said beside it."""
    if change is None:
        return "Can't be compared."
    limits = f"(interval {interval(change.lower, change.upper)})"
    if change.upper < 0:
        return f"{-change.change:.0f} points lower {limits}."
    if change.lower > 0:
        return f"{change.change:.0f} points higher {limits}."
    return f"No change beyond chance {limits}."


def change_sentence(change: SupportChange | None) -> str:
    """The same as a sentence of its own."""
    return f"Against the seven days before: {change_words(change)[:1].lower()}{change_words(change)[1:]}"


def happened(incident: Incident) -> str:
    """What happened, as the end of a title: a fall, or a level below a floor."""
    return "is below its floor" if incident.rule == Rule.FLOOR else "fell"


def fall_sentence(incident: Incident) -> str:
    """What fell, from what to what, by how much and since when."""
    limits = f"interval {interval(incident.lower, incident.upper)}"
    where = f"net support for {called(incident.target)}"
    if incident.rule == Rule.FLOOR:
        return (
            f"{where} is at {signed(incident.net_support)}, {-incident.change:.0f} points below the floor of "
            f"{signed(incident.baseline)} (change {limits}), since {incident.drop_day}"
        )
    return (
        f"{where} fell from {signed(incident.baseline)} to {signed(incident.net_support)}, by "
        f"{-incident.change:.0f} points (change {limits}), since {incident.drop_day}"
    )


def floor_sentence(state: FloorState) -> str:
    """Where a series stands toward its floor; for one that is judged (its side is known)."""
    level, spread = state.level or 0.0, state.spread or 0.0
    return (
        f"The level has been {state.side.value} it since {state.since}: on {state.day} it was {signed(level, 1)}, give "
        f"or take {spread:.1f}"
    )


def standing(incident: Incident) -> str:
    """Where an incident stands, in one line."""
    if incident.status == Status.RESOLVED and incident.resolved_at is not None:
        return f"over since {incident.resolved_at.astimezone(UTC):%Y-%m-%d}"
    who = harmless_line(incident.acknowledged_by, NAME)
    by = f", acknowledged by {who}" if who else ""
    return f"open since {incident.opened_at.astimezone(UTC):%Y-%m-%d}{by}"


def chart_sentence(view: SeriesView, place: str, first: date, last: date) -> str:
    """What a chart of a series shows, for those who do not see it."""
    known = [one for one in view.levels if one.state is State.OK and first <= one.day <= last]
    where = f"Net support for {called(view.target)} in {place}, seven-day level"
    if not known:
        return f"{where}, {first} to {last}: no day has a figure that can be used."
    lowest = min(known, key=lambda one: one.net_support or 0.0)
    highest = max(known, key=lambda one: one.net_support or 0.0)
    said = (
        f"{where}, {first} to {last}: it begins at {_figure(known[0])}, is highest on {highest.day} at "
        f"{_figure(highest)}, lowest on {lowest.day} at {_figure(lowest)}, and ends at {_figure(known[-1])}."
    )
    without = (last - first).days + 1 - len(known)
    if without:
        said += (
            f" {without} of {(last - first).days + 1} days have no such figure and are left open."
        )
    falls = [one for one in view.incidents if first <= one.drop_day <= last]
    if falls:
        said += f" {_falls(len(falls))} marked: {', '.join(str(one.drop_day) for one in falls)}."
    return said


def summary_sentence(board: Board) -> str:
    """How many societies, and how many incidents are open."""
    still_open = sum(len(page.open_incidents) for page in board.societies)
    societies = _count(len(board.societies), "society", "societies")
    open_ones = f"{_count(still_open, 'incident') if still_open else 'No incident'} open"
    return f"{societies}. {open_ones}."


def sources_sentence(board: Board) -> str:
    """How many sources are silent, failing, …, and which."""
    return coverage_sentence({one.source: one.state.condition for one in board.coverage})


def written(moment: datetime) -> str:
    """A time as people read it, in UTC."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _figure(one: DayFigure) -> str:
    return f"{signed(one.net_support or 0.0)} ({interval(one.lower, one.upper)})"


def _falls(n: int) -> str:
    return "The beginning of one fall is" if n == 1 else f"The beginnings of {n} falls are"


def _count(n: int, one: str, many: str = "") -> str:
    return f"{n:,} {one if n == 1 else many or one + 's'}"
