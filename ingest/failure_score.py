"""How much a failed reading says against a source, and how long to leave it alone.

A score adds up: a failure that will not pass by itself counts more than one that will (weights of Media Cloud's
rss-fetcher). The wait doubles with each whole point, up to a day: no source is ever given up, because many come back
from what looks like death.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from ingest.fetch import FetchFailed

LONGEST_BACK_OFF = timedelta(days=1)
"""… but a source that is read more seldom than that is asked at its own pace."""

MOST = 30.0
"""The score stops here; what is higher says nothing more."""


class FailureKind(StrEnum):
    """What sort of failure it was."""

    HARD = "hard"
    """Somebody has to change something: it is not there, refuses us, or is no feed."""
    SOFT = "soft"
    """No answer, or one that broke off: the line, or the host."""
    TEMPORARY = "temporary"
    """The server says that it will pass: 429, 5xx."""


WEIGHTS = {FailureKind.HARD: 1.0, FailureKind.SOFT: 0.5, FailureKind.TEMPORARY: 0.25}


def kind_of(failed: FetchFailed) -> FailureKind:
    """The sort of a failure to fetch."""
    if failed.permanent:
        return FailureKind.HARD
    return FailureKind.SOFT if failed.http_status is None else FailureKind.TEMPORARY


def worse(score: float, kind: FailureKind) -> float:
    """The score after one more failure."""
    return min(score + WEIGHTS[kind], MOST)


def back_off(poll: timedelta, score: float, asked: timedelta | None = None) -> timedelta:
    """How long to wait after a failure that made the score `score`; at least what the server `asked` for."""
    wait = max(poll, min(poll * 2 ** min(score, 10.0), LONGEST_BACK_OFF))
    return wait if asked is None else max(wait, asked)
