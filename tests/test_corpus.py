from __future__ import annotations

from collections import Counter
from importlib.resources import files

from classify.corpus import Passage, held_out, load_corpus
from classify.stance import Stance
from classify.target import TARGETS

PASSAGES = 23_312
"""In the files of classify/corpus; one more or less is a change that its README must tell."""


def test_the_corpus_has_every_passage_once() -> None:
    corpus = load_corpus()
    assert len(corpus) == PASSAGES
    assert len({passage.id for passage in corpus}) == PASSAGES
    assert len({passage.text.casefold() for passage in corpus}) == PASSAGES


def test_every_passage_has_text_and_a_stance_for_each_target() -> None:
    names = {target.name for target in TARGETS}
    for passage in load_corpus():
        assert passage.text.strip()
        assert set(passage.stances) == names
        assert len(passage.topics) <= 3
        assert set(passage.flags) <= {"conflates", "dehumanising"}


def test_about_one_passage_in_eighteen_is_not_about_migration() -> None:
    share = sum(not passage.relevant for passage in load_corpus()) / PASSAGES
    assert 1 / 20 < share < 1 / 14


def test_the_held_out_part_never_moves() -> None:
    parts = Counter(passage.id.rsplit("-", 1)[0] for passage in load_corpus() if held_out(passage))
    assert parts == {
        "citizen_short": 120,
        "citizens_platform": 133,
        "claims_and_proposals": 70,
        "claims_more": 140,
        "contrast_pairs": 72,
        "debate_reasons": 55,
        "europe_threads": 56,
        "forum_replies": 110,
        "global": 78,
        "immigrants_plain": 104,
        "irregular_plain": 141,
        "long_and_neutral": 90,
        "manifesto_general": 112,
        "manifesto_more": 131,
        "manifesto_policy": 112,
        "manifesto_sentences": 70,
        "news": 88,
        "newspaper_comments": 60,
        "newspaper_replies": 88,
        "north_america": 70,
        "north_europe": 91,
        "officials": 92,
        "paper_comments": 139,
        "plain_claims": 79,
        "plain_comments": 70,
        "plain_forum": 87,
        "plain_news": 93,
        "plain_officials": 97,
        "plain_social": 97,
        "platform_arguments": 72,
        "raw_forum_a": 49,
        "raw_forum_b": 110,
        "raw_forum_c": 90,
        "raw_forum_d": 109,
        "raw_forum_e": 70,
        "raw_forum_f": 80,
        "reader_comments": 48,
        "rebuttals": 135,
        "refugees_plain": 72,
        "resettlement_threads": 88,
        "south_central_europe": 100,
        "thread_answers": 79,
        "thread_immigrants": 129,
        "thread_refugees": 157,
        "uk_ie_comments": 80,
        "us_immigration_debate": 72,
        "us_threads": 120,
        "world_comments": 76,
    }


def test_the_two_passages_of_a_pair_stay_on_one_side() -> None:
    sides: dict[int, set[bool]] = {}
    for passage in load_corpus():
        if passage.pair is not None:
            sides.setdefault(passage.pair, set()).add(held_out(passage))
    assert len(sides) == 190
    assert all(len(side) == 1 for side in sides.values())


def test_the_split_looks_at_nothing_but_the_id() -> None:
    stances = {target.name: Stance.SUPPORT for target in TARGETS}
    for passage in load_corpus()[:200]:
        other = Passage(
            id=passage.id,
            text="Something else.",
            stances=stances,
            topics=(),
            flags=(),
            genre="other",
            country="unknown",
            pair=passage.pair,
            group=passage.group,
        )
        assert held_out(other) == held_out(passage)


def test_no_held_out_passage_is_named_or_quoted_in_the_lexicon() -> None:
    folder = files("classify")
    written = " ".join(
        folder.joinpath(name).read_text("utf-8").casefold()
        for name in ("lexicon.py", "lexicon.tsv", "gate.py", "gate_terms.tsv", "cue_trie.py")
    )
    for passage in load_corpus():
        if held_out(passage):
            assert passage.id not in written
            assert passage.text.casefold()[:60] not in written


def test_the_corpus_says_that_it_is_simulated() -> None:
    readme = files("classify").joinpath("corpus", "README.md").read_text("utf-8")
    assert "simulated" in readme
    assert f"{len(load_corpus()):,}" in readme
    assert f"({sum(map(held_out, load_corpus())):,})" in readme
