"""A level that went below the floor that a person set: it opens an incident like a fall."""

from __future__ import annotations

import math

from alerts.drop import Drop
from alerts.floor_watch import SURE, FloorState, Side
from alerts.t_quantile import Z95


def breach_of(state: FloorState) -> Drop | None:
    """The breach, as a drop from the floor to the level; None where the level is not below the floor.

    It is dated by the day on which the level went below. Its interval is that of the filtered level.
    """
    if state.side is not Side.BELOW or state.since is None or state.level is None:
        return None
    below = state.level - state.floor.value
    half = Z95 * (state.spread or 0.0)
    p_below = min(state.p_below or 0.0, 1 - 1e-9)
    return Drop(
        society=state.floor.society,
        target=state.floor.target,
        detected_on=state.since,
        since=state.since,
        baseline=state.floor.value,
        net_support=state.level,
        change=below,
        lower=below - half,
        upper=below + half,
        score=math.log(p_below / (1 - p_below)) if p_below > 0 else -math.inf,
        threshold=math.log(SURE / (1 - SURE)),
        reason=state.reason,
    )
