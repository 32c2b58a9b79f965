"""A point: one day of one series (society, target)."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

import msgspec


class State(StrEnum):
    """Whether a point may be used. Absence is a state, never a zero and never a fall."""

    OK = "ok"
    INSUFFICIENT = "insufficient"
    DEGRADED = "degraded"
    NO_DATA = "no_data"


class StanceCount(msgspec.Struct, frozen=True, kw_only=True):
    """Judged documents of one outlet in a window (a day, a week) of one series, of one story if `story` says which."""

    outlet: str
    support: int
    neutral: int
    oppose: int
    story: str | None = None
    """Copies of one text share it; None: each document is its own."""

    @property
    def n(self) -> int:
        """Documents that address the target."""
        return self.support + self.neutral + self.oppose


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """Net support under one weighting, in points."""

    net_support: float | None = None
    """None when there is no document."""
    lower: float | None = None
    upper: float | None = None
    """95 % interval; None when there is no document."""
    n_eff: float = 0.0
    """Effective number of documents under this weighting."""


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """One day of one series. Net support is 100 x (P(support) - P(oppose)), -100 to +100, each document counting once."""

    society: str
    target: str
    day: date
    support: int
    neutral: int
    oppose: int
    outlets: int
    net_support: float | None
    """None when there is no document."""
    lower: float | None
    upper: float | None
    """95 % interval; None when there is no document."""
    n_eff: float
    """Effective number of documents after clustering by outlet and story (Kish 1965)."""
    state: State
    per_story: Figure = Figure()
    """Copies of a story count once; what moves per document alone is amplification."""
    outlet_balanced: Figure = Figure()
    """No outlet counts for more than twenty documents."""
    withheld: bool = False
    """It has documents, of fewer than ten contributors: what it says is for the detector, and is not published
    (alerts/k_floor.py)."""

    @property
    def n(self) -> int:
        """Documents that address the target."""
        return self.support + self.neutral + self.oppose
