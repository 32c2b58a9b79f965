"""Sources for tests of the board: one in every condition, and as many others as are asked for."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from alerts.lost_stretch import LostStretch
from alerts.source_condition import Condition, SourceCondition
from alerts.source_coverage import DAYS, SourceCoverage


def source_coverage(
    source: str, condition: Condition, last: date, *, usual: int = 40, **others: Any
) -> SourceCoverage:
    """A source as of the morning after `last`, with weekends that bring less."""
    news = [
        (usual + 3 * (n % 4)) // (3 if (last - timedelta(days=DAYS - 1 - n)).weekday() > 4 else 1)
        for n in range(DAYS)
    ]
    news[-1] = {Condition.QUIET: 1, Condition.FLOOD: 9 * usual}.get(condition, news[-1])
    days: list[int | None] = [*news]
    morning = datetime.combine(last + timedelta(days=1), time(5, 45), UTC)
    read: datetime | None = morning
    if condition is Condition.SILENT:
        days[-3:] = [None, None, None]
        read = morning - timedelta(days=3)
    if condition is Condition.NEW:
        days, read = [None] * DAYS, None
    known = [one for one in days[-8:-29:-7] if one is not None]
    given: dict[str, Any] = {
        "source": source,
        "outlet": source.replace("-", " ").title(),
        "type": "feed",
        "society": "XA",
        "place": "Alderland",
        "state": SourceCondition(
            condition=condition,
            last_success=read,
            yesterday=days[-1],
            usual=sum(known) / len(known) if known else None,
        ),
        "news": tuple(days),
        "attempts": 0 if condition is Condition.NEW else 2688,
    }
    return SourceCoverage(**(given | others))


def sample_coverage(last: date, *, more: int = 0) -> tuple[SourceCoverage, ...]:
    """Sources in every condition, the last first; and so many that are well."""
    end = datetime.combine(last, time(4, 30), UTC)
    failed: dict[str, Any] = {
        "failed": 181,
        "error": "https://mail.example/migration/feed.xml answers 503 Service Unavailable; it is asked again later",
        "failure": "temporary",
        "failed_at": end + timedelta(hours=25),
    }
    found = [
        source_coverage("alder-wire", Condition.NEW, last),
        source_coverage("alder-courier", Condition.OK, last, passed_over=12),
        source_coverage(
            "brennmark-square",
            Condition.OK,
            last,
            type="mastodon",
            society="XB",
            place="Brennmark",
            usual=3,
            passed_over=18_402,
            removed=7,
            note="it has moved to https://square.example/api for good; change sources.toml",
        ),
        source_coverage(
            "world-stream",
            Condition.OK,
            last,
            type="jetstream",
            society="unknown",
            place="No single society",
            usual=910,
            passed_over=2_410_882,
            removed=318,
            lost=(
                LostStretch(since=end - timedelta(days=9, hours=16), until=end - timedelta(days=9)),
                LostStretch(since=end - timedelta(minutes=50), until=end),
            ),
        ),
        source_coverage("calvora-post", Condition.FLOOD, last, society="XC", place="Calvora"),
        source_coverage("calvora-echo", Condition.QUIET, last, society="XC", place=""),
        source_coverage("alder-morning-mail", Condition.FAILING, last, **failed),
        source_coverage(
            "alder-letters",
            Condition.SILENT,
            last,
            **failed
            | {"failure": "hard", "error": "https://letters.example/rss is not there (404)"},
        ),
        source_coverage("alder-archive", Condition.OFF, last),
    ]
    found += [source_coverage(f"district-paper-{n:04d}", Condition.OK, last) for n in range(more)]
    return tuple(found)
