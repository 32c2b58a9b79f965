"""Reading labelled text: both forms, and every way in which a line is no label."""

from __future__ import annotations

import pytest

from classify.corpus import load_corpus
from classify.labelled import BadLabel, Labelled, labelled_passage, read_labelled
from classify.stance import Stance
from classify.target import Target


def one(line: str) -> Labelled | BadLabel:
    (read,) = read_labelled([line.encode()])
    return read


def test_a_passage_labels_every_target() -> None:
    read = one(
        '{"id": "a", "text": "Let them work.", "stance": {"regular": null, "irregular": null, '
        '"asylum": "support", "general": null}, "topics": ["protection"], "flags": []}'
    )

    assert isinstance(read, Labelled)
    assert read.stances["asylum"] is Stance.SUPPORT
    assert read.stances["regular"] is Stance.NOT_ADDRESSED
    assert read.relevant is True
    assert read.topics == ("protection",)


def test_a_row_about_one_target_leaves_the_others_unlabelled() -> None:
    read = one('{"id": 7, "text": "No more visas", "target": "regular", "stance": "oppose"}')

    assert isinstance(read, Labelled)
    assert dict(read.stances) == {"regular": Stance.OPPOSE}
    assert read.topics is None
    assert read.id == "7"


def test_one_target_that_is_not_addressed_does_not_make_a_text_irrelevant() -> None:
    read = one('{"text": "Deport them", "target": "regular", "stance": null}')

    assert isinstance(read, Labelled)
    assert read.relevant is None


def test_an_own_target_comes_with_its_description() -> None:
    read = one(
        '{"text": "Keep it.", "target": "farm scheme", "description": "the farm workers scheme", '
        '"stance": "support"}'
    )

    assert isinstance(read, Labelled)
    assert read.own_targets == (Target("farm scheme", "the farm workers scheme"),)


def test_several_own_targets_stand_in_one_line() -> None:
    read = one(
        '{"text": "Deport less, issue visas.", "stance": {"raids": "oppose", "visas": "support"}, '
        '"descriptions": {"raids": "immigration raids", "visas": "work visas"}}'
    )

    assert isinstance(read, Labelled)
    assert {target.name for target in read.own_targets} == {"raids", "visas"}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "truncated"),
        ("[]", "Expected `object`"),
        ('{"stance": {"regular": "support"}}', "`text`"),
        ('{"text": "  ", "stance": {"regular": "support"}}', '"text" is empty'),
        ('{"text": "x", "stance": "support"}', '"target" is missing'),
        ('{"text": "x", "stance": {}}', "names no target"),
        ('{"text": "x", "stance": {"regluar": "support"}}', "unknown target 'regluar'"),
        ('{"text": "x", "target": "regular", "stance": "for"}', "Invalid enum value 'for'"),
        ('{"text": "x", "target": "regular", "stance": {"regular": "support"}}', "one of the two"),
        ('{"text": "x", "stance": {"regular": null}, "topics": ["jobs"]}', "'jobs' in \"topics\""),
    ],
)
def test_a_line_that_is_no_label_says_why(line: str, reason: str) -> None:
    read = one(line)

    assert isinstance(read, BadLabel)
    assert reason in read.error


def test_bad_lines_are_told_by_number_and_blank_ones_passed_over() -> None:
    good = b'{"text": "x y", "target": "regular", "stance": "support"}'

    read = list(read_labelled([b"\xef\xbb\xbf" + good, b"", b"\xff\xfe", good]))

    assert [type(each).__name__ for each in read] == ["Labelled", "BadLabel", "Labelled"]
    assert isinstance(read[1], BadLabel)
    assert read[1].line == 3


def test_every_passage_of_the_corpus_is_fully_labelled() -> None:
    passages = load_corpus()
    assert all(len(labelled_passage(passage).stances) == 4 for passage in passages)
    assert len({passage.id for passage in passages}) == len(passages)
