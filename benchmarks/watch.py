"""One watch over many series: what it costs, and that the cost follows what changed and not how long the history is.

    python -m benchmarks.watch [--series 1000] [--days 1095] [--outlets 8]

THE COUNTS ARE SIMULATED. They lie in an embedded database as a monitor of years would leave them; then one more day
arrives for some of the series, and `watch` runs as it does in production, without documents to quote.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table

from flows.settings import Settings
from flows.watching import watch
from flows.wiring import Edges, edges
from storage import daily_counts
from storage.database import next_version

LAST = date(2026, 11, 20)
"""The newest day of the history; the day after it arrives."""

_COUNTS = """
INSERT INTO daily_counts (society, target, day, outlet, story, support, neutral, oppose, version)
SELECT concat('S', leftPad(toString(intDiv(s, 4)), 3, '0')),
       arrayElement(['regular', 'irregular', 'asylum', 'general'], toUInt32(s % 4 + 1)),
       toDate(%(last)s) - back, concat('outlet ', toString(outlet)), '',
       8 + rand(s + back * 7 + outlet * 13) %% 9, 4 + rand(s * 3 + back + outlet) %% 5,
       6 + rand(s * 5 + back * 11 + outlet) %% 9, %(version)s - toUInt64(back) * 86400000000
FROM (
    SELECT intDiv(number, %(days)s * %(outlets)s) AS s,
           intDiv(number, %(outlets)s) %% %(days)s AS back,
           number %% %(outlets)s AS outlet
    FROM numbers(%(series)s * %(days)s * %(outlets)s)
)
"""

_POINTS = """
INSERT INTO points (society, target, day, support, neutral, oppose, outlets, net_support, lower, upper, n_eff,
                    state, version)
SELECT society, target, day, sum(support), sum(neutral), sum(oppose), count(),
       100 * (toFloat64(sum(support)) - sum(oppose)) / sum(support + neutral + oppose), -30., 30., 40., 'ok',
       max(version)
FROM daily_counts
GROUP BY society, target, day
"""


def fill(opened: Edges, series: int, days: int, outlets: int) -> None:
    """A history in which every day was counted when it was over, and estimated."""
    values = {"series": series, "days": days, "outlets": outlets, "last": LAST.isoformat()}
    opened.database.execute(
        _COUNTS.replace("s % 4", "s %% 4"), values | {"version": next_version()}
    )
    opened.database.execute(_POINTS)


def one_more_day(opened: Edges, series: int, outlets: int, day: date) -> None:
    """Judged documents as on the newest day, for so many series, counted as the scoring workers count them."""
    opened.database.execute(
        "INSERT INTO judgements (document_id, society, target, day, outlet, stance, version)"
        " SELECT concat(society, target, outlet, toString(toDate(%(day)s)), '-', toString(number)), society, target,"
        " toDate(%(day)s), outlet,"
        " multiIf(number < support, 'support', number < support + neutral, 'neutral', 'oppose'), %(version)s"
        " FROM (SELECT society, target, outlet, support, neutral,"
        "              arrayJoin(range(support + neutral + oppose)) AS number"
        "       FROM (SELECT society, target, outlet, support, neutral, oppose FROM daily_counts FINAL"
        "             WHERE day = toDate(%(before)s) ORDER BY society, target, outlet LIMIT %(rows)s))",
        {
            "day": day.isoformat(),
            "before": (day - timedelta(days=1)).isoformat(),
            "rows": series * outlets,
            "version": next_version(),
        },
    )
    societies = {f"S{number // 4:03d}" for number in range(series)}
    daily_counts.recount(opened.database, {(society, day) for society in societies})


def seconds(opened: Edges, day: date) -> float:
    """Of one watch on the morning after `day`."""
    now = datetime.combine(day + timedelta(days=1), datetime.min.time(), UTC)
    start = time.perf_counter()
    watch(opened, now=now)
    return time.perf_counter() - start


def measure(series: int, days: int, outlets: int) -> Table:
    """A table of watches: nothing new, some series, all series; with the full history and with a third of it."""
    table = Table(
        title=f"One watch over {series:,} SIMULATED series of {outlets} outlets, embedded database"
    )
    for name in (
        "series with a new day",
        f"{days // 3:,} days of history",
        f"{days:,} days of history",
    ):
        table.add_column(name, justify="right")
    found: dict[int, list[float]] = {}
    some = [0, max(1, series // 20), series]
    for length in (days // 3, days):
        with tempfile.TemporaryDirectory() as folder:
            settings = Settings(
                bus_url=f"sqlite:///{folder}/bus.db",
                database_url=f"chdb:///{folder}/clickhouse",
                alert_log=Path(folder) / "alerts.log",
            )
            with edges(settings, create=True, sources=[]) as opened:
                fill(opened, series, length, outlets)
                seconds(opened, LAST)  # what waits from the filling
                for number, changed in enumerate(some):
                    day = LAST + timedelta(days=1 + number)
                    # all get the day before, so that the next one can be copied from it
                    if changed:
                        one_more_day(opened, changed, outlets, day)
                    found.setdefault(changed, []).append(seconds(opened, day))
                    if changed != series:
                        one_more_day(opened, series, outlets, day)
                        seconds(opened, day)
    for changed, both in found.items():
        table.add_row(f"{changed:,}", *(f"{each:.1f} s" for each in both))
    return table


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--series", type=int, default=1000)
    parser.add_argument("--days", type=int, default=1095)
    parser.add_argument("--outlets", type=int, default=8)
    options = parser.parse_args()
    Console(width=100).print(measure(options.series, options.days, options.outlets))


if __name__ == "__main__":
    main()
