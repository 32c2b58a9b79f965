from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classify.classifier import Assessment, Classifier, load_classifier
from classify.corpus import held_out, load_corpus
from classify.cue_trie import CueTrie, expand
from classify.gate import may_be_about_migration
from classify.lexicon import MAX_CHARACTERS, LexiconClassifier
from classify.stance import Probabilities, Stance
from classify.target import ASYLUM, GENERAL, IRREGULAR, REGULAR, TARGETS, Target

LEXICON = LexiconClassifier()

SKILLED = "Skilled workers on a visa keep our hospitals running, and we need more of them."
BOTH = "I welcome those who come with a work visa; they are good for us. But illegals must be deported."

CLEAR = [
    (SKILLED, REGULAR, "support"),
    (
        "Work visas should be easier to get: our growers need seasonal workers and they deserve a welcome.",
        REGULAR,
        "support",
    ),
    (
        "I am proud of the new citizens who took the oath today after years of waiting.",
        REGULAR,
        "support",
    ),
    (
        "International students are good for our university and should be allowed to stay and work.",
        REGULAR,
        "support",
    ),
    (
        "Stop issuing work permits. Companies import cheap labour and local wages fall.",
        REGULAR,
        "oppose",
    ),
    (
        "Scrap the guest worker scheme and train our own young people instead.",
        REGULAR,
        "oppose",
    ),
    ("No more student visas: the colleges are a back door and a scam.", REGULAR, "oppose"),
    (
        "Family reunification must be limited and citizenship should take ten years.",
        REGULAR,
        "oppose",
    ),
    (
        "The ministry issued 41,300 work permits last year, according to figures published on Monday.",
        REGULAR,
        "neutral",
    ),
    (
        "Give undocumented people papers and let them stay; they work and pay taxes here.",
        IRREGULAR,
        "support",
    ),
    (
        "Stop the raids. Nobody should be locked up in detention for having no papers.",
        IRREGULAR,
        "support",
    ),
    (
        "Regularise the workers without papers who have been here for years.",
        IRREGULAR,
        "support",
    ),
    ("Illegal immigrants broke the law and must be deported.", IRREGULAR, "oppose"),
    ("Stop the boats and send them back. No amnesty for illegals.", IRREGULAR, "oppose"),
    (
        "Build the fence higher, nobody has a right to cross the border illegally.",
        IRREGULAR,
        "oppose",
    ),
    (
        "Refugees fleeing war deserve protection and we should take in more families.",
        ASYLUM,
        "support",
    ),
    (
        "Our church sponsored a Syrian refugee family and they are the best neighbours we ever had.",
        ASYLUM,
        "support",
    ),
    (
        "Close the asylum centre. Bogus claims cost the taxpayer billions and nobody asked our village.",
        ASYLUM,
        "oppose",
    ),
    (
        "No more asylum seekers until the backlog of fake claims is cleared.",
        ASYLUM,
        "oppose",
    ),
    (
        "Asylum applications fell to 1,402 in May, according to the interior ministry.",
        ASYLUM,
        "neutral",
    ),
    ("Immigrants built this town and we should welcome newcomers.", GENERAL, "support"),
    ("Immigration is good for us: migrants pay taxes and fill jobs.", GENERAL, "support"),
    ("Immigration is too high. Close the borders, the country is full.", GENERAL, "oppose"),
    (
        "Too many migrants: crime is up, rents are up, stop mass immigration now.",
        GENERAL,
        "oppose",
    ),
    (
        "Does anyone know where to find statistics on net migration by year?",
        GENERAL,
        "neutral",
    ),
]

OTHER_SENSES = [
    "The great migration of wildebeest crossed the river early this year.",
    "Visa card holders will pay a new fee on foreign transactions.",
    "The data migration to the new server starts at the weekend.",
    "The football team won on Saturday and the crowd sang.",
]


def assess(text: str, *targets: Target) -> Assessment:
    return LEXICON.assess([text], targets or TARGETS)[0]


def total(p: Probabilities) -> float:
    return p.support + p.neutral + p.oppose + p.not_addressed


