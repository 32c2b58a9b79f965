"""What a digest says, in plain words made once: the text and the page lay out the same sentences.

Every figure in them is one of the record's, rounded. Societies and targets stand in the order of their names.
"""

from __future__ import annotations

import msgspec

from alerts.baseline import BASELINE_WEEKS, MIN_BASELINE_WEEKS
from alerts.change_label import ChangeLabel
from alerts.conflation import FEWEST, Conflation
from alerts.digest import Digest, FailingSource, SeriesWeek
from alerts.excerpt import ShownExcerpt, shown_excerpt
from alerts.fall_sentences import NAME, NAMELESS, PROSE
from alerts.harmless_text import harmless_line
from alerts.incident import Incident, Rule, Status
from alerts.k_floor import K_FLOOR
from alerts.message import NET_SUPPORT_IS, about, signed
from alerts.net_support_change import SupportChange
from alerts.point import Point, State
from alerts.signal import Signal
from alerts.society_names import name_and_code, name_of
from alerts.spillover_sentence import spillover_sentence
from alerts.template import percent
from alerts.topic_share import TopicShare, movers

ERROR = 200
"""Characters of an error that are shown."""

MOST_TYPICAL = 3
"""Excerpts shown of a society."""

MOST_SIGNALS = 30
"""Signals shown; more are counted."""

LABELS = {
    ChangeLabel.OPINION: "the change is larger than chance explains, and so is what the same outlets wrote",
    ChangeLabel.MIX: (
        "the change is larger than chance explains, but not what the same outlets wrote: it is which outlets were "
        "counted, and no change of opinion"
    ),
    ChangeLabel.NONE: "no change since last week that chance does not explain",
}
"""What a label means."""

_MARKS = {
    "*": "* too few documents or outlets, or sources were down: do not quote it.",
    "-": "- no document addressed the target; this is no figure, not zero.",
}

_SIGNALS = {"unusually_low": "unusually low"}


class SocietyWeek(msgspec.Struct, frozen=True, kw_only=True):
    """What the digest knows of one society."""

    society: str
    name: str
    """`Alder (XA)`, or the code alone; harmless."""
    series: tuple[SeriesWeek, ...]
    topics: tuple[TopicShare, ...]
    """The movers."""
    conflation: str
    """One sentence; empty where there is none."""
    spillover: str
    """One sentence; empty where that was not tested."""
    typical: tuple[ShownExcerpt, ...]

    @property
    def says_more(self) -> bool:
        """Whether there is anything beside the figures of its series."""
        return bool(self.topics or self.conflation or self.spillover or self.typical)


def by_society(digest: Digest) -> tuple[SocietyWeek, ...]:
    """The digest taken apart by society, in the order of their codes."""
    conflations = {each.society: each for each in digest.conflations}
    societies = {s.society for s in digest.series} | {t.society for t in digest.topics}
    societies |= {*conflations, *digest.spillovers, *digest.typical}
    return tuple(
        SocietyWeek(
            society=society,
            name=name_and_code(society, digest.society_names),
            series=tuple(s for s in digest.series if s.society == society),
            topics=movers(digest.topics, society),
            conflation=conflation_sentence(conflations[society]) if society in conflations else "",
            spillover=(
                harmless_line(spillover_sentence(digest.spillovers[society]), PROSE)
                if society in digest.spillovers
                else ""
            ),
            typical=tuple(
                shown_excerpt(each) for each in digest.typical.get(society, ())[:MOST_TYPICAL]
            ),
        )
        for society in sorted(societies)
    )


def series_name(digest: Digest, series: SeriesWeek | Incident | Signal) -> str:
    """`Alder regular`, with the society's code where it has no name."""
    name = name_of(series.society, digest.society_names)
    return f"{name} {harmless_line(series.target, NAME)}"


def subject(target: str) -> str:
    """What a target is called: `regular migration`."""
    return harmless_line(about(target), NAME) or NAMELESS


