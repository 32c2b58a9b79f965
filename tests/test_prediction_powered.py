"""Labels of a few and judgements of all: the authors' own figures, and intervals that hold the truth."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from alerts.prediction_powered import FEWEST_LABELS, Labels, mean, net_support

Floats = NDArray[np.float64]

# `ppi_mean_pointestimate` and `ppi_mean_ci` (alpha 0.1) of the authors' library ppi-python 0.2.3 on the data of `simulated`:
# tuning, whether with weights, estimate, lower, upper. The paper's galaxies are not in the library, so these are simulated.
OF_THE_LIBRARY = (
    (1.0, False, 0.25773549330572365, 0.2366172187347908, 0.2788537678766565),
    (None, False, 0.2571362852310228, 0.23582910701943455, 0.278443463442611),
    (None, True, 0.2553878666573871, 0.2320780674735366, 0.2786976658412376),
    (0.0, False, 0.225, 0.17643153596170208, 0.27356846403829793),
)


def simulated() -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """A share of 0.259, judged with noise: 200 labelled, 5,000 not; and weights of both."""
    rng = np.random.default_rng(3)
    y = (rng.random(5_200) < 0.259).astype(float)
    f = np.clip(0.8 * y + 0.1 + 0.15 * rng.standard_normal(5_200), 0, 1)
    return y[:200], f[:200], f[200:], rng.uniform(0.5, 2, 200), rng.uniform(0.5, 2, 5_000)


@pytest.mark.parametrize(("tuning", "weighted", "estimate", "lower", "upper"), OF_THE_LIBRARY)
def test_estimate_and_interval_are_those_of_the_authors_library(
    tuning: float | None, weighted: bool, estimate: float, lower: float, upper: float
) -> None:
    y, f, g, w, v = simulated()
    found = mean(
        *(y, f, g),
        weights=w if weighted else None,
        weights_unlabelled=v if weighted else None,
        tuning=tuning,
        alpha=0.1,
    )
    assert (found.estimate, found.lower, found.upper) == pytest.approx(
        (estimate, lower, upper), abs=1e-12
    )


def test_arrays_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="one value for each"):
        mean([1.0, 0.0], [1.0], [1.0, 0.0])
    with pytest.raises(ValueError, match="weights"):
        mean([1.0, 0.0], [1.0, 0.0], [1.0, 0.0], weights=[1.0])


class Week:
    """A week of 1,500 documents in six strata of what was judged, rightly `right` of the time."""

    def __init__(self, seed: int, right: float, bias: float = 0.0) -> None:
        rng = np.random.default_rng(seed)
        self.rng, n = rng, 1_500
        self.y = rng.choice([1.0, 0.0, -1.0], n, p=[0.25, 0.35, 0.40])
        self.a = (rng.random(n) < 0.7).astype(float)
        self.y *= self.a
        wrong = rng.random(n) > right
        self.judged = np.where(wrong, rng.choice([1.0, 0.0, -1.0], n), self.y)
        self.judged = np.where(wrong & (rng.random(n) < bias), 1.0, self.judged)
        self.f = 0.9 * self.judged
        self.g = np.clip(np.where(wrong, rng.random(n), 0.9 * self.a + 0.05), 0, 1)
        self.stratum = [f"{value:+.0f}/{n % 2}" for n, value in enumerate(self.judged)]
        self.truth = 100 * self.y.sum() / self.a.sum()

    def labels(self, each: int) -> Labels:
        names = np.array(self.stratum)
        taken = np.concatenate(
            [
                self.rng.choice(np.flatnonzero(names == name), each, replace=False)
                for name in sorted(set(names))
            ]
        )
        return Labels(
            stratum=[self.stratum[i] for i in taken],
            score=self.y[taken],
            addressed=self.a[taken],
            judged_score=self.f[taken],
            judged_addressed=self.g[taken],
            population={name: self.stratum.count(name) for name in set(self.stratum)},
            total_score=float(self.f.sum()),
            total_addressed=float(self.g.sum()),
        )


@pytest.mark.parametrize(
    ("right", "bias", "each"), [(0.9, 0.0, 6), (0.7, 0.8, 20), (0.97, 0.5, 10)]
)
def test_intervals_hold_the_truth_whatever_the_model_errs(
    right: float, bias: float, each: int
) -> None:
    held, naive = 0, 0
    for seed in range(300):
        week = Week(seed, right, bias)
        found = net_support(week.labels(each))
        assert found is not None
        held += found.lower <= week.truth <= found.upper
        judged = 100 * week.f.sum() / week.g.sum()
        naive += abs(judged - week.truth) < 2
    assert held / 300 >= 0.93
    if bias == 0.8:
        assert naive < 30  # the judgements alone are far off


def test_judgements_that_foretell_labels_make_the_interval_narrower() -> None:
    widths = []
    for seed in range(30):
        labels = Week(seed, 0.9).labels(6)
        powered, alone = net_support(labels), net_support(labels, tuning=0.0)
        assert powered is not None
        assert alone is not None
        widths.append((powered.upper - powered.lower) / (alone.upper - alone.lower))
    assert np.mean(widths) < 0.97


def test_a_week_that_is_labelled_whole_leaves_no_error() -> None:
    week = Week(1, 0.8)
    n = len(week.y)
    found = net_support(
        Labels(
            stratum=week.stratum,
            score=week.y,
            addressed=week.a,
            judged_score=week.f,
            judged_addressed=week.g,
            population={name: week.stratum.count(name) for name in set(week.stratum)},
            total_score=float(week.f.sum()),
            total_addressed=float(week.g.sum()),
        )
    )
    assert found is not None
    assert found.labelled == n
    assert (found.net_support, found.lower, found.upper) == pytest.approx((week.truth,) * 3)
    assert found.addressed == pytest.approx(week.a.mean())


def test_too_few_labels_and_a_target_that_nobody_addresses_give_nothing() -> None:
    few = Labels(
        stratum=["a"] * (FEWEST_LABELS - 1),
        score=[1] * (FEWEST_LABELS - 1),
        addressed=[1] * (FEWEST_LABELS - 1),
        judged_score=[1] * (FEWEST_LABELS - 1),
        judged_addressed=[1] * (FEWEST_LABELS - 1),
        population={"a": 100},
        total_score=100,
        total_addressed=100,
    )
    assert net_support(few) is None
    none = Labels(
        stratum=["a"] * 20,
        score=[0] * 20,
        addressed=[0] * 20,
        judged_score=[0] * 20,
        judged_addressed=[0] * 20,
        population={"a": 100},
        total_score=0,
        total_addressed=0,
    )
    assert net_support(none) is None


def test_labels_that_all_agree_with_the_judgements_still_leave_an_error() -> None:
    """Ten documents judged rightly do not show that a thousand are."""
    week = Week(2, 1.0)
    found = net_support(week.labels(5))
    assert found is not None
    assert found.net_support == pytest.approx(week.truth, abs=3)
    assert found.upper - found.lower > 5


def test_a_stratum_without_labels_counts_with_the_largest() -> None:
    given = Labels(
        stratum=["a"] * 10 + ["b"] * 10,
        score=[1] * 10 + [-1] * 10,
        addressed=[1] * 20,
        judged_score=[0] * 20,
        judged_addressed=[1] * 20,
        population={"a": 100, "b": 50, "c": 50},
        total_score=0,
        total_addressed=200,
    )
    found = net_support(given)
    assert found is not None
    assert found.net_support == pytest.approx(100 * (150 - 50) / 200)
