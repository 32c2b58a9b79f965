"""Reading files of labelled text: all of a file, or a sentence that names its first bad line."""

from __future__ import annotations

from pathlib import Path

from classify.labelled import BadLabel, Labelled, read_labelled
from flows.mistake import Mistake

SHOWN = 3


def read_labelled_file(path: Path) -> list[Labelled]:
    """Every labelled text of a JSONL file. Raises Mistake: unreadable, empty, or lines that are no labels.

    One bad label is enough to refuse: a score or a model on half of the labels would mislead.
    """
    try:
        with path.open("rb") as lines:
            read = list(read_labelled(lines))
    except OSError as error:
        raise Mistake(f"Cannot read {path}: {error.strerror}.") from error
    bad = [each for each in read if isinstance(each, BadLabel)]
    if bad:
        first = "; ".join(f"line {each.line}: {each.error}" for each in bad[:SHOWN])
        more = f" (and {len(bad) - SHOWN} more lines)" if len(bad) > SHOWN else ""
        raise Mistake(f"{path}, {first}{more}. Mend the labels, or take the lines out.")
    labelled = [each for each in read if isinstance(each, Labelled)]
    if not labelled:
        raise Mistake(f"{path} holds no labelled text.")
    return labelled
