from __future__ import annotations

import json
from pathlib import Path

import pytest

from classify.language import LONG, SHORT, SURE, alike, counts_as, identify, primary, supported

NEWS = [
    json.loads(line)
    for line in (Path(__file__).parent / "data" / "general_news.jsonl")
    .read_text("utf-8")
    .splitlines()
]

ENGLISH = "The council will decide on Monday whether the old swimming pool can be kept open."
GERMAN = "Der Stadtrat entscheidet am Montag darüber, ob das alte Schwimmbad geöffnet bleiben kann."


def test_whole_news_items_are_identified() -> None:
    right = [alike(identify(row["text"]).tag, row["language"]) for row in NEWS]
    assert sum(right) / len(right) >= 0.995


def test_the_first_sixty_characters_are_mostly_enough() -> None:
    right = [alike(identify(row["text"][:60]).tag, row["language"]) for row in NEWS]
    assert sum(right) / len(right) >= 0.98


def test_no_news_item_is_taken_out_of_its_declared_language() -> None:
    assert [
        row["id"] for row in NEWS if counts_as(row["language"], row["text"]) != row["language"]
    ] == []


def test_few_english_items_without_a_tag_count_as_another_language() -> None:
    texts = [row["text"] for row in NEWS if row["language"] == "en"]
    tags = [counts_as("und", text) for text in texts]
    assert sum(tag not in ("en", "und") for tag in tags) <= 1
    # A title alone, of a few names and nouns, is told less surely.
    summarised = [tag for tag, text in zip(tags, texts, strict=True) if len(text) >= 100]
    assert summarised.count("en") / len(summarised) >= 0.97
    assert tags.count("en") / len(tags) >= 0.95


def test_items_in_other_languages_without_a_tag_do_not_count_as_english() -> None:
    tags = [counts_as("und", row["text"]) for row in NEWS if row["language"] != "en"]
    assert "en" not in tags
    assert tags.count("und") / len(tags) <= 0.08


@pytest.mark.parametrize(
    ("declared", "text", "tag"),
    [
        ("de", ENGLISH, "en"),  # a feed that declares one language for everything
        ("en-GB", GERMAN, "de"),
        ("en-GB", ENGLISH, "en-GB"),
        ("de-AT", GERMAN, "de-AT"),
        ("fr", "Stop the boats.", "fr"),  # too short to contradict
        ("und", ENGLISH, "en"),
        ("", ENGLISH, "en"),
        ("und", GERMAN, "de"),
        ("und", "OK", "und"),
        ("und", "", "und"),
        ("", "", "und"),
        ("en", "", "en"),
        ("und", "😀🎉" * 500, "und"),
        ("und", "1,200 + 300 = 1,500 (2026)", "und"),
        ("und", "https://example.org/a/long/path/of/english/words?and=more", "und"),
        ("und", "someone@example.org @another #", "und"),
    ],
)
def test_what_a_document_counts_as(declared: str, text: str, tag: str) -> None:
    assert counts_as(declared, text) == tag


def test_languages_written_alike_do_not_contradict_each_other() -> None:
    text = next(row["text"] for row in NEWS if row["language"] == "nb") * 3
    assert counts_as("no", text) == "no"
    assert counts_as("nb-NO", text) == "nb-NO"


def test_confidence_is_a_probability_and_short_texts_have_none() -> None:
    assert identify("x" * (SHORT - 1)) == ("und", 0.0)
    tag, confidence = identify(ENGLISH)
    assert tag == "en"
    assert SURE <= confidence <= 1.0
    assert sum(map(str.isalpha, ENGLISH)) >= LONG


@pytest.mark.parametrize(
    "text",
    [
        "x" * 1_000_000,
        "\x00" * 1_000,
        "\ud800 lone surrogate in an otherwise plain English sentence about swimming pools",
        "هذا نص بالعربية and this is English и это русский текст 这是中文 in one line",
        "a@" * 500_000,
        "\n" * 100_000 + ENGLISH,
    ],
    ids=["one letter", "nulls", "surrogate", "mixed scripts", "addresses", "blank lines"],
)
def test_odd_texts_have_an_answer_that_stays_the_same(text: str) -> None:
    assert identify(text) == identify(text)
    assert counts_as("en", text) == "en"
    assert counts_as("und", text) == counts_as("", text)


def test_only_the_beginning_is_read() -> None:
    assert identify(ENGLISH * 20 + GERMAN * 10_000) == identify(ENGLISH * 20)


@pytest.mark.parametrize(
    ("tag", "subtag"),
    [("en", "en"), ("EN-gb", "en"), ("zh_Hant", "zh"), ("", "und"), ("und", "und"), (" fr ", "fr")],
)
def test_the_primary_subtag(tag: str, subtag: str) -> None:
    assert primary(tag) == subtag


def test_a_language_is_supported_by_its_primary_subtag() -> None:
    assert supported("en", {"en"})
    assert supported("EN-gb", {"en"})
    assert not supported("fr", {"en"})
    assert not supported("eng", {"en"})


def test_an_unknown_language_gets_the_benefit_of_the_doubt() -> None:
    assert supported("und", {"en"})
    assert supported("", {"en"})


def test_a_model_that_names_no_language_judges_any() -> None:
    assert supported("sw", frozenset())
