"""What a test of spillover found, as one plain sentence that can be quoted. It tells an order in time, never why."""

from __future__ import annotations

from alerts.spillover import Spillover, Verdict

FIRST = "attitudes toward irregular migration"
"""The series that is asked whether it moves first."""

SECOND = "support for regular programmes"
"""The series that may follow."""


def spillover_sentence(spillover: Spillover) -> str:
    """One sentence: the lag, and the effect in points with its 95 % interval, or that there is no lead to tell.

    A lead that only two of the three tests found is said to be unconfirmed. The effect is told as an order in time: what
    followed a fall, on average.
    """
    verdict = spillover.verdict
    why = f" ({spillover.reason})" if spillover.reason else ""
    if verdict is Verdict.TOO_SHORT:
        return f"The series are too short to say whether {FIRST} moved before {SECOND} in the monitored corpus{why}."
    if verdict is Verdict.MOVES_TOGETHER:
        together = (
            "" if spillover.correlation is None else f" (correlation {spillover.correlation:+.2f})"
        )
        return (
            f"In the monitored corpus, {FIRST} and {SECOND} moved together on the same day{together}; a lead of one over "
            "the other is not distinguishable from zero."
        )
    if verdict is Verdict.NOT_DISTINGUISHABLE_FROM_ZERO:
        return f"In the monitored corpus, a lead of {FIRST} over {SECOND} is not distinguishable from zero{why}."
    unconfirmed = (
        ", which could not be confirmed once noise in both series was allowed for"
        if verdict is Verdict.LEADS_IN_TIME
        else ""
    )
    return f"In the monitored corpus, {FIRST} moved {_lag(spillover.lag)} before {SECOND}{_followed(spillover)}{unconfirmed}."


def _lag(lag: int | None) -> str:
    if lag is None:
        return "some days"
    return f"about {lag} day{'' if lag == 1 else 's'}"


def _followed(spillover: Spillover) -> str:
    if spillover.effect is None or spillover.lower is None or spillover.upper is None:
        return ""
    return (
        f": after a fall of 10 points, the second changed over the next {spillover.horizon} days by "
        f"{_points(spillover.effect)} points on average (95 % interval {_points(spillover.lower)} to "
        f"{_points(spillover.upper)})"
    )


def _points(value: float) -> str:
    """`-4.1`, `+0.3`, and plain `0.0` for what rounds to it."""
    text = f"{value:+.1f}"
    return text if float(text) else text[1:]
