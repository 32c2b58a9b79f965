"""What is said of one fall, put in order once: the text and the page lay out the same words (fall_sentences.py)."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from alerts.excerpt import Excerpt, ShownExcerpt, shown_excerpt
from alerts.fall_facts import FallFacts, OutletMove, TopicMove
from alerts.fall_sentences import (
    NAME,
    NAMELESS,
    NOTE,
    PROSE,
    Part,
    dates_sentence,
    end_sentence,
    ended,
    how_sure,
    lead_sentence,
    parts_of,
    subject_of,
)
from alerts.harmless_text import harmless_line
from alerts.incident import ChangeKind, Incident
from alerts.message import figures_command, signed
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

MOST_MOVES = 5
"""Outlets and topics shown of a fall."""

MOST_EXCERPTS = 6
"""Excerpts shown of a fall."""

SILENCE = "3d"
"""How long the command to silence is shown with; who silences may choose another time."""

SIMULATED = "SIMULATED DATA: the documents behind these figures are invented."
"""The first line where it is true."""

SAY_OTHERWISE = "And those that say otherwise:"
"""Dissent: in a fall, what supports."""

OPINION_OR_MIX = "Opinion or mix"
WHY_TOLD = "Why you read this"

_BRIEF = (WHY_TOLD, "Why now", "Why it was resolved", OPINION_OR_MIX)


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is said, under its name."""

    name: str
    text: str


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


def fall_words(facts: FallFacts, place: str) -> FallWords:
    """The words for one fall in `place`, a harmless name of the society."""
    incident = facts.incident
    over = facts.kind is ChangeKind.RESOLVED
    with_it, against_it = _excerpts(facts.excerpts)
    parts, verdict = parts_of(facts)
    identity = harmless_line(incident.id, PROSE)
    model = harmless_line(facts.model, NAME)
    return FallWords(
        incident=incident,
        subject=subject_of(incident),
        reason=REASONS[facts.kind],
        severity=harmless_line(incident.severity, NAME),
        over=over,
        lead=lead_sentence(incident, facts.kind, place),
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
        ahead=() if over else _ahead(facts),
        commands=() if over else _commands(incident),
        figures=_figures(facts),
        made_by=f"Incident {identity}" + (f"; judged by {model}." if model else "."),
    )


def _why(facts: FallFacts, parts: Sequence[Part], verdict: str) -> tuple[Said, ...]:
    one = facts.incident
    reason = ended(harmless_line(facts.reason, PROSE))
    if facts.kind is ChangeKind.RESOLVED:
        return (Said(name="Why it was resolved", text=reason),)
    severity = harmless_line(one.severity, NAME)
    said = [Said(name=WHY_TOLD, text=f"{REASONS[facts.kind]}, severity {severity}.")]
    if facts.kind is not ChangeKind.OPENED and facts.reason.strip():
        said.append(Said(name="Why now", text=reason))
    raised = ended(harmless_line(one.reason or facts.reason, PROSE))
    split = ", ".join(f"{signed(part.points, 1)} {part.name} ({part.what})" for part in parts)
    said += [
        Said(name="Why it was raised", text=raised),
        Said(
            name=OPINION_OR_MIX,
            text=f"of the change in points, {split}. {verdict}" if split else verdict,
        ),
        Said(name="How sure", text=how_sure(one)),
        Said(name="Since", text=dates_sentence(one)),
    ]
    if facts.n:
        said.append(Said(name="Rests on", text=_rests_on(facts)))
    return tuple(said)


def _rests_on(facts: FallFacts) -> str:
    one = facts.incident
    days = sum(
        day.state is State.OK and one.drop_day <= day.day <= one.detected_on for day in facts.days
    )
    on_days = f" on {days} day{'' if days == 1 else 's'}" if days else ""
    return (
        f"{facts.n:,} documents{on_days}, worth {facts.n_eff:,.0f} independent ones, because documents of one outlet "
        "resemble each other."
    )


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


def _ahead(facts: FallFacts) -> tuple[Said, ...]:
    one = facts.incident
    said = [Said(name="What would resolve it", text=end_sentence(facts))]
    if one.acknowledged_at is not None:
        who = harmless_line(one.acknowledged_by, NAME) or "somebody"
        note = f": {harmless_line(one.note, NOTE)}" if one.note.strip() else ""
        said.append(
            Said(name="Acknowledged", text=ended(f"by {who} on {_day(one.acknowledged_at)}{note}"))
        )
    if one.silenced_until is not None:
        said.append(Said(name="Silenced", text=f"until {_day(one.silenced_until)}."))
    return tuple(said)


def _commands(one: Incident) -> tuple[Said, ...]:
    identity = shlex.quote(harmless_line(one.id, PROSE))
    silence = f"barometer incidents silence {identity} --for {SILENCE}"
    commands = [Said(name="To silence it", text=silence)]
    if one.acknowledged_at is None:
        ack = f"barometer incidents ack {identity} --by NAME"
        commands.insert(0, Said(name="To acknowledge", text=ack))
    return tuple(commands)


def _figures(facts: FallFacts) -> str:
    """The command, whether the facts hold it, or only its SQL, or neither."""
    one, sql = facts.incident, facts.sql.strip()
    if not sql or sql.startswith("barometer "):
        return harmless_line(sql or figures_command(one.society, one.target), PROSE)
    # on one line a comment would swallow what comes after it
    lines = [line for line in sql.splitlines() if not line.lstrip().startswith("--")]
    quoted = re.sub(r'(["$`\\])', r"\\\1", harmless_line(" ".join(lines), PROSE))
    return f'barometer sql "{quoted}"'


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
