"""`barometer gold`: figures from labels, the matrix, the card, and operators who are told of drift once."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from flows.settings import load_settings
from flows.steps import weekly
from flows.wiring import edges
from tests.fixtures_command import Place
from tests.judged_documents import DAY, NOW, OUTLETS, document, judged, store

WEEK = "2026-W47"
STANCES = ("support", "oppose", "neutral")
SAMPLE = ("sample", "--week", WEEK, "--size", "60", "--salt", "s", "--output", "sheet.csv")


@pytest.fixture
def drawn(place: Place) -> Place:
    """Ninety judged documents of four outlets, sixty of them drawn."""
    place.set("BAROMETER_MODEL", "lexicon")
    with edges(load_settings(), create=True, sources=[]) as opened:
        store(
            opened.database,
            *(
                judged(
                    document(n, outlet=OUTLETS[n % 4]), STANCES[n % 3], irregular="not_addressed"
                )
                for n in range(90)
            ),
        )
    assert place.run(*SAMPLE).status == 0
    return place


def take_labels(place: Place, stance: Callable[[int], str], annotator: str = "ml") -> None:
    """Label the sample: `stance` of a document's number toward `regular`."""
    lines = (place.folder / "sheet.csv").read_text("utf-8").splitlines()[1:]
    ids = [line.split(",")[2] for line in lines]
    rows = [
        f"{id},{stance(int(id, 16))},{'+' if int(id, 16) % 10 < 3 else '.'},.,.,0,0,{annotator}"
        for id in ids
    ]
    head = "document_id,regular,irregular,asylum,general,conflates,dehumanising,annotator"
    place.write("labels.csv", "\n".join([head, *rows]) + "\n")
    assert place.run("gold", "--import", "labels.csv").status == 0


def right(number: int) -> str:
    """As judged, but for three in ten, as the model is sure to 70 %."""
    return STANCES[(number + (number % 10 < 3)) % 3]


def wrong(number: int) -> str:
    return STANCES[(number + 1) % 3]


def told(place: Place) -> list[tuple[object, ...]]:
    return place.rows("SELECT title, body FROM messages FINAL WHERE id LIKE 'gold-drift-%'")


def test_labels_and_judgements_give_a_figure_beside_the_published_one(drawn: Place) -> None:
    assert "Nothing is labelled yet" in drawn.run("gold").sentence
    take_labels(drawn, right)
    said = drawn.run("gold").out
    assert "60 of 60 drawn documents of 1 week are labelled, by ml" in said
    line = next(
        row for row in said.splitlines() if row.startswith(WEEK) and "regular" in row.split()
    )
    assert "60" in line.split()
    assert "(" in line
    assert "A model that has not changed raises an alarm in 1% of reports" in said
    assert told(drawn) == []


def test_drift_is_told_to_operators_once(drawn: Place) -> None:
    take_labels(drawn, wrong)
    first = drawn.run("gold").out
    assert "BEYOND ITS BOUND" in first
    assert "regular: judgements are 70 points too sure" in " ".join(first.split())
    assert "Operators were told" in first
    ((title, body),) = told(drawn)
    assert "people's labels differ" in str(title)
    assert "`barometer gold`" in " ".join(str(body).split())
    assert "people's labels differ" in (drawn.folder / "alerts.log").read_text("utf-8")
    drawn.run("gold")
    assert len(told(drawn)) == 1
    # The weekly step looks, too; the same is not told again.
    with edges(load_settings(), sources=[]):
        weekly(WEEK, NOW)
    assert len(told(drawn)) == 1


def test_the_weekly_step_tells_of_drift_that_nobody_asked_for(drawn: Place) -> None:
    lines = (drawn.folder / "sheet.csv").read_text("utf-8").splitlines()[1:]
    rows = [f"{id},{wrong(int(id, 16))},.,.,.,ml" for id in (line.split(",")[2] for line in lines)]
    drawn.write(
        "l.csv", "document_id,regular,irregular,asylum,general,annotator\n" + "\n".join(rows)
    )
    assert drawn.run("label", "--import", "l.csv").status == 0
    with edges(load_settings(), sources=[]):
        weekly(WEEK, NOW)
    assert len(told(drawn)) == 1


def test_the_matrix_is_a_file_that_estimate_takes(drawn: Place) -> None:
    take_labels(drawn, right)
    assert drawn.run("gold", "--target", "regular", "--matrix", "m.json").status == 0
    counts = json.loads((drawn.folder / "m.json").read_text("utf-8"))
    assert counts["support"]["support"] > counts["support"]["oppose"]
    assert 50 <= sum(sum(row.values()) for row in counts.values()) <= 60
    rows = "".join(f"{DAY},o{n},{9 - n},3,{n}\n" for n in range(4))
    drawn.write("counts.csv", f"day,outlet,support,neutral,oppose\n{rows}")
    plain = drawn.run("estimate", "counts.csv", "--confusion", "none").out
    corrected = drawn.run("estimate", "counts.csv", "--confusion", "m.json").out
    assert corrected.splitlines()[1] != plain.splitlines()[1]
    assert "go together" in drawn.run("gold", "--matrix", "m.json").sentence
    assert "no labels of 'asylum'" in drawn.run("gold", "--target", "asylum", "--matrix", "m.json").sentence  # fmt: skip


def test_the_card_is_a_section_in_markdown(drawn: Place) -> None:
    take_labels(drawn, right)
    take_labels(drawn, wrong, annotator="jk")
    card = drawn.run("gold", "--card").out
    assert card.startswith("## On labels of the monitored corpus\n")
    assert "60 of 60 documents drawn at random" in card
    assert "2 people" in card
    assert "| jk, ml | regular | 60 |" in card
    widths = {row.count("|") for row in card.splitlines() if row.startswith("| regular")}
    assert widths == {9}


def test_a_week_of_few_contributors_gives_no_figure(place: Place) -> None:
    place.set("BAROMETER_MODEL", "lexicon")
    with edges(load_settings(), create=True, sources=[]) as opened:
        store(opened.database, *(judged(document(n)) for n in range(6)))
    place.run(*SAMPLE)
    take_labels(place, lambda number: "support")
    said = place.run("gold").out
    assert "1 not shown: fewer than 10 contributors." in said
    assert WEEK not in said
