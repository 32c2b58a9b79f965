"""Drawing a sample of a week: known chances, the same draw again, no stratum without documents."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.gold_sample import LEAST, Candidate, allocate, draw, lead
from classify.stance import Stance
from ingest.document import Kind

DAY = date(2026, 11, 17)
WEEK = "2026-W47"


def candidate(
    number: int, stance: str = "support", *, society: str = "XA", kind: Kind = Kind.NEWS
) -> Candidate:
    stances = {"regular": Stance(stance), "irregular": Stance.NOT_ADDRESSED}
    return Candidate(id=f"{number:032x}", society=society, kind=kind, day=DAY, stances=stances)


def week(supporting: int = 300, neutral: int = 60, opposing: int = 12) -> list[Candidate]:
    stances = ["support"] * supporting + ["neutral"] * neutral + ["oppose"] * opposing
    return [
        candidate(n, stance, kind=Kind.SOCIAL if n % 3 == 0 else Kind.NEWS)
        for n, stance in enumerate(stances)
    ]


def test_the_same_seed_draws_the_same_documents_in_the_same_order() -> None:
    first = draw(week(), 60, week=WEEK, salt="a")
    assert draw(week()[::-1], 60, week=WEEK, salt="a") == first
    assert [one.place for one in first] == list(range(60))
    other = draw(week(), 60, week=WEEK, salt="b")
    assert {one.document_id for one in other} != {one.document_id for one in first}
    assert draw(week(), 60, week="2026-W48", salt="a") != first


def test_a_document_is_drawn_as_often_as_its_chance_says() -> None:
    documents, drawn = week(90, 20, 8), Counter[str]()
    chances: dict[str, float] = {}
    for salt in range(400):
        for one in draw(documents, 30, week=WEEK, salt=str(salt)):
            drawn[one.document_id] += 1
            chances[one.document_id] = one.chance
    assert len(chances) == len(documents)
    for document, chance in chances.items():
        # five standard errors of 400 draws
        assert abs(drawn[document] / 400 - chance) < 5 * (chance * (1 - chance) / 400) ** 0.5 + 1e-9


def test_weights_add_up_to_the_documents_that_were_drawn_from() -> None:
    sample = draw(week(), 60, week=WEEK, salt="a")
    assert len(sample) == 60
    assert sum(1 / one.chance for one in sample) == pytest.approx(372)


def test_rare_strata_have_more_than_their_share_and_at_least_two_documents() -> None:
    sample = draw(week(), 60, week=WEEK, salt="a")
    found = Counter(one.stratum for one in sample)
    opposing = found["XA/edited/regular:oppose"] + found["XA/posts/regular:oppose"]
    assert opposing / 60 > 12 / 372
    assert min(found.values()) >= LEAST


def test_strata_are_coarser_where_there_are_too_many_for_the_sample() -> None:
    names = {
        size: {one.stratum for one in draw(week(), size, week=WEEK, salt="a")}
        for size in (60, 11, 3)
    }
    assert "XA/edited/regular:support" in names[60]
    assert names[11] == {"XA"} or "XA/edited/support" in names[11]
    assert names[3] == {"XA"}


def test_a_week_smaller_than_the_sample_is_labelled_whole() -> None:
    sample = draw(week(9, 3, 2), 200, week=WEEK, salt="a")
    assert len(sample) == 14
    assert {one.chance for one in sample} == {1.0}


def test_stopping_anywhere_leaves_a_random_part_of_each_stratum() -> None:
    sample = draw(week(), 60, week=WEEK, salt="a")
    first_half = Counter(one.stratum for one in sample[:30])
    for name, count in Counter(one.stratum for one in sample).items():
        assert abs(first_half[name] - count / 2) <= max(3, count / 3)


def test_the_leading_target_is_the_first_of_the_codebook_that_is_addressed() -> None:
    none = {"regular": Stance.NOT_ADDRESSED, "irregular": Stance.NOT_ADDRESSED}
    assert lead(none) == ("", Stance.NOT_ADDRESSED)
    assert lead({**none, "general": Stance.OPPOSE, "irregular": Stance.NEUTRAL}) == ("irregular", Stance.NEUTRAL)  # fmt: skip
    assert lead({**none, "seasonal": Stance.SUPPORT, "general": Stance.OPPOSE})[0] == "general"


def test_a_sample_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one document"):
        draw(week(), 0, week=WEEK, salt="a")


@given(st.dictionaries(st.text("abcdef", min_size=1), st.integers(1, 500), max_size=20), st.integers(1, 900))  # fmt: skip
def test_shares_add_up_and_no_stratum_gives_more_than_it_has(
    sizes: dict[str, int], wanted: int
) -> None:
    shares = allocate(sizes, wanted)
    least = {name: min(LEAST, size) for name, size in sizes.items()}
    assert all(least[name] <= share <= sizes[name] for name, share in shares.items())
    assert sum(shares.values()) == max(min(wanted, sum(sizes.values())), sum(least.values()))
