"""`barometer import`."""

from __future__ import annotations

from pathlib import Path

import click

from flows.mistake import Mistake


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--field", "fields", multiple=True, metavar="OURS=THEIRS", help="What the file calls a field.")  # fmt: skip
@click.option("--set", "constants", multiple=True, metavar="OURS=VALUE", help="One value for every row.")  # fmt: skip
@click.option("--mapping", type=click.Path(path_type=Path), help="The same from a TOML file with [fields] and [set].")  # fmt: skip
@click.option("--format", "form", type=click.Choice(["jsonl", "csv", "feed"]), help="If the file name does not say.")  # fmt: skip
@click.option("--score/--no-score", default=True, help="Score what is on the bus afterwards (default).")  # fmt: skip
@click.pass_context
def command(
    ctx: click.Context,
    files: tuple[Path, ...],
    fields: tuple[str, ...],
    constants: tuple[str, ...],
    mapping: Path | None,
    form: str | None,
    score: bool,
) -> None:
    """Import JSONL, CSV or saved feed FILES (docs/import.md lists the fields).

    A bad row goes to the dead letters with file, line and reason; the rest of the file goes on.

    \b
    barometer import posts.jsonl
    barometer import poll.csv --field text=comment --set lang=en --set society=IT
    barometer import feeds/*.xml --set society=GB --set lang=en
    zcat posts.jsonl.gz | barometer import - --format jsonl

    A file that cannot be read at all is named and the others are imported; the exit status is then 2.
    """
    from flows.display import progress_bar
    from flows.importing import check_constants, import_file
    from flows.scoring import drain
    from flows.sentence import sentence
    from flows.steps import now_utc
    from flows.wiring import edges
    from ingest.field_mapping import ImportRefused, mapping_from_pairs, parse_field_mapping

    refused = 0
    try:
        if mapping is not None:
            if fields or constants:
                raise Mistake("Give --mapping, or --field and --set, not both.")
            ours = parse_field_mapping(_text(mapping), str(mapping))
        else:
            ours = mapping_from_pairs(fields, constants)
        check_constants(ours, now_utc())
    except ImportRefused as error:
        raise Mistake(str(error)) from error
    with edges() as opened:
        for path in files:
            with progress_bar(path.name, None) as bar:
                try:
                    report = import_file(
                        opened,
                        path,
                        now=now_utc(),
                        mapping=ours,
                        form=form,  # type: ignore[arg-type]  # click has checked the choice
                        progress=lambda so_far: bar.show(so_far.read, str(so_far)),
                    )
                except ImportRefused as error:
                    refused += 1
                    click.echo(f"barometer: {sentence(error)}", err=True)
                    continue
            click.echo(str(report))
        if score and refused < len(files):
            with progress_bar("Scoring", None) as bar:
                done = drain(opened, progress=lambda so_far: bar.show(so_far.read, str(so_far)))
            click.echo(f"Scored: {done}")
    if refused:
        ctx.exit(2)


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except OSError as error:
        raise Mistake(f"Cannot read {path}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise Mistake(f"{path} is not UTF-8 (byte {error.start + 1}).") from error
