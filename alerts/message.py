"""A message: what a channel sends, and the words that all messages share."""

from __future__ import annotations

import re
from datetime import datetime

import msgspec

from alerts.fall_facts import FallFacts

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


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")
