"""Retain: what is kept no longer than a time goes, once a day, and a log says what went and what is the oldest left.

    deleted at the source -> erased        words -> partitions of whole days dropped        quotations -> taken out
    signatures of stories -> months        dead letters, checks -> deleted                  read messages -> dropped

Every figure stays. A step that was done before is done again without harm.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import msgspec

from flows.erasing import erase, settle
from flows.unquoting import expired_before, take_out
from flows.wiring import Edges
from storage import forgetting, retention
from storage.parameters import FIRST_MOMENT
from storage.retention import RetentionRun

CHECK_DAYS = 90
"""Days that checks of the self-monitor are kept: a hundred a day or so, of which the newest few are read."""

LOOK_BACK = timedelta(days=400)
"""Before the last day that is kept: digests and messages of then are looked at again, in case a run was missed."""


class RetainReport(msgspec.Struct, frozen=True, kw_only=True):
    """What went, as the log has it."""

    runs: tuple[RetentionRun, ...]

    def removed(self, what: str) -> int:
        """How much of it."""
        return sum(run.removed for run in self.runs if run.what == what)

    def __str__(self) -> str:
        oldest = next((run.oldest_left for run in self.runs if run.what == retention.TEXTS), None)
        gone = ", ".join(f"{run.removed:,} {run.what}" for run in self.runs if run.removed)
        return f"{gone or 'nothing'} expired; the oldest words are of {oldest or 'no day'}"


def retain(
    edges: Edges, *, now: datetime, say: Callable[[str], None] = lambda text: None
) -> RetainReport:
    """Let everything go that is older than the settings say, or was deleted at its source."""
    settings, database = edges.settings, edges.database
    today = now.astimezone(UTC).date()
    words_before = today - timedelta(days=settings.text_days)
    letters_before = now - timedelta(days=settings.dead_letter_days)

    erased = erase(edges, now=now, say=say)
    say("dropping words")
    texts = retention.expire_texts(database, words_before)
    retention.merge_superseded(database)
    months = retention.expire_signatures(database, words_before)
    say("taking quotations out")
    first = max(words_before - LOOK_BACK, FIRST_MOMENT.date())
    quotations = take_out(edges, expired_before(words_before), first, words_before)
    if quotations.total:
        forgetting.merge_told(database)
    say("dropping dead letters")
    letters = retention.expire_letters(database, letters_before)
    say("dropping checks of the self-monitor")
    checks = retention.expire_checks(database, now - timedelta(days=CHECK_DAYS))
    say("dropping messages")
    messages, who = edges.bus.expire(now - timedelta(days=settings.text_days))
    say("waiting for old files to go")
    files_left = settle(database)

    left = retention.kept(database)

    def run(
        what: str, days: int, removed: int, oldest: date | None, note: str = ""
    ) -> RetentionRun:
        return RetentionRun(
            at=now, what=what, kept_days=days, removed=removed, oldest_left=oldest, note=note
        )

    report = RetainReport(
        runs=(
            run(retention.TEXTS, settings.text_days, texts, left.oldest_text),
            run(retention.QUOTATIONS, settings.text_days, quotations.total, None, "; ".join(quotations.left)),
            run(retention.SIGNATURES, settings.text_days, months, None, "by the month"),
            run(retention.LETTERS, settings.dead_letter_days, letters, left.oldest_letter, files_left),
            run(retention.CHECKS, CHECK_DAYS, checks, None),
            run(retention.MESSAGES, 0, messages, None, who or "by retention_days of BAROMETER_BUS_URL"),
            run(retention.REMOVED, 0, erased.documents, None, "; ".join(erased.left)),
        )
    )  # fmt: skip
    retention.log(database, report.runs)
    return report
