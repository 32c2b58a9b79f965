"""What is read, source by source: how each one does and what the last weeks brought, and one sentence over all of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from alerts.harmless_text import harmless_line
from alerts.lost_stretch import LostStretch
from alerts.source_condition import Condition, SourceCondition

DAYS = 28
"""Days that are over and are shown: four of each weekday, as many as say what is usual."""

NAMED = 5
"""Sources that a sentence names."""

ATTENTION = (Condition.SILENT, Condition.FAILING, Condition.FLOOD, Condition.QUIET)
"""Conditions that somebody should look at, the most urgent first."""

MEANINGS: Mapping[Condition, str] = {
    Condition.SILENT: "not read for two poll periods: what it publishes is missing in the figures",
    Condition.FAILING: "the last attempt failed",
    Condition.FLOOD: "yesterday brought far more than that weekday usually does",
    Condition.QUIET: "yesterday brought far less than that weekday usually does",
    Condition.NEW: "not asked yet",
    Condition.OK: "read, and nothing is unusual",
    Condition.OFF: "switched off in the list",
}

FAILURES: Mapping[str, str] = {
    "hard": "somebody has to change something",
    "soft": "no answer, or one that broke off",
    "temporary": "the server says that it will pass",
}
"""Kind of a failure -> words."""


class SourceCoverage(msgspec.Struct, frozen=True, kw_only=True):
    """One source of the list. Numbers are of the last DAYS that are over and of today so far, except `news`."""

    source: str
    outlet: str
    type: str
    """feed, sitemap, jetstream, …"""
    society: str
    """Code."""
    place: str = ""
    """What people call the society; empty where nobody said."""
    state: SourceCondition
    news: tuple[int | None, ...]
    """Documents that were new, on each of the last DAYS that are over, the oldest first; None: no reading succeeded."""
    attempts: int = 0
    failed: int = 0
    """… of the attempts."""
    passed_over: int = 0
    """Rows that are not ours to keep."""
    removed: int = 0
    """Documents that were deleted at the source."""
    lost: tuple[LostStretch, ...] = ()
    """Stretches that it no longer gave and that touch these days, the oldest first."""
    error: str = ""
    """Of the last attempt that failed …"""
    failure: str = ""
    """… its kind (hard, soft, temporary) …"""
    failed_at: datetime | None = None
    """… and when it was."""
    note: str = ""
    """What the last attempt, where it did not fail, had to say; mostly nothing."""

    @property
    def needs_attention(self) -> bool:
        """Whether somebody should look at it."""
        return self.state.condition in ATTENTION

    @property
    def lost_time(self) -> timedelta:
        """All that was lost."""
        return sum((one.length for one in self.lost), timedelta(0))


def in_order(coverage: Iterable[SourceCoverage]) -> list[SourceCoverage]:
    """Those that need attention first, the most urgent before; then the others by name, and those that are off."""

    def place(one: SourceCoverage) -> tuple[int, str]:
        condition = one.state.condition
        if condition in ATTENTION:
            return ATTENTION.index(condition), one.source
        return len(ATTENTION) + (condition is Condition.OFF), one.source

    return sorted(coverage, key=place)


def coverage_sentence(conditions: Mapping[str, Condition]) -> str:
    """How many sources are silent, failing, … and which; `conditions` by name of the source."""
    by_word = {word: [n for n, one in conditions.items() if one is word] for word in Condition}
    asked = len(conditions) - len(by_word[Condition.OFF])
    said = [_troubles(asked, by_word)] if asked else ["No source is read."]
    if fresh := len(by_word[Condition.NEW]):
        said.append(f"{fresh:,} {_is(fresh)} new and not asked yet.")
    if off := len(by_word[Condition.OFF]):
        said.append(f"{off:,} {_is(off)} switched off.")
    return " ".join(said)


def short_sentence(conditions: Mapping[str, Condition]) -> str:
    """The same for one cell: `78 enabled; 3 silent: a, b, c`."""
    by_word = {word: [n for n, one in conditions.items() if one is word] for word in ATTENTION}
    enabled = sum(one is not Condition.OFF for one in conditions.values())
    troubled = [
        f"{len(names):,} {word}: {_named(names)}" for word, names in by_word.items() if names
    ]
    return "; ".join([f"{enabled:,} enabled", *troubled])


def _troubles(asked: int, by_word: Mapping[Condition, Sequence[str]]) -> str:
    troubled = {word: by_word[word] for word in ATTENTION if by_word[word]}
    sources = "1 source" if asked == 1 else f"{asked:,} sources"
    if not troubled:
        return f"{sources}: none is silent, fails, or brings far more or less than usual."
    verbs = {
        Condition.SILENT: "is silent",
        Condition.FAILING: "is failing",
        Condition.FLOOD: "brought far more than usual",
        Condition.QUIET: "brought far less than usual",
    }
    said = []
    for number, (word, names) in enumerate(troubled.items()):
        of_all = "" if number else f" of {sources}"
        verb = verbs[word] if len(names) == 1 else verbs[word].replace("is ", "are ", 1)
        said.append(f"{len(names):,}{of_all} {verb}: {_named(names)}.")
    return " ".join(said)


def _named(names: Sequence[str]) -> str:
    shown = [harmless_line(name, 60) for name in sorted(names)[:NAMED]]
    more = [f"and {len(names) - NAMED:,} more"] if len(names) > NAMED else []
    return ", ".join([*shown, *more])


def _is(number: int) -> str:
    return "is" if number == 1 else "are"
