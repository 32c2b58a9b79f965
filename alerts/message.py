"""A message: what people are told of a change, in plain words."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from datetime import datetime

import msgspec

from alerts.excerpt import Excerpt, excerpt_lines
from alerts.fall_facts import FallFacts
from alerts.incident import RECOVERY_DAYS, Change, ChangeKind, Incident
from alerts.point import Point, State

COLUMNS = 78
"""Width of the text."""

NET_SUPPORT_IS = (
    "Net support is the share of documents that support the target minus the share that oppose it, times 100: "
    "from -100 to +100. It describes the monitored corpus, not the public as a whole. It is corrected for the "
    "mistakes that the model is known to make, where they are known; what it does not know, it cannot mend."
)
"""The glossary line; alerts and the digest say it in the same words."""

MOST_FALLS = 20
"""Falls that one message shows; more are counted."""

SAID_MOST_CLEARLY = "Documents of these days that say it most clearly:"
"""Not what is typical: the sentences of which the model is surest."""


_SUBJECTS = {
    "regular": "regular migration",
    "irregular": "irregular migration",
    "asylum": "asylum",
    "general": "migration in general",
}


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """What a channel sends: one row of the table `messages`."""

    id: str
    """Incident id, kind and, for what can be said twice, day: the same news has the same id, so it is told once."""
    incident: str
    """Id of the first incident; empty for a digest."""
    kind: str
    """opened, worse, reminder, resolved, digest or operator."""
    reason: str
    title: str
    """One line."""
    body: str
    """Plain text of 78 columns."""
    created_at: datetime
    html: str = ""
    """The same as a page that is safe to show; empty where there is only text."""
    society: str = ""
    """Incidents of one society are told together; empty for a digest."""
    severity: str = ""
    """Of the worst incident in it; empty for a digest."""
    falls: tuple[FallFacts, ...] = ()
    """What it tells of, the worst first, at most MOST_FALLS."""
    truncated: int = 0
    """Incidents that are not in `falls`, because there were too many."""


def write_message(
    change: Change,
    *,
    points: Sequence[Point] = (),
    excerpts: Sequence[Excerpt] = (),
    society_name: str = "",
    model: str = "",
    simulated: bool = False,
) -> Message:
    """The message that tells of `change`.

    `points` are the days of the series (for the number of documents), `excerpts` what documents of the fall say,
    `society_name` what to call the society (default: its code), `model` the model that judged, `simulated` whether the documents are invented.
    """
    incident = change.incident
    opened = change.kind == ChangeKind.OPENED
    place = one_line(society_name) or incident.society
    subject = about(incident.target)
    if opened:
        title = (
            f"Support for {subject} fell in {place}: {signed(incident.net_support)}, "
            f"was {signed(incident.baseline)}"
        )
    else:
        title = f"Support for {subject} has recovered in {place}"
    if simulated:
        title = f"[simulated] {title}"
    where = f"net support for {subject} in {place}"
    paragraphs = _opened(incident, points, where) if opened else _resolved(change, where)
    if simulated:
        paragraphs.insert(0, "SIMULATED DATA: the documents behind these figures are invented.")
    paragraphs.append(NET_SUPPORT_IS)
    text = [textwrap.fill(p, COLUMNS) for p in paragraphs]
    if excerpts:
        text.append(f"{SAID_MOST_CLEARLY}\n{excerpt_lines(excerpts, COLUMNS)}")
    text.append("See the figures:\n  " + figures_command(incident.society, incident.target))
    text.append(
        textwrap.fill(
            f"Incident {incident.id}" + (f"; judged by {model}." if model else "."), COLUMNS
        )
    )
    return Message(
        id=f"{incident.id}-{change.kind}",
        incident=incident.id,
        kind=change.kind.value,
        reason=change.reason,
        title=title,
        body="\n\n".join(text) + "\n",
        created_at=change.at,
    )


def about(target: str) -> str:
    """What a target is called in a sentence; a target of the user's own keeps its name."""
    return _SUBJECTS.get(target) or one_line(target)


def signed(value: float, digits: int = 0) -> str:
    """`+12`, `-3`, and plain `0` for what rounds to it."""
    text = f"{value:+.{digits}f}"
    return text if text.strip("+-0.") else text[1:]


def one_line(text: str) -> str:
    """`text` without line breaks or runs of spaces: titles become headers of mails."""
    return " ".join(text.split())


def figures_command(society: str, target: str) -> str:
    """The command that shows the series behind an incident."""
    where = f"society = '{_quoted(society)}' AND target = '{_quoted(target)}'"
    sql = f"SELECT * FROM daily_support WHERE {where} ORDER BY day"  # noqa: S608 - shown, never run
    return 'barometer sql "' + re.sub(r'(["$`\\])', r"\\\1", sql) + '"'


def _opened(incident: Incident, points: Sequence[Point], where: str) -> list[str]:
    fall = (
        f"In the monitored corpus, {where} fell from "
        f"{incident.baseline:+.1f} to {incident.net_support:+.1f}: a change of {incident.change:+.1f} points "
        f"(95 % interval {incident.lower:+.1f} to {incident.upper:+.1f})."
    )
    when = (
        f"Since: {incident.drop_day}, the likeliest first day. Found on: {incident.detected_on}, "
        f"when the documents of that day completed the evidence."
    )
    used = [
        p
        for p in points
        if p.state is State.OK and incident.drop_day <= p.day <= incident.detected_on
    ]
    paragraphs = [fall, when]
    if used:
        paragraphs.append(
            f"Rests on: {sum(p.n for p in used):,} documents on {len(used)} days, worth "
            f"{sum(p.n_eff for p in used):,.0f} independent ones, because documents of one outlet "
            "resemble each other."
        )
    paragraphs += [
        f"Why it was raised: {incident.reason}.",
        "How sure: the detector passes over the odd bad day and asks for evidence that chance alone would "
        "rarely bring. The size is provisional and rather too large than too small; the next seven days will "
        "show it better. A shift of volume between outlets can look like a fall: check the outlets before "
        "you speak of opinion.",
        f"It will be resolved when net support, averaged over {RECOVERY_DAYS} days with enough data, has been "
        f"at or above {incident.recovery_line:+.1f} on {RECOVERY_DAYS} such days.",
    ]
    return paragraphs


def _resolved(change: Change, where: str) -> list[str]:
    incident = change.incident
    return [
        f"In the monitored corpus, the fall of {where} that was found on "
        f"{incident.detected_on} (from {incident.baseline:+.1f} to {incident.net_support:+.1f}) is over.",
        f"Why it was resolved: {change.reason}.",
    ]


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")
