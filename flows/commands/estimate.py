"""`barometer estimate`."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flows.count_files import confusion_for, count_options, read_count_file

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from alerts.count_rows import CountRows
    from alerts.point import StanceCount


COLUMNS = ["day", "net_support", "lower", "upper", "n", "n_eff", "state"]


@click.command()
@count_options
@click.option(
    "--weighting",
    type=click.Choice(["per_document", "per_story", "outlet_balanced"]),
    default="per_document",
    show_default=True,
    help="What counts once: a document, a story (copies count once), or, nearly, an outlet.",
)
def command(
    file: Path, period: str, confusion: str | None, target: str | None, weighting: str
) -> None:
    """Net support with its 95 % interval from counts of judged documents.

    FILE (or standard input) is CSV: [series,]day,outlet,support,neutral,oppose[,story]. The answer is CSV:
    [series,]day,net_support,lower,upper,n,n_eff,state, a row for each day from the first to the last.

    \b
      barometer estimate counts.csv --period week
      barometer sql --format csv "..." | barometer estimate --confusion none
    """
    from alerts.estimate import estimates
    from alerts.weighting import Weighting

    matrix = confusion_for(confusion, target)
    rows = read_count_file(file)
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow([*(["series"] if rows.named else []), *COLUMNS])
    for series, days in rows.series.items():
        windows = dict(_windows(rows, days, period))
        found = estimates(
            list(windows.values()), confusion=matrix(series), weighting=Weighting(weighting)
        )
        refused = next((each.reason for each in found if each.net_support is None and each.n), None)
        if refused:
            where = f"series {series!r}" if rows.named else "the series"
            click.echo(f"barometer: {where} has no figures: {refused}.", err=True)
        for name, each in zip(windows, found, strict=True):
            out.writerow(
                [
                    *([series] if rows.named else []),
                    name,
                    *(_number(value) for value in (each.net_support, each.lower, each.upper)),
                    each.n,
                    f"{each.n_eff:.2f}",
                    each.state.value,
                ]
            )


def _windows(
    rows: CountRows, days: Mapping[date, Sequence[StanceCount]], period: str
) -> Iterator[tuple[str, list[StanceCount]]]:
    """Name and rows of every day or week from the first to the last, those without rows, too."""
    from datetime import timedelta

    counts: dict[str, list[StanceCount]] = {}
    day, last = min(days), max(days)
    while day <= last:
        name = rows.week_text(day) if period == "week" else rows.day_text(day)
        counts.setdefault(name, []).extend(days.get(day, ()))
        day += timedelta(days=1)
    yield from counts.items()


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
