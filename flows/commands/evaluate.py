"""`barometer evaluate`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from classify.evaluation import Report, TargetReport
    from classify.labelled import Labelled


@click.command()
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--confusion", is_flag=True, help="Show labelled x judged counts too.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, with every figure.")
@click.option("--seed", type=int, default=1, show_default=True, help="Of the bags of shifted prevalence.")  # fmt: skip
def command(files: tuple[Path, ...], confusion: bool, as_json: bool, seed: int) -> None:
    """Judge labelled JSONL FILES and say how far the judgements agree with the labels.

    Without FILES: the held-out fifth of the sample corpus. Figures are per source (the field
    "source", else the file's name) and target, never pooled.

    \b
    barometer evaluate
    barometer evaluate labelled.jsonl --confusion
    BAROMETER_MODEL=var/model barometer evaluate labelled.jsonl --json

    \b
    A line: {"id", "text", "target", "stance", "source"?}
        or  {"id", "text", "stance": {target: stance or null, …}, "topics"?, "flags"?, "source"?}
    """
    import msgspec

    from classify.evaluation import evaluate
    from flows.display import progress_bar
    from flows.settings import load_settings
    from flows.wiring import open_classifier

    labelled = _labelled(files)
    classifier = open_classifier(load_settings())
    with progress_bar(f"Judging with {classifier.model}", len(labelled)) as bar:
        report = evaluate(labelled, classifier, seed, told=bar.advance)
    if as_json:
        sys.stdout.buffer.write(msgspec.json.encode(report) + b"\n")
        return
    _show(report, confusion)


def _labelled(files: tuple[Path, ...]) -> list[Labelled]:
    import msgspec

    from classify.corpus import held_out, load_corpus
    from classify.labelled import labelled_passage
    from flows.labelled_files import read_labelled_file

    if not files:
        kept = [labelled_passage(each) for each in load_corpus() if held_out(each)]
        return [msgspec.structs.replace(each, source="held-out passages") for each in kept]
    return [
        msgspec.structs.replace(each, source=each.source or file.stem)
        for file in files
        for each in read_labelled_file(file)
    ]


def _show(report: Report, confusion: bool) -> None:
    from flows.display import say
    from flows.table import table

    say(f"Model {report.model}. Rates from 0 to 1; net support and its errors in points.")
    say()
    columns = "source target n addressed acc_addressed macro_f1 side_f1 ece side_ece net_labels net_judged bag_error"
    table(columns.split(), [_row(each) for each in report.targets])
    if report.labels:
        say()
        rows = [
            [each.source, each.n, _rate(each.topics_micro_f1), *_flags(each.flags_f1)]
            for each in report.labels
        ]
        table(["source", "n", "topics_f1", "conflates_f1", "dehumanising_f1", "flags_f1"], rows)
    if confusion:
        for each in report.targets:
            say()
            say(f"{each.source}, {each.target}: labelled in rows, judged in columns")
            names = ("support", "neutral", "oppose", "not_addressed")
            rows = [[name, *row] for name, row in zip(names, each.confusion, strict=True)]
            table(["", *names], rows)
    say()
    say(
        "macro_f1: support, neutral, oppose as judged, over the addressed texts; side_f1: support against\n"
        "oppose by the larger probability; ece, side_ece: expected calibration error of the four stances and\n"
        "of the side; bag_error: mean error of net support over bags of 200 with 10 to 90 % of support."
    )


def _row(each: TargetReport) -> list[Any]:
    return [
        each.source,
        each.target,
        each.n,
        each.addressed,
        _rate(each.addressed_accuracy),
        _rate(each.macro_f1),
        _rate(each.side_macro_f1),
        _rate(each.calibration_error),
        _rate(each.side_calibration_error),
        _points(each.labelled_net),
        _points(each.judged_net),
        _points(each.bag_error, sign=False),
    ]


def _flags(by_flag: dict[str, float]) -> list[str]:
    return [_rate(by_flag.get(name)) for name in ("conflates", "dehumanising", "all")]


def _rate(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _points(value: float | None, sign: bool = True) -> str:
    if value is None:
        return ""
    return f"{value:+.0f}" if sign else f"{value:.1f}"
