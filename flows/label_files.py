"""Labels to a file and back; sheets that people fill in."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from classify.gold_label import COLUMNS, BadRow, GoldLabel, label_rows, read_gold_labels
from flows.mistake import Mistake
from storage.database import Result

SHOWN = 5
"""Bad lines that are named."""


def read_label_file(
    path: Path, *, now: datetime, annotator: str = ""
) -> tuple[list[GoldLabel], list[BadRow]]:
    """The labels of a CSV file, and the lines that are none. Raises Mistake for a file that cannot be read."""
    read = list(read_gold_labels(_text(path), now=now, annotator=annotator))
    return (
        [one for one in read if isinstance(one, GoldLabel)],
        [one for one in read if isinstance(one, BadRow)],
    )


def bad_lines(path: Path, bad: Sequence[BadRow]) -> str:
    """A sentence that names them."""
    first = "; ".join(f"line {one.line}: {one.error}" for one in bad[:SHOWN])
    more = f" (and {len(bad) - SHOWN} more lines)" if len(bad) > SHOWN else ""
    return f"{path}, {first}{more}"


def labels_as_result(labels: Sequence[GoldLabel]) -> Result:
    """Labels as rows for a file."""
    rows = [tuple(row.get(name, "") for name in COLUMNS) for row in label_rows(labels)]
    return Result(COLUMNS, ("String",) * len(COLUMNS), rows)


def documents_in(path: Path) -> list[str]:
    """Ids of the documents that a sample's file (CSV or JSONL) names, in its order. Raises Mistake."""
    text = _text(path)
    if path.suffix.lower() == ".csv":
        import csv
        import io

        rows = list(csv.DictReader(io.StringIO(text, newline="")))
        found = [str(row.get("document_id") or "") for row in rows]
    else:
        found = []
        for number, line in enumerate(text.splitlines(), 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
            except (ValueError, RecursionError):
                raise Mistake(f"{path}, line {number}: this is no JSON.") from None
            found.append(str(row.get("document_id") or "") if isinstance(row, dict) else "")
    if not found or not all(found):
        where = (
            f", line {found.index('') + (2 if path.suffix.lower() == '.csv' else 1)}"
            if found
            else ""
        )
        raise Mistake(
            f"{path}{where}: no document_id; give a file that `barometer sample --output` wrote."
        )
    return list(dict.fromkeys(found))


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except OSError as error:
        raise Mistake(f"Cannot read {path}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise Mistake(
            f"{path} is not UTF-8 text (byte {error.start}); save it as UTF-8."
        ) from error
