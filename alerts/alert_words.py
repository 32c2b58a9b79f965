"""What is said of one fall, in plain words made once: the text and the page lay out the same sentences.

Every figure in them is one of the record's, rounded. "In the monitored corpus", never more than that.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from alerts.excerpt import Excerpt, ShownExcerpt, shown_excerpt
from alerts.fall_facts import FallFacts, OutletMove, TopicMove
from alerts.harmless_text import harmless_line
from alerts.incident import RECOVERY_DAYS, ChangeKind, Incident
from alerts.message import about, figures_command, signed
from alerts.point import State
from alerts.topic_share import topic_words
from classify.stance import Stance

REASONS = {
    ChangeKind.OPENED: "first message",
    ChangeKind.WORSE: "worse",
    ChangeKind.REMINDER: "reminder",
    ChangeKind.RESOLVED: "resolved",
}
"""Why people are told now, in a word."""

NAME, NOTE, PROSE = 80, 240, 4000
"""Characters at most: of a name, of what a person noted, and of a sentence or a command."""

NAMELESS = "no name"
"""What is said of a name of which nothing can be shown."""

MOST_MOVES = 5
"""Outlets and topics shown of a fall."""

MOST_EXCERPTS = 6
"""Excerpts shown of a fall."""

SILENCED_DAYS = 7
"""Days that the command to silence is shown with; who silences may choose others."""

SIMULATED = "SIMULATED DATA: the documents behind these figures are invented."
"""The first line where it is true."""

SAY_OTHERWISE = "And those that say otherwise:"
"""Dissent: in a fall, what supports."""


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is said, under its name."""

    name: str
    text: str


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One part of the change of the published figure, in points."""

    name: str
    points: float
    what: str
    """In plain words."""


class FallWords(msgspec.Struct, frozen=True, kw_only=True):
    """One fall, ready to be laid out. A page still escapes it."""

    incident: Incident
    subject: str
    """`regular migration`."""
    reason: str
    """first message, worse, reminder or resolved."""
    severity: str
    """alert, severe or critical."""
    over: bool
    lead: str
    """What fell, where, from what to what, how sure, since when."""
    why: tuple[Said, ...]
    """Why it is told, what it is made of, how sure, on what it rests."""
    parts: tuple[Part, ...]
    """Within outlets, mix, entry and exit; empty where the change could not be split."""
    verdict: str
    """Whether it may be called opinion: one sentence."""
    outlets: tuple[OutletMove, ...]
    """With harmless names."""
    topics: tuple[TopicMove, ...]
    """With topics as words."""
    with_it: tuple[ShownExcerpt, ...]
    """Excerpts that go with the fall."""
    against_it: tuple[ShownExcerpt, ...]
    """Dissent."""
    around: tuple[Said, ...]
    """Irregular migration, the floor."""
    ahead: tuple[Said, ...]
    """What would resolve it, who has acknowledged it."""
    commands: tuple[Said, ...]
    """To acknowledge and to silence; empty once it is over."""
    figures: str
    """The command that reproduces the figure."""
    made_by: str
    """Incident and model, one line."""

    @property
    def brief(self) -> tuple[Said, ...]:
        """Of `why`, what is said where there is little room."""
        return tuple(said for said in self.why if said.name in _BRIEF)


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """What the text and the page of one message are made of."""

    title: str
    headline: str
    """The title without figures, severity and marks, for where they stand beside it."""
    place: str
    """The society, harmless."""
    falls: tuple[FallWords, ...]
    """The worst first."""
    full: int
    """So many of them are told in full, those after them in brief."""
    truncated: int
    """Incidents that are not among `falls`."""
    simulated: bool


OPINION_OR_MIX = "Opinion or mix"
WHY_TOLD = "Why you read this"

_BRIEF = (WHY_TOLD, "Why now", "Why it was resolved", OPINION_OR_MIX)


def fall_words(facts: FallFacts, place: str, *, now: datetime) -> FallWords:
    """The words for one fall in `place`, a harmless name of the society."""
    incident = facts.incident
    subject = subject_of(incident)
    over = facts.kind is ChangeKind.RESOLVED
    with_it, against_it = _excerpts(facts.excerpts)
    parts, verdict = parts_of(facts)
    identity = harmless_line(incident.id, PROSE)
    model = harmless_line(facts.model, NAME)
    return FallWords(
        incident=incident,
        subject=subject,
        reason=REASONS[facts.kind],
        severity=harmless_line(incident.severity, NAME),
        over=over,
        lead=_lead(facts, f"net support for {subject} in {place}"),
        why=_why(facts, parts, verdict),
        parts=parts,
        verdict=verdict,
        outlets=tuple(
            msgspec.structs.replace(move, outlet=harmless_line(move.outlet, NAME) or NAMELESS)
            for move in facts.outlets[:MOST_MOVES]
        ),
        topics=tuple(
            msgspec.structs.replace(move, topic=topic_words(harmless_line(move.topic, NAME)))
            for move in facts.topics[:MOST_MOVES]
        ),
        with_it=with_it,
        against_it=against_it,
        around=_around(facts),
        ahead=() if over else _ahead(incident),
        commands=() if over else _commands(incident, now),
        figures=_figures(facts),
        made_by=f"Incident {identity}" + (f"; judged by {model}." if model else "."),
    )


def subject_of(incident: Incident) -> str:
    """What fell: `regular migration`."""
    return harmless_line(about(incident.target), NAME) or NAMELESS


def short_figures(incident: Incident) -> str:
    """`-10, was +20`."""
    return f"{signed(incident.net_support)}, was {signed(incident.baseline)}"


def size_sentence(incident: Incident) -> str:
    """How large it is, and how far to trust that: the seven days after the detection had no part in finding it."""
    if incident.settled_change is None:
        return "The size is provisional and rather too large than too small; the next seven days will show it better."
    return (
        f"The seven days since show {signed(incident.settled_change, 1)} points, the size to go by: the first figure was "
        "taken on the days that raised the alarm, and such figures are rather too large."
    )


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
        verdict = "Together they are no fall of the published figure; the alert rests on each outlet against its own past."
    elif facts.within <= counted:
        verdict = "Most of it is what the same outlets wrote."
    else:
        verdict = "Most of it is which outlets were counted, not what they wrote: do not call it a change of opinion."
    return parts, verdict


def command_quoted(text: str) -> str:
    """`text` inside the double quotes of a shell."""
    return re.sub(r'(["$`\\])', r"\\\1", text)


def ended(text: str) -> str:
    """`text` as a sentence with its full stop."""
    return text if not text or text[-1] in ".!?…" else f"{text}."


def _lead(facts: FallFacts, where: str) -> str:
    one = facts.incident
    span = f"from {signed(one.baseline)} to {signed(one.net_support)}"
    if facts.kind is ChangeKind.RESOLVED:
        return (
            f"In the monitored corpus, the fall of {where} that was found on {one.detected_on} "
            f"({span}) is over."
        )
    size = (
        f"{span}: a change of {signed(one.change)} points (95 % interval {signed(one.lower)} to "
        f"{signed(one.upper)}), since {one.drop_day}."
    )
    if facts.kind is ChangeKind.WORSE:
        return f"In the monitored corpus, the fall of {where} has become worse. It fell {size}"
    if facts.kind is ChangeKind.REMINDER:
        return f"In the monitored corpus, the fall of {where} is not over. It fell {size}"
    return f"In the monitored corpus, {where} fell {size}"


def _why(facts: FallFacts, parts: Sequence[Part], verdict: str) -> tuple[Said, ...]:
    one = facts.incident
    split = ", ".join(f"{signed(part.points, 1)} {part.name} ({part.what})" for part in parts)
    reason = ended(harmless_line(facts.reason, PROSE))
    if facts.kind is ChangeKind.RESOLVED:
        return (Said(name="Why it was resolved", text=reason),)
    opened = facts.kind is ChangeKind.OPENED
    severity = harmless_line(one.severity, NAME)
    said = [
        Said(name=WHY_TOLD, text=f"{REASONS[facts.kind]}, severity {severity}."),
        Said(
            name="Why it was raised", text=ended(harmless_line(one.reason or facts.reason, PROSE))
        ),
    ]
    if not opened and facts.reason:
        said.insert(1, Said(name="Why now", text=reason))
    said += [
        Said(
            name=OPINION_OR_MIX,
            text=f"of the change in points, {split}. {verdict}" if split else verdict,
        ),
        Said(
            name="How sure",
            text=(
                "the detector compares each outlet with its own past, passes over the odd bad day and asks for evidence "
                f"that chance alone would rarely bring. {size_sentence(one)}"
            ),
        ),
        Said(
            name="Since",
            text=(
                f"{one.drop_day}, the likeliest first day. Found on: {one.detected_on}, when the documents of that "
                "day completed the evidence."
            ),
        ),
    ]
    if facts.n:
        days = sum(
            day.state is State.OK and one.drop_day <= day.day <= one.detected_on
            for day in facts.days
        )
        on_days = f" on {days} day{'' if days == 1 else 's'}" if days else ""
        said.append(
            Said(
                name="Rests on",
                text=(
                    f"{facts.n:,} documents{on_days}, worth {facts.n_eff:,.0f} independent ones, because documents "
                    "of one outlet resemble each other."
                ),
            )
        )
    return tuple(said)


def _around(facts: FallFacts) -> tuple[Said, ...]:
    said = (
        ("Irregular migration first?", facts.spillover),
        ("Floor", facts.floor),
    )
    return tuple(
        Said(name=name, text=ended(harmless_line(text, PROSE)))
        for name, text in said
        if text.strip()
    )


def _ahead(one: Incident) -> tuple[Said, ...]:
    said = [
        Said(
            name="What would resolve it",
            text=(
                f"net support, averaged over {RECOVERY_DAYS} days with enough data, at or above "
                f"{signed(one.recovery_line, 1)} on {RECOVERY_DAYS} such days."
            ),
        )
    ]
    if one.acknowledged_at is not None:
        who = harmless_line(one.acknowledged_by, NAME) or "somebody"
        note = f": {harmless_line(one.note, NOTE)}" if one.note.strip() else ""
        said.append(
            Said(name="Acknowledged", text=ended(f"by {who} on {_day(one.acknowledged_at)}{note}"))
        )
    if one.silenced_until is not None:
        said.append(Said(name="Silenced", text=f"until {_day(one.silenced_until)}."))
    return tuple(said)


def _commands(one: Incident, now: datetime) -> tuple[Said, ...]:
    identity = shlex.quote(harmless_line(one.id, PROSE))
    until = _day(now + timedelta(days=SILENCED_DAYS))
    commands = [
        Said(name="To silence it", text=f"barometer incidents silence {identity} --until {until}")
    ]
    if one.acknowledged_at is None:
        commands.insert(
            0, Said(name="To acknowledge", text=f"barometer incidents ack {identity} --by NAME")
        )
    return tuple(commands)


def _figures(facts: FallFacts) -> str:
    if not facts.sql.strip():
        one = facts.incident
        return harmless_line(figures_command(one.society, one.target), PROSE)
    # on one line a comment would swallow what comes after it
    lines = [line for line in facts.sql.splitlines() if not line.lstrip().startswith("--")]
    return f'barometer sql "{command_quoted(harmless_line(" ".join(lines), PROSE))}"'


def _excerpts(
    excerpts: Sequence[Excerpt],
) -> tuple[tuple[ShownExcerpt, ...], tuple[ShownExcerpt, ...]]:
    shown = excerpts[:MOST_EXCERPTS]
    return (
        tuple(shown_excerpt(each) for each in shown if each.stance is not Stance.SUPPORT),
        tuple(shown_excerpt(each) for each in shown if each.stance is Stance.SUPPORT),
    )


def _day(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d}"
