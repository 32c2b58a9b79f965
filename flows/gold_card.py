"""The section of a model card that labels of the monitored corpus give."""

from __future__ import annotations

from collections.abc import Iterator

from alerts.confusion import ORDER, Confusion
from alerts.gold_drift import ALPHA, TOLERANCE, CalibrationDrift, ConfusionDrift
from flows.gold_report import GoldReport


def card_section(report: GoldReport, *, simulated: bool = False) -> str:
    """Markdown."""
    return "\n".join(_lines(report, simulated)) + "\n"


def _lines(report: GoldReport, simulated: bool) -> Iterator[str]:
    weeks = [one.week for one in report.draws]
    yield "## On labels of the monitored corpus"
    yield ""
    if simulated:
        yield "**The corpus is simulated.**"
        yield ""
    yield (
        f"Written by `barometer gold --card`. {report.labelled:,} of {report.drawn:,} documents drawn at random by strata"
        f" from {len(weeks)} week{'' if len(weeks) == 1 else 's'} ({weeks[0]}{f' to {weeks[-1]}' if len(weeks) > 1 else ''}) were labelled by"
        f" {len(report.annotators)} people, who did not see what the model ({', '.join(report.models) or 'none'}) had found."
        " Every document counts for those that it stands for."
    )
    yield ""
    yield "| target | labels | right, by labels | right, as shipped | errors differ: p | confidence | judged right | ECE (of a calibrated model) |"
    yield "|---|---|---|---|---|---|---|---|"
    for one in report.targets:
        mine = [each for each in report.checks if each.target == one.target]
        errors = next((each for each in mine if isinstance(each, ConfusionDrift)), None)
        sure = next((each for each in mine if isinstance(each, CalibrationDrift)), None)
        cells = [one.target, f"{one.labels:,}"]
        cells += (
            [
                f"{errors.right:.0%} ({errors.lower:.0%} to {errors.upper:.0%})",
                f"{errors.shipped_right:.0%}",
                f"{errors.p_value:.4f}",
            ]
            if errors
            else ["too few", "", ""]
        )
        cells += (
            [
                f"{sure.confidence:.2f}",
                f"{sure.right:.2f}",
                f"{sure.error:.3f}, {sure.error_lower:.3f} to {sure.error_upper:.3f} ({sure.error_by_chance:.3f})",
            ]
            if sure
            else ["too few", "", ""]
        )
        yield f"| {' | '.join(cells)} |"
    yield ""
    yield (
        f"*Right*: mean over support, neutral and oppose, among documents that address the target and are judged to. An alarm is"
        f" raised where errors differ, or where confidence is off by more than {TOLERANCE:.2f}, so that a model that has not"
        f" changed raises one in {1 / ALPHA:.0f} reports. Raised now: {len(report.alarms)}."
    )
    for one in report.targets:
        if one.gold.corrects:
            yield ""
            yield from _matrix(one.target, one.gold)
    if report.agreements:
        yield ""
        yield "| annotators | about | documents | agree | kappa |"
        yield "|---|---|---|---|---|"
        for each in report.agreements:
            value = (
                ""
                if each.kappa is None
                else f"{each.kappa:.2f} ({each.lower:.2f} to {each.upper:.2f})"
            )
            yield f"| {each.first}, {each.second} | {each.about} | {each.n} | {each.same:.0%} | {value} |"


def _matrix(target: str, found: Confusion) -> Iterator[str]:
    yield f"Errors toward *{target}*: labels in rows, judgements in columns, in documents that the labels are worth."
    yield ""
    yield f"| | {' | '.join(each.value for each in ORDER)} |"
    yield "|---|---|---|---|"
    for name, row in zip(ORDER, found.counts, strict=True):
        yield f"| {name.value} | {' | '.join(str(n) for n in row)} |"
