"""Files of anchors and events: what can be used, and a sentence that names the lines that cannot."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from alerts.entered_row import BadLine, read_entered
from flows.mistake import Mistake

Made = TypeVar("Made")
SHOWN = 5


def read_entered_file(
    path: Path, needed: Sequence[str], make: Callable[[Mapping[str, str]], Made]
) -> tuple[list[Made], str]:
    """What is made of a file's good lines, and what is wrong with the others (empty: nothing). Raises Mistake for a file that
    cannot be read or holds nothing.
    """
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise Mistake(f"Cannot read {path}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise Mistake(
            f"{path} is not UTF-8 text (byte {error.start}); save it as UTF-8."
        ) from error
    made: list[Made] = []
    bad: list[BadLine] = []
    for one in read_entered(text, needed, make):
        if isinstance(one, BadLine):
            bad.append(one)
        else:
            made.append(one)
    if not made and not bad:
        raise Mistake(f"{path} holds no line below its first.")
    first = "; ".join(f"line {one.line}: {one.error}" for one in bad[:SHOWN])
    more = f" (and {len(bad) - SHOWN} more lines)" if len(bad) > SHOWN else ""
    return (
        made,
        f"{path}, {first}{more}. Mend these lines and import the file again." if bad else "",
    )