def summary(digest: Digest) -> str:
    """What a reader should know who reads nothing else."""
    shown = [s for s in digest.series if s.week.state is not State.NO_DATA]
    if not shown:
        return "No document of this week addressed a target, so there is no figure."
    societies = {s.society for s in shown}
    counted = (
        f"{count(sum(s.week.n for s in shown), 'judgement')} of documents that address a target, in "
        f"{count(len(shown), 'series', 'series')} of {count(len(societies), 'society', 'societies')}."
    )
    moved = [s for s in shown if has_moved(s)]
    if not moved:
        return f"No series changed since last week by more than chance explains. {counted}"
    said = (
        f"The change since last week is larger than chance alone explains in {_names(digest, moved)}; among "
        f"{len(shown)} series, about one in twenty does that by chance."
    )
    opinion = [s for s in moved if label(s) is ChangeLabel.OPINION]
    mix = [s for s in moved if label(s) is ChangeLabel.MIX]
    if opinion:
        said += f" What the same outlets wrote changed in {_names(digest, opinion)}."
    if mix:
        said += f" In {_names(digest, mix)} it is which outlets were counted (mix), not what they wrote."
    return f"{said} {counted}"


def has_moved(series: SeriesWeek) -> bool:
    """Whether the change since last week may be quoted and is beyond chance."""
    change = series.change
    return series.comparable and change is not None and (change.upper < 0 or change.lower > 0)


def is_news(digest: Digest, society: SocietyWeek) -> bool:
    """Whether anything happened there: a change beyond chance, an incident, a signal."""
    code = society.society
    return (
        any(map(has_moved, society.series))
        or any(incident.society == code for incident in digest.incidents)
        or any(signal.society == code for signal in digest.signals)
    )


def label(series: SeriesWeek) -> ChangeLabel | None:
    """The label of the change since last week; None where the change may not be quoted."""
    return series.parts.label if series.comparable and series.parts is not None else None


def level(point: Point) -> str:
    """`+12`, with * where it may not be quoted; - where there is no figure, * alone where it is withheld."""
    if point.withheld:
        return "*"
    if point.net_support is None:
        return "-"
    return f"{signed(point.net_support)}{'' if point.state is State.OK else '*'}"


def documents_of(point: Point) -> str:
    """Its n; `<10` where it is withheld."""
    return f"<{K_FLOOR}" if point.withheld else f"{point.n:,}"


def interval(lower: float | None, upper: float | None) -> str:
    """`-3 to +12`; empty without one."""
    return "" if lower is None or upper is None else f"{signed(lower)} to {signed(upper)}"


def change_words(change: SupportChange | None) -> str:
    """`-12 (-20 to -4)`; empty without a change."""
    if change is None:
        return ""
    return f"{signed(change.change)} ({interval(change.lower, change.upper)})"


def notes(digest: Digest) -> list[str]:
    """What the marks of figures mean, where there are any."""
    points = [p for s in digest.series for p in (s.week, s.last_week)]
    found = []
    if any(p.state in (State.INSUFFICIENT, State.DEGRADED) for p in points):
        found.append(_MARKS["*"])
    if any(p.state is State.NO_DATA for p in points):
        found.append(_MARKS["-"])
    return found


def baseline_note(digest: Digest) -> str:
    """Which weeks the baselines are made of; empty where there is none."""
    weeks = sorted({s.baseline.weeks for s in digest.series if s.baseline is not None})
    if not weeks:
        return ""
    counted = f"{weeks[0]}" if len(weeks) == 1 else f"{weeks[0]} to {weeks[-1]}"
    return f"Baseline: the documents of the {BASELINE_WEEKS} weeks before taken together; {counted} of them have documents."


def conflation_sentence(conflation: Conflation) -> str:
    """The share with its interval, or why there is none."""
    if conflation.share is None or conflation.lower is None or conflation.upper is None:
        if not conflation.n:
            return "There is no figure of conflation: no relevant document."
        return (
            f"There is no figure of conflation: fewer than {FEWEST} relevant documents or authors."
        )
    documents = count(conflation.n, "relevant document")
    weak = "" if conflation.state is State.OK else " Too few or incomplete data: do not quote it."
    return (
        f"{percent(conflation.share)} of {documents} treat regular and irregular migration as one thing (95 % "
        f"interval {percent(conflation.lower)} to {percent(conflation.upper)}).{weak}"
    )


