"""`barometer sample`."""

from __future__ import annotations

from pathlib import Path

import click

from flows.mistake import Mistake


@click.command()
@click.option("--week", help="ISO week, e.g. 2026-W47; the last full week if not given.")
@click.option("--size", type=click.IntRange(min=1, max=100_000), default=200, show_default=True, help="Documents to draw.")  # fmt: skip
@click.option("--society", default="", metavar="CODE", help="Only of this society (GB).")
@click.option("--salt", default="", help="Seed of chance, with the week. Default: the one used before, or a new one.")  # fmt: skip
@click.option("--again", is_flag=True, help="Draw anew where a sample of the week was drawn.")
@click.option("--output", "-o", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write the sample as a sheet to label in: .csv or .jsonl.")  # fmt: skip
@click.option("--with-text", is_flag=True, help="Put title and text into the file, too; delete it after labelling.")  # fmt: skip
def command(
    week: str | None,
    size: int,
    society: str,
    salt: str,
    again: bool,
    output: Path | None,
    with_text: bool,
) -> None:
    """Draw judged documents of a week for people to label: at random, by strata, each with a known chance.

    The sample is remembered; `barometer label --week WEEK` labels it, and `barometer gold` says what the labels tell of
    the figures.

    \b
    barometer sample --week 2026-W47
    barometer sample --week 2026-W47 --size 300 --output sheet.csv
    """
    from flows.digesting import last_full_week
    from flows.drawing_gold import draw_week, sheet
    from flows.output import write_result
    from flows.steps import now_utc
    from flows.table import table
    from flows.week_option import checked_society, checked_week
    from flows.wiring import edges

    form = _form(output)
    if with_text and output is None:
        raise Mistake("--with-text is of a file; add --output FILE.")
    code = checked_society(society)
    now = now_utc()
    with edges() as opened:
        asked = checked_week(week) if week else last_full_week(opened.settings, now)
        made, sample, new = draw_week(
            opened, asked, size, society=code, salt=salt, again=again, now=now
        )
        strata: dict[str, tuple[int, int]] = {
            one.stratum: (one.population, one.drawn) for one in sample
        }
        table(
            ["stratum", "documents", "drawn", "chance"],
            [(name, all_, n, n / all_) for name, (all_, n) in sorted(strata.items())],
        )
        click.echo(
            f"{'Drawn' if new else 'Drawn before'}: {len(sample):,} of {made.frame:,} judged documents of {made.week},"
            f" seed {made.week} + {made.salt}."
        )
        if made.no_text:
            click.echo(
                f"{made.no_text:,} judged documents could not be drawn: their words are not kept."
            )
        if output is not None:
            write_result(sheet(opened, made, sample, with_text=with_text), form, output)
            if with_text:
                click.echo(
                    "That file holds what people wrote, and `barometer forget` does not reach it: delete it after labelling."
                )
    click.echo(f"Label it: barometer label --week {made.week} --annotator YOUR_INITIALS")


def _form(output: Path | None) -> str:
    if output is None:
        return ""
    form = {".csv": "csv", ".jsonl": "json"}.get(output.suffix.lower())
    if form is None:
        raise Mistake(f"--output {output} has to end in .csv or .jsonl.")
    return form
