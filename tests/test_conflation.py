"""Conflation: a share, its interval, and when there is no figure."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.conflation import FEWEST, Conflation, FlaggedCount, conflation
from alerts.point import State


def outlet(name: str, relevant: int, flagged: int) -> FlaggedCount:
    return FlaggedCount(outlet=name, relevant=relevant, flagged=flagged)


def estimate(*counts: FlaggedCount, degraded: bool = False) -> Conflation:
    return conflation("XA", counts, degraded=degraded)


flagged_counts = st.lists(
    st.builds(
        lambda name, rest, flagged: outlet(name, rest + flagged, flagged),
        st.sampled_from("abcdefgh"),
        st.integers(0, 200),
        st.integers(0, 200),
    ),
    max_size=12,
)


def bounds(figure: Conflation) -> tuple[float, float]:
    assert figure.lower is not None
    assert figure.upper is not None
    return figure.lower, figure.upper


def test_the_share_is_flagged_over_relevant_documents() -> None:
    figure = estimate(outlet("a", 30, 6), outlet("b", 20, 3), outlet("c", 50, 2))
    assert figure.share == pytest.approx(11 / 100)
    assert (figure.society, figure.n, figure.flagged, figure.outlets) == ("XA", 100, 11, 3)
    assert figure.n_eff == pytest.approx(100 / (1 + (3800 / 100 - 1) * 0.05))
    assert figure.state is State.OK


def test_fewer_than_ten_documents_give_a_state_and_no_figure() -> None:
    figure = estimate(outlet("a", FEWEST - 5, 2), outlet("b", 4, 1))
    assert figure.state is State.INSUFFICIENT
    assert (figure.share, figure.lower, figure.upper, figure.flagged) == (None, None, None, None)
    assert figure.n == FEWEST - 1
    assert estimate(outlet("a", 5, 2), outlet("b", 5, 1)).share == pytest.approx(0.3)


@pytest.mark.parametrize("counts", [(), (outlet("a", 0, 0),)])
def test_no_document_is_no_data_and_never_zero(counts: tuple[FlaggedCount, ...]) -> None:
    figure = estimate(*counts, degraded=True)
    assert figure.state is State.NO_DATA
    assert (figure.n, figure.share, figure.lower, figure.upper) == (0, None, None, None)


def test_no_flag_at_all_is_zero_with_an_interval_above_it() -> None:
    figure = estimate(*(outlet(name, 20, 0) for name in "abc"))
    lower, upper = bounds(figure)
    assert figure.share == lower == 0.0
    assert 0.02 < upper < 0.25


def test_one_outlet_is_insufficient_and_sources_that_were_down_degrade() -> None:
    assert estimate(outlet("a", 500, 50)).state is State.INSUFFICIENT
    assert estimate(*(outlet(n, 20, 2) for n in "abc"), degraded=True).state is State.DEGRADED


def test_outlets_that_differ_widen_the_interval() -> None:
    alike = bounds(estimate(*(outlet(name, 50, 10) for name in "abcdef")))
    unlike = bounds(estimate(*(outlet(n, 50, 20 if n in "abc" else 0) for n in "abcdef")))
    assert unlike[1] - unlike[0] > 1.3 * (alike[1] - alike[0])


@pytest.mark.parametrize(
    "wrong", [outlet("b", 3, 4), outlet("b", 3, -1), outlet("b", -1, 0), outlet("b", -3, -3)]
)
def test_impossible_counts_are_refused_by_outlet(wrong: FlaggedCount) -> None:
    with pytest.raises(ValueError, match=r"outlet 'b' has .* between 0 and relevant"):
        estimate(outlet("a", 10, 1), wrong)


@given(flagged_counts)
def test_the_share_lies_in_its_interval_and_the_interval_between_0_and_1(
    counts: list[FlaggedCount],
) -> None:
    figure = estimate(*counts)
    assert figure.n == sum(c.relevant for c in counts)
    if figure.n < FEWEST:
        assert figure.share is None
        return
    lower, upper = bounds(figure)
    assert figure.share is not None
    assert 0 <= lower <= figure.share <= upper <= 1
    assert lower < upper


@given(flagged_counts)
def test_the_order_of_rows_does_not_matter(counts: list[FlaggedCount]) -> None:
    assert estimate(*counts) == estimate(*reversed(counts))


@pytest.mark.parametrize(("share", "documents"), [(0.05, 60), (0.05, 600), (0.3, 60), (0.3, 600)])
def test_nineteen_of_twenty_intervals_hold_the_true_share(share: float, documents: int) -> None:
    """Outlets of unlike size draw their own share around the truth (beta, correlation 0.05 in an outlet)."""
    rng = np.random.default_rng(3)
    held = 0
    for _ in range(300):
        volume = 1 + rng.multinomial(documents, rng.dirichlet(np.full(8, 5.0)))
        own = rng.beta(19 * share, 19 * (1 - share), size=8)
        rows = [
            outlet(str(k), int(volume[k]), int(rng.binomial(volume[k], own[k]))) for k in range(8)
        ]
        lower, upper = bounds(estimate(*rows))
        held += lower <= share <= upper
    assert held / 300 >= 0.93
