"""What one person found in one document, and the rows of a file that holds it.

A label keeps no words of the document and no note: which document, which stance toward which target, which flags, and who said
so, by initials or a pseudonym.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

import msgspec

from classify.codebook import FLAGS
from classify.stance import Stance
from classify.target import TARGETS

MARKS = {
    "+": Stance.SUPPORT,
    "-": Stance.OPPOSE,
    "0": Stance.NEUTRAL,
    ".": Stance.NOT_ADDRESSED,
}
"""The codebook's marks."""

TARGET_NAMES = tuple(target.name for target in TARGETS)

COLUMNS = ("document_id", *TARGET_NAMES, *FLAGS, "annotator")
"""Of a file of labels; others are passed over."""

_ANNOTATOR = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,19}")
_DOCUMENT = re.compile(r"[0-9a-f]{32}")
_YES, _NO = ("1", "yes", "true", "x"), ("", "0", "no", "false")
_WORDS = {each.value: each for each in Stance}


class GoldLabel(msgspec.Struct, frozen=True, kw_only=True):
    """A person's label of a document."""

    document_id: str
    annotator: str
    """Initials or a pseudonym."""
    stances: Mapping[str, Stance]
    """By target; empty where the label was taken back."""
    flags: tuple[str, ...] = ()
    decides: bool = False
    """Whether it settles what others differ about."""
    seconds: int = 0
    labelled_at: datetime


class BadRow(msgspec.Struct, frozen=True):
    """A line that is no label, and why."""

    line: int
    """1-based, the header included."""
    error: str


def check_annotator(name: str) -> str:
    """The name as it is stored. Raises ValueError for what might be a person's full name or address."""
    if not _ANNOTATOR.fullmatch(name):
        raise ValueError(
            f"{name[:40]!r} cannot stand for an annotator; use initials or a pseudonym, at most 20 letters, digits, _ or -"
        )
    return name


def read_gold_labels(
    text: str, *, now: datetime, annotator: str = ""
) -> Iterator[GoldLabel | BadRow]:
    """The labels of a CSV file, one GoldLabel or BadRow for each row that has a mark, in order.

    Stances are words or the codebook's marks; rows whose targets are all empty are not labelled yet and are passed over.
    `annotator` is whose they are where the file has no such column.
    """
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
    try:
        header = [name.strip().casefold() for name in next(reader, [])]
        if fault := _header_fault(header, annotator):
            yield BadRow(1, fault)
            return
        seen: dict[tuple[str, str], int] = {}
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            line = reader.line_num
            try:
                found = _label(dict(zip(header, cells, strict=False)), now, annotator)
                if len(cells) > len(header):
                    raise ValueError("it has more cells than the first line has names")
            except ValueError as error:
                yield BadRow(line, str(error))
                continue
            if found is None:
                continue
            key = (found.document_id, found.annotator)
            if key in seen:
                yield BadRow(line, f"{found.annotator} has labelled it in line {seen[key]} too")
                continue
            seen[key] = line
            yield found
    except csv.Error as error:
        yield BadRow(reader.line_num, f"it cannot be taken apart ({error})")


def label_rows(labels: Iterable[GoldLabel]) -> Iterator[dict[str, str]]:
    """The rows of a file of labels, by COLUMNS."""
    for one in labels:
        yield {
            "document_id": one.document_id,
            **{name: stance.value for name, stance in one.stances.items()},
            **{flag: "1" if flag in one.flags else "0" for flag in FLAGS},
            "annotator": one.annotator,
        }


def _header_fault(header: Sequence[str], annotator: str) -> str:
    needed = ["document_id", *TARGET_NAMES, *([] if annotator else ["annotator"])]
    missing = [name for name in needed if name not in header]
    if missing:
        return f"the first line names no column {missing[0]!r}; it needs {', '.join(needed)}"
    doubled = [name for name in header if name and header.count(name) > 1]
    return f"the first line names {doubled[0]!r} twice" if doubled else ""


def _label(row: Mapping[str, str], now: datetime, annotator: str) -> GoldLabel | None:
    cells = {name: value.strip() for name, value in row.items()}
    marks = {name: cells.get(name, "") for name in TARGET_NAMES}
    if not any(marks.values()):
        return None
    document_id = cells["document_id"]
    if not _DOCUMENT.fullmatch(document_id):
        raise ValueError(f"{document_id[:40]!r} is no document: 32 digits from 0 to f")
    for name, mark in marks.items():
        if not mark:
            raise ValueError(f"{name} is empty; a target that is not addressed has the mark .")
    return GoldLabel(
        document_id=document_id,
        annotator=check_annotator(cells.get("annotator", "") or annotator),
        stances={name: _stance(name, mark) for name, mark in marks.items()},
        flags=tuple(flag for flag in FLAGS if _flag(flag, cells.get(flag, ""))),
        labelled_at=now,
    )


def _stance(target: str, mark: str) -> Stance:
    # spreadsheets get a quote before what they would take for a formula
    plain = mark.removeprefix("'").casefold()
    found = MARKS.get(plain) or _WORDS.get(plain.replace(" ", "_"))
    if found is None:
        raise ValueError(
            f"{mark[:40]!r} is no stance toward {target}; write {', '.join(_WORDS)}, or one of + 0 - ."
        )
    return found


def _flag(name: str, mark: str) -> bool:
    if mark.casefold() not in (*_YES, *_NO):
        raise ValueError(f"{mark[:40]!r} says nothing of {name}; write 1 or 0")
    return mark.casefold() in _YES
