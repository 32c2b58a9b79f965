"""Taking labels from a file: what is good is stored, what is not is named."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from flows.label_files import bad_lines, read_label_file
from flows.mistake import Mistake
from flows.wiring import Edges
from storage import gold
from storage.documents import known_origins


def take_labels(edges: Edges, path: Path, annotator: str, now: datetime) -> None:
    """Store the labels of a CSV file and say how many. Raises Mistake for lines that are none, after the others are stored."""
    labels, bad = read_label_file(path, now=now, annotator=annotator)
    stored = known_origins(edges.database, [one.document_id for one in labels])
    strange = [one for one in labels if one.document_id not in stored]
    gold.store_labels(edges.database, [one for one in labels if one.document_id in stored])
    click.echo(f"{_count(len(labels) - len(strange), 'label')} taken from {path}.")
    if strange:
        click.echo(
            f"{_count(len(strange), 'label')} passed over: their documents are not stored, like {strange[0].document_id}."
        )
    if bad:
        raise Mistake(f"{bad_lines(path, bad)}. Mend these lines and import the file again.")
    if not labels:
        raise Mistake(f"{path} holds no label: the columns of targets are empty in every row.")


def _count(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"
