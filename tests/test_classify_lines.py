from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import pytest

from classify.classifier import Assessment
from classify.classify_lines import Answer, BadLine, classify_lines
from classify.lexicon import LexiconClassifier
from classify.target import Target

LEXICON = LexiconClassifier()
FOUR = ["regular", "irregular", "asylum", "general"]


def line(**fields: object) -> bytes:
    return json.dumps(fields).encode() + b"\n"


def run(*lines: bytes) -> list[Answer | BadLine]:
    return list(classify_lines(lines, LEXICON))


def one(**fields: object) -> dict[str, Any]:
    (item,) = run(line(**fields))
    assert isinstance(item, Answer), item
    row = json.loads(msgspec.json.encode(item))
    assert isinstance(row, dict)
    return row


def error(raw: bytes) -> str:
    (item,) = run(raw)
    assert isinstance(item, BadLine), item
    return item.error


def test_a_line_gets_the_promised_fields() -> None:
    row = one(id="a", text="Stop the boats and deport illegals.")
    assert list(row) == ["id", "language", "relevant", "topics", "flags", "judgements"]
    assert (row["id"], row["language"], row["relevant"]) == ("a", "und", True)
    assert [j["target"] for j in row["judgements"]] == FOUR
    irregular = row["judgements"][1]
    assert irregular["stance"] == "oppose"
    assert list(irregular["p"]) == ["support", "neutral", "oppose", "not_addressed"]
    assert sum(irregular["p"].values()) == pytest.approx(1.0, abs=1e-5)


def test_targets_can_be_chosen_by_name_or_described() -> None:
    row = one(
        id=1,
        text="Refugees welcome. The night ferry is a disgrace, close it.",
        targets=["asylum", {"name": "ferry", "description": "the night ferry"}],
    )
    assert row["id"] == 1
    assert [j["target"] for j in row["judgements"]] == ["asylum", "ferry"]
    assert row["judgements"][1]["stance"] != "not_addressed"


def test_a_described_target_may_name_one_of_the_four_without_description() -> None:
    by_name = one(id="a", text="Visas for nurses!", targets=["regular"])
    assert one(id="a", text="Visas for nurses!", targets=[{"name": "regular"}]) == by_name


@pytest.mark.parametrize("text", ["", "  \n "])
def test_an_empty_text_is_not_relevant_and_addresses_nothing(text: str) -> None:
    row = one(id="a", text=text)
    assert row["relevant"] is False
    assert (row["topics"], row["flags"]) == ([], [])
    assert {j["stance"] for j in row["judgements"]} == {"not_addressed"}
    assert {j["p"]["not_addressed"] for j in row["judgements"]} == {1.0}


def test_a_language_that_is_not_judged_addresses_nothing() -> None:
    text = "Stop the boats and deport illegals."
    assert one(id="a", text=text, language="en-GB")["relevant"] is True
    row = one(id="a", text=text, language="fr")
    assert (row["language"], row["relevant"]) == ("fr", False)
    assert {j["stance"] for j in row["judgements"]} == {"not_addressed"}


@pytest.mark.parametrize(
    ("given", "text", "language", "relevant"),
    [
        (None, "The refugees who arrived on Monday are welcome in this town.", "en", True),
        (None, "Die Flüchtlinge, die am Montag kamen, sind hier willkommen.", "de", False),
        (None, "Refugees welcome!", "und", True),
        (None, "", "und", False),
        (None, "😀🎉", "und", False),
        ("en-IE", "Refugees welcome!", "en-IE", True),
        (
            "fr",
            "The refugees who arrived on Monday are welcome in this town, and so are their children.",
            "en",
            True,
        ),
    ],
)
def test_the_language_of_the_answer_is_what_the_text_counts_as(
    given: str | None, text: str, language: str, relevant: bool
) -> None:
    row = one(id="a", text=text) if given is None else one(id="a", text=text, language=given)
    assert (row["language"], row["relevant"]) == (language, relevant)


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b'{"id": "a", "text": ', "not JSON"),
        (b"hello", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b'{"id": "a", "text": "\xff"}', "not valid UTF-8 at byte 22"),
        (b"[1, 2]", "not a JSON object"),
        (b'{"text": "x"}', '"id" is missing'),
        (b'{"id": "a"}', '"text" is missing'),
        (b'{"id": null, "text": "x"}', '"id" is neither'),
        (b'{"id": true, "text": "x"}', '"id" is neither'),
        (b'{"id": "a", "text": 5}', '"text" is not a string'),
        (b'{"id": "a", "text": null}', '"text" is not a string'),
        (b'{"id": "a", "text": "x", "language": 5}', '"language" is not a string'),
        (b'{"id": "a", "text": "x", "targets": "regular"}', '"targets" is not a list'),
        (b'{"id": "a", "text": "x", "targets": []}', '"targets" is not a list'),
        (b'{"id": "a", "text": "x", "targets": [7]}', "a target is neither"),
        (b'{"id": "a", "text": "x", "targets": [{"name": ""}]}', "a target is neither"),
        (b'{"id": "a", "text": "x", "targets": ["regulr"]}', "unknown target 'regulr'"),
        (
            b'{"id": "a", "text": "x", "targets": [{"name": "q", "description": " "}]}',
            "description of target 'q'",
        ),
        (b'{"id": "a", "text": "x", "targets": ["asylum", "asylum"]}', "given twice"),
    ],
)
def test_a_bad_line_says_what_is_wrong(raw: bytes, says: str) -> None:
    assert says in error(raw)


def test_a_bad_line_is_named_and_stops_nothing() -> None:
    items = run(line(id="a", text="x"), b"{\n", b"\n", line(id="b", text="y"))
    assert [type(item).__name__ for item in items] == ["Answer", "BadLine", "Answer"]
    assert isinstance(items[1], BadLine)
    assert items[1].line == 2
    assert list(json.loads(msgspec.json.encode(items[1]))) == ["line", "error"]
    assert error(b"{") == items[1].error


def test_a_byte_order_mark_on_the_first_line_is_passed_over() -> None:
    (item,) = run(b"\xef\xbb\xbf" + line(id="a", text="x"))
    assert isinstance(item, Answer)


def test_answers_keep_the_order_of_the_lines_across_batches_and_targets() -> None:
    lines = [
        line(id=i, text="Visas!", targets=[FOUR[i % 4]]) if i % 7 else b"bad\n" for i in range(150)
    ]
    items = run(*lines)
    assert len(items) == 150
    for i, item in enumerate(items):
        if isinstance(item, Answer):
            assert item.id == i
            assert [judgement.target for judgement in item.judgements] == [FOUR[i % 4]]
        else:
            assert i % 7 == 0
            assert item.line == i + 1


def test_lines_are_read_no_further_ahead_than_a_batch() -> None:
    read = 0

    def endless() -> Iterator[bytes]:
        nonlocal read
        while True:
            read += 1
            yield line(id=read, text="Visas!")

    answers = classify_lines(endless(), LEXICON)
    first = next(answers)
    assert isinstance(first, Answer)
    assert first.id == 1
    assert read == 64


def test_a_batch_reaches_the_classifier_in_one_call() -> None:
    sizes: list[int] = []

    class Counting(LexiconClassifier):
        def assess(self, texts: Sequence[str], targets: Sequence[Target]) -> list[Assessment]:
            sizes.append(len(texts))
            return super().assess(texts, targets)

    list(classify_lines([line(id=i, text="Visas!") for i in range(130)], Counting()))
    assert sizes == [64, 64, 2]
