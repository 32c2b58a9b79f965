"""Seconds that the board's and the analysts' questions take over a long SIMULATED history, beside the naive query over judgements.

    python -m benchmarks.queries --judgements 10000000

The history is made twice, with a tenth of the judgements and with all of them, by the engine itself (benchmarks/query_world.py):
three years, 40 societies, 5,000 outlets. Every question is asked of the largest society and a year, as often as --times says; the
median is shown. The engine may take 1 GB for a question and refuses more, so that what is answered stayed below. 100 million
judgements take some 8 GB of disk and the better part of an hour on two cores.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import msgspec
from rich.console import Console
from rich.table import Table

from alerts.weekly_figures import SeriesWeeks, figures_of_weeks
from benchmarks.query_world import (
    LAST,
    SOCIETIES,
    SOCIETY,
    TARGETS,
    add_documents,
    count_days,
    fill_weeks,
    months,
)
from storage import contributors, daily_counts, weekly_figures
from storage.database import Database, DatabaseError, connect
from storage.migrate import migrate
from storage.statements import query

MOST_MEMORY = 1_000_000_000
"""Bytes that a question may take."""

LIMIT, OVERVIEW_LIMIT, RECOUNT_LIMIT = 0.3, 2.0, 1.0
"""Seconds that are wanted."""

FULL_DAY = 100_000
"""Documents of the day that is counted anew."""

_NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)

YEAR = (LAST - timedelta(days=364), LAST)
RECENT = (LAST - timedelta(days=27), LAST)

WEEKLY = (
    *("weekly_support", "weekly_support_by_topic", "weekly_support_by_outlet"),
    *("weekly_support_by_kind", "weekly_support_by_language", "weekly_change"),
    *("weekly_change_by_outlet", "weekly_topics", "weekly_conflation", "weekly_dehumanising"),
    "weekly_coverage",
)
DAILY = ("daily_support", "signals_seen")

NAIVE = (
    "SELECT toMonday(day) AS monday, 100 * avg((stance = 'support') - toInt8(stance = 'oppose')) AS net_support"
    " FROM judgements FINAL WHERE society = %(society)s AND target = 'regular' AND stance != 'not_addressed'"
    " AND day >= %(first)s AND day <= %(last)s GROUP BY monday ORDER BY monday"
)
"""What somebody would write who has no view: no interval, no correction, copies counted as often as they were printed."""


class Asked(msgspec.Struct, frozen=True):
    """A question, and what it is counted to."""

    name: str
    sql: str
    values: Mapping[str, object]
    overview: bool = False
    """One of those that a page of all societies asks together."""


def asked() -> list[Asked]:
    """The questions of one society and a year, and those of the overview."""
    year: dict[str, object] = {"society": SOCIETY, "first": YEAR[0], "last": YEAR[1]}
    recent = {"first": RECENT[0], "last": RECENT[1]}
    series = {**year, "series": tuple((SOCIETY, target) for target in TARGETS)}
    of_year = "SELECT * FROM {} WHERE society = %(society)s AND {} >= %(first)s AND {} <= %(last)s"
    found = [Asked(view, of_year.format(view, "monday", "monday"), year) for view in WEEKLY]
    found += [Asked(view, of_year.format(view, "day", "day"), year) for view in DAILY]
    found.append(
        Asked(
            "documents_read, one day",
            "SELECT * FROM documents_read WHERE society = %(society)s AND day = %(last)s",
            year,
        )
    )
    board = ("points_of_series", "counts_of_series", "contributors_of_series")
    found += [Asked(f"board: {name}", query(name), series) for name in board]
    found.append(
        Asked("board: topics_of_series, 28 days", query("topics_of_series"), {**series, **recent})
    )
    shared = ("flags_between", "topics_between", "contributors_by_topic", "models_between")
    found += [Asked(f"{name}, 28 days, all societies", query(name), recent) for name in shared]
    found += [
        Asked(
            "overview: last weeks of all series",
            "SELECT * FROM weekly_support WHERE monday >= %(first)s AND monday <= %(last)s",
            recent,
            overview=True,
        ),
        Asked(
            "overview: last changes of all series",
            "SELECT * FROM weekly_change WHERE monday >= %(first)s AND monday <= %(last)s",
            recent,
            overview=True,
        ),
        Asked(
            "overview: last days of all series",
            "SELECT * FROM daily_support WHERE day >= %(first)s AND day <= %(last)s",
            recent,
            overview=True,
        ),
        Asked("overview: incidents", "SELECT * FROM incidents_seen", {}, overview=True),
        Asked("overview: signals", query("signals_between"), recent, overview=True),
        Asked("naive: weeks over judgements", NAIVE, year),
    ]
    return found


def seconds(database: Database, one: Asked, times: int) -> float | None:
    """The median of so many times; None where the engine refused it for its memory."""
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        try:
            database.execute(one.sql, one.values)
        except DatabaseError as error:
            if "memory" not in str(error).lower():
                raise
            return None
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


def make(database: Database, judgements: int, say: Console) -> None:
    """The whole history."""
    documents = judgements // len(TARGETS)
    for month in months(documents):
        begun = time.perf_counter()
        add_documents(database, month.first, month.days, month.begin, month.count)
        count_days(database, month.first, month.days)
        say.print(
            f"  {month.first}: {month.count:,} documents, {time.perf_counter() - begun:.1f} s",
            style="dim",
        )
    fill_weeks(database)


def recount_of_a_full_day(database: Database) -> float:
    """Seconds to count a day of 100,000 new documents anew, for all societies."""
    day = LAST + timedelta(days=1)
    add_documents(database, day, 1, 10**12, FULL_DAY)
    cells = {(f"S{number:02d}", day) for number in range(SOCIETIES)}
    begun = time.perf_counter()
    daily_counts.recount(database, cells)
    return time.perf_counter() - begun


def week_of_a_society(database: Database) -> float:
    """Seconds to estimate a week of the four series of the largest society, with all its parts, as the watch does."""
    monday = LAST - timedelta(days=LAST.weekday() + 7)
    span = monday - timedelta(days=7), monday + timedelta(days=6)
    series = [(SOCIETY, target) for target in TARGETS]
    begun = time.perf_counter()
    counts = daily_counts.counts_of_series(database, series, *span)
    marks = contributors.of_series(database, series, *span)
    rows = weekly_figures.week_rows(database, series, monday, span[1])
    figures_of_weeks(
        [
            SeriesWeeks(
                society=society,
                target=target,
                monday=monday,
                counts=counts.get((society, target), {}),
                marks=marks.get((society, target), {}),
                rows=rows.get((society, target), ()),
            )
            for society, target in series
        ],
        {},
    )
    return time.perf_counter() - begun


def measure(
    judgements: int, times: int, say: Console
) -> tuple[dict[str, float | None], float, float]:
    """Seconds by question, of the recount of a full day, and of a week of the largest society."""
    with tempfile.TemporaryDirectory() as folder:
        database = connect(f"chdb:///{folder}/clickhouse", create=True)
        migrate(database, _NOON)
        make(database, judgements, say)
        size = database.query(
            "SELECT table, sum(rows), sum(bytes_on_disk) FROM system.parts WHERE active AND database = currentDatabase()"
            " GROUP BY table ORDER BY sum(bytes_on_disk) DESC LIMIT 4"
        )
        for table, rows, size_in_bytes in size.rows:
            say.print(f"  {table}: {rows:,} rows, {size_in_bytes / 1e9:.2f} GB", style="dim")
        recounted, week = recount_of_a_full_day(database), week_of_a_society(database)
        database.execute(f"SET max_memory_usage = {MOST_MEMORY}")
        found = {one.name: seconds(database, one, times) for one in asked()}
        database.close()
        return found, recounted, week


def report(judgements: int, times: int, say: Console) -> Table:
    """The table of both histories."""
    small, large = judgements // 10, judgements
    columns = []
    for count in (small, large):
        say.print(f"{count:,} SIMULATED judgements over three years")
        columns.append(measure(count, times, say))
    (before, recount_before, week_before), (after, recount_after, week_after) = columns
    table = Table(title=f"Seconds, median of {times}; at most 1 GB each (SIMULATED history)")
    for name in ("question", f"{small:,}", f"{large:,}", "wanted"):
        table.add_column(name, justify="left" if name == "question" else "right")
    questions = asked()
    for one in questions:
        wanted = "" if _is_not_of_a_year(one) else f"{LIMIT:g}"
        table.add_row(one.name, _shown(before[one.name]), _shown(after[one.name]), wanted)
    overview = [
        [column[one.name] for one in questions if one.overview] for column in (before, after)
    ]
    table.add_row(
        "the whole overview", *(_shown(_sum(each)) for each in overview), f"{OVERVIEW_LIMIT:g}"
    )
    table.add_row(
        f"counting a day of {FULL_DAY:,} documents anew",
        _shown(recount_before),
        _shown(recount_after),
        f"{RECOUNT_LIMIT:g}",
    )
    table.add_row(
        "estimating a week of the largest society", _shown(week_before), _shown(week_after), ""
    )
    return table


def _is_not_of_a_year(one: Asked) -> bool:
    return one.overview or "all societies" in one.name or one.name.startswith("naive")


def _sum(each: Sequence[float | None]) -> float | None:
    known = [one for one in each if one is not None]
    return sum(known) if len(known) == len(each) else None


def _shown(value: float | None) -> str:
    return "over 1 GB" if value is None else f"{value:.3f}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--judgements", type=int, default=10_000_000)
    parser.add_argument("--times", type=int, default=3)
    options = parser.parse_args()
    say = Console(width=110)
    say.print(report(options.judgements, options.times, say))


if __name__ == "__main__":
    main()
