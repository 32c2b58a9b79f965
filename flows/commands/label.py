"""`barometer label`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from flows.mistake import Mistake

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alerts.gold_sample import Drawn
    from classify.gold_label import GoldLabel
    from flows.labelling_gold import Sitting
    from flows.wiring import Edges

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command()
@click.argument("file", type=_FILE, required=False)
@click.option("--week", help="Label the sample of this ISO week. Default: the newest sample.")
@click.option("--annotator", metavar="INITIALS", help="Who labels: initials or a pseudonym, never a full name.")  # fmt: skip
@click.option("--disagreements", is_flag=True, help="Only what others differ about; this label settles it.")  # fmt: skip
@click.option("--agreement", is_flag=True, help="Show how far annotators agree, and label nothing.")
@click.option("--export", "export", type=_FILE, metavar="FILE", help="Write the labels to a CSV file.")  # fmt: skip
@click.option("--import", "import_", type=_FILE, metavar="FILE", help="Take labels from a CSV file (a filled sheet).")  # fmt: skip
def command(
    file: Path | None,
    week: str | None,
    annotator: str | None,
    disagreements: bool,
    agreement: bool,
    export: Path | None,
    import_: Path | None,
) -> None:
    """Label the documents of a sample, or of a FILE that `barometer sample` wrote, in the terminal.

    Each label is saved at once, and the next start goes on where the last one ended. What the model found is not shown. ?
    shows the codebook.

    \b
    barometer label --week 2026-W47 --annotator ml
    barometer label --week 2026-W47 --export labels.csv
    barometer label --import sheet.csv --annotator jk
    """
    from flows.wiring import edges

    if sum(map(bool, (export, import_, agreement))) > 1:
        raise Mistake("Choose one of --export, --import and --agreement.")
    name = _annotator(annotator)
    if not (export or import_ or agreement):
        if not name:
            raise Mistake("Say who labels: --annotator INITIALS.")
        _needs_a_terminal()
    with edges() as opened:
        if import_ is not None:
            from flows.steps import now_utc
            from flows.taking_labels import take_labels

            take_labels(opened, import_, name, now_utc())
            return
        ids, sample = _documents(opened, file, week)
        if export is not None:
            _export(opened, ids, export)
        elif agreement:
            _agreement(opened, ids)
        else:
            _label(opened, ids, sample, name, disagreements)


def _annotator(name: str | None) -> str:
    from classify.gold_label import check_annotator

    try:
        return check_annotator(name) if name else ""
    except ValueError as error:
        raise Mistake(f"--annotator {error}.") from error


def _needs_a_terminal() -> None:
    from flows.terminal_keys import is_terminal

    if not is_terminal():
        raise Mistake(
            "Labelling needs a terminal; without one, fill in the sheet that `barometer sample --output` writes and give"
            " it to `barometer label --import`."
        )


def _documents(
    opened: Edges, file: Path | None, week: str | None
) -> tuple[list[str], Sequence[Drawn]]:
    """Ids in the order of labelling; and what was drawn, where it is a week's."""
    from flows.label_files import documents_in
    from flows.week_option import checked_week
    from storage import gold

    if file is not None:
        if week is not None:
            raise Mistake("Give either FILE or --week.")
        return documents_in(file), ()
    draws = {one.week: one for one in gold.draws(opened.database)}
    if week is None and not draws:
        raise Mistake("No sample was drawn yet; `barometer sample` draws one.")
    asked = checked_week(week) if week else max(draws)
    if asked not in draws:
        raise Mistake(
            f"No sample of {asked} was drawn; `barometer sample --week {asked}` draws one."
        )
    sample = gold.sample_of(opened.database, draws[asked])
    return [one.document_id for one in sample], sample


def _export(opened: Edges, ids: Sequence[str], path: Path) -> None:
    from flows.label_files import labels_as_result
    from flows.output import write_result

    if path.suffix.lower() != ".csv":
        raise Mistake(f"--export {path} has to end in .csv.")
    write_result(labels_as_result(_labels(opened, ids)), "csv", path)


def _agreement(opened: Edges, ids: Sequence[str]) -> None:
    from classify.kappa import agreements
    from flows.table import table

    found = agreements(_labels(opened, ids))
    if not found:
        click.echo("No document was labelled by two people.")
        return
    table(
        ["annotators", "about", "documents", "agree", "kappa", "95 % interval"],
        [
            (
                f"{one.first}, {one.second}",
                one.about.replace("_", " "),
                one.n,
                f"{one.same:.0%}",
                one.kappa,
                "" if one.lower is None else f"{one.lower:.2f} to {one.upper:.2f}",
            )
            for one in found
        ],
    )


def _label(
    opened: Edges, ids: Sequence[str], sample: Sequence[Drawn], annotator: str, disagreements: bool
) -> None:
    from flows.labelling_gold import ToLabel, sit_down, still_to_label
    from flows.steps import now_utc
    from storage.documents import places_of

    left = still_to_label(opened, ids, annotator, disagreements=disagreements)
    if not left:
        click.echo("Nothing differs that is not settled." if disagreements else "All is labelled.")
        return
    days = {one.day for one in sample} or {
        one.published_at.date() for one in places_of(opened.database, left).values()
    }
    if not days:
        raise Mistake("None of these documents is stored here.")
    wanted = ToLabel(ids=tuple(left), first=min(days), last=max(days))
    done = sit_down(opened, wanted, annotator, decides=disagreements, now=now_utc)
    click.echo(_said(done))


def _said(done: Sitting) -> str:
    parts = [f"{_count(done.labelled, 'document')} labelled", f"{done.left:,} left"]
    if done.gone:
        parts.append(f"{done.gone:,} passed over, for their words are gone")
    text = ", ".join(parts) + "."
    if done.labelled:
        each = done.seconds / done.labelled
        text += f" {each:.0f} s each"
        text += f"; the rest would take {done.left * each / 3600:.1f} h." if done.left else "."
    return text


def _labels(opened: Edges, ids: Sequence[str]) -> list[GoldLabel]:
    from storage import gold

    return gold.labels_of(opened.database, ids)


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