@pytest.mark.parametrize(("text", "target", "stance"), CLEAR)
def test_a_clear_text_is_judged_as_a_reader_would(text: str, target: Target, stance: str) -> None:
    assert assess(text).stances[target.name].stance == stance
    assert assess(text).relevance >= 0.5
    assert may_be_about_migration(text)


def test_one_text_may_welcome_one_target_and_reject_another() -> None:
    stances = assess(BOTH).stances
    assert stances["regular"].stance is Stance.SUPPORT
    assert stances["irregular"].stance is Stance.OPPOSE


def test_a_status_that_is_named_is_not_migration_in_general() -> None:
    text = "Undocumented migrants should be given papers."
    assert assess(text).stances["general"].stance is Stance.NOT_ADDRESSED
    assert assess(text).stances["irregular"].stance is Stance.SUPPORT


@pytest.mark.parametrize(
    ("plain", "negated", "target"),
    [
        ("Deport undocumented families.", "Do not deport undocumented families.", IRREGULAR),
        (
            "Refugees are a burden and a threat.",
            "Refugees are not a burden and never a threat.",
            ASYLUM,
        ),
        ("Immigrants are welcome here.", "Immigrants are not welcome here.", GENERAL),
    ],
)
def test_a_negation_moves_the_stance_to_the_other_side(
    plain: str, negated: str, target: Target
) -> None:
    before, after = assess(plain).stances[target.name], assess(negated).stances[target.name]
    toward_support = (after.support - after.oppose) - (before.support - before.oppose)
    assert toward_support < 0 if target is GENERAL else toward_support > 0


@pytest.mark.parametrize("text", OTHER_SENSES)
def test_other_senses_of_the_words_address_nothing(text: str) -> None:
    assert {p.stance for p in assess(text).stances.values()} == {Stance.NOT_ADDRESSED}


def test_hatred_is_flagged_and_a_bare_report_is_not() -> None:
    hatred = assess("Migrants are vermin, they breed and infest our streets like a plague.")
    assert hatred.dehumanising
    report = assess("The ministry published figures on immigration on Monday.")
    assert not report.dehumanising
    assert not report.conflates


def test_telling_nobody_apart_is_flagged_as_conflating() -> None:
    assert assess(
        "Legal or illegal, papers or no papers, they are all the same to me: migrants bring crime."
    ).conflates


def test_topics_name_what_the_text_is_about() -> None:
    assert "return" in assess("Deport illegals on a charter flight and enforce removal.").topics
    topics = assess("Smugglers put migrants in boats on the beach; many drowned at sea.").topics
    assert topics[0] == "smuggling_trafficking"
    assert len(topics) <= 3


def test_a_target_of_the_users_own_is_found_by_its_words() -> None:
    scheme = Target("strawberry", "the strawberry pickers scheme in Huelva")
    stances = assess(
        "The strawberry pickers are welcome in Huelva, we need more of them.", scheme
    ).stances
    assert set(stances) == {"strawberry"}
    assert stances["strawberry"].stance is Stance.SUPPORT
    absent = assess("Stop the boats.", scheme).stances["strawberry"]
    assert absent.stance is Stance.NOT_ADDRESSED


def test_targets_beside_it_do_not_change_a_judgement() -> None:
    own = Target("harbour", "the harbour works")
    alone = assess(BOTH, REGULAR).stances["regular"]
    assert assess(BOTH, own, IRREGULAR, REGULAR).stances["regular"] == alone


def test_the_same_text_gives_the_same_assessment() -> None:
    texts = [text for text, _, _ in CLEAR]
    together = LEXICON.assess(texts, TARGETS)
    assert together == [LexiconClassifier().assess([text], TARGETS)[0] for text in texts]


@pytest.mark.parametrize("text", ["", "   \n", "🙂🙂🙂", "…", "\ud800", "移民 مهاجر мигрант"])
def test_a_text_without_english_words_addresses_nothing(text: str) -> None:
    assessment = assess(text)
    assert assessment.relevance < 0.5
    assert {p.stance for p in assessment.stances.values()} == {Stance.NOT_ADDRESSED}


