"""Evidence: sentences as people write them, and the one among them that carries the stance."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classify.classifier import Assessment
from classify.evidence import LEAST, MAX_CHARACTERS, Claim, Evidence, find_evidence
from classify.lexicon import LexiconClassifier
from classify.sentences import MAX_SENTENCE, sentence_spans
from classify.stance import Probabilities, Stance
from classify.target import ASYLUM, REGULAR, Target


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in sentence_spans(text)]


# Sentences


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("They came. They stayed.", ["They came.", "They stayed."]),
        ("Fair? No! Never… Enough.", ["Fair?", "No!", "Never…", "Enough."]),
        # Abbreviations, initials and numbers go on.
        ("Dr. Okoro and Mrs. Lind agreed.", ["Dr. Okoro and Mrs. Lind agreed."]),
        ("Help them, e.g. Syrians, now. Go.", ["Help them, e.g. Syrians, now.", "Go."]),
        ("J. R. Marsh resigned. So what.", ["J. R. Marsh resigned.", "So what."]),
        ("It costs 3.5 million. Too much.", ["It costs 3.5 million.", "Too much."]),
        ("No. 10 is silent. No. Really.", ["No. 10 is silent.", "No.", "Really."]),
        ("Am 3. Mai kam er. Er blieb.", ["Am 3. Mai kam er.", "Er blieb."]),
        (
            "The minister (Mr. Adeyemi) went... and came.",
            ["The minister (Mr. Adeyemi) went... and came."],
        ),
        # What ends with an abbreviation that also ends sentences.
        ("She lives in the U.S. He does not.", ["She lives in the U.S.", "He does not."]),
        # A small letter goes on, also behind a quotation.
        ("“We are full!” she said. He left.", ["“We are full!” she said.", "He left."]),
        # A quotation of several sentences stays whole.
        (
            'He said: "Go home. You must." Then he left.',
            ['He said: "Go home. You must."', "Then he left."],
        ),
        ("„Geht heim. Alle.“ Das rief er.", ["„Geht heim. Alle.“", "Das rief er."]),
        ("« Dehors. Tous. » Voilà.", ["« Dehors. Tous. »", "Voilà."]),
        # One that is never closed holds nothing together.
        ('An "open one. Another. Third', ['An "open one.', "Another.", "Third"]),
        # Lines: a wrapped one goes on, a block or an empty line ends.
        ("A headline\nThe text goes\non here.", ["A headline", "The text goes\non here."]),
        ("one\n\ntwo", ["one", "two"]),
        # Other scripts.
        ("我们反对。他们支持！", ["我们反对。", "他们支持！"]),
        ("वे आए। वे रहे।", ["वे आए।", "वे रहे।"]),
        ("هل هذا عدل؟ نعم.", ["هل هذا عدل؟", "نعم."]),
        # Nothing is said.
        ("", []),
        (" \n\t ", []),
        ("👍👍 !!! … ---", []),
        # No end at all.
        ("no full stop", ["no full stop"]),
    ],
)
def test_a_text_falls_into_its_sentences(text: str, wanted: list[str]) -> None:
    assert sentences(text) == wanted


def test_what_runs_on_is_cut_at_a_word() -> None:
    text = "they keep coming and nobody asks us " * 40
    found = sentences(text)
    assert len(found) > 4
    assert max(map(len, found)) <= MAX_SENTENCE
    assert " ".join(found) == text.strip()
    assert [len(one) for one in sentences("x" * 700)] == [MAX_SENTENCE, MAX_SENTENCE, 100]


@given(st.text(alphabet=st.sampled_from("aB1. !?\n\"“”«»„'()…。\u200d😀é"), max_size=900))
def test_spans_are_in_order_apart_and_leave_no_word_out(text: str) -> None:
    spans = sentence_spans(text)
    assert all(start < end for start, end in spans)
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(spans))
    assert all(end - start <= MAX_SENTENCE for start, end in spans)
    outside = text
    for start, end in reversed(spans):
        assert text[start:end] == text[start:end].strip()
        outside = outside[:start] + outside[end:]
    assert not any(character.isalnum() for character in outside)


# Evidence


class ByWord:
    """Judges by the marks in a text: `+0.7` is so much support, `-0.7` so much opposition."""

    model, languages = "by-word", frozenset[str]()

    def __init__(self) -> None:
        self.calls: list[list[str]] = []

    def assess(self, texts: Sequence[str], targets: Sequence[Target]) -> list[Assessment]:
        self.calls.append(list(texts))
        return [
            Assessment(
                relevance=1.0,
                topics=(),
                conflates=False,
                dehumanising=False,
                stances={target.name: self._stance(text) for target in targets},
            )
            for text in texts
        ]

    def _stance(self, text: str) -> Probabilities:
        marks = [word.strip(".!”") for word in text.split() if word[0] in "+-" and len(word) > 1]
        p = float(marks[0]) if marks else 0.0
        return Probabilities(max(p, 0), 0.0, max(-p, 0), 1 - abs(p))


def claim(text: str, stance: Stance = Stance.OPPOSE, target: Target = REGULAR) -> Claim:
    return Claim(text=text, target=target, stance=stance)


def only(text: str, stance: Stance = Stance.OPPOSE) -> Evidence | None:
    (found,) = find_evidence([claim(text, stance)], ByWord())
    return found


PADDED = "The council debated the visa scheme for hours {}. "


def test_the_sentence_most_like_the_stance_is_chosen_with_its_place_and_probability() -> None:
    text = "".join(PADDED.format(mark) for mark in ("+0.9", "-0.5", "-0.8", "-0.7", "-0.8"))
    found = only(text)
    assert found is not None
    assert found.sentence == PADDED.format("-0.8").strip() == text[found.start : found.end]
    assert found.start == text.index(PADDED.format("-0.8")), "of two equal ones the first"
    assert found.probability == pytest.approx(0.8)
    supporting = only(text, Stance.SUPPORT)
    assert supporting is not None
    assert supporting.start == 0


@pytest.mark.parametrize(
    "text",
    [
        "",
        "👍👍👍",
        "Nothing is said of it here. Nor here.",
        PADDED.format("+0.9"),
        PADDED.format(f"-{LEAST - 0.01}"),
    ],
)
def test_where_no_sentence_carries_the_stance_there_is_no_evidence(text: str) -> None:
    assert only(text) is None


def test_what_is_not_addressed_has_no_evidence_and_is_not_asked() -> None:
    classifier = ByWord()
    assert find_evidence([claim("They came.", Stance.NOT_ADDRESSED)], classifier) == [None]
    assert find_evidence([], classifier) == []
    assert classifier.calls == []


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("The visa scheme grows. Shame -0.9. It must end at once, they say.", "The visa scheme grows. Shame -0.9. It must end at once, they say."),
        ("The visa scheme for farm workers grows. Shame -0.9. Next.", "The visa scheme for farm workers grows. Shame -0.9."),
        ("Shame -0.9. The visa scheme for farm workers must end.", "Shame -0.9. The visa scheme for farm workers must end."),
        ("Shame -0.9.", "Shame -0.9."),
    ],
)  # fmt: skip
def test_a_short_sentence_is_shown_with_its_neighbours(text: str, wanted: str) -> None:
    found = only(text)
    assert found is not None
    assert found.sentence == wanted == text[found.start : found.end]
    assert found.probability == pytest.approx(0.9)


def test_many_claims_are_one_call_and_come_back_in_order() -> None:
    classifier = ByWord()
    texts = [PADDED.format("-0.6") + PADDED.format("+0.9"), "", PADDED.format("+0.3")]
    found = find_evidence(
        [
            claim(texts[0]),
            claim(texts[1]),
            claim(texts[2], Stance.SUPPORT, ASYLUM),
            claim(texts[0], Stance.SUPPORT, ASYLUM),
        ],
        classifier,
    )
    assert [one and one.probability for one in found] == [
        pytest.approx(0.6),
        None,
        pytest.approx(0.3),
        pytest.approx(0.9),
    ]
    assert [len(call) for call in classifier.calls] == [5]


def test_of_a_megabyte_only_the_beginning_is_judged() -> None:
    classifier = ByWord()
    text = PADDED.format("-0.6") * 20_000
    (found,) = find_evidence([claim(text)], classifier)
    assert found is not None
    assert sum(map(len, classifier.calls[0])) <= MAX_CHARACTERS


def test_with_a_real_classifier_the_opinion_is_chosen_and_not_the_report() -> None:
    text = (
        "The ministry published its yearly report on Tuesday.\n"
        "It lists 4,000 seasonal workers on farms. "
        "Close the work visa scheme, too many foreign workers push our wages down. "
        "The weather in the valley was mild."
    )
    classifier = LexiconClassifier()
    (found,) = find_evidence([claim(text)], classifier)
    assert found is not None
    assert (
        found.sentence
        == "Close the work visa scheme, too many foreign workers push our wages down."
    )
