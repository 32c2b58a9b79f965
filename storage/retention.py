"""What expires: words by the day, whole partitions at once; signatures by the month; dead letters; and the log that says so.

Whatever is counted stays: documents without their words, readings, judgements, counts, points, the ledger.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

import msgspec

from storage.database import Database, next_version
from storage.statements import query

TEXTS = "texts"
SIGNATURES = "signatures of stories"
QUOTATIONS = "quotations"
LETTERS = "dead letters"
CHECKS = "checks of the self-monitor"
MESSAGES = "messages on the bus"
REMOVED = "documents deleted at their source"
"""What the log calls what expires; the first is in every run."""


class RetentionRun(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of thing in one run, as the log has it."""

    at: datetime
    what: str
    kept_days: int
    """0 where no number of days decides."""
    removed: int
    oldest_left: date | None = None
    note: str = ""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """How much there is of what expires."""

    oldest_text: date | None
    texts: int
    oldest_letter: date | None
    letters: int


def expire_texts(database: Database, before: date) -> int:
    """Drop the words of every day before `before`; of how many documents."""
    days = database.query(query("expired_texts"), {"before": before}).rows
    for day, _ in days:
        database.execute(f"ALTER TABLE document_texts DROP PARTITION '{day:%Y-%m-%d}'")
    return sum(documents for _, documents in days)


def expire_signatures(database: Database, before: date) -> int:
    """Drop what stories are told by of every month that was over before `before`; how many months."""
    asked = {"before": 100 * before.year + before.month}
    months = {month for (month,) in database.query(query("expired_signatures"), asked).rows}
    for month in sorted(months):
        for table in ("story_members", "story_keys"):
            database.execute(f"ALTER TABLE {table} DROP PARTITION {month:d}")
    return len(months)


def expire_letters(database: Database, before: datetime) -> int:
    """Begin to delete dead letters that were read before then, replayed or not; how many. Their rows in the ledger stay."""
    ((letters,),) = database.query(query("expired_letters"), {"before": before}).rows
    if letters:
        database.execute("ALTER TABLE dead_letters DELETE WHERE read_at < %(b)s", {"b": before})
    return int(letters)


def expire_checks(database: Database, before: datetime) -> int:
    """Begin to delete checks of the self-monitor that were made before then; how many. Its concerns stay."""
    ((checks,),) = database.query(query("expired_checks"), {"before": before}).rows
    if checks:
        database.execute("ALTER TABLE self_checks DELETE WHERE at < %(b)s", {"b": before})
    return int(checks)


def merge_superseded(database: Database) -> int:
    """Leave of words that were edited or taken away the newest version alone; on how many days there were others."""
    days = [day for (day,) in database.query(query("superseded_days")).rows]
    for day in days:
        database.execute(f"OPTIMIZE TABLE document_texts PARTITION '{day:%Y-%m-%d}' FINAL")
    return len(days)


def kept(database: Database) -> Kept:
    """What is there now."""
    ((oldest_text, texts, oldest_letter, letters),) = database.query(query("oldest_kept")).rows
    return Kept(
        oldest_text=_day(oldest_text),
        texts=texts,
        oldest_letter=_day(oldest_letter),
        letters=letters,
    )


def log(database: Database, runs: Sequence[RetentionRun]) -> None:
    """Write down what expired."""
    version = next_version()
    database.insert(
        "retention_runs",
        [*RetentionRun.__struct_fields__, "version"],
        [(*msgspec.structs.astuple(run), version) for run in runs],
    )


def last_run(database: Database) -> datetime | None:
    """When expiry last ran; None where it never did."""
    ((moment,),) = database.query(query("last_retention"), {"what": TEXTS}).rows
    return moment if moment and moment > datetime(1970, 1, 2, tzinfo=UTC) else None


def _day(day: date | None) -> date | None:
    """None for 1970, which is what nothing comes out as."""
    return day if day and day > date(1970, 1, 2) else None
