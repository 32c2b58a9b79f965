"""One plain sentence about the order in time of two attitudes; it never says why."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.spillover import Spillover, Verdict, spillover_test
from alerts.spillover_sentence import spillover_sentence

WHY = re.compile(
    r"caus|because|due to|driv|leads to|led to|effect|impact|influenc|result|trigger|erode|spill",
    re.I,
)
"""Words that would say why."""


def found(verdict: Verdict, **changed: Any) -> Spillover:
    given: dict[str, Any] = {
        "verdict": verdict,
        "reason": "",
        "days": 200,
        "missing": 3,
        "horizon": 7,
        "lag": 3,
        "effect": -4.06,
        "lower": -6.04,
        "upper": -2.11,
        "correlation": 0.414,
    }
    return Spillover(**given | changed)


def test_a_lead_is_told_with_its_lag_and_what_followed_with_its_interval() -> None:
    assert spillover_sentence(found(Verdict.LEADS_ROBUST_TO_NOISE)) == (
        "In the monitored corpus, attitudes toward irregular migration moved about 3 days before support for regular "
        "programmes: after a fall of 10 points, the second changed over the next 7 days by -4.1 points on average (95 % "
        "interval -6.0 to -2.1)."
    )
    assert "about 1 day before" in spillover_sentence(found(Verdict.LEADS_ROBUST_TO_NOISE, lag=1))


def test_a_lead_that_noise_may_explain_is_said_to_be_unconfirmed() -> None:
    assert spillover_sentence(found(Verdict.LEADS_IN_TIME)).endswith(
        ", which could not be confirmed once noise in both series was allowed for."
    )


def test_no_lead_is_not_distinguishable_from_zero() -> None:
    none = spillover_sentence(found(Verdict.NOT_DISTINGUISHABLE_FROM_ZERO, lag=None))
    assert none.endswith("is not distinguishable from zero.")
    together = spillover_sentence(found(Verdict.MOVES_TOGETHER, lag=None))
    assert "together on the same day (correlation +0.41)" in together
    assert "not distinguishable from zero" in together


def test_a_short_series_says_so_and_how_short() -> None:
    sentence = spillover_sentence(spillover_test([1.0] * 40, [2.0] * 40))
    assert sentence.startswith("The series are too short to say whether")
    assert "both series have 40 days in common, at least 120 are needed" in sentence


def test_a_reason_is_told() -> None:
    flat = spillover_test([0.0] * 200, [float(n % 13) for n in range(200)])
    assert "did not move once weekdays were allowed for" in spillover_sentence(flat)


@pytest.mark.parametrize("missing", ["lag", "effect", "lower", "upper", "correlation"])
@pytest.mark.parametrize("verdict", list(Verdict))
def test_what_is_not_known_is_left_out(verdict: Verdict, missing: str) -> None:
    sentence = spillover_sentence(msgspec.structs.replace(found(verdict), **{missing: None}))
    assert "None" not in sentence
    assert "nan" not in sentence


@given(
    st.sampled_from(list(Verdict)),
    st.none() | st.integers(1, 14),
    st.none() | st.floats(-50, 50),
    st.sampled_from(["", "both series have 3 days in common"]),
)
def test_it_is_one_sentence_that_never_says_why(
    verdict: Verdict, lag: int | None, effect: float | None, reason: str
) -> None:
    sentence = spillover_sentence(found(verdict, lag=lag, effect=effect, reason=reason))
    assert sentence.endswith(".")
    assert not re.search(r"[.!?] [A-Z]", sentence)
    assert not WHY.search(sentence)
    assert "monitored corpus" in sentence
    assert "\n" not in sentence
    if effect is not None and "after a fall" in sentence:
        shown = re.search(r"days by ([+-]?[\d.]+) points", sentence)
        assert shown is not None
        assert abs(float(shown[1]) - effect) <= 0.05 + 1e-9
