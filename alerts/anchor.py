"""Survey anchors: published results of surveys that people enter, to read a series beside.

A survey asks people, Barometer reads texts: the two have other populations, other questions and other units. So an anchor is
shown and never used: no figure is moved, scaled or fitted to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from hashlib import sha256

import msgspec

from alerts.entered_row import day_in, number_in, society_in, target_in, text_in, url_in

COLUMNS = ("society", "target", "date", "source", "question", "value", "unit", "lower", "upper", "n", "url")  # fmt: skip
"""Of a file of anchors; the first seven must be there."""


class Anchor(msgspec.Struct, frozen=True, kw_only=True):
    """One published result."""

    id: str
    society: str
    target: str
    day: date
    """On which fieldwork ended."""
    source: str
    """Who published it."""
    question: str
    unit: str
    """What the value counts, like `% in favour`."""
    value: float
    lower: float | None = None
    upper: float | None = None
    """95 % interval, where one was published."""
    n: int | None = None
    """People asked."""
    url: str = ""

    @property
    def said(self) -> str:
        """The value as people read it, with its interval and size."""
        text = f"{self.value:g} {self.unit}".strip()
        if self.lower is not None:
            text += f" ({self.lower:g} to {self.upper:g})"
        return text + (f", n = {self.n:,}" if self.n is not None else "")


def anchor_of(row: Mapping[str, str]) -> Anchor:
    """The anchor of a row, by COLUMNS. Its id is a function of what it says, so that the same result entered twice is one.
    Raises ValueError that names the column and what to write.
    """
    lower, upper = (number_in(row, name, optional=True) for name in ("lower", "upper"))
    value = number_in(row, "value")
    assert value is not None
    if (lower is None) != (upper is None):
        raise ValueError("lower and upper go together; give both or none")
    if lower is not None and upper is not None and not lower <= value <= upper:
        raise ValueError(f"value {value:g} is not between lower {lower:g} and upper {upper:g}")
    n = number_in(row, "n", optional=True)
    if n is not None and (n < 1 or n != int(n)):
        raise ValueError(f"n is {n:g}; write how many people were asked")
    made = Anchor(
        id="",
        society=society_in(row),
        target=target_in(row),
        day=day_in(row, "date"),
        source=text_in(row, "source"),
        question=text_in(row, "question"),
        unit=text_in(row, "unit"),
        value=value,
        lower=lower,
        upper=upper,
        n=None if n is None else int(n),
        url=url_in(row),
    )
    marks = (made.society, made.target, made.day, made.source, made.question, made.unit)
    mark = sha256("\x00".join(map(str, marks)).encode()).hexdigest()[:6]
    return msgspec.structs.replace(made, id=f"{made.society}-{made.target}-{made.day}-{mark}")
