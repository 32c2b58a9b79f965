"""Coverage in words and in order: what needs attention first, and one sentence that names it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from alerts.source_condition import Condition
from alerts.source_coverage import (
    ATTENTION,
    MEANINGS,
    coverage_sentence,
    in_order,
    short_sentence,
)
from tests.sample_coverage import sample_coverage, source_coverage

LAST = date(2026, 11, 19)


def of(**words: str) -> dict[str, Condition]:
    """Sources by word, their names with a blank between."""
    return {name: Condition(word) for word, names in words.items() for name in names.split()}


WELL = " ".join(f"s{n:02d}" for n in range(75))


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        (of(ok=WELL, silent="c a b"), "3 of 78 sources are silent: a, b, c."),
        (of(ok=WELL), "75 sources: none is silent, fails, or brings far more or less than usual."),
        (of(silent="a"), "1 of 1 source is silent: a."),
        (
            of(ok="z", quiet="e f", flood="d", failing="b c", silent="a", new="x", off="y v"),
            "1 of 8 sources is silent: a. 2 are failing: b, c. 1 brought far more than usual: d. "
            "2 brought far less than usual: e, f. 1 is new and not asked yet. 2 are switched off.",
        ),
        (of(ok="z", quiet="e"), "1 of 2 sources brought far less than usual: e."),
        (
            of(silent="a b c d e f g", ok=WELL),
            "7 of 82 sources are silent: a, b, c, d, e, and 2 more.",
        ),
        (of(off="y"), "No source is read. 1 is switched off."),
        ({}, "No source is read."),
    ],
)
def test_one_sentence_says_how_many_and_names_them(
    conditions: dict[str, Condition], expected: str
) -> None:
    assert coverage_sentence(conditions) == expected


def test_the_same_for_one_cell() -> None:
    assert short_sentence(of(ok=WELL, silent="c a b")) == "78 enabled; 3 silent: a, b, c"
    assert short_sentence(of(ok="z", new="n", off="o")) == "2 enabled"
    assert short_sentence(of(failing="b", silent="a")) == "2 enabled; 1 silent: a; 1 failing: b"


def test_what_needs_attention_comes_first_and_what_is_off_last() -> None:
    ordered = in_order(sample_coverage(LAST))
    assert [one.state.condition.value for one in ordered] == [
        *("silent", "failing", "flood", "quiet"),
        *("ok", "new", "ok", "ok", "off"),
    ]
    others = [one.source for one in ordered[len(ATTENTION) : -1]]
    assert others == sorted(others)
    assert [one.needs_attention for one in ordered] == [True] * 4 + [False] * 5


def test_every_condition_has_a_meaning() -> None:
    assert set(MEANINGS) == set(Condition)


def test_what_was_lost_adds_up() -> None:
    (stream,) = (one for one in sample_coverage(LAST) if one.source == "world-stream")
    assert stream.lost_time == timedelta(hours=16, minutes=50)
    assert source_coverage("a", Condition.OK, LAST).lost_time == timedelta(0)
