"""The sentences about one incident: what fell or is below its floor, how large that is, what it is made of, what ends it.

Every figure in them is one of the record's, rounded. "In the monitored corpus", never more than that.
"""

from __future__ import annotations

import msgspec

from alerts.fall_facts import FallFacts
from alerts.floor_watch import SURE
from alerts.harmless_text import harmless_line
from alerts.incident import RECOVERY_DAYS, ChangeKind, Incident, Rule
from alerts.message import about, signed

NAME, NOTE, PROSE = 80, 240, 4000
"""Characters at most: of a name, of what a person noted, and of a sentence or a command."""

NAMELESS = "no name"
"""What is said of a name of which nothing can be shown."""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One part of the change of the published figure, in points."""

    name: str
    points: float
    what: str
    """In plain words."""


def subject_of(incident: Incident) -> str:
    """What fell: `regular migration`."""
    return harmless_line(about(incident.target), NAME) or NAMELESS


def headline(incident: Incident, kind: ChangeKind, place: str) -> str:
    """What happened, without figures: the first words of a title."""
    subject = subject_of(incident)
    if kind is ChangeKind.RESOLVED:
        return f"Support for {subject} has recovered in {place}"
    prefix = {ChangeKind.WORSE: "Worse: s", ChangeKind.REMINDER: "Reminder: s"}.get(kind, "S")
    happened = "is below its floor" if incident.rule == Rule.FLOOR else "fell"
    return f"{prefix}upport for {subject} {happened} in {place}"


def short_figures(incident: Incident) -> str:
    """`-10, was +20`, or `-10, floor -5`."""
    before = "floor" if incident.rule == Rule.FLOOR else "was"
    return f"{signed(incident.net_support)}, {before} {signed(incident.baseline)}"


def lead_sentence(one: Incident, kind: ChangeKind, place: str) -> str:
    """What fell, where, from what to what, how sure, since when."""
    where = f"net support for {subject_of(one)} in {place}"
    low = one.rule == Rule.FLOOR
    if kind is ChangeKind.RESOLVED:
        span = f"from {signed(one.baseline)} to {signed(one.net_support)}"
        fall = (
            f"the time below its floor of {signed(one.baseline)} of {where}, found on {one.detected_on} at a level of "
            f"{signed(one.net_support)},"
            if low
            else f"the fall of {where} that was found on {one.detected_on} ({span})"
        )
        return f"In the monitored corpus, {fall} is over."
    interval = f"(95 % interval {signed(one.lower)} to {signed(one.upper)}), since {one.drop_day}."
    if low:
        again = {
            ChangeKind.WORSE: "has become worse",
            ChangeKind.REMINDER: "is still below its floor",
        }
        return (
            f"In the monitored corpus, {where} {again.get(kind, 'is below its floor')}: a level of "
            f"{signed(one.net_support)} against a floor of {signed(one.baseline)}, a difference of {signed(one.change)} points {interval}"
        )
    size = f"from {signed(one.baseline)} to {signed(one.net_support)}: a change of {signed(one.change)} points {interval}"
    if kind is ChangeKind.WORSE:
        return f"In the monitored corpus, the fall of {where} has become worse. It fell {size}"
    if kind is ChangeKind.REMINDER:
        return f"In the monitored corpus, the fall of {where} is not over. It fell {size}"
    return f"In the monitored corpus, {where} fell {size}"


def how_sure(one: Incident) -> str:
    """By what rule it was found, and how far to trust its size: the seven days after the detection had no part in
    finding it.
    """
    if one.rule == Rule.FLOOR:
        return (
            "what is compared with the floor is the level behind the days, in which one odd day counts for little. It is "
            f"called below when that is so with a probability of {100 * SURE:.0f} % or more. A person set the floor; "
            "it is no estimate of what anybody would accept."
        )
    found = (
        "the detector compares each outlet with its own past, passes over the odd bad day and asks for evidence "
        "that chance alone would rarely bring."
    )
    if one.settled_change is None:
        return f"{found} The size is provisional and rather too large than too small; the next seven days will show it better."
    interval = (
        ""
        if one.settled_lower is None or one.settled_upper is None
        else f" (95 % interval {signed(one.settled_lower, 1)} to {signed(one.settled_upper, 1)})"
    )
    return (
        f"{found} The seven days since show {signed(one.settled_change, 1)} points{interval}, the size to go by: the first "
        "figure was taken on the days that raised the alarm, and such figures are rather too large."
    )


def dates_sentence(one: Incident) -> str:
    """Since when, and when it was found."""
    if one.rule == Rule.FLOOR:
        return f"{one.drop_day}, the day on which the level went below."
    text = (
        f"{one.drop_day}, the likeliest first day. Found on: {one.detected_on}, when the documents of that "
        "day completed the evidence."
    )
    return text + (f" Found to be deeper on: {one.deepened_on}." if one.deepened_on else "")


def end_sentence(facts: FallFacts) -> str:
    """What would resolve it."""
    one = facts.incident
    text = (
        f"net support, averaged over {RECOVERY_DAYS} days with enough data, at or above "
        f"{signed(one.recovery_line, 1)} on {RECOVERY_DAYS} such days"
    )
    floor = one.rule == Rule.FLOOR or facts.floor.strip()
    return f"{text}, and its level no longer below its floor." if floor else f"{text}."


def parts_of(facts: FallFacts) -> tuple[tuple[Part, ...], str]:
    """What the change is made of, and whether it may be called opinion."""
    if facts.within is None or facts.mix is None or facts.entry_exit is None:
        return (), (
            "The change could not be split into what outlets wrote and which outlets were counted. A shift of volume "
            "between outlets can look like a fall: check the outlets before you speak of opinion."
        )
    parts = (
        Part(name="within outlets", points=facts.within, what="what the same outlets wrote"),
        Part(name="mix", points=facts.mix, what="outlets that grew or shrank"),
        Part(name="entry and exit", points=facts.entry_exit, what="outlets that came or went"),
    )
    counted = facts.mix + facts.entry_exit
    if facts.within + counted >= 0:
        verdict = "Together they are no fall of the published figure"
        if facts.incident.rule == Rule.FALL:
            verdict += "; the alert rests on each outlet against its own past"
        verdict += "."
    elif facts.within <= counted:
        verdict = "Most of it is what the same outlets wrote."
    else:
        verdict = "Most of it is which outlets were counted, not what they wrote: do not call it a change of opinion."
    return parts, verdict


def ended(text: str) -> str:
    """`text` as a sentence with its full stop."""
    return text if not text or text[-1] in ".!?…" else f"{text}."