def incident_sentence(digest: Digest, incident: Incident) -> str:
    """One incident of the week."""
    name = series_name(digest, incident)
    size = f"({signed(incident.change)}, 95 % interval {interval(incident.lower, incident.upper)})"
    if incident.rule == Rule.FLOOR:
        text = (
            f"{name}: a level of {signed(incident.net_support)}, below its floor of {signed(incident.baseline)} "
            f"{size} since {incident.drop_day}. "
        )
    else:
        text = (
            f"{name}: fell from {signed(incident.baseline)} to {signed(incident.net_support)} {size} since "
            f"{incident.drop_day}, found on {incident.detected_on}. "
        )
    if incident.settled_change is not None:
        text += f"The seven days since show {signed(incident.settled_change)}. "
    if incident.status == Status.RESOLVED and incident.resolved_at is not None:
        text += f"Resolved on {incident.resolved_at:%Y-%m-%d}."
    else:
        text += f"Open; the way back leads over {signed(incident.recovery_line)}."
    return f"{text} [{harmless_line(incident.id, PROSE)}]"


def signal_sentence(digest: Digest, signal: Signal) -> str:
    """One signal: what kind, of which series, when, and its own sentence."""
    kind = str(signal.kind)
    name = series_name(digest, signal)
    text = harmless_line(signal.text, PROSE)
    stop = "" if text.endswith((".", "!", "?")) else "."
    return f"{_SIGNALS.get(kind, kind)}: {name}, {signal.day}. {text}{stop}"


def quality(digest: Digest) -> list[str]:
    """What was read, and what is missing from it."""
    parts = [f"{n:,} {name.replace('_', ' ')}" for name, n in digest.ledger.items()]
    said = [f"{digest.rows_read:,} rows: {', '.join(parts)}."]
    if digest.rows_read:
        unread = digest.ledger.get("unsupported_language", 0)
        said.append(
            f"{percent(unread / digest.rows_read)} of the rows are in languages that the model does not read; they are "
            "in no figure."
        )
    dead = digest.ledger.get("dead", 0)
    if dead:
        said.append(f"{count(dead, 'dead letter')}: barometer dead-letters list shows why.")
    return said


def sources(digest: Digest) -> list[str]:
    """How many sources answered, and those that did not."""
    if not digest.sources:
        return []
    answered = digest.sources - len(digest.failing)
    return [
        f"{answered} of {count(digest.sources, 'source')} answered at last.",
        *(_failure(failing) for failing in digest.failing),
    ]


def method(digest: Digest) -> list[str]:
    """How this was measured."""
    said = [
        NET_SUPPORT_IS,
        "n is the number of documents, n_eff how many independent ones they are worth. Weighting: every document counts "
        "once, so a story that many outlets print counts as often. A change includes shifts of volume between outlets, "
        "which the parts beside it show.",
        f"A baseline needs {MIN_BASELINE_WEEKS} weeks with documents. Intervals are 95 %.",
        _corrected(digest),
    ]
    if digest.conflations:
        said.append(
            "Conflation is the share of relevant documents that treat regular and irregular migration as one thing. It is "
            "not corrected for the mistakes of the model."
        )
    if digest.spillovers:
        said.append(
            "Which attitude moved first is an order in time, tested three ways. It does not say why: an event that "
            "reached one of them earlier would look the same."
        )
    judged = ", ".join(harmless_line(model, PROSE) for model in digest.models) or "no model"
    said.append(
        f"Judged by {judged}. Written {digest.created_at:%Y-%m-%d %H:%M} UTC. The formulas are in docs/method.md."
    )
    return said


def count(n: int, one: str, many: str = "") -> str:
    """`1 series`, `3 sources`."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def _corrected(digest: Digest) -> str:
    targets = sorted({s.target for s in digest.series})
    corrected = [
        f"{harmless_line(target, NAME)} ({count(digest.labelled[target], 'labelled document')})"
        for target in targets
        if target in digest.labelled
    ]
    without = [harmless_line(target, NAME) for target in targets if target not in digest.labelled]
    said = []
    if corrected:
        said.append(f"Corrected with the matrix of known mistakes: {', '.join(corrected)}.")
    if without:
        said.append(f"Not corrected: {', '.join(without)}.")
    return " ".join(said) or "There was nothing to correct."


def _failure(failing: FailingSource) -> str:
    error = harmless_line(failing.error, ERROR)
    return (
        f"{harmless_line(failing.source, PROSE)} failed {failing.failed} of {failing.attempts} times: "
        f"{error or 'no reason given'}"
    )


def _names(digest: Digest, series: list[SeriesWeek]) -> str:
    """`Alder regular, Birch asylum`."""
    return ", ".join(series_name(digest, each) for each in series)
