"""`barometer gold`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from flows.mistake import Mistake

if TYPE_CHECKING:
    from alerts.estimate import Estimate
    from alerts.prediction_powered import GoldFigure
    from flows.gold_report import GoldReport

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.option("--week", "weeks", multiple=True, help="Only the samples of these ISO weeks. Default: all.")  # fmt: skip
@click.option("--society", default="", metavar="CODE", help="Only figures of this society (GB).")
@click.option("--matrix", type=_FILE, metavar="FILE", help="Write the matrix of errors of --target, for `barometer estimate --confusion`.")  # fmt: skip
@click.option("--target", help="Whose matrix: regular, irregular, asylum or general.")
@click.option("--pooled", is_flag=True, help="Add the shipped matrix to the one of the labels.")
@click.option("--card", is_flag=True, help="Print the section of a model card that the labels give.")  # fmt: skip
@click.option("--import", "import_", type=_FILE, metavar="FILE", help="Take labels from a CSV file first.")  # fmt: skip
def command(
    weeks: tuple[str, ...],
    society: str,
    matrix: Path | None,
    target: str | None,
    pooled: bool,
    card: bool,
    import_: Path | None,
) -> None:
    """What people's labels say of the figures: net support from labels and judgements together, and whether the model errs
    as it did when it was shipped. Operators are told where it does not.

    \b
    barometer gold
    barometer gold --target regular --matrix regular.json
    barometer gold --card > gold-card.md
    """
    from flows.gold_card import card_section
    from flows.gold_report import gold_report, tell_drift
    from flows.steps import now_utc
    from flows.week_option import checked_society, checked_week
    from flows.wiring import edges

    asked = [checked_week(each) for each in weeks] or None
    code = checked_society(society)
    if (matrix is None) != (target is None):
        raise Mistake("--matrix FILE and --target NAME go together.")
    now = now_utc()
    with edges() as opened:
        if import_ is not None:
            from flows.taking_labels import take_labels

            take_labels(opened, import_, "", now)
        report = gold_report(opened, asked, society=code)
        if not report.draws:
            raise Mistake("No sample was drawn yet; `barometer sample` draws one.")
        if not report.labelled:
            raise Mistake("Nothing is labelled yet; `barometer label` does that.")
        if matrix is not None and target is not None:
            _write_matrix(report, target, matrix, pooled)
            return
        if card:
            click.echo(card_section(report, simulated=opened.settings.simulated), nl=False)
            return
        _show(report)
        told = tell_drift(opened, report, now)
        if told:
            click.echo("Operators were told of what is beyond its bound.")


def _write_matrix(report: GoldReport, target: str, path: Path, both: bool) -> None:
    import json

    from alerts.confusion import ORDER

    found = next((one for one in report.targets if one.target == target), None)
    if found is None or not found.gold.corrects:
        known = ", ".join(one.target for one in report.targets if one.gold.corrects)
        raise Mistake(
            f"There are no labels of {target!r} to count; there are of {known or 'no target'}."
        )
    used = found.both if both else found.gold
    named = {
        true.value: {judged.value: n for judged, n in zip(ORDER, row, strict=True)}
        for true, row in zip(ORDER, used.counts, strict=True)
    }
    try:
        path.write_text(json.dumps(named, indent=1) + "\n", "utf-8")
    except OSError as error:
        raise Mistake(f"Cannot write {path}: {error.strerror}.") from error
    click.echo(f"Written to {path}; use it with `barometer estimate --confusion {path}`.")


def _show(report: GoldReport) -> None:
    from alerts.gold_drift import ALPHA
    from flows.gold_report import sentence_of
    from flows.table import table

    click.echo(
        f"{report.labelled:,} of {report.drawn:,} drawn documents of {_count(len(report.draws), 'week')} are labelled, by"
        f" {', '.join(report.annotators)}{f', {report.seconds:.0f} s each' if report.seconds else ''}."
    )
    if report.figures:
        table(
            [
                "week",
                "series",
                "labels",
                "by labels",
                "published",
                "their matrix",
                "both matrices",
                "deff",
            ],
            [
                (
                    one.week,
                    f"{one.society} {one.target}",
                    one.gold.labelled if one.gold else None,
                    _gold(one.gold),
                    _figure(one.published),
                    _figure(one.with_gold),
                    _figure(one.with_both),
                    one.gold.design_effect if one.gold else None,
                )
                for one in report.figures
            ],
        )
        click.echo(
            "Net support with 95 % intervals: from labels and judgements together; as published; published counts corrected with"
            " the labels' matrix, and with that and the shipped one. deff: design effect of the sample."
        )
    if report.withheld:
        click.echo(f"{report.withheld} not shown: fewer than 10 contributors.")
    if report.checks:
        click.echo("\nChecks")
        for check in report.checks:
            mark = "BEYOND ITS BOUND" if check in report.alarms else "within its bound"
            click.echo(f"- {sentence_of(check)}: {mark}")
        click.echo(f"A model that has not changed raises an alarm in {ALPHA:.0%} of reports.")
    else:
        click.echo("Too few labels to check the model's errors (30 of a target are needed).")
    for target in report.targets:
        if target.ties:
            click.echo(f"{target.target}: {target.ties} documents on which annotators differ; `barometer label --disagreements` settles them.")  # fmt: skip
    if any(each.kappa is not None for each in report.agreements):
        click.echo()
        table(
            ["annotators", "about", "documents", "agree", "kappa"],
            [
                (f"{each.first}, {each.second}", each.about, each.n, f"{each.same:.0%}", each.kappa)
                for each in report.agreements
                if each.kappa is not None
            ],
        )


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def _gold(figure: GoldFigure | None) -> str:
    if figure is None:
        return "too few labels"
    return f"{figure.net_support:+.0f} ({figure.lower:+.0f} to {figure.upper:+.0f})"


def _figure(found: Estimate) -> str:
    if found.net_support is None:
        return found.state.value.replace("_", " ")
    return f"{found.net_support:+.0f} ({found.lower:+.0f} to {found.upper:+.0f})"
