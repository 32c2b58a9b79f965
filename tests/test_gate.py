from __future__ import annotations

import json
import unicodedata
from itertools import pairwise
from pathlib import Path

import pytest

from classify.corpus import held_out, load_corpus
from classify.gate import (
    ENOUGH,
    ENOUGH_IN_NEWS,
    LEAD,
    MAX_CHARACTERS,
    evidence,
    fold,
    gate_hits,
    load_terms,
    may_be_about_migration,
    read_terms,
)

NEWS = [
    json.loads(line)
    for line in (Path(__file__).parent / "data" / "general_news.jsonl")
    .read_text("utf-8")
    .splitlines()
]


def met(text: str) -> list[str]:
    """What the gate says let `text` through."""
    return [text[start:end] for start, end in gate_hits(text)]


# -- The two figures -------------------------------------------------------------------------------


def test_the_gate_finds_held_out_passages_that_address_a_target() -> None:
    found = [
        may_be_about_migration(
            passage.text, ENOUGH_IN_NEWS if passage.genre in ("news", "headline") else ENOUGH
        )
        for passage in load_corpus()
        if passage.relevant and held_out(passage)
    ]
    assert sum(found) / len(found) >= 0.995


@pytest.mark.parametrize("part", ["held_out", "tuning"])
def test_the_gate_stops_general_news(part: str) -> None:
    texts = [row["text"] for row in NEWS if row["part"] == part and not row["about_migration"]]
    passed = [may_be_about_migration(text, ENOUGH_IN_NEWS) for text in texts]
    assert sum(passed) / len(texts) <= 0.05


def test_few_general_news_items_have_a_strong_hit() -> None:
    texts = [row["text"] for row in NEWS if not row["about_migration"]]
    assert sum(evidence(text)[0] for text in texts) / len(texts) <= 0.03


@pytest.mark.parametrize(
    "row", [row for row in NEWS if row["about_migration"]], ids=lambda row: str(row["id"])
)
def test_news_about_migration_passes(row: dict[str, str]) -> None:
    assert may_be_about_migration(row["text"], ENOUGH_IN_NEWS)


def test_the_sample_of_news_is_what_its_readme_says() -> None:
    readme = (Path(__file__).parent / "data" / "README.md").read_text("utf-8")
    english = sum(row["language"] == "en" for row in NEWS)
    assert f"{len(NEWS)} general news items" in readme
    assert f"{english} English items and {len(NEWS) - english} in twelve" in readme
    assert f"the {sum(row['about_migration'] for row in NEWS)} items that truly are" in readme
    assert len({row["language"] for row in NEWS}) == 13
    assert len({row["text"] for row in NEWS}) == len(NEWS)


# -- Terms -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("Die Zahl der Wirtschaftsflüchtlinge sinkt.", "flüchtling"),
        ("Le droit d'asile est menacé", "d'asile"),
        ("Los inmigrantes llegaron ayer", "inmigra"),
        ("Nuovi sbarchi in Sicilia", "sbarchi"),
        ("Novas regras para autorização de residência", "autorização de residência"),
        ("Minder asielzoekers in Ter Apel", "asiel"),
        ("Arbetskraftsinvandringen minskar", "invandr"),
        ("Flere får familiesammenføring", "familiesammenfør"),
        ("Regjeringen strammer inn innvandringen", "innvandr"),
        ("Turvapaikanhakijoiden määrä laski", "Turvapaik"),
        ("Uchodźcy na granicy", "Uchodź"),
        ("Uprchlíci z Ukrajiny", "Uprchl"),
        ("A menekültek száma nő", "menekült"),
        ("Mii de refugiați în tabără", "refugia"),
        ("Οι πρόσφυγες στη Λέσβο", "πρόσφυγ"),
        ("Sığınmacıların sayısı arttı", "Sığınma"),
        ("وصول مهاجرين إلى الجزيرة", "مهاجر"),
        ("מבקשי מקלט בתל אביב", "מבקשי מקלט"),
        ("Мигранты и патенты", "Мигра"),
        ("Біженці повертаються додому", "Біжен"),
        ("शरणार्थी शिविर", "शरणार्थी"),
        ("政府公布新的移民政策", "移民"),
        ("外国人労働者の受け入れ", "外国人"),
        ("난민 신청이 늘었다", "난민"),
    ],
)
def test_the_gate_reads_many_languages(text: str, span: str) -> None:
    assert may_be_about_migration(text)
    assert any(span in hit or hit in span for hit in met(text)), met(text)


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ("Refugees arrived.", True),
        ("The refugee's coat", True),
        ("Antimigrant slogans", True),
        ("We overvisaed it", False),  # `visa` is a whole word
        ("VISAS FOR NURSES", True),
        ("The immune cells are deportable? No, portable.", True),
        ("#RefugeesWelcome", True),
        ("the under_asylum_law column", True),
        ("let\nthem   stay", True),
        ("let-them-stay", True),
    ],
)
def test_a_term_keeps_to_its_word_boundaries(text: str, passes: bool) -> None:
    assert evidence(text)[0] is passes


