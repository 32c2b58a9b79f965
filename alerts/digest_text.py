"""The digest as plain text of 78 columns, for mail, terminal and log."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from alerts.digest import Digest, FailingSource, SeriesWeek
from alerts.excerpt import excerpt_lines
from alerts.incident import Incident, Status
from alerts.message import (
    COLUMNS,
    NET_SUPPORT_IS,
    SAID_MOST_CLEARLY,
    Message,
    one_line,
    signed,
)
from alerts.point import Point, State

_ERROR_CHARACTERS = 200


def digest_title(digest: Digest) -> str:
    """One line: the week and how many incidents are open."""
    still_open = sum(i.status == Status.OPEN for i in digest.incidents)
    mark = "[simulated] " if digest.simulated else ""
    return f"{mark}Attitudes toward migration, week {digest.week}: {_incidents(still_open)} open"


def digest_message(digest: Digest) -> Message:
    """The digest as a message for the channels; its id is a function of the week."""
    return Message(
        id=f"digest-{digest.week}",
        incident="",
        kind="digest",
        reason=f"week {digest.week} is over",
        title=digest_title(digest),
        body=render_text(digest),
        created_at=digest.created_at,
    )


def render_text(digest: Digest) -> str:
    """The whole digest. No line but a link is longer than 78 columns; series stand in the order of their names."""
    parts = [
        _head(digest),
        _summary(digest),
        _table(digest),
        _notes(digest),
        _incident_part(digest),
        _ledger(digest),
        _failing(digest),
        _foot(digest),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(digest: Digest) -> str:
    title = f"Attitudes toward migration, week {digest.week}"
    lines = [
        title,
        "=" * len(title),
        f"Monday {digest.monday} to Sunday {digest.sunday}, in the monitored corpus",
    ]
    if digest.simulated:
        lines.append("SIMULATED DATA: the documents behind these figures are invented.")
    return "\n".join(lines)


def _summary(digest: Digest) -> str:
    shown = [s for s in digest.series if s.week.state is not State.NO_DATA]
    if not shown:
        return _fill("No document of this week addressed a target, so there is no figure.")
    societies = {s.society for s in shown}
    documents = sum(s.week.n for s in shown)
    sentence = (
        f"{_count(documents, 'judgement')} of documents that address a target, in "
        f"{_count(len(shown), 'series', 'series')} of {_count(len(societies), 'society', 'societies')}. "
    )
    moved = [
        s
        for s in shown
        if s.change is not None
        and (s.change.upper < 0 or s.change.lower > 0)
        and State.OK == s.week.state == s.last_week.state
    ]
    if moved:
        names = ", ".join(f"{one_line(s.society)} {one_line(s.target)}" for s in moved)
        sentence += (
            f"The change since last week is larger than chance alone explains in {names}; among "
            f"{len(shown)} series, about one in twenty does that by chance."
        )
    else:
        sentence += "No series changed since last week by more than chance explains."
    return _fill(sentence)


def _table(digest: Digest) -> str:
    header = ("", "net", "95 %", "", "", "last", "change since")
    header2 = ("society, target", "support", "interval", "n", "n_eff", "week", "last week")
    rows = [_row(s) for s in digest.series]
    if not rows:
        return ""
    everything = [header, header2, *rows]
    width = [max(len(row[i]) for row in everything) for i in range(len(header))]
    width[0] = min(width[0], COLUMNS - sum(width[1:]) - 2 * (len(width) - 1))
    lines = [_line(row, width) for row in (header, header2)]
    lines.append("-" * (sum(width) + 2 * (len(width) - 1)))
    society = ""
    for series, row in zip(digest.series, rows, strict=True):
        if society and series.society != society:
            lines.append("")
        society = series.society
        lines.append(_line(row, width))
    return "\n".join(lines)


def _row(series: SeriesWeek) -> tuple[str, ...]:
    point = series.week
    change = series.change
    return (
        f"{one_line(series.society)} {one_line(series.target)}",
        _level(point),
        _interval(point),
        f"{point.n:,}",
        f"{point.n_eff:,.0f}",
        _level(series.last_week),
        ""
        if change is None
        else f"{signed(change.change)} ({signed(change.lower)} to {signed(change.upper)})",
    )


def _level(point: Point) -> str:
    if point.net_support is None:
        return "-"
    mark = "" if point.state is State.OK else "*"
    return f"{signed(point.net_support)}{mark}"


def _interval(point: Point) -> str:
    if point.lower is None or point.upper is None:
        return ""
    return f"{signed(point.lower)} to {signed(point.upper)}"


def _line(row: Sequence[str], width: Sequence[int]) -> str:
    cells = [_cut(row[0], width[0]).ljust(width[0])]
    cells += [cell.rjust(w) for cell, w in zip(row[1:], width[1:], strict=True)]
    return "  ".join(cells).rstrip()


def _notes(digest: Digest) -> str:
    points = [p for s in digest.series for p in (s.week, s.last_week)]
    notes = []
    if any(p.state in (State.INSUFFICIENT, State.DEGRADED) for p in points):
        notes.append("* too few documents or outlets, or sources were down: do not quote it.")
    if any(p.state is State.NO_DATA for p in points):
        notes.append("- no document addressed the target; this is no figure, not zero.")
    return "\n".join(notes)


def _incident_part(digest: Digest) -> str:
    if not digest.incidents:
        return _section("Incidents", ["None was open this week."])
    lines = ["Incidents"]
    for incident in digest.incidents:
        lines.append(_fill(_incident(incident), first="  ", rest="    "))
        if said := digest.excerpts.get(incident.id):
            lines.append(f"    {SAID_MOST_CLEARLY}")
            lines.append(excerpt_lines(said, COLUMNS, indent="      "))
    return "\n".join(lines)


def _incident(incident: Incident) -> str:
    text = (
        f"{incident.society} {incident.target}: fell from {signed(incident.baseline)} to "
        f"{signed(incident.net_support)} ({signed(incident.change)}, 95 % interval {signed(incident.lower)} to "
        f"{signed(incident.upper)}) since {incident.drop_day}, found on {incident.detected_on}. "
    )
    if incident.status == Status.RESOLVED and incident.resolved_at is not None:
        text += f"Resolved on {incident.resolved_at:%Y-%m-%d}."
    else:
        text += f"Open; the way back leads over {signed(incident.recovery_line)}."
    return f"{text} [{incident.id}]"


def _ledger(digest: Digest) -> str:
    parts = [f"{n:,} {name.replace('_', ' ')}" for name, n in digest.ledger.items()]
    return _section("What was read", [f"{digest.rows_read:,} rows: {', '.join(parts)}."])


def _failing(digest: Digest) -> str:
    if not digest.sources:
        return ""
    working = f"{digest.sources - len(digest.failing)} of {_count(digest.sources, 'source')} answered at last."
    return _section("Sources", [working, *(_failure(f) for f in digest.failing)])


def _failure(failing: FailingSource) -> str:
    error = _cut(one_line(failing.error), _ERROR_CHARACTERS)
    return f"{failing.source} failed {failing.failed} of {failing.attempts} times: {error or 'no reason given'}"


def _foot(digest: Digest) -> str:
    judged = ", ".join(digest.models) or "no model"
    text = (
        f"{NET_SUPPORT_IS} n is the number of documents, n_eff how many independent ones they are worth. "
        "A change includes shifts of volume between outlets. Judged by "
        f"{judged}. Written {digest.created_at:%Y-%m-%d %H:%M} UTC."
    )
    return _fill(text)


def _cut(text: str, characters: int) -> str:
    return text if len(text) <= characters else text[: characters - 1] + "…"


def _section(title: str, entries: Iterable[str]) -> str:
    return "\n".join([title, *(_fill(e, first="  ", rest="    ") for e in entries)])


def _fill(text: str, *, first: str = "", rest: str = "") -> str:
    return textwrap.fill(text, COLUMNS, initial_indent=first, subsequent_indent=rest)


def _count(n: int, one: str, many: str = "") -> str:
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def _incidents(n: int) -> str:
    return f"{n or 'no'} incident{'' if n == 1 else 's'}"
