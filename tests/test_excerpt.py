from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classify.excerpt import LEAD_SHARE, kept_tokens

BUDGET = 40

WEATHER = "The rain fell on the hills all day and the river rose. "
MARKET = "Eggs were dear, and the baker sold out before noon. "
OPINION = "Refugees deserve asylum here, and we should let them stay. "


def words(text: str) -> list[tuple[int, int]]:
    """A tokenisation that a reader can follow."""
    return [match.span() for match in re.finditer(r"\w+|[^\w\s]", text)]


def read(text: str, budget: int = BUDGET, *, truncate: bool = False) -> str:
    """What is kept of `text`, with blanks between tokens."""
    offsets = words(text)
    kept = kept_tokens(text, offsets, budget, truncate=truncate)
    return " ".join(text[slice(*offsets[token])] for token in kept)


def test_what_fits_is_read_whole() -> None:
    assert read(OPINION) == read(OPINION, 1000)
    assert kept_tokens(OPINION, words(OPINION), len(words(OPINION))) == list(
        range(len(words(OPINION)))
    )


def test_what_is_said_late_is_read_where_truncation_never_comes() -> None:
    text = WEATHER * 20 + OPINION + MARKET * 20
    assert "Refugees deserve asylum here" in read(text)
    assert "let them stay ." in read(text)
    assert "Refugees" not in read(text, truncate=True)


def test_title_and_lead_come_first() -> None:
    title = "Council meets on Tuesday"
    text = f"{title}\n" + WEATHER * 20 + OPINION * 5
    assert read(text).startswith(title)
    lead = kept_tokens(text, words(text), BUDGET)[: round(LEAD_SHARE * BUDGET)]
    assert lead == list(range(round(LEAD_SHARE * BUDGET)))


def test_the_excerpt_keeps_the_order_of_the_text() -> None:
    first, second = OPINION, "Deport every illegal immigrant, the asylum seekers and refugees too. "
    text = WEATHER * 20 + first + MARKET * 20 + second + WEATHER * 20
    assert read(text, 60).index("Refugees deserve") < read(text, 60).index("Deport every")


def test_the_sentence_with_most_hits_has_first_claim() -> None:
    thin = "One migrant came. "
    thick = "Refugees, asylum seekers and migrants crossed the border as immigrants. "
    text = WEATHER * 20 + (thin + MARKET * 3) * 12 + thick
    assert "asylum seekers" in read(text, 30)


def test_what_stands_beside_a_hit_comes_before_more_of_the_lead() -> None:
    text = WEATHER * 20 + OPINION + "That is only fair. " + MARKET * 20
    assert "That is only fair" in read(text)


def test_without_a_hit_the_excerpt_is_the_beginning() -> None:
    text = MARKET * 40
    assert read(text) == read(text, truncate=True)


def test_a_hit_in_the_lead_is_not_read_twice() -> None:
    text = OPINION + WEATHER * 40
    offsets = words(text)
    kept = kept_tokens(text, offsets, BUDGET)
    assert len(kept) == len(set(kept)) == BUDGET


def test_one_sentence_without_an_end_is_cut_to_the_budget() -> None:
    text = "refugees " * 2000
    assert len(kept_tokens(text, words(text), BUDGET)) == BUDGET


@pytest.mark.parametrize("budget", [0, -1])
def test_no_room_keeps_nothing(budget: int) -> None:
    assert kept_tokens(OPINION, words(OPINION), budget) == []
    assert kept_tokens(OPINION, words(OPINION), budget, truncate=True) == []


PIECES = st.sampled_from([WEATHER, OPINION, "\n\n", "asylum ", "¿?!… ", "移民 ", "a.b.c. ", "🔥"])


@given(st.lists(PIECES, max_size=60).map("".join), st.integers(0, 80), st.booleans())
def test_the_budget_is_filled_and_never_exceeded(text: str, budget: int, truncate: bool) -> None:
    offsets = words(text)
    kept = kept_tokens(text, offsets, budget, truncate=truncate)
    assert len(kept) == min(budget, len(offsets))
    assert kept == sorted(set(kept))
    assert all(0 <= token < len(offsets) for token in kept)
