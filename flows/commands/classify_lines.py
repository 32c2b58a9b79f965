"""`barometer classify`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from flows.mistake import Mistake


@click.command()
@click.argument("file", type=click.Path(path_type=Path), default="-")
@click.pass_context
def command(ctx: click.Context, file: Path) -> None:
    """Judge JSON lines {"id", "text", "targets"?} from FILE or standard input.

    One JSON line each on standard output, in order; a bad line gives {"line", "error"} on standard error and
    exit status 1 at the end.
    """
    import msgspec

    from classify.classify_lines import BadLine, classify_lines
    from flows.settings import load_settings
    from flows.wiring import open_classifier

    classifier = open_classifier(load_settings())
    encode = msgspec.json.Encoder().encode
    bad = 0
    if str(file) == "-":
        lines = sys.stdin.buffer
    else:
        try:
            lines = file.open("rb")
        except OSError as error:
            raise Mistake(f"Cannot read {file}: {error.strerror}.") from error
    with lines:
        for answer in classify_lines(lines, classifier):
            if isinstance(answer, BadLine):
                bad += 1
                sys.stderr.write(encode(answer).decode() + "\n")
            else:
                # As bytes: JSON is UTF-8, whatever this terminal is set to.
                sys.stdout.buffer.write(encode(answer) + b"\n")
    ctx.exit(1 if bad else 0)
