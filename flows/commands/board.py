"""`barometer board`."""

from __future__ import annotations

from pathlib import Path

import click

from flows.mistake import Mistake


@click.command()
@click.option(
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("var/board"),
    show_default=True,
    help="Folder of the pages; files in it that the board did not write are left alone.",
)
@click.option(
    "--names",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help='What to call societies: a TOML file of lines like AT = "Austria". Their codes if not given.',
)
def command(output: Path, names: Path | None) -> None:
    """Write the board: a folder of pages with every series, incident and digest, for a browser or any web server."""
    from flows.boarding import write_board
    from flows.steps import now_utc
    from flows.wiring import edges

    called = _names(names) if names else {}
    with edges() as opened:
        written = write_board(opened, output, now=now_utc(), names=called)
    click.echo(f"{written}: {output / 'index.html'}")


def _names(path: Path) -> dict[str, str]:
    import tomllib

    try:
        called = tomllib.loads(path.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Mistake(f'Cannot read {path}: {error}; a line reads AT = "Austria".') from error
    for code, name in called.items():
        if not isinstance(name, str) or not name.strip():
            raise Mistake(f'{path}: {code} has no name; a line reads AT = "Austria".')
    return {code: name.strip() for code, name in called.items()}
