"""Stances by entailment without a model: the rule, the hypotheses, and what is said of a wrong file of them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classify.classifier import ModelError, load_classifier
from classify.hypotheses import (
    DEFAULTS,
    MAX_CHARACTERS,
    NAMES,
    Hypotheses,
    hypotheses_of,
    parse_hypotheses,
)
from classify.stance import NOT_ADDRESSED, Stance
from classify.target import REGULAR, TARGETS, Target
from classify.zero_shot import (
    SIDES_ASKED_FROM,
    NoEntailment,
    ZeroShotClassifier,
    entailment_label,
    kept_text,
    method,
    stance_probabilities,
)

HARBOUR = Target("harbour", "the  new harbour.\n")


# -- The rule --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entailed", "stance"),
    [
        # addressed, support, oppose, neutral
        ((0.9, 0.9, 0.1, 0.1), Stance.SUPPORT),
        ((0.9, 0.1, 0.9, 0.1), Stance.OPPOSE),
        ((0.9, 0.1, 0.1, 0.9), Stance.NEUTRAL),
        # Entails no side and not even that it takes none: it takes none.
        ((0.9, 0.01, 0.001, 0.0), Stance.NEUTRAL),
        # However strong a side is, the target must be addressed.
        ((0.1, 1.0, 0.0, 0.0), Stance.NOT_ADDRESSED),
        ((0.0, 0.0, 0.0, 0.0), Stance.NOT_ADDRESSED),
    ],
)
def test_the_likeliest_hypothesis_gives_the_stance(
    entailed: tuple[float, float, float, float], stance: Stance
) -> None:
    assert stance_probabilities(*entailed).stance is stance


def test_the_sides_share_what_is_addressed_in_proportion() -> None:
    p = stance_probabilities(0.8, support=0.6, oppose=0.2, neutral=0.1)
    assert p.not_addressed == pytest.approx(0.2)
    # neutral: 1 - 0.6 is more than 0.1
    assert (p.support, p.oppose, p.neutral) == pytest.approx((0.4, 0.4 / 3, 0.8 / 3))


@given(*[st.floats(0, 1)] * 4)
def test_the_four_are_probabilities_whatever_the_model_says(
    addressed: float, support: float, oppose: float, neutral: float
) -> None:
    parts = msgspec.structs.astuple(stance_probabilities(addressed, support, oppose, neutral))
    assert sum(parts) == pytest.approx(1.0)
    assert min(parts) >= 0.0


@pytest.mark.parametrize(
    ("labels", "index"),
    [
        (["entailment", "neutral", "contradiction"], 0),
        (["CONTRADICTION", "NEUTRAL", "ENTAILMENT"], 2),
        (["not_entailment", "Entailment"], 1),
        (["1: entail", "2: neutral"], 0),
    ],
)
def test_the_label_of_entailment_is_found_as_the_model_writes_it(
    labels: list[str], index: int
) -> None:
    assert entailment_label(dict(enumerate(labels))) == index


@pytest.mark.parametrize(
    "labels", [["LABEL_0", "LABEL_1"], ["not_entailment"], ["entailment", "Entailment"], []]
)
def test_without_exactly_one_label_of_entailment_there_is_none(labels: list[str]) -> None:
    with pytest.raises(NoEntailment) as none:
        entailment_label(dict(enumerate(labels)))
    assert str(none.value) == ", ".join(labels)


# -- The classifier over a model that only compares words --------------------------------------------


class WordByWord:
    """Entailed is a hypothesis whose last word stands in the text. Keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def __call__(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        self.asked += pairs
        return [
            0.99 if hypothesis.split()[-1] in text.split() else 0.01 for text, hypothesis in pairs
        ]


VISAS = Hypotheses(addressed="has visas", support="has good", oppose="has bad", neutral="has plain")
BOATS = Hypotheses(addressed="has boats", support="has good", oppose="has bad", neutral="has plain")


def judge(model: WordByWord, *texts: str) -> list[tuple[float, Stance, Stance]]:
    """Relevance and the stances toward visas and boats."""
    classifier = ZeroShotClassifier(
        model="words",
        languages=frozenset(),
        hypotheses={"visas": VISAS, "boats": BOATS},
        entailed=model,
        read=str.strip,
    )
    targets = (Target("visas", "visas"), Target("boats", "boats"))
    return [
        (a.relevance, a.stances["visas"].stance, a.stances["boats"].stance)
        for a in classifier.assess(texts, targets)
    ]


def test_each_text_gets_its_own_answers_in_order() -> None:
    nothing = Stance.NOT_ADDRESSED
    assert judge(
        WordByWord(),
        "visas good",
        "boats bad",
        "rain bad",
        "visas boats plain",
        " ",
        "visas",
    ) == [
        (0.99, Stance.SUPPORT, nothing),
        (0.99, nothing, Stance.OPPOSE),
        (0.01, nothing, nothing),
        (0.99, Stance.NEUTRAL, Stance.NEUTRAL),
        (0.0, nothing, nothing),
        (0.99, Stance.NEUTRAL, nothing),
    ]


def test_sides_are_asked_only_where_the_target_may_be_addressed() -> None:
    model = WordByWord()
    judge(model, "visas good", "rain bad")
    assert 0.01 < SIDES_ASKED_FROM < 0.99
    assert len(model.asked) == 4 + 3
    assert {text for text, hypothesis in model.asked if "good" in hypothesis} == {"visas good"}


def test_no_text_and_no_target_are_answered_with_nothing() -> None:
    classifier = ZeroShotClassifier(
        model="words", languages=frozenset(), hypotheses={}, entailed=WordByWord(), read=str.strip
    )
    assert classifier.assess([], TARGETS) == []
    (assessment,) = classifier.assess(["visas"], [])
    assert (assessment.relevance, dict(assessment.stances)) == (0.0, {})
    (assessment,) = classifier.assess([""], TARGETS)
    assert set(assessment.stances.values()) == {NOT_ADDRESSED}


def test_a_long_text_is_read_where_it_speaks_of_migration() -> None:
    text = "The rain fell. " * 50 + "Refugees are welcome here. " + "The sun shone. " * 50
    words = [(at, at + len(word)) for at, word in _words(text)]
    kept = kept_text(text, words, 40)
    assert "Refugees are welcome here." in kept
    assert kept.startswith("The rain fell.")
    assert len(kept.split()) == 40
    assert kept_text("all of it", [(0, 3), (4, 6), (7, 9)], 3) == "all of it"


def _words(text: str) -> list[tuple[int, str]]:
    at, found = 0, []
    for word in text.split():
        at = text.index(word, at)
        found.append((at, word))
        at += len(word)
    return found


# -- Hypotheses --------------------------------------------------------------------------------------


def test_each_codebook_target_has_four_hypotheses_of_its_own() -> None:
    sentences = [getattr(DEFAULTS[target.name], name) for target in TARGETS for name in NAMES]
    assert len(set(sentences)) == 16
    assert all(0 < len(sentence) <= MAX_CHARACTERS for sentence in sentences)


def test_a_target_of_ones_own_is_asked_by_its_description() -> None:
    asked = hypotheses_of(HARBOUR, {})
    assert asked.addressed == "This text is about the new harbour."
    assert asked.support == "This text is in favour of the new harbour."
    assert len(set(msgspec.structs.astuple(asked))) == 4


def test_a_target_that_only_shares_a_name_with_the_codebooks_is_asked_by_its_description() -> None:
    assert hypotheses_of(REGULAR, {}) == DEFAULTS["regular"]
    asked = hypotheses_of(Target("regular", "regular trains"), {})
    assert asked.oppose == "This text is against regular trains."


def test_given_hypotheses_replace_the_default_one_by_one() -> None:
    given = parse_hypotheses('[target.regular]\nsupport = " Für Visa. "\n', "h.toml")
    asked = hypotheses_of(REGULAR, given)
    assert asked == msgspec.structs.replace(DEFAULTS["regular"], support="Für Visa.")


def test_other_hypotheses_are_another_judge() -> None:
    first = parse_hypotheses('[target.a]\nsupport = "A."\n[target.b]\nsupport = "B."', "h")
    again = parse_hypotheses('[target.b]\nsupport = "B."\n[target.a]\nsupport = "A."', "h")
    other = parse_hypotheses('[target.a]\nsupport = "A!"\n[target.b]\nsupport = "B."', "h")
    assert method(first) == method(again)
    assert len({method({}), method(first), method(other)}) == 3


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("support =", "h.toml is not TOML"),
        ('support = "x"', "stand in tables like [target.regular]"),
        ('[regular]\nsupport = "x"', "stand in tables like [target.regular]"),
        ('target = "x"', "stand in tables like [target.regular]"),
        ('[target]\nregular = "x"', "[target.regular] is no table"),
        (
            '[target.regular]\nsuport = "x"',
            "sets 'suport', which is no hypothesis; did you mean support?",
        ),
        ('[target.regular]\ncolour = "x"', "it knows addressed, support, oppose, neutral."),
        ("[target.regular]\nsupport = 3", "support in [target.regular] is not a sentence"),
        ('[target.regular]\nsupport = " "', "support in [target.regular] is not a sentence"),
        (f'[target.regular]\nsupport = "{"x" * 501}"', "has 501 characters; 500 are the limit"),
    ],
)
def test_a_fault_in_a_file_of_hypotheses_is_named_with_its_place(text: str, says: str) -> None:
    with pytest.raises(ModelError) as refused:
        parse_hypotheses(text, "h.toml")
    assert says in str(refused.value)
    assert str(refused.value).startswith("h.toml")


def test_an_empty_file_of_hypotheses_changes_nothing() -> None:
    assert parse_hypotheses("# none yet\n", "h.toml") == {}
    assert parse_hypotheses("[target]\n", "h.toml") == {}


# -- Without the models extra ------------------------------------------------------------------------


@pytest.mark.parametrize("missing", ["torch", "transformers", "safetensors"])
def test_without_the_extra_the_sentence_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ModelError) as refused:
        load_classifier(str(tmp_path))
    assert f"{tmp_path} needs pip install 'barometer[models]' (" in str(refused.value)
    with pytest.raises(ModelError, match="bundlet is neither bundled, lexicon nor a folder here"):
        load_classifier("bundlet")


@pytest.mark.parametrize("name", ["./nowhere", "/no/where", "~/nowhere", "a/b/c", "../x"])
def test_a_folder_that_is_not_there_is_not_looked_for_elsewhere(name: str) -> None:
    with pytest.raises(ModelError, match=f"There is no folder {name}; BAROMETER_MODEL names"):
        load_classifier(name)
