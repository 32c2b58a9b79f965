from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from classify.classifier import Assessment
from classify.disposition import Disposition
from classify.judge import judge, text_of
from classify.stance import Probabilities, Stance
from classify.target import REGULAR, TARGETS, Target
from ingest.document import Document, Kind

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


class Recorder:
    """Says the same of every text, and remembers what it was asked."""

    model = "recorder-1"

    def __init__(self, relevance: float = 0.9, languages: frozenset[str] = frozenset({"en"})):
        self.relevance = relevance
        self.languages = languages
        self.batches: list[list[str]] = []

    def assess(self, texts: Sequence[str], targets: Sequence[Target]) -> list[Assessment]:
        self.batches.append(list(texts))
        return [
            Assessment(
                relevance=self.relevance,
                topics=("return",),
                conflates=True,
                dehumanising=False,
                stances={target.name: Probabilities(0.1, 0.2, 0.6, 0.1) for target in targets},
            )
            for _ in texts
        ]


def document(text: str, *, title: str = "", language: str = "en", own_id: str = "1") -> Document:
    return Document(
        id=own_id.rjust(32, "0"),
        source="daily",
        outlet="Daily",
        kind=Kind.NEWS,
        society="IE",
        language=language,
        url="",
        title=title,
        text=text,
        published_at=NOW,
        fetched_at=NOW,
    )


def test_a_document_about_migration_gets_a_reading_and_a_judgement_per_target() -> None:
    (judged,) = judge([document("Refugees arrived.", own_id="7")], Recorder())
    assert judged.disposition is Disposition.JUDGED
    assert judged.reading is not None
    assert judged.reading.document_id == judged.document.id
    assert (judged.reading.topics, judged.reading.conflates) == (("return",), True)
    assert [j.target for j in judged.judgements] == [target.name for target in TARGETS]
    assert {j.document_id for j in judged.judgements} == {judged.document.id}
    assert {j.model for j in judged.judgements} == {judged.reading.model} == {"recorder-1"}
    assert {j.stance for j in judged.judgements} == {Stance.OPPOSE}


def test_a_language_that_the_model_does_not_judge_comes_first() -> None:
    model = Recorder()
    (judged,) = judge([document("Flüchtlinge sind willkommen", language="de-AT")], model)
    assert judged.disposition is Disposition.UNSUPPORTED_LANGUAGE
    assert judged.reading is None
    assert judged.judgements == ()
    assert model.batches == []


def test_what_the_gate_stops_is_off_topic_and_never_reaches_the_model() -> None:
    model = Recorder()
    (judged,) = judge([document("The match ended in a draw.")], model)
    assert judged.disposition is Disposition.OFF_TOPIC
    assert model.batches == []


def test_what_the_model_finds_irrelevant_is_off_topic_without_reading() -> None:
    (judged,) = judge([document("Refugees arrived.")], Recorder(relevance=0.49))
    assert judged.disposition is Disposition.OFF_TOPIC
    assert judged.reading is None
    assert judged.judgements == ()
    (judged,) = judge([document("Refugees arrived.")], Recorder(relevance=0.5))
    assert judged.disposition is Disposition.JUDGED


def test_a_batch_is_one_call_and_keeps_its_order() -> None:
    model = Recorder()
    batch = [
        document("Refugees arrived.", own_id="1"),
        document("The match ended in a draw.", own_id="2"),
        document("Flüchtlinge", language="de", own_id="3"),
        document("Visas for nurses.", language="und", own_id="4"),
    ]
    judged = judge(batch, model)
    assert [j.document for j in judged] == batch
    assert [j.disposition for j in judged] == [
        Disposition.JUDGED,
        Disposition.OFF_TOPIC,
        Disposition.UNSUPPORTED_LANGUAGE,
        Disposition.JUDGED,
    ]
    assert model.batches == [["Refugees arrived.", "Visas for nurses."]]


def test_an_empty_batch_asks_the_model_nothing() -> None:
    model = Recorder()
    assert judge([], model) == []
    assert model.batches == []


def test_only_the_targets_asked_for_are_judged() -> None:
    (judged,) = judge([document("Visas for nurses.")], Recorder(), [REGULAR])
    assert [j.target for j in judged.judgements] == ["regular"]


def test_the_model_reads_the_title_and_the_text_but_no_title_twice() -> None:
    assert text_of(document("It passed.", title="Visa bill")) == "Visa bill\nIt passed."
    assert text_of(document("Visa bill passed.", title="Visa bill")) == "Visa bill passed."
    assert text_of(document("", title="Visa bill")) == "Visa bill"
    assert text_of(document("It passed.")) == "It passed."


def test_the_title_alone_can_open_the_gate() -> None:
    (judged,) = judge([document("It passed.", title="Visa bill")], Recorder())
    assert judged.disposition is Disposition.JUDGED


ENGLISH = (
    "Refugees arrived at the station on Monday, and the volunteers who met them had brought soup."
)
GERMAN = "Am Montag kamen Flüchtlinge am Bahnhof an, und die Freiwilligen hatten Suppe mitgebracht."
GERMAN_SPORT = (
    "Das Spiel endete am Samstag unentschieden, und die Trainer waren sich danach einig darüber."
)


@pytest.mark.parametrize(
    ("declared", "text", "disposition"),
    [
        ("und", ENGLISH, Disposition.JUDGED),
        ("und", GERMAN, Disposition.UNSUPPORTED_LANGUAGE),
        ("en", GERMAN, Disposition.UNSUPPORTED_LANGUAGE),  # the text is clear
        ("de", ENGLISH, Disposition.JUDGED),
        ("de", "Refugees arrived.", Disposition.UNSUPPORTED_LANGUAGE),  # too short to contradict
        ("und", "Refugees!", Disposition.JUDGED),  # the benefit of the doubt
        # The language comes first, whatever the gate would say.
        ("und", GERMAN_SPORT, Disposition.UNSUPPORTED_LANGUAGE),
        ("und", "😀🎉", Disposition.OFF_TOPIC),
    ],
)
def test_the_text_says_its_language_where_the_tag_does_not(
    declared: str, text: str, disposition: Disposition
) -> None:
    model = Recorder()
    (judged,) = judge([document(text, language=declared)], model)
    assert judged.disposition is disposition
    assert bool(model.batches) is (disposition is Disposition.JUDGED)


def test_a_model_of_any_language_judges_whatever_the_text_is_in() -> None:
    model = Recorder(languages=frozenset())
    judged = judge([document(GERMAN), document(GERMAN_SPORT), document(ENGLISH)], model)
    assert [each.disposition for each in judged] == [
        Disposition.JUDGED,
        Disposition.OFF_TOPIC,
        Disposition.JUDGED,
    ]
