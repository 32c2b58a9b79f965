"""What this process did, counted as it does it: cheap, safe from several threads, and never a reason to stop.

    count, took, mark -> TALLY -> metrics page (flows/metrics.py), or a file for the process that has one (flows/tally_spool.py)

Labels are few and known beforehand (a disposition, a step, a source or a channel of the list); nothing of people is one.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_left

import msgspec

BOUNDS = (0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 1_800.0)
"""Upper bounds of the buckets of durations, in seconds; above the last one is another bucket."""

MOST_SERIES = 10_000
"""Of one process: a label that nobody bounded must not fill the memory."""

Labels = tuple[tuple[str, str], ...]
Key = tuple[str, Labels]


class Durations(msgspec.Struct):
    """How long something took, again and again."""

    buckets: list[int]
    """How many were in each bucket, not added up; one more than BOUNDS."""
    total: float = 0.0


class Tallied(msgspec.Struct):
    """All that was counted."""

    counts: list[tuple[str, Labels, float]] = []
    durations: list[tuple[str, Labels, Durations]] = []
    marks: list[tuple[str, Labels, float]] = []


class Tally:
    """The counts of one process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[Key, float] = {}
        self._durations: dict[Key, Durations] = {}
        self._marks: dict[Key, float] = {}
        self._beat = time.monotonic()
        self.is_shown = False
        """Whether this process has a metrics page."""

    def count(self, name: str, number: float = 1, **labels: str) -> None:
        """So many more of it."""
        key = _key(name, labels)
        with self._lock:
            self._beat = time.monotonic()
            if number and (key in self._counts or len(self._counts) < MOST_SERIES):
                self._counts[key] = self._counts.get(key, 0) + number

    def took(self, name: str, seconds: float, **labels: str) -> None:
        """It took so long once more."""
        key = _key(name, labels)
        with self._lock:
            self._beat = time.monotonic()
            known = self._durations.setdefault(key, Durations([0] * (len(BOUNDS) + 1)))
            known.buckets[bisect_left(BOUNDS, seconds)] += 1
            known.total += seconds

    def mark(self, name: str, value: float, **labels: str) -> None:
        """It is so now."""
        with self._lock:
            self._beat = time.monotonic()
            self._marks[_key(name, labels)] = value

    def beat(self) -> None:
        """The process is at work."""
        self._beat = time.monotonic()

    def idle_seconds(self) -> float:
        """Since anything was counted, or the process said that it is at work."""
        return time.monotonic() - self._beat

    def so_far(self) -> Tallied:
        """A copy of everything."""
        with self._lock:
            return Tallied(
                counts=[(*key, value) for key, value in self._counts.items()],
                durations=[
                    (*key, Durations(list(one.buckets), one.total))
                    for key, one in self._durations.items()
                ],
                marks=[(*key, value) for key, value in self._marks.items()],
            )

    def take(self) -> Tallied:
        """Everything, which is nothing afterwards."""
        with self._lock:
            taken = Tallied(
                counts=[(*key, value) for key, value in self._counts.items()],
                durations=[(*key, one) for key, one in self._durations.items()],
                marks=[(*key, value) for key, value in self._marks.items()],
            )
            self._counts, self._durations, self._marks = {}, {}, {}
            return taken

    def add(self, others: Tallied) -> None:
        """What another process counted."""
        for name, labels, number in others.counts:
            self.count(name, number, **dict(labels))
        for name, labels, one in others.durations:
            with self._lock:
                known = self._durations.setdefault(
                    (name, labels), Durations([0] * (len(BOUNDS) + 1))
                )
                for place, number in enumerate(one.buckets[: len(known.buckets)]):
                    known.buckets[place] += number
                known.total += one.total
        for name, labels, value in others.marks:
            self.mark(name, value, **dict(labels))


def _key(name: str, labels: dict[str, str]) -> Key:
    return name, tuple(sorted(labels.items()))


TALLY = Tally()
"""Of this process."""
