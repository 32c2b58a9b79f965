"""The message of an alert: one or several incidents of one society, as text and as a page.

falls of one society -write_alert-> Message     words: alert_words.py, layout: templates/alert, page: alert_page.py
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from alerts.alert_page import alert_page
from alerts.alert_words import REASONS, SAY_OTHERWISE, SIMULATED, Alert, fall_words
from alerts.excerpt import ShownExcerpt
from alerts.fall_facts import FallFacts, OutletMove, TopicMove
from alerts.fall_sentences import NAME, NAMELESS, PROSE, headline, short_figures
from alerts.harmless_text import cut, harmless_line
from alerts.incident import ChangeKind
from alerts.message import (
    MOST_FALLS,
    NET_SUPPORT_IS,
    SAID_MOST_CLEARLY,
    Message,
    signed,
)
from alerts.template import fill, percent, render_plain
from alerts.text_table import TextTable

MOST_FULL = 3
"""Falls of one message that are told in full; those after them in brief, so that a mail of MOST_FALLS stays under the
102 kB at which Gmail hides the rest."""

IN_TITLE = 40
"""Characters of a society's name in a title: room for the longest name of a country, and for figures after it in a
subject line or the header of a chat.
"""

_URGENCY = (ChangeKind.OPENED, ChangeKind.WORSE, ChangeKind.REMINDER, ChangeKind.RESOLVED)

_SEVERITY = ("critical", "severe", "alert")


def write_alert(
    falls: Sequence[FallFacts],
    *,
    now: datetime,
    society_name: str = "",
    simulated: bool = False,
    chart_cid: str = "",
) -> Message:
    """The message that tells of `falls`, one or several incidents of one society.

    The worst come first: those that are not over before those that are, then by severity, then the most urgent kind
    (opened, worse, reminder, resolved), then the largest change. At most MOST_FALLS are shown and kept in the message;
    the rest are counted. The message is of the most urgent kind among all. `now`, aware, is when it is written; `society_name`
    what to call the society (default: its code), cut to IN_TITLE characters in the title; `simulated` whether the documents
    are invented; `chart_cid` the content id of a chart that the mail carries (default: none is shown).

    Raises ValueError without falls, for falls of several societies, and for a `now` without time zone.
    """
    if now.tzinfo is None:
        raise ValueError("now has no time zone; pass an aware time, e.g. datetime.now(UTC)")
    societies = {facts.incident.society for facts in falls}
    if len(societies) != 1:
        raise ValueError(
            f"an alert tells of one society, not of {len(societies)}; group the falls by society first"
        )
    society = next(iter(societies))
    worst_first = sorted(falls, key=_rank)
    shown = worst_first[:MOST_FALLS]
    kind = min((facts.kind for facts in falls), key=_URGENCY.index)
    place = harmless_line(society_name, NAME) or harmless_line(society, NAME) or NAMELESS
    title, happened = _title(worst_first, kind, cut(place, IN_TITLE))
    alert = Alert(
        title=f"[simulated] {title}" if simulated else title,
        headline=happened,
        place=place,
        falls=tuple(fall_words(facts, place) for facts in shown),
        full=MOST_FULL,
        truncated=len(falls) - len(shown),
        simulated=simulated,
    )
    return Message(
        id=_message_id(worst_first, kind, now),
        incident=shown[0].incident.id,
        kind=kind.value,
        reason=_reason(worst_first),
        title=alert.title,
        body=alert_text(alert),
        created_at=now,
        html=alert_page(alert, chart_cid=chart_cid),
        society=society,
        severity=shown[0].incident.severity,
        falls=tuple(msgspec.structs.replace(each, society_name=society_name) for each in shown),
        truncated=alert.truncated,
    )


def alert_text(alert: Alert) -> str:
    """Plain text. No line but a link or a command is longer than 78 columns."""
    return render_plain(
        "alert/alert.txt.j2",
        alert=alert,
        simulated=SIMULATED,
        glossary=NET_SUPPORT_IS,
        said_most_clearly=SAID_MOST_CLEARLY,
        say_otherwise=SAY_OTHERWISE,
        outlet_lines=_outlet_lines,
        topic_lines=_topic_lines,
        excerpt_lines=_excerpt_lines,
        short_figures=short_figures,
    )


def _rank(facts: FallFacts) -> tuple[bool, int, int, float, str]:
    one = facts.incident
    over = facts.kind is ChangeKind.RESOLVED
    severity = _SEVERITY.index(one.severity) if one.severity in _SEVERITY else len(_SEVERITY)
    return over, severity, _URGENCY.index(facts.kind), one.change, one.id


def _title(falls: Sequence[FallFacts], kind: ChangeKind, place: str) -> tuple[str, str]:
    """One line about the worst fall of the message's kind and how many more there are; and its first words alone."""
    one = next(each.incident for each in falls if each.kind is kind)
    happened = title = headline(one, kind, place)
    if kind is not ChangeKind.RESOLVED:
        title += f": {short_figures(one)}"
        if one.severity in _SEVERITY[:2]:
            title += f" ({one.severity})"
    more = f", and {len(falls) - 1} more" if len(falls) > 1 else ""
    return title + more, happened + more


def _message_id(falls: Sequence[FallFacts], kind: ChangeKind, now: datetime) -> str:
    """The same news has the same id; what can be said twice of an incident carries the day (UTC)."""
    day = f"{now.astimezone(UTC):%Y-%m-%d}"
    if len(falls) == 1:
        once = kind in (ChangeKind.OPENED, ChangeKind.RESOLVED)
        return f"{falls[0].incident.id}-{kind}" + ("" if once else f"-{day}")
    told = "\n".join(sorted(f"{facts.incident.id} {facts.kind}" for facts in falls))
    digits = hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:10]
    return f"{falls[0].incident.society}-{kind}-{day}-{digits}"


def _reason(falls: Sequence[FallFacts]) -> str:
    """`first message: …`, or how many incidents are told for which reason."""
    if len(falls) == 1:
        (facts,) = falls
        return f"{REASONS[facts.kind]}: {harmless_line(facts.reason, PROSE)}"
    told = [(REASONS[kind], sum(f.kind is kind for f in falls)) for kind in _URGENCY]
    return ", ".join(f"{reason}: {n} incident{'' if n == 1 else 's'}" for reason, n in told if n)


def _outlet_lines(moves: Sequence[OutletMove]) -> str:
    rows = [
        (
            move.outlet,
            signed(move.contribution, 1),
            f"{_level(move.net_support_before)} to {_level(move.net_support_after)}",
        )
        for move in moves
    ]
    return TextTable(rows, indent=2).lines(rows)


def _topic_lines(moves: Sequence[TopicMove]) -> str:
    rows = [(move.topic, f"{percent(move.before)} to {percent(move.after)}") for move in moves]
    return TextTable(rows, indent=2).lines(rows)


def _level(value: float | None) -> str:
    return "none" if value is None else signed(value)


def _excerpt_lines(excerpts: Sequence[ShownExcerpt]) -> str:
    lines: list[str] = []
    for one in excerpts:
        said = f"{one.stands}: “{one.sentence}” ({one.outlet}, {one.day})"
        lines.append(fill(said, "  ", "    "))
        if one.link:
            lines.append(f"    {one.link}")
    return "\n".join(lines)