def test_only_the_beginning_of_a_very_long_text_is_read() -> None:
    long = SKILLED + " " + "The weather was fine. " * 1_500
    assert len(long) > MAX_CHARACTERS
    assert assess(long + "Deport them all. " * 20_000) == assess(long)
    assert assess("x" * 500_000).relevance < 0.5


@settings(max_examples=150, deadline=None)
@given(
    st.one_of(
        st.text(max_size=300),
        st.lists(
            st.sampled_from(
                "not stop deport visas refugees immigrants . ! but crime welcome no 7 the papers".split()
            )
        ).map(" ".join),
    )
)
def test_probabilities_sum_to_one_whatever_the_text(text: str) -> None:
    own = Target("harbour", "the harbour works")
    assessment = assess(text, *TARGETS, own)
    assert set(assessment.stances) == {t.name for t in TARGETS} | {"harbour"}
    assert 0.0 <= assessment.relevance <= 1.0
    for p in assessment.stances.values():
        assert total(p) == pytest.approx(1.0, abs=1e-9)
        assert min(p.support, p.neutral, p.oppose, p.not_addressed) >= 0.0


def test_the_lexicon_satisfies_the_protocol_and_is_what_the_setting_names() -> None:
    classifier: Classifier = load_classifier("lexicon")
    assert classifier.model == "lexicon-1"
    assert classifier.languages == {"en"}


def test_held_out_support_and_opposition_are_told_apart() -> None:
    """On the kind of text that it was fitted to; on the rough forum comments that came later it fails."""
    later = ("raw_forum", "forum_replies", "newspaper", "long_and", "claims", "manifesto")
    passages = [
        passage
        for passage in load_corpus()
        if held_out(passage) and not passage.id.startswith(later)
    ]
    assessments = LEXICON.assess([passage.text for passage in passages], TARGETS)
    for target in TARGETS:
        pairs = [
            (passage.stances[target.name], assessment.stances[target.name])
            for passage, assessment in zip(passages, assessments, strict=True)
        ]
        absent = Stance.NOT_ADDRESSED
        right = sum((true is absent) == (p.stance is absent) for true, p in pairs) / len(pairs)
        assert right >= 0.85
        nets = {
            side: [
                (p.support - p.oppose) / (1 - p.not_addressed)
                for true, p in pairs
                if true is side and p.stance is not absent
            ]
            for side in (Stance.SUPPORT, Stance.OPPOSE)
        }
        assert sum(nets[Stance.SUPPORT]) / len(nets[Stance.SUPPORT]) >= 0.2
        assert sum(nets[Stance.OPPOSE]) / len(nets[Stance.OPPOSE]) <= -0.2


def test_the_gate_lets_through_what_may_be_about_migration() -> None:
    held = [passage for passage in load_corpus() if held_out(passage) and passage.relevant]
    passed = sum(may_be_about_migration(passage.text) for passage in held)
    assert passed / len(held) >= 0.97
    for text in ("Flüchtlinge willkommen", "les réfugiés", "移民政策", "міграція", "مهاجر"):
        assert may_be_about_migration(text)


def test_the_gate_stops_what_is_plainly_about_something_else() -> None:
    for text in ("", "The match ended in a draw.", "Butter, sugar, two eggs and a pinch of salt."):
        assert not may_be_about_migration(text)


def test_the_longest_cue_wins_and_cues_never_overlap() -> None:
    trie = CueTrie(["illegal", "illegal immigra*", "immigra*", "stop/end the? boats"])
    assert list(trie.find("illegal immigrants stop boats".split())) == [(1, 0, 2), (3, 2, 4)]
    assert list(trie.find("end the boat immigration".split())) == [(2, 3, 4)]
    assert list(trie.find(["the", "immigrant's"])) == [(2, 1, 2)]


def test_a_choice_and_a_word_that_may_be_missing_stand_for_each_reading() -> None:
    assert set(expand("stop/end the? boats")) == {
        ("stop", "the", "boats"),
        ("stop", "boats"),
        ("end", "the", "boats"),
        ("end", "boats"),
    }
