"""What a society's documents about migration of a week speak of, and where they came from: shares with their intervals.

A share p is a net support of 2p - 1, as in alerts/conflation.py, so that its interval knows how outlets differ. It is not
corrected for the errors of the model. One that counts, or is a share of, documents of fewer than ten contributors is withheld
(alerts/k_floor.py), and of parts that add up those without which it could be worked out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import msgspec

from alerts.confusion import NONE
from alerts.estimate import Estimate, estimates
from alerts.k_floor import is_published, withheld_parts
from alerts.point import StanceCount, State
from alerts.week import week_of

FLAGS = ("conflates", "dehumanising")

TOPIC, FLAG, PARTING = "topic", "flag", ("outlet", "kind", "language")


class ReadingRow(msgspec.Struct, frozen=True, kw_only=True):
    """Documents about migration of one outlet, kind, language, topic and flags in a week."""

    outlet: str
    kind: str
    language: str
    topic: str
    """Empty: whatever they speak of. A document is in the row of each of its topics, too."""
    conflates: int
    """0 or 1, as is the next."""
    dehumanising: int
    documents: int
    marks: tuple[int, ...]


class WeekShare(msgspec.Struct, frozen=True, kw_only=True):
    """Of a society's documents about migration in a week: how many have a part."""

    society: str
    monday: date
    dimension: str = ""
    """topic, flag, outlet, kind or language; empty for all."""
    part: str = ""
    documents: int | None = None
    """None where it is withheld, as are share, interval, n, n_eff and outlets."""
    share: float | None = None
    """0 to 1."""
    lower: float | None = None
    upper: float | None = None
    n: int | None = None
    """What it is a share of."""
    n_eff: float | None = None
    outlets: int | None = None
    state: str = State.INSUFFICIENT.value
    withheld: bool = False

    @property
    def week(self) -> str:
        """2026-W47."""
        return week_of(self.monday)


def shares_of_weeks(
    rows: Mapping[tuple[str, date], Sequence[ReadingRow]],
) -> list[WeekShare]:
    """The shares of these (society, Monday), all estimated in one pass."""
    found: list[WeekShare] = []
    asked: list[tuple[str, date, str, str]] = []
    windows: list[list[StanceCount]] = []
    for (society, monday), of_week in rows.items():
        whole = [row for row in of_week if not row.topic]
        n = sum(row.documents for row in whole)
        if not is_published(_marks(whole)):
            found.append(WeekShare(society=society, monday=monday, withheld=True))
            continue
        parts = _parts(of_week, whole)
        hidden = _hidden(parts)
        found += [
            WeekShare(society=society, monday=monday, dimension=dimension, part=part, withheld=True)
            for dimension, part in sorted(hidden)
        ]
        for (dimension, part), having in sorted(parts.items()):
            if (dimension, part) not in hidden:
                asked.append((society, monday, dimension, part))
                windows.append(_window(whole, having))
        found.append(
            WeekShare(
                society=society,
                monday=monday,
                documents=n,
                share=1.0,
                n=n,
                outlets=len({row.outlet for row in whole}),
                state=State.OK.value,
            )
        )
    estimated = estimates(windows, confusion=NONE)
    for key, window, one in zip(asked, windows, estimated, strict=True):
        found.append(_share(key, window, one))
    return found


def _parts(
    rows: Sequence[ReadingRow], whole: Sequence[ReadingRow]
) -> dict[tuple[str, str], list[ReadingRow]]:
    """Rows that have each (dimension, part). A flag is there although no document has it: none is a figure, too."""
    found: dict[tuple[str, str], list[ReadingRow]] = {
        (FLAG, flag): [row for row in whole if getattr(row, flag)] for flag in FLAGS
    }
    for row in rows:
        if row.topic:
            found.setdefault((TOPIC, row.topic), []).append(row)
        else:
            for dimension in PARTING:
                found.setdefault((dimension, getattr(row, dimension)), []).append(row)
    return found


def _hidden(parts: Mapping[tuple[str, str], Sequence[ReadingRow]]) -> set[tuple[str, str]]:
    hidden = {
        key
        for key, rows in parts.items()
        if key[0] not in PARTING and rows and not is_published(_marks(rows))
    }
    few: set[str] = set()
    for dimension in PARTING:
        of_dimension = {part: rows for (name, part), rows in parts.items() if name == dimension}
        documents = {
            part: sum(row.documents for row in rows) for part, rows in of_dimension.items()
        }
        marks = {part: _marks(rows) for part, rows in of_dimension.items()}
        for part, rows in of_dimension.items():
            # an outlet that is withheld must not be what its kind or language has beside its other outlets
            of_few = [row for row in rows if row.outlet in few]
            if of_few and not is_published(_marks(of_few)):
                marks[part] = set()
        withheld = withheld_parts([documents], [marks])
        few = withheld if dimension == "outlet" else few
        hidden |= {(dimension, part) for part in withheld}
    return hidden


def _window(whole: Sequence[ReadingRow], having: Sequence[ReadingRow]) -> list[StanceCount]:
    """Documents by outlet that have the part, as support, and that have not, as opposition."""
    has: dict[str, int] = {}
    of: dict[str, int] = {}
    for row in having:
        has[row.outlet] = has.get(row.outlet, 0) + row.documents
    for row in whole:
        of[row.outlet] = of.get(row.outlet, 0) + row.documents
    return [
        StanceCount(
            outlet=outlet, support=has.get(outlet, 0), neutral=0, oppose=n - has.get(outlet, 0)
        )
        for outlet, n in of.items()
    ]


def _share(
    key: tuple[str, date, str, str], window: Sequence[StanceCount], one: Estimate
) -> WeekShare:
    society, monday, dimension, part = key
    documents = sum(row.support for row in window)
    # where outlets part the documents, how they differ is the share itself
    interval = dimension != "outlet"
    return WeekShare(
        society=society,
        monday=monday,
        dimension=dimension,
        part=part,
        documents=documents,
        share=documents / one.n,
        lower=_part_of_one(one.lower) if interval else None,
        upper=_part_of_one(one.upper) if interval else None,
        n=one.n,
        n_eff=one.n_eff,
        outlets=one.outlets,
        state=one.state.value,
    )


def _part_of_one(net_support: float | None) -> float | None:
    return None if net_support is None else (1 + net_support / 100) / 2


def _marks(rows: Sequence[ReadingRow]) -> set[int]:
    return {mark for row in rows for mark in row.marks}
