"""`barometer detect`."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flows.count_files import confusion_for, count_options, read_count_file

if TYPE_CHECKING:
    from alerts.count_rows import CountRows
    from alerts.drop import Drop

COLUMNS = ["day", "change", "net_support", "baseline", "reason"]

TOGETHER = 100
"""Series that are walked through side by side; more would only take memory."""


@click.command()
@count_options
@click.option(
    "--false-alarms",
    type=click.FloatRange(min=0, min_open=True),
    default=1.0,
    show_default=True,
    metavar="RATE",
    help="A year that each series may raise when nothing changes. Series do not share it: what is said of one "
    "never depends on which others are in the file.",
)
def command(
    file: Path, period: str, confusion: str | None, target: str | None, false_alarms: float
) -> None:
    """Falls of net support in counts of judged documents: one row per alert.

    FILE (or standard input) is CSV: [series,]day,outlet,support,neutral,oppose[,story]. The answer is CSV:
    [series,]day,change,net_support,baseline,reason. It is causal: what is said of a day depends on no later
    day. Days need three outlets that were seen before; a series needs some four weeks of them.

    \b
      barometer detect counts.csv --confusion none
    """
    from itertools import islice

    from alerts.confusion import correction
    from alerts.detector import DetectorSettings, Watched, find

    settings = DetectorSettings(false_alarm_days=365 / false_alarms)
    matrix = confusion_for(confusion, target)
    rows = read_count_file(file)
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow([*(["series"] if rows.named else []), *COLUMNS])
    left = iter(rows.series.items())
    while chunk := list(islice(left, TOGETHER)):
        watched = []
        for series, days in chunk:
            corrected = correction(matrix(series))
            if corrected.refusal:
                click.echo(
                    f"barometer: series {series!r} is not corrected: {corrected.refusal}.", err=True
                )
            watched.append(Watched(society=series, target="", counts=days, scores=corrected.scores))
        for each in find(watched, settings):
            for drop in each.drops:
                day = drop.detected_on
                out.writerow(
                    [
                        *([drop.society] if rows.named else []),
                        rows.week_text(day) if period == "week" else rows.day_text(day),
                        *(
                            f"{value:.3f}"
                            for value in (drop.change, drop.net_support, drop.baseline)
                        ),
                        _in_own_days(drop, rows),
                    ]
                )


def _in_own_days(drop: Drop, rows: CountRows) -> str:
    """The reason, its days as the file writes them."""
    reason = drop.reason
    for day in (drop.since, drop.detected_on):
        reason = reason.replace(day.isoformat(), rows.day_text(day))
    return reason
