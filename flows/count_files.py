"""What `barometer estimate` and `barometer detect` have in common: the file, the confusion matrix, the options."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from flows.mistake import Mistake

if TYPE_CHECKING:
    from alerts.confusion import Confusion
    from alerts.count_rows import CountRows
    from classify.manifest import Manifest


def count_options(command: Callable[..., None]) -> Callable[..., None]:
    """FILE and the options that both commands take."""
    options = (
        click.argument("file", type=click.Path(path_type=Path), default="-"),
        click.option(
            "--period",
            type=click.Choice(["day", "week"]),
            default="day",
            show_default=True,
            help="Of a row of the answer; weeks are ISO weeks.",
        ),
        click.option(
            "--confusion",
            metavar="FILE|none",
            help="JSON of counts, true by judged stance, to correct with; none: no correction. "
            "Default: the matrix of the model of the settings.",
        ),
        click.option(
            "--target",
            help="Whose matrix of the model: regular, irregular, asylum or general. Default: the one that a "
            "series names, as in `IT/regular`, else all together.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


def read_count_file(file: Path) -> CountRows:
    """The rows of a file, or of standard input for `-`. Raises Mistake."""
    from alerts.count_rows import BadCounts, read_counts

    name = "standard input" if str(file) == "-" else str(file)
    try:
        if str(file) == "-":
            rows = read_counts(line.decode() for line in sys.stdin.buffer)
        else:
            with file.open(encoding="utf-8", newline="") as lines:
                rows = read_counts(lines)
    except OSError as error:
        raise Mistake(f"Cannot read {name}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise Mistake(
            f"{name} is not UTF-8 text (byte {error.start}); save it as UTF-8."
        ) from error
    except BadCounts as error:
        raise Mistake(f"{name}: {error}.") from error
    if rows.ignored:
        columns = ", ".join(repr(each[:40]) for each in rows.ignored)
        click.echo(f"barometer: {name}: columns that mean nothing here: {columns}.", err=True)
    return rows


def confusion_for(choice: str | None, target: str | None) -> Callable[[str], Confusion]:
    """Which matrix corrects a series of this name. Raises Mistake for a file or a target that is none."""
    from alerts.confusion import NONE, confusion_from_json, confusion_of_manifest
    from classify.target import TARGETS

    known = [each.name for each in TARGETS]
    if target is not None and target not in known:
        raise Mistake(f"There is no target {target!r}; write one of {', '.join(known)}.")
    if choice == "none":
        return lambda series: NONE
    if choice is not None:
        path = Path(choice)
        try:
            given = confusion_from_json(path.read_bytes())
        except OSError as error:
            raise Mistake(
                f"Cannot read {path}: {error.strerror}. --confusion takes a JSON file, or none."
            ) from error
        except ValueError as error:
            raise Mistake(f"{path}: {error}.") from error
        return lambda series: given
    manifest = _manifest_of_settings()
    if manifest is None:
        return lambda series: NONE
    matrices = {name: confusion_of_manifest(manifest, name) for name in (*known, "")}

    def of_series(series: str) -> Confusion:
        words = re.split(r"[^a-z]+", series.casefold())
        named = [name for name in known if name in words]
        return matrices[target or (named[0] if len(named) == 1 else "")]

    return of_series


def _manifest_of_settings() -> Manifest | None:
    """What is known of the errors of the settings' model; None for one of the hub, which has no matrix."""
    from importlib.resources import as_file, files

    from classify.manifest import MANIFEST
    from classify.onnx_model import read_manifest
    from flows.settings import load_settings

    model = load_settings().model
    if model == "bundled":
        with as_file(files("classify").joinpath("bundled")) as folder:
            return read_manifest(folder, ())
    return read_manifest(Path(model), ()) if (Path(model) / MANIFEST).is_file() else None
