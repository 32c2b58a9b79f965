"""The labeller without its terminal: what each key does, and that everything can be undone."""

from __future__ import annotations

import pytest

from classify.gold_label import TARGET_NAMES
from classify.labelling import BACK, DOWN, ENTER, UP, Labelling, Outcome
from classify.stance import Stance

S, N, X = Stance.SUPPORT, Stance.NEUTRAL, Stance.NOT_ADDRESSED


def pressed(state: Labelling, keys: str) -> Outcome:
    found = Outcome.SHOW
    for key in keys:
        found = state.press(ENTER if key == "!" else key)
    return found


def test_four_marks_and_enter_make_a_label() -> None:
    state = Labelling(["a", "b"])
    assert pressed(state, "+-0.") is Outcome.SHOW
    assert state.answers.stances == dict(zip(TARGET_NAMES, (S, Stance.OPPOSE, N, X), strict=True))
    assert state.press(ENTER) is Outcome.SAVE
    assert state.done is not None
    assert state.done[0] == "a"
    assert (state.document_id, state.saved, state.left) == ("b", 1, 1)
    assert pressed(state, "sonx!") is Outcome.FINISHED


def test_letters_and_signs_mark_the_same() -> None:
    one, other = Labelling(["a"]), Labelling(["a"])
    pressed(one, "+-0.")
    pressed(other, "son ")
    assert one.answers.stances == other.answers.stances


def test_x_says_of_the_rest_that_it_is_not_addressed() -> None:
    state = Labelling(["a"])
    pressed(state, "+x")
    assert list(state.answers.stances.values()) == [S, X, X, X]


def test_enter_before_all_is_marked_says_what_is_missing() -> None:
    state = Labelling(["a"])
    assert pressed(state, "+-!") is Outcome.SHOW
    assert "asylum has no mark yet" in state.message
    assert state.target == TARGET_NAMES.index("asylum")


def test_flags_are_set_and_taken_away() -> None:
    state = Labelling(["a", "b"])
    pressed(state, "cdc+x!")
    assert state.done is not None
    assert state.done[1].flags == {"dehumanising"}


def test_undo_takes_back_the_last_mark_and_then_the_last_document() -> None:
    state = Labelling(["a", "b"])
    pressed(state, "+x!")
    pressed(state, "-")
    assert pressed(state, "u") is Outcome.SHOW
    assert state.answers.stances == {}
    assert state.press(BACK) is Outcome.TAKE_BACK
    assert (state.document_id, state.left, state.saved) == ("a", 2, 0)
    assert state.answers.stances["regular"] is S
    pressed(state, "uuuu")
    assert state.press("u") is Outcome.SHOW
    assert "nothing to undo" in state.message


def test_a_mark_can_be_changed_by_going_back_to_its_target() -> None:
    state = Labelling(["a"])
    pressed(state, "+x")
    state.press(DOWN)
    assert state.target == 0
    state.press("-")
    state.press(UP)
    assert state.answers.stances["regular"] is Stance.OPPOSE


def test_later_puts_a_document_behind_the_others() -> None:
    state = Labelling(["a", "b"])
    pressed(state, "+l")
    assert (state.document_id, state.answers.stances) == ("b", {})
    pressed(state, "x!")
    assert pressed(state, "l") is Outcome.SHOW
    assert "last one" in state.message


def test_pages_of_a_text_turn_and_end_at_the_first() -> None:
    state = Labelling(["a"])
    pressed(state, "jjk")
    assert state.scroll == 1
    pressed(state, "kkk")
    assert state.scroll == 0


def test_a_key_without_a_meaning_changes_nothing_and_says_so() -> None:
    state = Labelling(["a"])
    assert state.press("é") is Outcome.SHOW
    assert "does nothing" in state.message
    assert state.answers.stances == {}
    assert (state.press("?"), state.press("q")) == (Outcome.HELP, Outcome.QUIT)


def test_nothing_to_label_is_refused_and_a_document_without_words_is_left_out() -> None:
    with pytest.raises(ValueError, match="no document"):
        Labelling([])
    state = Labelling(["a", "b"])
    assert state.drop()
    assert not state.drop()
