"""Which of many spillovers to believe: with fifty societies, two or three pass a test by chance."""

from __future__ import annotations

from collections.abc import Sequence


def benjamini_yekutieli(
    p_values: Sequence[float | None], *, rate: float = 0.05
) -> tuple[bool, ...]:
    """For each p value whether it is kept, so that at most `rate` of what is kept is expected to be false.

    None is a pair that was not tested: it is not kept and does not count. Holds however the pairs depend on
    each other (the same world news reaches many societies): the largest k with p_(k) <= rate k / (m c),
    c = 1 + 1/2 + ... + 1/m, and everything up to p_(k) (Benjamini & Yekutieli 2001).

    Raises ValueError for a p value outside 0..1 or a rate outside 0..1.
    """
    if not 0 < rate < 1:
        raise ValueError(f"the rate of false finds is {rate:g}; choose one between 0 and 1")
    tested = sorted(p for p in p_values if p is not None)
    for p in tested:
        if not 0 <= p <= 1:
            raise ValueError(f"{p:g} is no p value; give None for a pair that was not tested")
    m = len(tested)
    step = rate / (m * sum(1 / k for k in range(1, m + 1))) if m else 0.0
    limit = max((p for k, p in enumerate(tested, 1) if p <= step * k), default=-1.0)
    return tuple(p is not None and p <= limit for p in p_values)
