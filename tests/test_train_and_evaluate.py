"""`barometer evaluate` and `barometer train` as people run them."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.fixtures_command import Place

LABELLED = [
    {
        "id": "1",
        "text": "Deport every illegal now.",
        "target": "irregular",
        "stance": "oppose",
        "source": "a",
    },
    {
        "id": "2",
        "text": "Let the undocumented stay and work.",
        "target": "irregular",
        "stance": "support",
        "source": "a",
    },
    {
        "id": "3",
        "text": "The team won on Sunday.",
        "target": "irregular",
        "stance": None,
        "source": "b",
    },
]

NEEDS_THE_EXTRA = pytest.mark.skipif(
    find_spec("torch") is None, reason="training needs the train extra"
)
TRAIN = pytest.param("train", marks=NEEDS_THE_EXTRA)


@pytest.fixture
def labelled(place: Place) -> str:
    place.set("BAROMETER_MODEL", "lexicon")
    return place.write("labelled.jsonl", "\n".join(json.dumps(row) for row in LABELLED))


def test_evaluate_tells_each_source_apart(place: Place, labelled: str) -> None:
    said = place.run("evaluate", labelled, "--json")

    assert said.status == 0
    report = json.loads(said.out)
    assert report["model"] == "lexicon-1"
    assert [(each["source"], each["n"], each["addressed"]) for each in report["targets"]] == [
        ("a", 2, 2),
        ("b", 1, 0),
    ]


def test_evaluate_shows_a_table_and_the_counts_that_were_asked_for(
    place: Place, labelled: str
) -> None:
    said = place.run("evaluate", labelled, "--confusion")

    assert said.status == 0
    assert "side_f1" in said.out
    assert "a, irregular: labelled in rows, judged in columns" in said.out
    assert max(len(line) for line in said.out.splitlines()) <= 120


def test_evaluate_without_a_file_reads_the_held_out_passages(place: Place) -> None:
    place.set("BAROMETER_MODEL", "lexicon")

    report = json.loads(place.run("evaluate", "--json").out)

    assert {each["source"] for each in report["targets"]} == {"held-out passages"}
    assert all(each["addressed_accuracy"] > 0.8 for each in report["targets"])


def test_a_source_that_is_not_named_is_the_name_of_the_file(place: Place) -> None:
    place.set("BAROMETER_MODEL", "lexicon")
    row = {"text": "Deport them.", "target": "irregular", "stance": "oppose"}
    name = place.write("comments.jsonl", json.dumps(row))

    (report,) = json.loads(place.run("evaluate", name, "--json").out)["targets"]

    assert report["source"] == "comments"


@pytest.mark.parametrize("command", ["evaluate", TRAIN])
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "holds no labelled text"),
        ('{"text": "x", "target": "irregular", "stance": "against"}', "line 1: Invalid enum value"),
        ("not json", "line 1: JSON is malformed"),
    ],
)
def test_a_file_without_labels_is_named_with_its_line(
    place: Place, command: str, content: str, reason: str
) -> None:
    place.set("BAROMETER_MODEL", "lexicon")
    name = place.write("bad.jsonl", content)

    said = place.run(command, name)

    assert said.status == 2
    assert name in said.sentence
    assert reason in said.sentence


@pytest.mark.parametrize("command", ["evaluate", TRAIN])
def test_a_file_that_is_not_there_is_named(place: Place, command: str) -> None:
    said = place.run(command, "nowhere.jsonl")

    assert said.status == 2
    assert said.sentence == "Cannot read nowhere.jsonl: No such file or directory."


@NEEDS_THE_EXTRA
@pytest.mark.parametrize(
    "row",
    [
        {"text": "Deport them.", "target": "irregular", "stance": "oppose"},
        {"text": "Fine.", "target": "raids", "description": "raids at work", "stance": "oppose"},
    ],
)
def test_too_few_labels_to_train_on_are_refused(place: Place, row: dict[str, str]) -> None:
    name = place.write("few.jsonl", json.dumps(row))

    said = place.run("train", name, "--no-corpus")

    assert said.status == 2
    assert said.sentence.startswith("Too few texts are labelled for a target of the codebook")


def test_training_without_its_extra_says_what_to_install(tmp_path: Path) -> None:
    program = (
        "import sys; sys.modules['torch'] = None\n"
        "from flows.cli import main; sys.argv = ['barometer', 'train']; main()"
    )

    said = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert said.returncode == 2
    assert "pip install 'barometer[train]'" in said.stderr
    assert "Traceback" not in said.stderr
