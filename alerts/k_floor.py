"""The k-floor: no figure is published of a cell with fewer than K_FLOOR contributors, nor can one be worked out.

A *cell* is the set of documents that a figure rests on: a series on a day or in a week, an outlet, a topic, the days of a
fall. A *contributor* is who speaks in a document, as ingest/contributor.py marks it.

    a day below the floor    no figure; it counts in a week or level only with others like it that are together above
    a part of a total        withheld; and the smallest others with it, until those withheld are two at least, together above

The second rule of each line keeps what is withheld from being worked out by subtraction. Detector and floors work on all
documents: what they find is told only where its own days are above.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from enum import StrEnum

import msgspec

from alerts.point import Figure, Point, StanceCount, State
from ingest.contributor import class_of

K_FLOOR = 10
"""Contributors below which nothing is published of a cell."""

Marks = Collection[int]
"""Contributors, as marks. At least K_FLOOR of them where there are more: whether a cell is above needs no others."""

MarksByDay = Mapping[date, Mapping[str, Marks]]
"""Of one series: contributors by day and outlet."""

WithheldDays = Mapping[date, Marks]
"""Days below the floor, with their contributors."""

NO_DAYS: WithheldDays = {}


class Hidden(StrEnum):
    """Why a number of documents is not published."""

    FEW = "fewer than 10"
    PROTECTS = "not shown"
    """It has enough contributors; without it another cell could be worked out by subtraction."""


Published = int | Hidden
"""A number of documents, or why it is not there."""


def contributors(marks: Iterable[int]) -> int:
    """How many different ones these marks are of, at least.

    An author has another mark in each month, so of the months only the one with most authors counts.
    """
    by_class = Counter(class_of(mark) for mark in set(marks))
    others = by_class.pop(0, 0)
    return others + max(by_class.values(), default=0)


def is_published(marks: Iterable[int]) -> bool:
    """Whether a cell of these contributors is at or above the floor."""
    return contributors(marks) >= K_FLOOR


def all_marks(by_outlet: Mapping[str, Marks]) -> set[int]:
    """Those of all outlets of a day or a period together."""
    return {mark for marks in by_outlet.values() for mark in marks}


def withheld_days(
    counts: Mapping[date, Sequence[StanceCount]], marks: MarksByDay
) -> dict[date, Marks]:
    """Days of a series that have documents and are below the floor."""
    found: dict[date, Marks] = {}
    for day, rows in counts.items():
        if any(row.n for row in rows):
            of_day = all_marks(marks.get(day, {}))
            if not is_published(of_day):
                found[day] = of_day
    return found


def days_left_out(days: Iterable[date], withheld: WithheldDays) -> set[date]:
    """Of `days`, which are shown together, those that are left out: the withheld ones, unless together they are above."""
    hidden = {day for day in days if day in withheld} if withheld else set()
    return set() if is_published(mark for day in hidden for mark in withheld[day]) else hidden


def marks_between(
    marks: MarksByDay, first: date, last: date, left_out: Collection[date] = ()
) -> dict[str, set[int]]:
    """Contributors by outlet from `first` to `last`, both included, without the days that are left out."""
    found: dict[str, set[int]] = {}
    for day, by_outlet in marks.items():
        if first <= day <= last and day not in left_out:
            for outlet, of_outlet in by_outlet.items():
                found.setdefault(outlet, set()).update(of_outlet)
    return found


def withheld_parts(
    sides: Sequence[Mapping[str, int]], marks: Sequence[Mapping[str, Marks]]
) -> set[str]:
    """Names of the parts that are withheld where numbers of documents by name, on one side or more (before and after),
    add up to known totals; `marks` are their contributors, side by side.

    Those are withheld that are below the floor on a side that they are on. One that is withheld alone is the total less the
    others: so the smallest others are withheld with it until there are two at least, together above on each side.
    """
    few = {
        name
        for documents, of_side in zip(sides, marks, strict=True)
        for name in documents
        if not is_published(of_side.get(name, ()))
    }
    size: Counter[str] = Counter()
    for documents in sides:
        size.update(documents)
    hidden = set(few)
    for name in sorted(size, key=lambda name: (size[name], name)):
        if not few or (len(hidden) > 1 and all(_is_hidden_well(hidden, side) for side in marks)):
            break
        hidden.add(name)
    return hidden


def _is_hidden_well(hidden: Collection[str], side: Mapping[str, Marks]) -> bool:
    """Whether those of a side that are hidden are none, or together above the floor."""
    together = {mark for name in hidden for mark in side.get(name, ())}
    return not together or is_published(together)


def parts_of_a_total(
    documents: Mapping[str, int], marks: Mapping[str, Marks]
) -> dict[str, Published]:
    """Numbers of documents that add up to a known total, by name, as they are published. None is few, too."""
    hidden = withheld_parts([documents], [marks])
    return {
        name: number
        if name not in hidden
        else Hidden.PROTECTS
        if is_published(marks.get(name, ()))
        else Hidden.FEW
        for name, number in documents.items()
    }


def each_its_own(documents: Mapping[str, int]) -> dict[str, Marks]:
    """Marks of documents of which nothing is known but their number: each counts as its own contributor."""
    found: dict[str, Marks] = {}
    begun = 0
    for name, number in documents.items():
        # a mark of class 0 ends in four zero bits; more than the floor asks for need none
        found[name] = [(begun + n) << 4 for n in range(min(number, K_FLOOR))]
        begun += K_FLOOR
    return found


def shown_point(point: Point) -> Point:
    """The point as it is published: without any figure where its day is withheld."""
    if not point.withheld:
        return point
    return msgspec.structs.replace(
        point,
        support=0,
        neutral=0,
        oppose=0,
        outlets=0,
        net_support=None,
        lower=None,
        upper=None,
        n_eff=0.0,
        state=State.INSUFFICIENT,
        per_story=Figure(),
        outlet_balanced=Figure(),
    )