@pytest.mark.parametrize(
    "text",
    [
        "",
        "😀🎉",
        "The match ended in a draw.",
        "The data migration to the new server starts at the weekend.",
        "Visa card holders will pay a new fee.",
        "The fans were fined for a pitch invasion after the final.",
        "Gli asili nido riaprono lunedì.",
    ],
)
def test_other_senses_and_other_matters_are_stopped(text: str) -> None:
    assert not may_be_about_migration(text)
    assert gate_hits(text) == []


def test_another_sense_hides_only_itself() -> None:
    assert met("The data migration of refugee files") == ["refugee"]


def test_clues_pass_together_and_not_alone() -> None:
    assert not may_be_about_migration("The fence needs paint before the summer match.")
    text = "They climbed the fence at night, without a permit, and the guards sent them over the river."
    assert may_be_about_migration(text)
    assert evidence(text)[1] >= ENOUGH


def test_other_desks_words_weigh_against_clues() -> None:
    text = "The barrier at the border"
    strong, points, _ = evidence(text)
    assert not strong
    assert evidence(text + " of the match: goalkeeper, striker and coach")[1] < points


def test_news_needs_more_than_what_people_write() -> None:
    text = "They took the jobs and the school places, and nobody asked us."
    strong, points, _ = evidence(text)
    assert not strong
    assert may_be_about_migration(text, points)
    assert not may_be_about_migration(text, points + 1)
    assert ENOUGH < ENOUGH_IN_NEWS


def test_clues_count_in_the_lead_and_strong_terms_further_down() -> None:
    filler = "The band played on and the album sold well. " * 40
    clues = (
        "They waited at the border, in the camp behind the fence, and had lost their passports. "
    )
    assert not evidence(clues)[0]
    assert may_be_about_migration(clues)
    assert len(filler) > LEAD
    assert not may_be_about_migration(filler + clues)
    assert may_be_about_migration(filler + "Refugees arrived.")


def test_only_the_beginning_of_a_very_long_text_is_read() -> None:
    long = "x " * MAX_CHARACTERS
    assert not may_be_about_migration(long + "refugees")
    assert met("refugees " + long * 20) == ["refugee"]


# -- Spans -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ("Asylum for refugees", ["Asyl", "refugee"]),
        ("LES RÉFUGIÉS", ["RÉFUGIÉ"]),
        (
            unicodedata.normalize("NFD", "les réfugiés"),
            [unicodedata.normalize("NFD", "réfugié")[:-1]],
        ),
        (
            "re\N{SOFT HYPHEN}fu\N{ZERO WIDTH SPACE}gees",
            ["re\N{SOFT HYPHEN}fu\N{ZERO WIDTH SPACE}gee"],
        ),
        ("İİİ refugees", ["refugee"]),
        ("ßßß ﬁﬁ refugees", ["refugee"]),
        ("let   them \n stay here", ["let   them \n stay"]),
        ("the ＲＥＦＵＧＥＥＳ", ["ＲＥＦＵＧＥＥ"]),
        ("مُهَاجِر", ["مُهَاجِر"]),
        ("sans‑papiers", ["sans‑papiers"]),
        ("l’asile", ["asile"]),
    ],
)
def test_spans_are_places_in_the_text_as_given(text: str, spans: list[str]) -> None:
    assert met(text) == spans


def test_spans_are_in_order_apart_and_there_exactly_when_the_gate_opens() -> None:
    texts = [row["text"] for row in NEWS] + [p.text for p in load_corpus()[::10]]
    for text in texts:
        spans = gate_hits(text)
        assert bool(spans) is may_be_about_migration(text)
        assert all(0 <= start < end <= len(text) for start, end in spans)
        assert all(a[1] < b[0] for a, b in pairwise(spans))


def test_folding_keeps_every_place() -> None:
    text = unicodedata.normalize("NFD", "Ça va, «Émigrés»   d’ici… İstanbul")
    folded, places = fold(text)
    assert folded == "ca va, «emigres» d'ici… istanbul"
    assert places is not None
    assert len(places) == len(folded)
    assert [fold(text[place])[0] for place in places] == list(folded)
    assert fold("plain text") == ("plain text", None)


# -- The list --------------------------------------------------------------------------------------


def test_every_language_that_a_source_speaks_has_terms() -> None:
    languages = {term.language for term in load_terms()}
    usual = "en de fr es it pt nl sv da nb fi pl cs hu ro el tr ar he ru uk hi zh ja ko"
    assert set(usual.split()) <= languages


def test_the_list_says_each_thing_once_and_points_fit_their_kind() -> None:
    terms = load_terms()
    assert len({term[1:4] for term in terms}) == len(terms)
    for term in terms:
        if term.kind == "clue":
            assert term.points >= 0, term
        elif term.kind == "against":
            assert term.points <= 0, term
        else:
            assert term.points == 0, term


@pytest.mark.parametrize(
    "line",
    ["en\tvisa\tstrong", "en\tvisa\tloud\t", "en\t*\tstrong\t", "en\tvi*sa\tstrong\t", "visa"],
)
def test_a_bad_line_is_named(line: str) -> None:
    with pytest.raises(ValueError, match=r"gate_terms.tsv, line 3"):
        list(read_terms(["language\tterm\tkind\tpoints", "en\tvisa\tstrong\t", line]))
