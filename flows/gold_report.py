"""What labels say of the figures: a week's net support beside what was published, errors and calibration beside the shipped ones.

samples + labels + judgements -rows-> figure of each week, society, target       (alerts/prediction_powered.py)
                                   -> a matrix and two checks for each target    (alerts/gold_matrix.py, gold_drift.py)
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256

import msgspec

from alerts.confusion import Confusion
from alerts.estimate import Estimate, estimate
from alerts.gold_drift import (
    ALPHA,
    ConfusionDrift,
    Drift,
    beyond_bound,
    calibration_drift,
    confusion_drift,
)
from alerts.gold_matrix import gold_confusion, pooled
from alerts.gold_truth import GoldRow, gold_figure, rows_of_week, settle
from alerts.k_floor import is_published, marks_between
from alerts.net_support import add_by_outlet
from alerts.operator_message import operator_message
from alerts.point import StanceCount
from alerts.prediction_powered import GoldFigure
from alerts.week import days_of_week, previous_week, week_of
from classify.gold_label import GoldLabel
from classify.kappa import Agreement, agreements
from flows.correcting import confusion_of
from flows.telling_operators import tell_operators
from flows.wiring import Edges
from storage import contributors, daily_counts, gold
from storage.gold import Draw

RECENT_WEEKS = 26
"""Half a year: what was labelled before that tells of another debate, and perhaps of another model."""


class WeekFigure(msgspec.Struct, frozen=True, kw_only=True):
    """One week of one series, as labels have it and as the program has it."""

    week: str
    society: str
    target: str
    gold: GoldFigure | None
    """None where labels are too few."""
    published: Estimate
    """Corrected with the shipped matrix …"""
    with_gold: Estimate
    """… with that of the labels alone …"""
    with_both: Estimate
    """… and with both together."""


class TargetErrors(msgspec.Struct, frozen=True, kw_only=True):
    """What labels of all weeks say of one target."""

    target: str
    shipped: Confusion
    gold: Confusion
    both: Confusion
    labels: int
    ties: int
    """Documents that annotators do not agree on, and nobody has settled."""


class GoldReport(msgspec.Struct, frozen=True, kw_only=True):
    """All of it."""

    draws: tuple[Draw, ...]
    drawn: int
    labelled: int
    annotators: tuple[str, ...]
    seconds: float
    """Of a label, the median; 0 where nobody measured."""
    models: tuple[str, ...]
    figures: tuple[WeekFigure, ...]
    withheld: int
    """Figures of weeks that fewer than ten contributors wrote."""
    targets: tuple[TargetErrors, ...]
    checks: tuple[Drift, ...]
    agreements: tuple[Agreement, ...]

    @property
    def alarms(self) -> list[Drift]:
        """Checks that are beyond their bounds."""
        return beyond_bound(self.checks)


def gold_report(
    edges: Edges, weeks: Sequence[str] | None = None, *, society: str = ""
) -> GoldReport:
    """Of the samples of these weeks, or of all; the figures of one society only, or of all."""
    draws = [one for one in gold.draws(edges.database) if weeks is None or one.week in weeks]
    rows: list[GoldRow] = []
    labels: list[GoldLabel] = []
    gathered = []
    models: set[str] = set()
    drawn = 0
    for made in draws:
        sample = gold.sample_of(edges.database, made)
        ids = [one.document_id for one in sample]
        said = gold.labels_of(edges.database, ids)
        judged, by = gold.judged_of(edges.database, ids, *days_of_week(made.week))
        of_week = rows_of_week(made.week, sample, settle(said), judged)
        gathered.append((made, sample, of_week))
        rows, labels = rows + of_week, labels + said
        models |= by
        drawn += len(sample)
    names = sorted({row.target for row in rows})
    targets = {
        name: _errors(edges, name, [row for row in rows if row.target == name]) for name in names
    }
    figures, withheld = [], 0
    for made, sample, of_week in gathered:
        totals = gold.totals_of(edges.database, *days_of_week(made.week))
        keys = sorted({(row.society, row.target) for row in of_week})
        keys = [key for key in keys if not society or key[0] == society]
        published = _published(edges, keys, made.week)
        for key in keys:
            if key not in published or key not in totals:
                withheld += 1
                continue
            mine = [row for row in of_week if (row.society, row.target) == key]
            errors = targets[key[1]]
            counts = published[key]
            figures.append(
                WeekFigure(
                    week=made.week,
                    society=key[0],
                    target=key[1],
                    gold=gold_figure(mine, sample, totals[key]),
                    published=estimate(counts, confusion=errors.shipped),
                    with_gold=estimate(counts, confusion=errors.gold),
                    with_both=estimate(counts, confusion=errors.both),
                )
            )
    checks: list[Drift] = []
    for name, errors in targets.items():
        mine = [row for row in rows if row.target == name]
        found = (confusion_drift(name, mine, errors.shipped), calibration_drift(name, mine))
        checks += [each for each in found if each is not None]
    measured = sorted(one.seconds for one in labels if one.seconds)
    return GoldReport(
        draws=tuple(draws),
        drawn=drawn,
        labelled=len({one.document_id for one in labels}),
        annotators=tuple(sorted({one.annotator for one in labels})),
        seconds=measured[len(measured) // 2] if measured else 0.0,
        models=tuple(sorted(models)),
        figures=tuple(figures),
        withheld=withheld,
        targets=tuple(targets.values()),
        checks=tuple(checks),
        agreements=tuple(agreements(labels)),
    )


def _errors(edges: Edges, target: str, rows: Sequence[GoldRow]) -> TargetErrors:
    shipped, found = confusion_of(edges.classifier, target), gold_confusion(rows)
    return TargetErrors(
        target=target,
        shipped=shipped,
        gold=found,
        both=pooled(shipped, found),
        labels=len(rows),
        ties=sum(row.settled.stance is None for row in rows),
    )


def _published(
    edges: Edges, keys: Sequence[tuple[str, str]], week: str
) -> dict[tuple[str, str], list[StanceCount]]:
    """Counts of the week of those of these series that ten contributors wrote."""
    if not keys:
        return {}
    first, last = days_of_week(week)
    counts = daily_counts.counts_of_series(edges.database, keys, first, last)
    marks = contributors.of_series(edges.database, keys, first, last)
    found = {}
    for key in keys:
        speaking = marks_between(marks.get(key, {}), first, last)
        if is_published(mark for of_outlet in speaking.values() for mark in of_outlet):
            rows = [row for of_day in counts.get(key, {}).values() for row in of_day]
            found[key] = list(add_by_outlet(rows))
    return found


def sentence_of(check: Drift) -> str:
    """What a check found, for people."""
    if isinstance(check, ConfusionDrift):
        return (
            f"{check.target}: stances are judged right {check.right:.0%} of the time"
            f" ({check.lower:.0%} to {check.upper:.0%}), by the shipped matrix {check.shipped_right:.0%};"
            f" the errors differ from it (p = {check.p_value:.4f})"
        )
    gap = 100 * (check.confidence - check.right)
    return (
        f"{check.target}: judgements are {abs(gap):.0f} points too {'sure' if gap > 0 else 'unsure'}"
        f" ({100 * check.lower:+.0f} to {100 * check.upper:+.0f}; calibration error {check.error:.2f})"
    )


def tell_drift(edges: Edges, report: GoldReport, now: datetime) -> str:
    """Tell operators of what is beyond its bound, once for the same labels and model; the id of the message, or empty."""
    alarms = report.alarms
    if not alarms:
        return ""
    about = "\n".join(
        [
            *report.models,
            *(f"{each.target} {type(each).__name__}" for each in alarms),
            *(one.week for one in report.draws),
        ]
    )
    message = operator_message(
        id=f"gold-drift-{sha256(about.encode()).hexdigest()[:16]}",
        title="Barometer itself: people's labels differ from the model's known errors",
        what="; ".join(map(sentence_of, alarms))
        + f". A model that has not changed raises this in {ALPHA:.0%} of reports.",
        remedy="Look at `barometer gold`. Figures that are corrected with the shipped matrix may be off until it is mended:"
        " estimate with the matrix of the labels (`barometer gold --matrix FILE`), or train on text of these sources.",
        now=now,
        simulated=edges.settings.simulated,
    )
    tell_operators(edges, [message], now)
    return message.id


def check_drift(edges: Edges, now: datetime) -> str:
    """Tell operators of drift in the samples of the last RECENT_WEEKS weeks, if any were labelled; as `tell_drift`."""
    if not gold.draws(edges.database):
        return ""
    this_week = week_of(now.astimezone(UTC).date())
    weeks = [previous_week(this_week, back) for back in range(RECENT_WEEKS + 1)]
    return tell_drift(edges, gold_report(edges, weeks), now)
