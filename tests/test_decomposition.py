"""A change between two windows, taken apart by outlet: the parts add up, and mean what they say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.confusion import NONE, Confusion, confusion_from_counts
from alerts.decomposition import Decomposition, decompose
from alerts.estimate import estimate
from alerts.point import StanceCount
from alerts.weighting import Weighting

MATRIX = confusion_from_counts([[80, 5, 15], [10, 70, 20], [10, 10, 80]])


def count(
    outlet: str, support: int, neutral: int, oppose: int, story: str | None = None
) -> StanceCount:
    return StanceCount(outlet=outlet, support=support, neutral=neutral, oppose=oppose, story=story)


def taken_apart(
    before: list[StanceCount], after: list[StanceCount], confusion: Confusion = NONE
) -> Decomposition:
    found = decompose(before, after, confusion=confusion)
    assert found is not None
    return found


rows = st.lists(
    st.builds(
        count,
        st.sampled_from("abcdefgh"),
        st.integers(0, 10**6),
        st.integers(0, 10**6),
        st.integers(0, 10**6),
        st.sampled_from([None, "s", "t"]),
    ),
    max_size=12,
)


@given(rows, rows, st.sampled_from([NONE, MATRIX]), st.sampled_from(list(Weighting)))
def test_the_parts_sum_to_the_change(
    before: list[StanceCount],
    after: list[StanceCount],
    confusion: Confusion,
    weighting: Weighting,
) -> None:
    found = decompose(before, after, confusion=confusion, weighting=weighting)
    if found is None:
        assert not all(any(c.support or c.neutral or c.oppose for c in w) for w in (before, after))
        return
    assert found.within + found.mix + found.entry_exit == pytest.approx(found.change, abs=1e-9)
    assert found.entry_exit == found.entry + found.exit
    for part in ("within", "mix", "entry", "exit"):
        by_outlet = sum(getattr(each, part) for each in found.outlets)
        assert by_outlet == pytest.approx(getattr(found, part), abs=1e-9)
    contributions = [each.contribution for each in found.outlets]
    assert sum(contributions) == pytest.approx(found.change, abs=1e-9)
    assert contributions == sorted(contributions, key=lambda c: -abs(c))
    assert sum(each.share_before for each in found.outlets) == pytest.approx(1)
    assert sum(each.share_after for each in found.outlets) == pytest.approx(1)


@given(rows, rows, st.sampled_from(list(Weighting)))
def test_the_change_is_that_of_the_estimates(
    before: list[StanceCount], after: list[StanceCount], weighting: Weighting
) -> None:
    found = decompose(before, after, weighting=weighting)
    old, new = estimate(before, weighting=weighting), estimate(after, weighting=weighting)
    if found is not None:
        assert old.net_support is not None
        assert new.net_support is not None
        assert found.change == pytest.approx(new.net_support - old.net_support, abs=1e-9)


@given(rows, rows)
def test_backwards_is_the_same_with_the_other_sign(
    before: list[StanceCount], after: list[StanceCount]
) -> None:
    there, back = decompose(before, after), decompose(after, before)
    assert (there is None) == (back is None)
    if there is not None and back is not None:
        assert back.within == pytest.approx(-there.within, abs=1e-9)
        assert back.mix == pytest.approx(-there.mix, abs=1e-9)
        assert back.entry == pytest.approx(-there.exit, abs=1e-9)


def test_outlets_that_change_their_mind_are_within() -> None:
    before = [count("a", 60, 0, 40), count("b", 50, 0, 50)]
    after = [count("a", 40, 0, 60), count("b", 50, 0, 50)]
    found = taken_apart(before, after)
    assert found.change == pytest.approx(-20)
    assert (found.within, found.mix, found.entry_exit) == pytest.approx((-20, 0, 0))
    assert [each.outlet for each in found.outlets] == ["a", "b"]
    assert found.outlets[0].contribution == pytest.approx(-20)
    assert (found.outlets[0].net_support_before, found.outlets[0].net_support_after) == (20, -20)


def test_outlets_that_write_more_are_mix() -> None:
    before = [count("for", 90, 0, 10), count("against", 10, 0, 90)]
    after = [count("for", 90, 0, 10), count("against", 30, 0, 270)]
    found = taken_apart(before, after)
    assert found.change == pytest.approx(-40)
    assert (found.within, found.mix, found.entry_exit) == pytest.approx((0, -40, 0))


def test_kitagawas_symmetric_form_by_hand() -> None:
    """Two outlets, both parts at once: shares 0.7, 0.3 -> 0.5, 0.5; net 10, -20 -> 5, -25."""
    before = [count("a", 385, 0, 315), count("b", 120, 0, 180)]
    after = [count("a", 525, 0, 475), count("b", 375, 0, 625)]
    found = taken_apart(before, after)
    assert found.within == pytest.approx(0.6 * -5 + 0.4 * -5)
    assert found.mix == pytest.approx(7.5 * -0.2 + -22.5 * 0.2)


def test_an_outlet_that_comes_or_goes_is_entry_and_exit() -> None:
    old = [count("a", 50, 0, 50)]
    both = [*old, count("b", 0, 0, 100)]
    came, went = taken_apart(old, both), taken_apart(both, old)
    assert came.change == pytest.approx(-50)
    assert came.within == went.within == 0
    assert came.exit == 0
    assert came.entry == pytest.approx(
        -37.5
    )  # half of the scale from the mean of both windows, -25
    assert came.mix == pytest.approx(-12.5)  # and `a`, above that mean, has half its share left
    assert went.exit == pytest.approx(37.5)
    assert went.outlets[0].net_support_after is None
    assert came.outlets[0].net_support_before is None


def test_an_outlet_of_average_opinion_that_comes_changes_nothing() -> None:
    found = taken_apart([count("a", 60, 0, 40)], [count("a", 60, 0, 40), count("b", 6, 0, 4)])
    assert (found.change, found.within, found.mix, found.entry) == pytest.approx((0, 0, 0, 0))


def test_correction_stretches_every_part() -> None:
    symmetric = confusion_from_counts([[80, 10, 10], [10, 80, 10], [10, 10, 80]])
    before = [count("a", 60, 0, 40), count("b", 50, 0, 50), count("c", 9, 0, 1)]
    after = [count("a", 50, 0, 50), count("b", 80, 0, 120), count("d", 2, 0, 8)]
    plain, corrected = taken_apart(before, after), taken_apart(before, after, symmetric)
    for part in ("change", "within", "mix", "entry", "exit"):
        assert getattr(corrected, part) == pytest.approx(getattr(plain, part) / 0.7)


def test_there_is_no_change_without_two_windows() -> None:
    full = [count("a", 1, 1, 1)]
    assert decompose([], full) is None
    assert decompose(full, []) is None
    assert decompose([count("a", 0, 0, 0)], full) is None
    assert decompose([], []) is None


def test_there_is_no_corrected_change_with_a_matrix_that_cannot_be_used() -> None:
    full = [count("a", 1, 1, 1)]
    assert decompose(full, full, confusion=confusion_from_counts([[1, 1, 1]] * 3)) is None


def test_a_negative_count_is_refused_by_outlet() -> None:
    with pytest.raises(ValueError, match="'b' has a negative count"):
        decompose([count("a", 1, 1, 1)], [count("b", 3, -1, 2)])
