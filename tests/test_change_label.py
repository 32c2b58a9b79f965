"""The label of a change: mix alone is not called opinion, opinion is found, and the interval of the part within holds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.change_label import ChangeLabel, LabelledChange, label_of, labelled_change
from alerts.confusion import NONE, Confusion, confusion_from_counts
from alerts.decomposition import decompose
from alerts.net_support_change import SupportChange, change_between
from alerts.point import StanceCount

MATRIX = confusion_from_counts([[80, 5, 15], [10, 70, 20], [10, 10, 80]])

WEEKS = 300


def count(outlet: str, support: int, neutral: int, oppose: int) -> StanceCount:
    return StanceCount(outlet=outlet, support=support, neutral=neutral, oppose=oppose)


def two_weeks(
    rng: np.random.Generator,
    *,
    documents: int = 500,
    outlets: int = 6,
    grows: float = 1.0,
    fall: float = 0.0,
    day_sd: float = 3.0,
) -> tuple[list[StanceCount], list[StanceCount]]:
    """Outlets that lean by 20 points (sd); the most opposed one grows `grows`-fold, all write `fall` points less
    supportively, and each differs by `day_sd` points from week to week.
    """
    lean = rng.normal(10.0, 20.0, outlets)
    before = documents * rng.dirichlet(np.full(outlets, 8.0))
    after = before.copy()
    after[np.argmin(lean)] *= grows
    weeks: list[list[StanceCount]] = []
    for volume, lower in ((before, 0.0), (after, fall)):
        rows = []
        for k in range(outlets):
            net = float(np.clip(lean[k] - lower + rng.normal(0, day_sd), -65, 65))
            support = (0.65 + net / 100) / 2
            s, m, o = rng.multinomial(rng.poisson(volume[k]), [support, 0.35, 0.65 - support])
            rows.append(count(f"outlet {k}", int(s), int(m), int(o)))
        weeks.append(rows)
    return weeks[0], weeks[1]


def labels(seed: int, **world: float) -> dict[ChangeLabel, float]:
    """How often each label is given, as shares."""
    rng = np.random.default_rng(seed)
    found = [labelled_change(*two_weeks(rng, **world)) for _ in range(WEEKS)]  # type: ignore[arg-type]
    assert all(found)
    return {
        each: sum(f is not None and f.label is each for f in found) / WEEKS for each in ChangeLabel
    }


def change(lower: float, upper: float) -> SupportChange:
    return SupportChange(change=(lower + upper) / 2, lower=lower, upper=upper)


@pytest.mark.parametrize(
    ("whole", "within", "label"),
    [
        (change(-12, -2), change(-11, -1), ChangeLabel.OPINION),
        (change(2, 12), change(1, 11), ChangeLabel.OPINION),
        # the whole is beyond chance, what outlets wrote is not
        (change(-12, -2), change(-9, 1), ChangeLabel.MIX),
        # outlets moved the other way: what fell is who was counted
        (change(-12, -2), change(1, 9), ChangeLabel.MIX),
        # no outlet is in both windows
        (change(-12, -2), None, ChangeLabel.MIX),
        # a change of opinion that the mix hides is not called one: the label leans to saying less
        (change(-9, 1), change(-12, -2), ChangeLabel.NONE),
        (change(-5, 5), change(-5, 5), ChangeLabel.NONE),
        (change(-5, 0), change(-5, -1), ChangeLabel.NONE),
    ],
)
def test_the_rule(whole: SupportChange, within: SupportChange | None, label: ChangeLabel) -> None:
    assert label_of(whole, within) is label


@pytest.mark.parametrize("grows", [1.0, 5.0, 0.1])
def test_mix_alone_is_hardly_ever_called_opinion(grows: float) -> None:
    assert labels(1, grows=grows)[ChangeLabel.OPINION] <= 0.07
    assert labels(2, grows=grows, documents=2000)[ChangeLabel.OPINION] <= 0.07
    assert labels(3, grows=grows, outlets=12)[ChangeLabel.OPINION] <= 0.07


def test_a_shift_of_mix_that_shows_is_called_mix() -> None:
    found = labels(4, grows=8.0, documents=2000)
    assert found[ChangeLabel.MIX] > 0.4
    assert found[ChangeLabel.OPINION] <= 0.07


def test_a_change_of_opinion_is_called_opinion() -> None:
    found = labels(5, fall=25.0, documents=1000)
    assert found[ChangeLabel.OPINION] > 0.9
    assert found[ChangeLabel.MIX] < 0.03


@pytest.mark.parametrize("grows", [1.0, 5.0])
def test_the_interval_of_the_part_within_holds_the_truth(grows: float) -> None:
    """The truth is the fall: every outlet writes so much less supportively."""
    rng = np.random.default_rng(6)
    held = 0
    for _ in range(WEEKS):
        found = labelled_change(*two_weeks(rng, grows=grows, fall=15.0, documents=300))
        assert found is not None
        assert found.within is not None
        held += found.within.lower <= -15.0 <= found.within.upper
    assert held / WEEKS >= 0.93


rows = st.lists(
    st.builds(
        count,
        st.sampled_from("abcdef"),
        st.integers(0, 10**4),
        st.integers(0, 10**4),
        st.integers(0, 10**4),
    ),
    max_size=10,
)


@settings(deadline=None)
@given(rows, rows, st.sampled_from([NONE, MATRIX]))
def test_the_parts_are_those_of_the_decomposition(
    before: list[StanceCount], after: list[StanceCount], matrix: Confusion
) -> None:
    found = labelled_change(before, after, matrix)
    whole, parts = change_between(before, after, matrix), decompose(before, after, confusion=matrix)
    if whole is None or parts is None:
        assert found is None
        return
    assert isinstance(found, LabelledChange)
    assert found.whole == whole
    assert (found.mix, found.entry, found.exit) == (parts.mix, parts.entry, parts.exit)
    in_both = {c.outlet for c in before if c.n} & {c.outlet for c in after if c.n}
    assert (found.within is not None) is bool(in_both)
    if found.within is not None:
        assert found.within.change == parts.within
        assert found.within.lower <= max(-200, min(200, parts.within)) <= found.within.upper


def test_outlets_that_come_and_go_alone_are_mix() -> None:
    before = [count(f"old {n}", 90, 5, 5) for n in range(6)]
    after = [count(f"new {n}", 5, 5, 90) for n in range(6)]
    found = labelled_change(before, after)
    assert found is not None
    assert found.within is None
    assert found.label is ChangeLabel.MIX
    assert found.entry_exit == pytest.approx(found.whole.change)


def test_an_outlet_that_shrinks_to_a_few_texts_makes_the_part_uncertain() -> None:
    steady = [count(f"o{n}", 40, 20, 40) for n in range(5)]
    many = labelled_change([*steady, count("x", 40, 20, 40)], [*steady, count("x", 40, 20, 40)])
    few = labelled_change([*steady, count("x", 40, 20, 40)], [*steady, count("x", 1, 0, 1)])
    assert many is not None
    assert few is not None
    assert many.within is not None
    assert few.within is not None
    assert few.within.upper - few.within.lower > 1.2 * (many.within.upper - many.within.lower)


def test_without_documents_or_with_a_useless_matrix_there_is_nothing_to_label() -> None:
    some = [count("a", 5, 5, 5), count("b", 5, 5, 5)]
    assert labelled_change([], some) is None
    assert labelled_change(some, []) is None
    assert labelled_change(some, some, confusion_from_counts([[1, 1, 1]] * 3)) is None
