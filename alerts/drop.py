"""A drop: what the detector says when net support of one series has fallen."""

from __future__ import annotations

from datetime import date

import msgspec


class Drop(msgspec.Struct, frozen=True, kw_only=True):
    """One fall of one series. All figures are in points of net support, except score and threshold.

    The size is provisional: at the moment of detection it tends to overstate the fall, because chance
    that deepens a fall also brings its detection forward.
    """

    society: str
    target: str
    detected_on: date
    """The day whose documents completed the evidence."""
    since: date
    """The likeliest first day of the fall."""
    baseline: float
    """Net support before the fall."""
    net_support: float
    """Net support from `since` to `detected_on`."""
    change: float
    """net_support - baseline; below 0."""
    lower: float
    """95 % interval of the change."""
    upper: float
    score: float
    """Evidence for a fall (logarithm of the Shiryaev-Roberts statistic)."""
    threshold: float
    """The score had to pass it."""
    reason: str
    """One sentence for people."""


class Settled(msgspec.Struct, frozen=True, kw_only=True):
    """The size of a fall by the seven days after it was found. Unlike the size at detection it is not too large by
    selection: chance had no part in choosing these days.
    """

    society: str
    target: str
    detected_on: date
    """Of the drop that it belongs to."""
    day: date
    """The last of the seven days."""
    change: float
    """Against the outlets' own past, in points; at most 0."""
    lower: float
    upper: float
    """95 % interval of the change."""


class Shock(msgspec.Struct, frozen=True, kw_only=True):
    """One unusual day of one series, far below its outlets' own past. It is a signal for people who look, never an alert:
    most such days pass.
    """

    society: str
    target: str
    day: date
    change: float
    """Against the outlets' own past, in points."""
    baseline: float
    """Net support of that past."""
    sigmas: float
    """How far below, in standard deviations of such a day."""
